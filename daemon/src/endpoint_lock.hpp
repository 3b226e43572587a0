// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file EndpointLock: no second daemon takes an ipc:// endpoint over. Binding removes the socket file that is there,
/// so a file beside it is locked first.
#include <string>

namespace tocsin::daemon {
/// Held as long as it lives, and by the kernel no longer than the process.
class EndpointLock {
 public:
  EndpointLock() = default;
  ~EndpointLock();
  EndpointLock(EndpointLock&& other) noexcept;
  EndpointLock& operator=(EndpointLock&&) = delete;
  EndpointLock(const EndpointLock&) = delete;
  EndpointLock& operator=(const EndpointLock&) = delete;

  /// Locks `PATH.lock` of an `ipc://PATH` endpoint; other endpoints need none.
  /// @returns why it cannot, with the mend, or empty.
  [[nodiscard]] std::string take(const std::string& endpoint);

 private:
  int fd_ = -1;
};
}  // namespace tocsin::daemon
