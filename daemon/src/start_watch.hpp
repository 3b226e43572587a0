// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What a long start, or a long healing, owes to others: the service manager hears that it gets on, and a stop is
/// not waited for.
#include <cstdint>

#include "notify.hpp"

namespace tocsin::daemon {
/// Asked again and again while the journal is stepped over, which may take minutes. One thread.
class StartWatch {
 public:
  /// Asks the service manager for time. @param notifier  outlives it. @pre SIGTERM and SIGINT are blocked.
  explicit StartWatch(const Notifier& notifier);
  /// Tells the service manager now and then that the start gets on. @returns false once SIGTERM or SIGINT has come.
  [[nodiscard]] bool go_on();
  /// Which of them came; 0: none. It is still pending.
  [[nodiscard]] int stopped_by() const { return stopped_by_; }

 private:
  void ask_for_time_() const;

  const Notifier& notifier_;
  std::int64_t look_at_ms_;
  std::int64_t ask_at_ms_;
  int stopped_by_ = 0;
};
}  // namespace tocsin::daemon
