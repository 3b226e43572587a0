// SPDX-License-Identifier: Apache-2.0
#include "reports.hpp"

#include <bit>

namespace tocsin::engine {
ReportCursor::ReportCursor(const Block& block, const State& state, std::uint16_t indicator, Instant instant)
    : block_{block},
      samples_{block.samples(indicator)},
      ring_{block.rings()[indicator]},
      instant_{instant},
      in_ring_{ring_.count},
      slot_{state.indicators[indicator].tail} {}

bool ReportCursor::step(Sample& out) {
  while (slot_ != kNone) {
    const std::uint16_t slot = slot_;
    const LogEntry& entry = block_.log()[slot];
    slot_ = entry.older;
    if (entry.time > instant_) continue;
    out = {entry.time, entry.value, entry.seq, entry.feed, entry.origin, entry.credibility, {}};
    given_slot_ = slot;
    return true;
  }
  while (in_ring_ > 0) {
    --in_ring_;
    const std::size_t index = ring_.start + in_ring_;
    out = samples_[index < samples_.size() ? index : index - samples_.size()];
    given_slot_ = kNone;
    if (out.time <= instant_) return true;
  }
  return false;
}

bool ReportCursor::next(Sample& out) {
  if (given_ == samples_.size() || !step(out)) return false;
  ++given_;
  return true;
}

Instant ReportCursor::pushed_out() {
  Sample older{};
  if (step(older)) return older.time;
  return ring_.pushed_out;
}

std::uint16_t OriginSet::count() const {
  int total = 0;
  for (const std::uint64_t word : words_) total += std::popcount(word);
  return static_cast<std::uint16_t>(total);
}

void collect_origins(const Block& block, const State& state, std::uint16_t indicator, Instant instant, Span window_ms,
                     OriginSet& out) {
  ReportCursor cursor{block, state, indicator, instant};
  Sample sample{};
  while (cursor.next(sample) && sample.time > instant - window_ms) out.add(sample.origin);
}

namespace {
/// What the reports inside a window are, newest first.
struct WindowScan {
  std::size_t count = 0;
  std::size_t from_log = 0;
  std::size_t ring_first = 0;         ///< age order index of the oldest of them in the base ring
  std::uint16_t oldest_slot = kNone;  ///< oldest of them that lies in the log
  Instant oldest = kForever;
  double largest = 0;
  OriginSet origins;
  bool saturated = false;
  Instant pushed_out = kNever;
};

WindowScan scan(const Block& block, const State& state, const Node& node, Instant instant) {
  WindowScan found;
  ReportCursor cursor{block, state, node.a, instant};
  Sample sample{};
  const Instant after = instant - node.window_ms;
  bool at_end = true;
  while (cursor.next(sample)) {
    if (sample.time <= after) {
      at_end = false;
      break;
    }
    if (found.count == 0 || sample.value > found.largest) found.largest = sample.value;
    ++found.count;
    found.oldest = sample.time;
    found.origins.add(sample.origin);
    if (cursor.slot() != kNone) {
      ++found.from_log;
      found.oldest_slot = cursor.slot();
    } else {
      found.ring_first = cursor.ring_position();
    }
  }
  if (at_end) {
    found.pushed_out = cursor.pushed_out();
    found.saturated = found.pushed_out > after;
  }
  return found;
}

/// Sums what a scan found, oldest first: floating point sums depend on the order.
double sum_of(const Block& block, const Node& node, const WindowScan& found) {
  double total = 0;
  const Ring& ring = block.rings()[node.a];
  const std::span<Sample> samples = block.samples(node.a);
  for (std::size_t i = 0; i < found.count - found.from_log; ++i) {
    const std::size_t index = ring.start + found.ring_first + i;
    total += samples[index < samples.size() ? index : index - samples.size()].value;
  }
  std::uint16_t slot = found.oldest_slot;
  for (std::size_t left = found.from_log; left > 0;) {
    const LogEntry& entry = block.log()[slot];
    total += entry.value;
    --left;
    slot = entry.newer;
  }
  return total;
}

Number finite(double value) {
  Number number;
  if (value - value != 0.0) return number;  // infinite or not a number
  number.value = value == 0.0 ? 0.0 : value;
  number.known = true;
  return number;
}
}  // namespace

Number number_at(const Block& block, const State& state, const Node& node, Instant instant) {
  const Op op = static_cast<Op>(node.op);
  if (op == Op::last) {
    ReportCursor cursor{block, state, node.a, instant};
    Sample sample{};
    return cursor.next(sample) ? finite(sample.value) : Number{};
  }
  const WindowScan found = scan(block, state, node, instant);
  Number number;
  if (op == Op::count) {
    number = finite(static_cast<double>(found.count));
  } else if (op == Op::origins) {
    number = finite(static_cast<double>(found.origins.count()));
  } else if (op == Op::sum) {
    number = finite(sum_of(block, node, found));
  } else if (found.count > 0) {
    number = finite(found.largest);
  }
  number.saturated = found.saturated;
  if (found.count > 0) number.due = found.oldest + node.window_ms;
  if (found.saturated && found.pushed_out + node.window_ms < number.due) number.due = found.pushed_out + node.window_ms;
  return number;
}

Number arithmetic(Op op, const Number& left, const Number& right) {
  Number result;
  if (left.known && right.known) {
    if (op == Op::add) {
      result = finite(left.value + right.value);
    } else if (op == Op::subtract) {
      result = finite(left.value - right.value);
    } else if (op == Op::multiply) {
      result = finite(left.value * right.value);
    } else if (right.value != 0.0) {
      result = finite(left.value / right.value);
    }
  }
  result.saturated = left.saturated || right.saturated;
  return result;
}

Truth compare(Op op, const Number& left, const Number& right) {
  if (!left.known || !right.known) return Truth::unknown;
  const double l = left.value;
  const double r = right.value;
  const bool holds = op == Op::less            ? l < r
                     : op == Op::less_equal    ? l <= r
                     : op == Op::equal         ? l == r
                     : op == Op::not_equal     ? l != r
                     : op == Op::greater_equal ? l >= r
                                               : l > r;
  return holds ? Truth::yes : Truth::no;
}
}  // namespace tocsin::engine
