// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Clocks: the machine's two, behind an interface for tests, and the engine's one made of them.
#include <cstdint>
#include <string_view>

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
  /// Whether the system says that its wall clock follows a reference.
  [[nodiscard]] virtual bool synchronised() const { return true; }
};

/// CLOCK_REALTIME, CLOCK_BOOTTIME, and the kernel's word on synchronisation (adjtimex; where a sandbox forbids that,
/// systemd-timesyncd's mark).
class SystemClock final : public MachineClock {
 public:
  [[nodiscard]] engine::Instant wall_ms() const override;
  [[nodiscard]] std::int64_t boot_ns() const override;
  [[nodiscard]] bool synchronised() const override;
};

/// Whether a file that systemd-timesyncd touches whenever it has compared the clock (each 34 minutes at least, unless
/// told otherwise) vouches for the wall clock: it was touched within an hour of it. A jump that timesyncd did not make
/// leaves the mark behind.
[[nodiscard]] bool is_vouched_by(const char* mark, engine::Instant wall);

/// The engine's clock: starts at max(the journal's last, wall clock), runs on the time since boot and follows the wall
/// clock by running up to a tenth faster or slower, never back.
///
/// A difference of more than `believed` is a jump: it counts for nothing until the system says synchronised or an
/// operator says believe(). Once believed, a jump forward is followed at once; after one back the clock runs a tenth
/// slower until the wall clock is there.
class EngineClock {
 public:
  static constexpr engine::Span kBelievedMs = 3'600'000;
  /// No wall clock that is right shows less: 2024-01-01. One without a battery starts in 1970.
  static constexpr engine::Instant kSurelyPast = 1'704'067'200'000;

  enum class Trouble : std::uint8_t {
    none = 0,
    disbelieved = 1,  ///< the wall clock jumped and nobody vouches for it: it is not followed
    ahead = 2,        ///< the wall clock is believed and far behind: this clock runs slower until it is there
    unset = 3,        ///< the wall clock shows a time long past: nobody set it yet
  };

  explicit EngineClock(const MachineClock& machine, engine::Span believed_ms = kBelievedMs)
      : machine_{machine}, believed_ms_{believed_ms} {}
  /// @param last  the journal's last clock, or kNever.
  void start(engine::Instant last);
  /// Reads it. @pre start() was called.
  [[nodiscard]] engine::Instant now();
  /// An operator vouches for the wall clock as it runs now (not for a later jump).
  void believe();

  /// As of the last now().
  [[nodiscard]] Trouble trouble() const { return trouble_; }
  /// False while our own clock may be wrong: nothing may then be refused for its time.
  [[nodiscard]] bool trusted() const { return trouble_ == Trouble::none || trouble_ == Trouble::ahead; }
  /// True when the wall clock is too far away to be followed at once.
  [[nodiscard]] bool wall_disbelieved() const { return trouble_ != Trouble::none; }
  /// Wall clock minus this clock at the last now() [ms].
  [[nodiscard]] engine::Span away_ms() const { return away_ms_; }

 private:
  [[nodiscard]] bool vouched_(engine::Instant wall, std::int64_t boot) const;

  const MachineClock& machine_;
  engine::Span believed_ms_;
  std::int64_t now_ns_ = 0;
  std::int64_t boot_ns_ = 0;
  std::int64_t wall_at_boot_ms_ = 0;  ///< what the operator vouched for: the wall clock when the machine started
  bool operator_believes_ = false;
  engine::Span away_ms_ = 0;
  Trouble trouble_ = Trouble::none;
};

/// Words for the operator: what is wrong and how to mend it; empty for none.
[[nodiscard]] std::string_view describe(EngineClock::Trouble trouble);
}  // namespace tocsin::daemon
