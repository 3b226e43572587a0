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
  ReportCursor(const Block& block, const State& state, std::uint16_t indicator, Instant instant)
      : ReportCursor{block, indicator, instant, instant, state.indicators[indicator].tail} {}
  /// Of all that is kept, whatever state has come to it. @param counted  what is passed over up to here counts among
  /// the `keep` all the same.
  ReportCursor(const Block& block, std::uint16_t indicator, Instant instant, Instant counted)
      : ReportCursor{block, indicator, instant, counted, block.rings()[indicator].newest} {}
  /// The next older report. @returns false at the end, or when `keep` reports were given.
  bool next(Sample& out) {
    if (left_ == 0 || !step(out)) return false;
    --left_;
    return true;
  }
  /// The next older report, beyond `keep` too, as far as any is left.
  bool step(Sample& out) {
    while (slot_ != kNone) {
      const LogEntry& entry = log_[slot_];
      slot_ = entry.older;
      if (is_passed_over(entry.time)) continue;
      out = {entry.time, entry.value, entry.seq, entry.matches, entry.feed, entry.origin, entry.credibility, {}};
      return true;
    }
    while (in_ring_ > 0) {
      --in_ring_;
      const std::size_t index = ring_.start + in_ring_;
      const Sample& sample = samples_[index < samples_.size() ? index : index - samples_.size()];
      if (is_passed_over(sample.time)) continue;
      out = sample;
      return true;
    }
    return false;
  }

 private:
  ReportCursor(const Block& block, std::uint16_t indicator, Instant instant, Instant counted, std::uint16_t slot)
      : log_{block.log()},
        samples_{block.samples(indicator)},
        ring_{block.rings()[indicator]},
        instant_{instant},
        counted_{counted},
        left_{samples_.size()},
        in_ring_{ring_.count},
        slot_{slot} {}
  bool is_passed_over(Instant time) {
    if (time <= instant_) return false;
    if (time <= counted_ && left_ > 0) --left_;
    return true;
  }

  std::span<const LogEntry> log_;
  std::span<const Sample> samples_;
  const Ring& ring_;
  Instant instant_;
  Instant counted_;
  std::size_t left_;     ///< of `keep`
  std::size_t in_ring_;  ///< ring samples left to give
  std::uint16_t slot_;
};

/// True when a report passes a node's filter.
[[nodiscard]] inline bool passes(const Image& image, std::uint16_t filter, std::uint32_t matches) {
  return filter == kNone || ((matches >> image.filters[filter].bit) & 1U) != 0;
}

/// A number at an instant.
struct Number {
  double value = 0;
  bool known = false;
  std::uint32_t reports = 0;  ///< so many are behind it
  Instant due = kForever;     ///< when time alone changes it next
};

/// The number of a node that is taken from reports, at `instant`, blindness aside.
/// @param cap  a count need not go beyond this; 0: to the end.
[[nodiscard]] Number number_at(const Block& block, const State& state, const Node& node, Instant instant,
                               std::uint16_t cap);
/// The same of all that is kept, for evidence. @param counted  as ReportCursor's.
[[nodiscard]] Number kept_number_at(const Block& block, const Node& node, Instant instant, Instant counted);
/// Whether a report that `keep` pushed out would lie in the number's window, filter aside. Where the reports themselves
/// are gone and only the newest of them is known: whether it, or one before it, may.
[[nodiscard]] bool saturated_at(const Block& block, const State& state, const Node& node, Instant instant);
/// The same of all that is kept, for evidence. @param counted  as ReportCursor's.
[[nodiscard]] bool kept_saturated_at(const Block& block, const Node& node, Instant instant, Instant counted);

/// A set of origins.
class OriginSet {
 public:
  void add(std::uint16_t origin) { words_[origin / 64U] |= std::uint64_t{1} << (origin % 64U); }
  [[nodiscard]] std::uint16_t count() const;

 private:
  std::uint64_t words_[kOriginsMax / 64] = {};
};

/// Adds the origins of an indicator's reports in (instant - window, instant] that pass the filter.
void collect_origins(const Block& block, const State& state, std::uint16_t indicator, std::uint16_t filter,
                     Instant instant, Span window_ms, OriginSet& out);

/// One arithmetic step in IEEE double; unknown when it is not finite or divides by zero. -0 becomes 0.
[[nodiscard]] Number arithmetic(Op op, const Number& left, const Number& right);
/// One comparison in Kleene's logic.
[[nodiscard]] Truth compare(Op op, const Number& left, const Number& right);
}  // namespace tocsin::engine
