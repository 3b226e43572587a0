// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file When a processor stood still: a virtual machine whose processors are all busy is held up by its host now and
/// then, for milliseconds, mostly as a whole, and no program in it can be in time then.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "load.hpp"

namespace tocsin::bench {
/// Looks on every processor every four milliseconds under SCHED_FIFO (more often it would be in the way itself) until
/// it is stopped. One that is late by a millisecond or more stood still: a program in user mode cannot hold this up,
/// only the host, or the kernel in a system call that gives way to nobody (the daemon at work has none that takes so
/// long). Where the system allows no SCHED_FIFO it sees nothing.
class StandstillWatch {
 public:
  StandstillWatch();
  ~StandstillWatch();
  StandstillWatch(const StandstillWatch&) = delete;
  StandstillWatch& operator=(const StandstillWatch&) = delete;

  /// Ends the watch; the times are known from then on.
  void stop();
  /// Takes out of each lapse what any processor stood still in it; a lapse itself is never left out. @returns how many
  /// had such a time.
  std::size_t take_out(std::vector<Lapse>& lapses) const;

 private:
  void watch_(std::size_t processor);
  std::atomic<bool> stopping_{false};
  std::vector<std::vector<Lapse>> late_;  ///< by processor, from when it should have looked to when it did
  std::vector<Lapse> still_;              ///< of any of them, in order
  std::vector<std::thread> threads_;
};
}  // namespace tocsin::bench
