// SPDX-License-Identifier: Apache-2.0
#include "start_watch.hpp"

#include <csignal>

#include "journal_jobs.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kLookMs = 50;
constexpr std::int64_t kAskMs = 2000;

/// Left where it is: read from the descriptor of the signals it would be as lost as SIGHUP beside it.
int pending_stop() {
  sigset_t pending;
  (void)sigemptyset(&pending);
  (void)sigpending(&pending);
  for (const int number : {SIGTERM, SIGINT}) {
    if (sigismember(&pending, number) == 1) return number;
  }
  return 0;
}
}  // namespace

StartWatch::StartWatch(const Notifier& notifier)
    : notifier_{notifier}, look_at_ms_{steady_ms()}, ask_at_ms_{look_at_ms_ + kAskMs} {
  ask_for_time_();
}

// So long because some steps cannot be asked in between: one book's takeover, a journal of an older schema.
void StartWatch::ask_for_time_() const { notifier_.send("EXTEND_TIMEOUT_USEC=600000000\nWATCHDOG=1"); }

bool StartWatch::go_on() {
  const auto now = steady_ms();
  if (stopped_by_ != 0 || now < look_at_ms_) return stopped_by_ == 0;
  look_at_ms_ = now + kLookMs;
  if (now >= ask_at_ms_) {
    ask_at_ms_ = now + kAskMs;
    ask_for_time_();
  }
  stopped_by_ = pending_stop();
  return stopped_by_ == 0;
}
}  // namespace tocsin::daemon
