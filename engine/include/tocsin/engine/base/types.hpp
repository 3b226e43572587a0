// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Times, levels and the other small words every part of the engine speaks.
#include <cstdint>

namespace tocsin::engine {
/// An instant: milliseconds since 1970-01-01T00:00:00Z, UTC without leap seconds. Time is discrete.
using Instant = std::int64_t;
/// A length of time in milliseconds.
using Span = std::int64_t;

/// Before every instant the engine can be given.
inline constexpr Instant kNever = INT64_MIN;
/// After every instant the engine can be given: "not due".
inline constexpr Instant kForever = INT64_MAX;
/// Earliest and latest instant accepted from outside: the years 1970..9999.
inline constexpr Instant kInstantMin = 0;
inline constexpr Instant kInstantMax = 253'402'300'799'999;
/// Longest span a book may name: 100 years. Keeps every sum of an instant and spans far inside 64 bits.
inline constexpr Span kSpanMax = 3'155'760'000'000;
/// Sequence numbers are below this (2^53: exact as a JSON number).
inline constexpr std::uint64_t kSeqEnd = 1ULL << 53U;

/// No such element, for every 16-bit index.
inline constexpr std::uint16_t kNone = 0xFFFF;

/// Kleene's three truth values, ordered: minima are `and`, maxima are `or`.
enum class Truth : std::uint8_t { no = 0, unknown = 1, yes = 2 };

/// Alert levels in rising order; `calm` is a theater's level when nothing is raised.
enum class Level : std::uint8_t { calm = 0, watch = 1, elevated = 2, high = 3, critical = 4, unknown = 5 };

/// What a report (or an engine) is for. Missing in a report means actual.
enum class Status : std::uint8_t { actual = 0, exercise = 1, test = 2 };

/// What became of an alert. The order is the output order within one instant and alert.
enum class EventKind : std::uint8_t {
  raised = 0,
  escalated = 1,
  eased = 2,
  cleared = 3,
  unknown = 4,
  known = 5,
  retracted = 6,
};

/// What the engine did with one input line.
enum class Disposition : std::uint8_t {
  taken = 0,          ///< it counts (or waits for its instant)
  duplicate = 1,      ///< same feed, seq and content as one already known: changes nothing
  reused = 2,         ///< same feed and seq with other content: refused, the first stays
  stale = 3,          ///< beyond the reach of late news, or before the first instant: not evaluated, no contact
  withdrawn = 4,      ///< a withdrawal of it came first: it never counts
  not_evaluated = 5,  ///< an exercise or test report in an engine not started for such
  full = 6,           ///< a report from the future when no place is left for waiting ones: try again later
};
}  // namespace tocsin::engine
