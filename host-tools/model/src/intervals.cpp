// SPDX-License-Identifier: Apache-2.0
#include "tocsin/model/intervals.hpp"

#include <algorithm>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::model {
using engine::Instant;
using engine::Span;

Intervals normalised(std::vector<Interval> pieces, Interval within) {
  for (Interval& piece : pieces) piece = {std::max(piece.from, within.from), std::min(piece.to, within.to)};
  std::erase_if(pieces, [](const Interval& piece) { return piece.to < piece.from; });
  std::sort(pieces.begin(), pieces.end(), [](const Interval& l, const Interval& r) { return l.from < r.from; });
  Intervals out;
  for (const Interval& piece : pieces) {
    if (!out.empty() && piece.from <= out.back().to + 1) {
      out.back().to = std::max(out.back().to, piece.to);
    } else {
      out.push_back(piece);
    }
  }
  return out;
}

Intervals united(const Intervals& left, const Intervals& right) {
  std::vector<Interval> pieces = left;
  pieces.insert(pieces.end(), right.begin(), right.end());
  return normalised(pieces, {engine::kNever + 1, engine::kForever - 1});
}

Intervals intersected(const Intervals& left, const Intervals& right) {
  Intervals out;
  std::size_t l = 0;
  std::size_t r = 0;
  while (l < left.size() && r < right.size()) {
    const Interval both{std::max(left[l].from, right[r].from), std::min(left[l].to, right[r].to)};
    if (both.from <= both.to) out.push_back(both);
    if (left[l].to < right[r].to) {
      ++l;
    } else {
      ++r;
    }
  }
  return out;
}

Intervals complement(const Intervals& set, Interval within) {
  Intervals out;
  Instant from = within.from;
  for (const Interval& piece : set) {
    if (piece.to < from) continue;
    if (piece.from > within.to) break;
    if (piece.from > from) out.push_back({from, piece.from - 1});
    from = piece.to + 1;
  }
  if (from <= within.to) out.push_back({from, within.to});
  return out;
}

bool contains(const Intervals& set, Instant at) { return first_from(set, at) == at; }

Instant first_from(const Intervals& set, Instant at) {
  const auto found =
      std::lower_bound(set.begin(), set.end(), at, [](const Interval& piece, Instant i) { return piece.to < i; });
  return found == set.end() ? engine::kForever : std::max(found->from, at);
}

Intervals in_last(const Intervals& set, Span from_ms, Span to_ms, Interval within) {
  std::vector<Interval> pieces;
  for (const Interval& piece : set) pieces.push_back({piece.from + from_ms, piece.to + to_ms});
  return normalised(pieces, within);
}

Intervals held_for(const Intervals& set, Span span_ms) {
  Intervals out;
  for (const Interval& piece : set) {
    if (piece.from + span_ms <= piece.to) out.push_back({piece.from + span_ms, piece.to});
  }
  return out;
}

Intervals since(const Intervals& a, const Intervals& b, Span from_ms, Span to_ms, Interval within) {
  std::vector<Interval> pieces;
  if (from_ms == 0) pieces = b;  // at t = b itself (b, t] is empty
  for (const Interval& truth : b) {
    for (const Interval& run : a) {
      // Those b whose next instant lies in this run: for each of them t may be as late as the run's end.
      const Interval starts{std::max(truth.from, run.from - 1), std::min(truth.to, run.to - 1)};
      if (starts.to < starts.from) continue;
      const Instant latest = to_ms == engine::kUnbounded ? run.to : std::min(run.to, starts.to + to_ms);
      pieces.push_back({starts.from + from_ms, latest});
    }
  }
  return normalised(pieces, within);
}

Intervals runs_after(const Intervals& runs, const Intervals& set, Span span_ms) {
  Intervals out;
  for (const Interval& run : runs) {
    if (first_from(set, run.from - span_ms) < run.from) out.push_back(run);
  }
  return out;
}
}  // namespace tocsin::model
