// SPDX-License-Identifier: Apache-2.0
#include "reports.hpp"

#include <bit>

#include "numbers.hpp"

namespace tocsin::engine {
std::uint16_t OriginSet::count() const {
  int total = 0;
  for (const std::uint64_t word : words_) total += std::popcount(word);
  return static_cast<std::uint16_t>(total);
}

void collect_origins(const Block& block, const State& state, std::uint16_t indicator, std::uint16_t filter,
                     Instant instant, Span window_ms, OriginSet& out) {
  ReportCursor cursor{block, state, indicator, instant};
  Sample sample{};
  while (cursor.next(sample) && sample.time > instant - window_ms) {
    ++block.work().total;
    if (passes(block.image(), filter, sample.matches)) out.add(sample.origin);
  }
}

namespace {
/// What the reports inside a window are. Values are gathered newest first when the operation needs them all.
struct WindowScan {
  std::uint32_t count = 0;
  std::uint32_t days = 0;
  Instant oldest = kForever;    ///< time of the oldest of them
  Instant entering = kForever;  ///< time of the oldest that is still too new for a window that ends in the past
  double least = 0;
  double largest = 0;
  OriginSet origins;
};

constexpr Span kDay = 86'400'000;

bool is_last(const Node& node) { return static_cast<Op>(node.op) == Op::last; }

WindowScan scan(const Block& block, ReportCursor cursor, const Node& node, Instant instant, bool gather,
                std::uint16_t cap) {
  WindowScan found;
  Sample sample{};
  const Instant end = instant - node.ago_ms;
  const Instant after = end - node.window_ms;
  const Op op = static_cast<Op>(node.op);
  double* const values = gather ? block.values().data() : nullptr;
  Instant day = kNever;
  std::uint64_t looked = 0;
  while (found.count != cap || cap == 0) {
    if (!cursor.next(sample)) break;
    ++looked;
    if (sample.time <= after) break;
    if (!passes(block.image(), node.filter, sample.matches)) continue;
    if (sample.time > end) {
      found.entering = sample.time;
      continue;
    }
    if (gather) values[found.count] = sample.value;
    if (op == Op::max && (found.count == 0 || sample.value > found.largest)) found.largest = sample.value;
    if (op == Op::min && (found.count == 0 || sample.value < found.least)) found.least = sample.value;
    if (op == Op::origins) found.origins.add(sample.origin);
    if (op == Op::days && sample.time / kDay != day) {
      day = sample.time / kDay;
      ++found.days;
    }
    ++found.count;
    found.oldest = sample.time;
  }
  block.work().total += looked;
  return found;
}

Number latest(const Block& block, ReportCursor&& cursor, const Node& node) {
  Sample sample{};
  Number number;
  double value = 0;
  const std::uint32_t wanted = node.at_least > 1 ? node.at_least : 1;
  while (number.reports < wanted && cursor.next(sample)) {
    ++block.work().total;
    if (!passes(block.image(), node.filter, sample.matches)) continue;
    if (number.reports == 0) value = sample.value;
    ++number.reports;
  }
  if (number.reports < wanted) return number;
  const Number found = finite(value);
  number.value = found.value;
  number.known = found.known;
  return number;
}

Number value_of(const Block& block, const Node& node, const WindowScan& found) {
  const std::span<double> values =
      block.values().first(found.count < block.values().size() ? found.count : block.values().size());
  const Op op = static_cast<Op>(node.op);
  if (op == Op::count) return finite(found.count);
  if (op == Op::days) return finite(found.days);
  if (op == Op::origins) return finite(found.origins.count());
  if (op == Op::sum) return finite(sum_of(values));
  if (found.count == 0) return {};
  if (op == Op::max) return finite(found.largest);
  if (op == Op::min) return finite(found.least);
  if (op == Op::mean) return finite(mean_of(values));
  if (op == Op::median) return finite(median_of(values));
  if (op == Op::mad) return finite(mad_of(values));
  if (op == Op::stddev) return finite(stddev_of(values));
  return finite(quantile_of(values, node.numerator, node.digits));
}
}  // namespace

namespace {
/// A count that need not go far: nothing but times is looked at.
Number count_at(const Block& block, const State& state, const Node& node, Instant instant, std::uint16_t cap) {
  ReportCursor cursor{block, state, node.a, instant};
  Sample sample{};
  const Instant after = instant - node.window_ms;
  Number number;
  number.known = true;
  std::uint64_t looked = 0;
  while (number.reports < cap && cursor.next(sample)) {
    ++looked;
    if (sample.time <= after) break;
    if (!passes(block.image(), node.filter, sample.matches)) continue;
    ++number.reports;
    number.due = sample.time + node.window_ms;
  }
  block.work().total += looked;
  number.value = number.reports;
  return number;
}
}  // namespace

namespace {
/// @pre not `last`.
Number number_from(const Block& block, ReportCursor&& cursor, const Node& node, Instant instant, std::uint16_t cap) {
  const WindowScan found = scan(block, cursor, node, instant, gathers(node), cap);
  Number number;
  if (found.count >= node.at_least) number = value_of(block, node, found);
  number.reports = found.count;
  number.due = kForever;
  const auto due = [&number](Instant at) {
    if (at < number.due) number.due = at;
  };
  if (found.count > 0) due(found.oldest + node.ago_ms + node.window_ms);
  if (found.entering != kForever) due(found.entering + node.ago_ms);
  return number;
}

/// @pre not `last`.
bool saturated_from(const Block& block, ReportCursor&& cursor, const Node& node, Instant instant) {
  const Instant end = instant - node.ago_ms;
  const Instant after = end - node.window_ms;
  Sample sample{};
  while (cursor.next(sample)) {
    if (sample.time <= after) return false;
  }
  // Of what was pushed out beyond the reach of late news only the newest may be left, or more: it must not show which.
  const Instant certain = block.header().clock - block.image().horizon_ms;
  while (cursor.step(sample)) {
    if (sample.time <= end) return sample.time > after;
    if (sample.time < certain) return true;
  }
  return block.rings()[node.a].pushed_out > after;
}
}  // namespace

Number number_at(const Block& block, const State& state, const Node& node, Instant instant, std::uint16_t cap) {
  if (is_last(node)) return latest(block, {block, state, node.a, instant}, node);
  if (cap > 0 && node.ago_ms == 0) return count_at(block, state, node, instant, cap);
  return number_from(block, {block, state, node.a, instant}, node, instant, cap);
}

Number kept_number_at(const Block& block, const Node& node, Instant instant, Instant counted) {
  if (is_last(node)) return latest(block, {block, node.a, instant, counted}, node);
  return number_from(block, {block, node.a, instant, counted}, node, instant, 0);
}

bool saturated_at(const Block& block, const State& state, const Node& node, Instant instant) {
  return !is_last(node) && saturated_from(block, {block, state, node.a, instant}, node, instant);
}

bool kept_saturated_at(const Block& block, const Node& node, Instant instant, Instant counted) {
  return !is_last(node) && saturated_from(block, {block, node.a, instant, counted}, node, instant);
}

Number arithmetic(Op op, const Number& left, const Number& right) {
  if (!left.known || !right.known) return {};
  if (op == Op::add) return finite(left.value + right.value);
  if (op == Op::subtract) return finite(left.value - right.value);
  if (op == Op::multiply) return finite(left.value * right.value);
  return right.value != 0.0 ? finite(left.value / right.value) : Number{};
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
