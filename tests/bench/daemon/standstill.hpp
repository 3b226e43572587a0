// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file When the machine stood still: a virtual one whose processors are all busy is held up by its host now and then,
/// for milliseconds and as a whole, and no program in it can be in time then.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "load.hpp"

namespace tocsin::bench {
/// Looks on every processor each half millisecond, before all other work of it (SCHED_FIFO), until it is gone. What is
/// late all the same was not held up by a program.
class StandstillWatch {
 public:
  StandstillWatch();
  ~StandstillWatch();
  StandstillWatch(const StandstillWatch&) = delete;
  StandstillWatch& operator=(const StandstillWatch&) = delete;

  /// Ends the watch; the times are known from then on.
  void stop();
  /// Takes out what went on while a processor stood still for a millisecond or more. @returns how many.
  std::size_t set_apart(std::vector<Lapse>& lapses) const;

 private:
  void watch_(std::size_t processor);
  std::atomic<bool> stopping_{false};
  std::vector<std::vector<Lapse>> found_;  ///< by processor
  std::vector<std::thread> threads_;
};
}  // namespace tocsin::bench
