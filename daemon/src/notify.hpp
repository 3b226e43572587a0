// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The service manager's notification protocol (sd_notify), without its library: one datagram per message.
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::daemon {
/// Tells the service manager, when there is one. Owns nothing but copies of the environment; one thread.
class Notifier {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  Notifier();
  /// Sends e.g. "READY=1"; does nothing without a service manager.
  void send(std::string_view message) const;
  /// How often WATCHDOG=1 is due [ms]: half of what the manager allows; 0: never.
  [[nodiscard]] std::int64_t watchdog_interval_ms() const { return watchdog_interval_ms_; }

 private:
  std::string socket_;
  std::int64_t watchdog_interval_ms_ = 0;
};
}  // namespace tocsin::daemon
