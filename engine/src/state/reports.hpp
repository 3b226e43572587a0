// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The reports of one indicator as a state sees them, and the numbers taken from them.
#include "block.hpp"

namespace tocsin::engine {
/// Walks the newest `keep` reports of an indicator up to an instant, newest first: first the log, then the base ring.
class ReportCursor {
 public:
  /// @param state     whose view it is; reports after its `evaluated` are not seen.
  /// @param instant   reports after it are passed over.
  ReportCursor(const Block& block, const State& state, std::uint16_t indicator, Instant instant);
  /// The next older report. @returns false at the end, or when `keep` reports were given.
  bool next(Sample& out);
  /// After next() returned false: time of the newest report that was pushed out, or kNever.
  [[nodiscard]] Instant pushed_out();
  /// Slot of the report next() gave last, or kNone when it came from the base ring.
  [[nodiscard]] std::uint16_t slot() const { return given_slot_; }
  /// Age order index (0 oldest) in the base ring of the report next() gave last, when slot() is kNone.
  [[nodiscard]] std::size_t ring_position() const { return in_ring_; }

 private:
  bool step(Sample& out);

  const Block& block_;
  std::span<Sample> samples_;
  const Ring& ring_;
  Instant instant_;
  std::size_t given_ = 0;
  std::size_t in_ring_;  ///< ring samples left to give
  std::uint16_t slot_;
  std::uint16_t given_slot_ = kNone;
};

/// A number at an instant.
struct Number {
  double value = 0;
  bool known = false;
  bool saturated = false;
  Instant due = kForever;  ///< when time alone changes it next
};

/// The number of a count, sum, last, max or origins node at `instant`, blindness aside.
[[nodiscard]] Number number_at(const Block& block, const State& state, const Node& node, Instant instant);

/// A set of origins.
class OriginSet {
 public:
  void add(std::uint16_t origin) { words_[origin / 64U] |= std::uint64_t{1} << (origin % 64U); }
  [[nodiscard]] std::uint16_t count() const;

 private:
  std::uint64_t words_[kOriginsMax / 64] = {};
};

/// Adds the origins of an indicator's reports in (instant - window, instant].
void collect_origins(const Block& block, const State& state, std::uint16_t indicator, Instant instant, Span window_ms,
                     OriginSet& out);

/// One arithmetic step in IEEE double; unknown when it is not finite or divides by zero. -0 becomes 0.
[[nodiscard]] Number arithmetic(Op op, const Number& left, const Number& right);
/// One comparison in Kleene's logic.
[[nodiscard]] Truth compare(Op op, const Number& left, const Number& right);
}  // namespace tocsin::engine
