// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/clock.hpp"

#include <algorithm>
#include <ctime>

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

void EngineClock::start(engine::Instant last) {
  now_ns_ = std::max(last == engine::kNever ? 0 : last, machine_.wall_ms()) * kNsPerMs;
  boot_ns_ = machine_.boot_ns();
}

engine::Instant EngineClock::now() {
  const std::int64_t boot = machine_.boot_ns();
  const std::int64_t elapsed = std::max<std::int64_t>(boot - boot_ns_, 0);
  const std::int64_t wall = machine_.wall_ms();
  const std::int64_t away_ms = wall - (now_ns_ + elapsed) / kNsPerMs;
  disbelieved_ = away_ms > kBelievedMs || away_ms < -kBelievedMs;
  const std::int64_t slew = elapsed / 10;
  const std::int64_t correction = disbelieved_ ? 0 : std::clamp(away_ms * kNsPerMs, -slew, slew);
  now_ns_ += elapsed + correction;
  boot_ns_ = boot;
  return now_ns_ / kNsPerMs;
}
}  // namespace tocsin::daemon
