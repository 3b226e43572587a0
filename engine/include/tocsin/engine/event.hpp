// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file AlertEvent: what the engine says, with its evidence, as one fixed-size record of indices.
#include <array>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::engine {
/// One report shown as evidence.
struct EvidenceReport {
  Instant time;
  double value;
  std::uint64_t seq;
  std::uint16_t feed;
  std::uint16_t origin;
  std::uint8_t credibility;  ///< 1..6, 0 not given
};

/// One number or pulse that `when` rests on.
struct EvidenceItem {
  Instant at;               ///< the instant it speaks of: the event's, or the witness's for `then` and `in last`
  Span window_ms;           ///< window of the number; 0 for last, a pulse and overdue
  double value;             ///< the number there; of a pulse 1 or 0, of overdue 1 or 0; meaningless unless known
  std::uint16_t condition;  ///< innermost named condition it was reached through, or kNone
  std::uint16_t indicator;  ///< or kNone for overdue
  std::uint16_t feed;       ///< overdue only, else kNone
  std::uint16_t node;       ///< the number's, pulse's or overdue's node: its filter, `ending ... ago`, `at least` and q
  std::uint8_t op;          ///< Op of the number, Op::pulse or Op::overdue
  bool known;
  bool saturated;              ///< a report already pushed out would lie in its window
  std::uint16_t first_report;  ///< run of AlertEvent::reports, newest first
  std::uint16_t report_count;
};

/// An explanation and the sum of the weights of its clauses that hold.
struct HypothesisWeight {
  std::uint16_t hypothesis;  ///< index in Image::hypotheses
  std::int32_t weight;
};

/// What made the engine withdraw an event.
struct Reason {
  std::uint16_t feed = kNone;
  bool heartbeat = false;
  std::uint64_t seq = 0;  ///< unless heartbeat
  Instant time = 0;       ///< the heartbeat's or the report's time
};

/// One alert event. About 6 KiB: keep one and reuse it; only the first item_count, report_count, hypothesis_count and
/// against_count elements of the arrays are set.
struct AlertEvent {
  EventKind kind{};
  EventKind retracted_kind{};   ///< retracted only: the kind of the event it withdraws (its instant is `at`)
  Level level{};                ///< after the event; of cleared and retracted: the level it had; of unknown: unknown
  Status status{};              ///< what the engine was started for
  std::uint16_t alert = kNone;  ///< index in Image::alerts
  std::uint16_t rev = 0;        ///< raises of this alert at `raised_at` before this one
  Instant raised_at = 0;        ///< start of the episode; of unknown and known: `at`
  Instant at = 0;               ///< the instant it speaks of
  Instant detected_at = 0;      ///< the engine's clock when it was decided
  Reason reason{};              ///< retracted only
  std::uint16_t origins = 0;    ///< distinct origins among `reports`
  bool truncated = false;       ///< items or reports did not all fit
  /// Some number below `when`, `clear` or a `level ... when`, an unmet `needs`, or an item is saturated at its instant:
  /// the event is what the reports that are kept say. Not of retracted.
  bool saturated = false;
  std::array<Level, kAlertTheatersMax> theater_levels{};              ///< per theater of the alert, at the instant
  std::array<std::uint64_t, kFeedsMax / 64> overdue_feeds{};          ///< bits: overdue feeds that `when` reaches
  std::array<std::uint64_t, kIndicatorsMax / 64> blind_indicators{};  ///< bits: blind indicators that `when` reaches
  std::uint16_t hypothesis_count = 0;  ///< raised, escalated, eased: all that the alert weighs
  std::uint16_t against_count = 0;     ///< raised, escalated, eased: as many as the alert's `against`
  std::uint16_t item_count = 0;
  std::uint16_t report_count = 0;
  std::array<HypothesisWeight, kHypothesesMax> hypotheses{};  ///< by weight, greatest first, then name
  std::array<Truth, kAgainstMax> against{};                   ///< value of each condition of Alert::against, in order
  std::array<EvidenceItem, kEvidenceItemsMax> items{};
  std::array<EvidenceReport, kEvidenceReportsMax> reports{};
};
}  // namespace tocsin::engine
