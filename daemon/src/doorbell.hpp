// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Doorbell: wakes a thread that sleeps on a descriptor, and costs no system call while it is awake.
#include <atomic>

namespace tocsin::daemon {
/// One thread sleeps, one rings. The sleeper arms it, looks once more whether there is something to do, and only then
/// sleeps; the other makes the work visible, then rings. So either the look sees the work or the ring sees that it is
/// armed. A ring may come late: then the next sleep is a short one.
class Doorbell {
 public:
  Doorbell() = default;
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  /// @returns false when the system has no descriptor for it.
  [[nodiscard]] bool open();
  /// Readable once it was rung: for who sleeps by polling it along with others.
  [[nodiscard]] int fd() const { return fd_; }
  /// For who rings.
  void ring();
  /// @{ For who sleeps.
  void arm();
  void disarm();
  /// Waits until it was rung, and silences it. Where fd() is readable already it does not wait.
  void hear() const;
  /// @}

 private:
  int fd_ = -1;
  std::atomic<bool> armed_{false};
};
}  // namespace tocsin::daemon
