// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Intervals: a set of instants as a list of stretches of time, and what the language's operators do to such
/// sets.
#include <vector>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::model {
/// All instants from `from` to `to`, both included; from <= to.
struct Interval {
  engine::Instant from;
  engine::Instant to;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// A set of instants: sorted stretches that neither overlap nor touch. Every function below takes and gives such lists.
using Intervals = std::vector<Interval>;

/// Any stretches (empty ones, with to < from, included) as a set, cut to `within`.
[[nodiscard]] Intervals normalised(std::vector<Interval> pieces, Interval within);
[[nodiscard]] Intervals united(const Intervals& left, const Intervals& right);
[[nodiscard]] Intervals intersected(const Intervals& left, const Intervals& right);
/// The instants of `within` that are not in the set.
[[nodiscard]] Intervals complement(const Intervals& set, Interval within);
[[nodiscard]] bool contains(const Intervals& set, engine::Instant at);
/// The first instant of the set that is not before `at`, or kForever.
[[nodiscard]] engine::Instant first_from(const Intervals& set, engine::Instant at);

/// t such that some instant of [t - to_ms, t - from_ms] is in the set.
[[nodiscard]] Intervals in_last(const Intervals& set, engine::Span from_ms, engine::Span to_ms, Interval within);
/// t such that all of [t - span_ms, t] is in the set.
[[nodiscard]] Intervals held_for(const Intervals& set, engine::Span span_ms);
/// t such that some b in [t - to_ms, t - from_ms] is in `b` and all of (b, t] is in `a`.
/// @param to_ms  engine::kUnbounded: any b <= t - from_ms.
[[nodiscard]] Intervals since(const Intervals& a, const Intervals& b, engine::Span from_ms, engine::Span to_ms,
                              Interval within);
/// The stretches of `runs` in whose [from - span_ms, from) lies an instant of the set.
[[nodiscard]] Intervals runs_after(const Intervals& runs, const Intervals& set, engine::Span span_ms);
}  // namespace tocsin::model
