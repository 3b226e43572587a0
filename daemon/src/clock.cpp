// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <sys/stat.h>
#include <sys/timex.h>

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kNsPerMs = 1'000'000;

std::int64_t read_ns(clockid_t id) {
  timespec now{};
  (void)clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
}  // namespace

engine::Instant SystemClock::wall_ms() const { return std::max<std::int64_t>(read_ns(CLOCK_REALTIME) / kNsPerMs, 0); }
std::int64_t SystemClock::boot_ns() const { return read_ns(CLOCK_BOOTTIME); }

bool SystemClock::synchronised() const {
  timex state{};
  if (adjtimex(&state) >= 0) return (static_cast<unsigned>(state.status) & unsigned{STA_UNSYNC}) == 0;
  // systemd's ProtectClock= forbids even to ask.
  return is_vouched_by("/run/systemd/timesync/synchronized", wall_ms());
}

bool is_vouched_by(const char* mark, engine::Instant wall) {
  constexpr engine::Span kFresh = 3'600'000;
  struct stat state {};
  if (::stat(mark, &state) != 0) return false;
  const engine::Span age = wall - (engine::Instant{state.st_mtim.tv_sec} * 1000 + state.st_mtim.tv_nsec / kNsPerMs);
  return age <= kFresh && age >= -kFresh;
}

void EngineClock::start(engine::Instant last) {
  now_ns_ = std::max(last == engine::kNever ? 0 : last, machine_.wall_ms()) * kNsPerMs;
  boot_ns_ = machine_.boot_ns();
  (void)now();
}

/// Whether the system or an operator stands for the wall clock as it is now.
bool EngineClock::vouched_(engine::Instant wall, std::int64_t boot) const {
  const engine::Span since = wall - boot / kNsPerMs - wall_at_boot_ms_;
  if (operator_believes_ && since <= believed_ms_ && since >= -believed_ms_) return true;
  return machine_.synchronised();
}

engine::Instant EngineClock::now() {
  const std::int64_t boot = machine_.boot_ns();
  const std::int64_t elapsed = std::max<std::int64_t>(boot - boot_ns_, 0);
  const engine::Instant wall = machine_.wall_ms();
  const std::int64_t free_running = now_ns_ + elapsed;
  away_ms_ = wall - free_running / kNsPerMs;
  boot_ns_ = std::max(boot, boot_ns_);

  const bool far = away_ms_ > believed_ms_ || away_ms_ < -believed_ms_;
  const bool unset = wall < kSurelyPast;
  const bool vouched = (far || unset) && vouched_(wall, boot);
  trouble_ = Trouble::none;
  if (unset && !vouched) trouble_ = Trouble::unset;
  if (far && !vouched) trouble_ = unset ? Trouble::unset : Trouble::disbelieved;
  if (far && vouched && away_ms_ < 0) trouble_ = Trouble::ahead;

  if (far && vouched && away_ms_ > 0) {
    now_ns_ = wall * kNsPerMs;
  } else if (far && !vouched) {
    now_ns_ = free_running;
  } else {
    const std::int64_t slew = elapsed / 10;
    now_ns_ = free_running + std::clamp(away_ms_ * kNsPerMs, -slew, slew);
  }
  return now_ns_ / kNsPerMs;
}

void EngineClock::believe() {
  wall_at_boot_ms_ = machine_.wall_ms() - machine_.boot_ns() / kNsPerMs;
  operator_believes_ = true;
}

std::string_view describe(EngineClock::Trouble trouble) {
  switch (trouble) {
    case EngineClock::Trouble::none:
      return {};
    case EngineClock::Trouble::disbelieved:
      return "the wall clock jumped and nothing vouches for it, so it is not followed: check it, then let the system "
             "synchronise or tell the daemon to believe it";
    case EngineClock::Trouble::ahead:
      return "the wall clock went back far and is believed: the engine's clock never goes back and runs a tenth slower "
             "until the wall clock is there";
    case EngineClock::Trouble::unset:
      return "the wall clock shows a time long past, so nobody set it yet: the engine's clock goes on from the "
             "journal's last instant, and nothing is refused for its time until the system synchronises";
  }
  return {};
}
}  // namespace tocsin::daemon
