// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Clocks: the machine's two, behind an interface for tests, and the engine's one made of them.
#include <cstdint>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::daemon {
/// What the daemon asks the machine. Tests give their own.
class MachineClock {
 public:
  virtual ~MachineClock() = default;
  /// UTC as the machine believes it [ms since 1970]. May jump either way.
  [[nodiscard]] virtual engine::Instant wall_ms() const = 0;
  /// Time since boot, suspend included [ns]. Never goes back.
  [[nodiscard]] virtual std::int64_t boot_ns() const = 0;
};

/// CLOCK_REALTIME and CLOCK_BOOTTIME.
class SystemClock final : public MachineClock {
 public:
  [[nodiscard]] engine::Instant wall_ms() const override;
  [[nodiscard]] std::int64_t boot_ns() const override;
};

/// The engine's clock: starts at max(the journal's last, wall clock), runs on the time since boot and follows the wall
/// clock by running up to a tenth faster or slower, never back. A difference of more than an hour is not believed.
class EngineClock {
 public:
  static constexpr engine::Span kBelievedMs = 3'600'000;

  explicit EngineClock(const MachineClock& machine) : machine_{machine} {}
  /// @param last  the journal's last clock, or kNever.
  void start(engine::Instant last);
  /// The clock now, never before an earlier answer. @pre start() was called.
  [[nodiscard]] engine::Instant now();
  /// True while the wall clock is further away than what is believed.
  [[nodiscard]] bool wall_disbelieved() const { return disbelieved_; }

 private:
  const MachineClock& machine_;
  std::int64_t now_ns_ = 0;  ///< the clock at boot_ns_ [ns since 1970]
  std::int64_t boot_ns_ = 0;
  bool disbelieved_ = false;
};
}  // namespace tocsin::daemon
