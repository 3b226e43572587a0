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
/// Looks on every processor every so often under SCHED_FIFO, before ordinary work and after the daemon's under SCHED_RR
/// (it must not be in the way of what is clocked), until it is stopped. One that is late by a millisecond or
/// more, without the time that it waited for other threads, stood still: a program in user mode cannot hold this up,
/// only the host, or the kernel in a system call that gives way to nobody (the daemon at work has none that takes so
/// long). Where the system allows no SCHED_FIFO or does not tell how long a thread waited it sees nothing.
class StandstillWatch {
 public:
  /// @param every_ns  between two looks: so much of the beginning of a standstill may be missed.
  explicit StandstillWatch(std::int64_t every_ns);
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
  std::int64_t every_ns_;
  std::atomic<bool> stopping_{false};
  std::vector<std::vector<Lapse>> late_;  ///< by processor, from when it should have looked to when it did
  std::vector<Lapse> still_;              ///< of any of them, in order
  std::vector<std::thread> threads_;
};
}  // namespace tocsin::bench
