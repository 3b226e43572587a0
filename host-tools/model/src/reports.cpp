// SPDX-License-Identifier: Apache-2.0
#include "reports.hpp"

#include <algorithm>
#include <cmath>

namespace tocsin::model {
using namespace tocsin::engine;

bool in_event_order(const Input& left, const Input& right) {
  if (left.time != right.time) return left.time < right.time;
  if (left.feed != right.feed) return left.feed < right.feed;
  return left.seq < right.seq;
}

bool compares(Op op, double left, double right) {
  return (op == Op::less && left < right) || (op == Op::less_equal && left <= right) ||
         (op == Op::equal && left == right) || (op == Op::not_equal && left != right) ||
         (op == Op::greater_equal && left >= right) || (op == Op::greater && left > right);
}

namespace {
constexpr Span kDayMs = 86'400'000;

/// Reliability as a number that grows with quality: F is 0, A is 5.
int goodness_of_letter(int letter) { return 'F' - letter; }
/// Credibility likewise: 6 is 0, 1 is 5.
int goodness_of_digit(int digit) { return 6 - digit; }

/// A name (origin, feed, actor, target) that may be absent.
bool name_passes(const FilterTerm& term, std::uint16_t name) {
  return name != kNone && (name == term.ref) == (static_cast<Op>(term.comparison) == Op::equal);
}

/// One scale of a grade, or both. `>=`: what is F or 6 reaches nothing.
bool grade_passes(const FilterTerm& term, bool letter, bool digit, int origin_letter, int report_digit) {
  const int wanted_letter = term.key == static_cast<std::uint8_t>(FilterKey::grade) ? term.ref / 256 : term.ref;
  const int wanted_digit = term.key == static_cast<std::uint8_t>(FilterKey::grade) ? term.ref % 256 : term.ref;
  const int reliability = letter ? goodness_of_letter(origin_letter) : 0;
  const int credibility = digit ? goodness_of_digit(report_digit) : 0;
  const int need_reliability = letter ? goodness_of_letter(wanted_letter) : 0;
  const int need_credibility = digit ? goodness_of_digit(wanted_digit) : 0;
  const auto op = static_cast<Op>(term.comparison);
  const bool nothing = (letter && reliability == 0) || (digit && credibility == 0);
  const bool same = reliability == need_reliability && credibility == need_credibility;
  if (op == Op::equal) return same;
  if (op == Op::not_equal) return !same;
  if (op == Op::less_equal) return reliability <= need_reliability && credibility <= need_credibility;
  return !nothing && reliability >= need_reliability && credibility >= need_credibility;
}

bool term_passes(const Image& image, const FilterTerm& term, const Input& report) {
  const bool has_origin = report.origin != kNone;
  const int letter = has_origin ? image.origins[report.origin].reliability : 0;
  switch (static_cast<FilterKey>(term.key)) {
    case FilterKey::value:
      return compares(static_cast<Op>(term.comparison), report.value, term.value);
    case FilterKey::origin:
      return name_passes(term, report.origin);
    case FilterKey::feed:
      return name_passes(term, report.feed);
    case FilterKey::actor:
      return name_passes(term, report.actor);
    case FilterKey::target:
      return name_passes(term, report.target);
    case FilterKey::grade:
      return has_origin && report.credibility != 0 && grade_passes(term, true, true, letter, report.credibility);
    case FilterKey::reliability:
      return has_origin && grade_passes(term, true, false, letter, 0);
    case FilterKey::credibility:
      return report.credibility != 0 && grade_passes(term, false, true, 0, report.credibility);
    case FilterKey::tag: {
      const bool is_tag = ((report.tags >> term.ref) & 1U) != 0;
      return static_cast<Op>(term.comparison) == Op::equal ? is_tag : report.has_tags && !is_tag;
    }
  }
  return false;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

double sum_of(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

double mean_of(const std::vector<double>& values) { return sum_of(values) / static_cast<double>(values.size()); }

double stddev_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double total = 0;
  for (const double value : values) total += (value - mean) * (value - mean);
  return std::sqrt(total / static_cast<double>(values.size()));
}

double mad_of(const std::vector<double>& values) {
  const double median = median_of(values);
  std::vector<double> distances;
  distances.reserve(values.size());
  for (const double value : values) distances.push_back(std::fabs(value - median));
  return median_of(distances);
}

/// The value at rank ceil(q n), q = numerator / 10^digits; the smallest for q = 0.
double quantile_of(std::vector<double> values, const Node& node) {
  std::int64_t scale = 1;
  for (int i = 0; i < node.digits; ++i) scale *= 10;
  const auto n = static_cast<std::int64_t>(values.size());
  const std::int64_t rank = (node.numerator * n + scale - 1) / scale;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(std::max<std::int64_t>(rank, 1) - 1)];
}

std::size_t distinct(std::vector<std::int64_t> keys) {
  std::sort(keys.begin(), keys.end());
  return static_cast<std::size_t>(std::unique(keys.begin(), keys.end()) - keys.begin());
}

/// The value of a number taken from these reports; of none: `known` is false unless they can be counted.
double value_of(const Node& node, const std::vector<const Input*>& reports, bool& known) {
  std::vector<double> values;
  std::vector<std::int64_t> days;
  std::vector<std::int64_t> origins;
  for (const Input* report : reports) {
    values.push_back(report->value);
    days.push_back(report->time / kDayMs);
    if (report->origin != kNone) origins.push_back(report->origin);
  }
  const auto op = static_cast<Op>(node.op);
  known = true;
  if (op == Op::count) return static_cast<double>(values.size());
  if (op == Op::days) return static_cast<double>(distinct(days));
  if (op == Op::origins) return static_cast<double>(distinct(origins));
  if (op == Op::sum) return sum_of(values);
  known = !values.empty();
  if (!known) return 0;
  if (op == Op::last) return values.back();
  if (op == Op::mean) return mean_of(values);
  if (op == Op::min) return *std::min_element(values.begin(), values.end());
  if (op == Op::max) return *std::max_element(values.begin(), values.end());
  if (op == Op::median) return median_of(values);
  if (op == Op::mad) return mad_of(values);
  if (op == Op::stddev) return stddev_of(values);
  return quantile_of(values, node);
}

/// Sorted, each once, cut to `within`, whose first instant is among them.
std::vector<Instant> as_instants(std::vector<Instant> instants, Interval within) {
  instants.push_back(within.from);
  std::erase_if(instants, [&](Instant at) { return at < within.from || at > within.to; });
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  return instants;
}
}  // namespace

bool passes(const Image& image, std::uint16_t filter, const Input& report) {
  if (filter == kNone) return true;
  const ListRef terms = image.filters[filter].terms;
  for (std::size_t i = 0; i < terms.count; ++i) {
    if (!term_passes(image, image.filter_terms[terms.first + i], report)) return false;
  }
  return true;
}

std::span<const Input> Reports::between(std::uint16_t indicator, Instant after, Instant until) const {
  const auto later = [](Instant at, const Input& report) { return at < report.time; };
  const std::vector<Input>& all = of[indicator];
  const auto begin = std::upper_bound(all.begin(), all.end(), after, later);
  const auto end = std::upper_bound(all.begin(), all.end(), until, later);
  return begin < end ? std::span<const Input>{begin, end} : std::span<const Input>{};
}

std::span<const Input> Reports::kept(std::uint16_t indicator, Instant at) const {
  const std::span<const Input> all = between(indicator, kNever, at);
  return all.last(std::min<std::size_t>(all.size(), image.indicators[indicator].keep));
}

std::vector<NumberPiece> report_number(const Reports& reports, const Node& node, Interval within) {
  const bool windowed = static_cast<Op>(node.op) != Op::last;
  std::vector<Instant> changes;
  for (const Input& report : reports.of[node.a]) {
    changes.push_back(report.time);  // it may push another out
    if (!windowed) continue;
    changes.push_back(report.time + node.ago_ms);
    changes.push_back(report.time + node.ago_ms + node.window_ms);
  }
  std::vector<NumberPiece> pieces;
  for (const Instant at : as_instants(changes, within)) {
    const Instant until = at - node.ago_ms;
    const Instant after = windowed ? until - node.window_ms : kNever;
    std::size_t in_window = 0;
    std::vector<const Input*> found;
    for (const Input& report : reports.kept(node.a, at)) {
      if (report.time <= after || report.time > until) continue;
      ++in_window;
      if (passes(reports.image, node.filter, report)) found.push_back(&report);
    }
    const bool saturated = windowed && in_window < reports.between(node.a, after, until).size();
    NumberPiece piece{at, false, saturated, static_cast<std::uint32_t>(found.size()), 0};
    piece.value = value_of(node, found, piece.known) + 0.0;  // -0 is 0
    if (!std::isfinite(piece.value) || found.size() < node.at_least) piece.known = false;
    pieces.push_back(piece);
  }
  return pieces;
}

Intervals pulse(const Reports& reports, const Node& node, Interval within) {
  std::vector<Interval> pieces;
  for (const Input& report : reports.of[node.a]) {
    if (passes(reports.image, node.filter, report)) pieces.push_back({report.time, report.time});
  }
  return normalised(pieces, within);
}

namespace {
bool has_enough(const Reports& reports, const Need& need, const std::vector<Intervals>& blind, Instant at) {
  const auto indicators = reports.image.list(need.indicators);
  std::vector<std::int64_t> origins;
  for (std::size_t i = 0; i < indicators.size(); ++i) {
    if (contains(blind[indicators[i]], at)) continue;
    const std::uint16_t filter = reports.image.lists[std::size_t{need.filters} + i];
    for (const Input& report : reports.kept(indicators[i], at)) {
      const bool counts = report.time > at - need.window_ms && report.origin != kNone;
      if (counts && passes(reports.image, filter, report)) origins.push_back(report.origin);
    }
  }
  return distinct(origins) >= need.count;
}
}  // namespace

Intervals need_met(const Reports& reports, const Need& need, const std::vector<Intervals>& blind, Interval within) {
  std::vector<Instant> changes;
  for (const std::uint16_t indicator : reports.image.list(need.indicators)) {
    for (const Input& report : reports.of[indicator]) {
      changes.push_back(report.time);
      changes.push_back(report.time + need.window_ms);
    }
    for (const Interval& stretch : blind[indicator]) {
      changes.push_back(stretch.from);
      changes.push_back(stretch.to + 1);
    }
  }
  changes = as_instants(changes, within);
  std::vector<Interval> pieces;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Instant last = i + 1 < changes.size() ? changes[i + 1] - 1 : within.to;
    if (has_enough(reports, need, blind, changes[i])) pieces.push_back({changes[i], last});
  }
  return normalised(pieces, within);
}
}  // namespace tocsin::model
