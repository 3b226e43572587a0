// SPDX-License-Identifier: Apache-2.0
#include "evidence_walk.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "reports.hpp"  // the model's: filters, the order of `last`, keep

namespace tocsin::test_support {
using namespace tocsin::engine;
using model::Evaluation;
using model::Reports;

Instant witness_of(const Evaluation& wanted, const Node& node, Instant at) {
  const auto holds = [&](std::uint16_t index, Instant i) { return wanted.truth(index, i) == Truth::yes; };
  const Shape shape = shape_of(node.op);
  const Instant first = wanted.within.from;
  Instant i = at;
  if (shape == Shape::hold_for) {
    while (holds(node.a, i - 1)) --i;
    return i;
  }
  if (shape == Shape::then) {
    while (holds(node.b, i - 1)) --i;
    for (--i; i >= first && !holds(node.a, i);) --i;
    return i;
  }
  if (shape != Shape::in_last && shape != Shape::since && shape != Shape::from_until) return kNever;
  const std::uint16_t operand = shape == Shape::since ? node.b : node.a;
  for (i = at - node.ago_ms; i >= first && !holds(operand, i);) --i;
  return i;
}

namespace {
bool uses_reports(const Node& node) {
  return shape_of(node.op) == Shape::report_number || shape_of(node.op) == Shape::pulse;
}

/// A number, pulse or silence that the event rests on.
struct Ground {
  const Node* node;
  std::uint16_t index;
  Instant at;
  std::uint16_t condition;

  [[nodiscard]] bool same(const Ground& other) const {
    const Node& l = *node;
    const Node& r = *other.node;
    return at == other.at && condition == other.condition && l.op == r.op && l.a == r.a && l.window_ms == r.window_ms &&
           l.ago_ms == r.ago_ms && l.filter == r.filter && l.at_least == r.at_least && l.numerator == r.numerator &&
           l.digits == r.digits;
  }
};

class Grounds {
 public:
  Grounds(const Image& image, const Evaluation& wanted) : image_{image}, wanted_{wanted} {}

  void walk(std::uint16_t index, Instant at, std::uint16_t condition) {
    const Node& node = image_.nodes[index];
    if (node.condition != kNone) condition = node.condition;
    const Truth truth = shape_of(node.op) > Shape::arithmetic ? wanted_.truth(index, at) : Truth::unknown;
    const auto is_true = [&](std::uint16_t side) { return wanted_.truth(side, at) == Truth::yes; };
    switch (shape_of(node.op)) {
      case Shape::literal:
        return;
      case Shape::report_number:
      case Shape::pulse:
      case Shape::overdue:
        add({&node, index, at, condition});
        return;
      case Shape::arithmetic:
      case Shape::comparison:
        walk_both(node, at, condition);
        return;
      case Shape::both:
        if (truth == Truth::yes) walk_both(node, at, condition);
        return;
      case Shape::either:
        if (is_true(node.a)) walk(node.a, at, condition);
        if (is_true(node.b)) walk(node.b, at, condition);
        return;
      case Shape::negate:
      case Shape::hold_for:
        walk(node.a, at, condition);
        return;
      case Shape::in_last:
        walk(node.a, witness(node, truth, at), condition);
        return;
      case Shape::since:
        walk(node.a, at, condition);
        walk(node.b, witness(node, truth, at), condition);
        return;
      case Shape::then:
      case Shape::from_until:
        walk(node.a, witness(node, truth, at), condition);
        walk(node.b, at, condition);
        return;
    }
  }

  [[nodiscard]] const std::vector<Ground>& all() const { return all_; }
  /// Truths of `in last C to D` that lie near are one to the engine: its witness may lie between them.
  [[nodiscard]] bool exact() const { return exact_; }

 private:
  void walk_both(const Node& node, Instant at, std::uint16_t condition) {
    walk(node.a, at, condition);
    walk(node.b, at, condition);
  }
  Instant witness(const Node& node, Truth truth, Instant at) {
    if (truth != Truth::yes) return at;
    if (node.ago_ms > 0) exact_ = false;
    return witness_of(wanted_, node, at);
  }
  void add(const Ground& ground) {
    if (std::none_of(all_.begin(), all_.end(), [&](const Ground& other) { return other.same(ground); }))
      all_.push_back(ground);
  }

  const Image& image_;
  const Evaluation& wanted_;
  std::vector<Ground> all_;
  bool exact_ = true;
};

/// The reports behind a ground, newest first.
std::vector<Input> behind(const Reports& reports, const Ground& ground) {
  const Node& node = *ground.node;
  const Instant end = ground.at - node.ago_ms;
  const auto op = static_cast<Op>(node.op);
  const Instant after = op == Op::last ? kNever : op == Op::pulse ? ground.at - 1 : end - node.window_ms;
  std::vector<Input> found;
  if (op == Op::overdue) return found;
  for (const Input& report : reports.kept(node.a, ground.at)) {
    if (report.time > after && report.time <= end && model::passes(reports.image, node.filter, report))
      found.insert(found.begin(), report);
  }
  if (op == Op::last && found.size() > 1) found.resize(1);
  return found;
}

bool same_value(const Evaluation& wanted, const Ground& ground, const EvidenceItem& item) {
  const auto op = static_cast<Op>(item.op);
  if (op == Op::overdue)
    return item.feed == ground.node->a &&
           (item.value != 0) == model::contains(wanted.overdue[ground.node->a], ground.at);
  if (op == Op::pulse) {
    const Truth truth = wanted.truth(ground.index, ground.at);
    // Evidence speaks of kept reports: a pulse whose report was pushed out at once may be shown without.
    return ((item.value != 0) == (truth == Truth::yes) && item.known == (truth != Truth::unknown)) ||
           (truth == Truth::yes && item.report_count == 0);
  }
  const auto& number = wanted.number(ground.index, ground.at);
  const bool same_rest = number.saturated == item.saturated || (item.saturated && ground.node->ago_ms > 0);
  const bool same = item.value == number.value && std::signbit(item.value) == std::signbit(number.value);  // no -0
  return item.known == number.known && (!number.known || (same && same_rest));
}

bool same_reports(const std::vector<Input>& wanted, std::size_t most, const AlertEvent& event,
                  const EvidenceItem& item) {
  if (item.report_count != std::min(wanted.size(), most)) return false;
  for (std::size_t i = 0; i < item.report_count; ++i) {
    const EvidenceReport& shown = event.reports[item.first_report + i];
    const Input& report = wanted[i];
    if (shown.time != report.time || shown.seq != report.seq || shown.feed != report.feed ||
        shown.origin != report.origin || shown.value != report.value || shown.credibility != report.credibility)
      return false;
  }
  return true;
}

std::string items_differ(const Reports& reports, const Evaluation& wanted, const AlertEvent& event) {
  const Image& image = reports.image;
  Grounds grounds{image, wanted};
  grounds.walk(image.alerts[event.alert].when, event.at, kNone);
  if (!grounds.exact() || event.truncated) return {};
  std::set<std::uint16_t> origins;
  for (const Ground& ground : grounds.all()) {
    const std::string what = "evidence of node " + std::to_string(ground.index) + " at " + std::to_string(ground.at);
    const auto end = event.items.begin() + event.item_count;
    const auto item = std::find_if(event.items.begin(), end, [&](const EvidenceItem& shown) {
      return ground.same({&image.nodes[shown.node], shown.node, shown.at, shown.condition});
    });
    if (item == end) return what + " is not shown";
    if (item->op != ground.node->op || !same_value(wanted, ground, *item)) return what + ": value";
    const std::vector<Input> found = behind(reports, ground);
    const std::size_t most = static_cast<Op>(item->op) == Op::last ? 1U : image.alerts[event.alert].evidence;
    if (!same_reports(found, most, event, *item)) return what + ": reports";
    for (const Input& report : found) origins.insert(report.origin);
  }
  if (event.item_count != grounds.all().size()) return "evidence that it does not rest on";
  return event.origins == origins.size() ? std::string{} : "origins of the evidence";
}

/// All nodes below one, itself included.
void collect(const Image& image, std::uint16_t index, std::set<std::uint16_t>& out) {
  if (!out.insert(index).second) return;
  const Node& node = image.nodes[index];
  const Shape shape = shape_of(node.op);
  if (uses_reports(node) || shape == Shape::literal || shape == Shape::overdue) return;
  collect(image, node.a, out);
  if (shape != Shape::negate && shape != Shape::hold_for && shape != Shape::in_last) collect(image, node.b, out);
}

std::string blindness_differs(const Image& image, const Evaluation& wanted, const AlertEvent& event) {
  std::set<std::uint16_t> reached;
  collect(image, image.alerts[event.alert].when, reached);
  std::set<std::uint16_t> blind;
  for (const std::uint16_t index : reached) {
    const Node& node = image.nodes[index];
    if (uses_reports(node) && model::contains(wanted.blind[node.a], event.at)) blind.insert(node.a);
  }
  for (std::uint16_t i = 0; i < image.indicators.size(); ++i) {
    const bool shown = ((event.blind_indicators[i / 64U] >> (i % 64U)) & 1U) != 0;
    if (shown != (blind.count(i) != 0)) return "blindness of indicator " + std::to_string(i);
  }
  return {};
}

std::string saturation_differs(const Reports& reports, const Evaluation& wanted, const AlertEvent& event) {
  const Image& image = reports.image;
  const Alert& rule = image.alerts[event.alert];
  std::set<std::uint16_t> reached;
  collect(image, rule.when, reached);
  if (rule.clear != kNone) collect(image, rule.clear, reached);
  for (const LevelRule& level : image.level_rules.subspan(rule.levels.first, rule.levels.count))
    collect(image, level.node, reached);
  bool must = false;
  bool may = false;
  for (const std::uint16_t index : reached) {
    const Node& node = image.nodes[index];
    if (shape_of(node.op) != Shape::report_number) continue;
    must = must || wanted.number(index, event.at).saturated;
    may = may || node.ago_ms > 0;  // of what was pushed out beyond reach the newest is known only
  }
  for (std::size_t i = 0; event.kind <= EventKind::eased && i < rule.needs.count; ++i) {
    const Need& need = image.needs[rule.needs.first + i];
    if (model::first_from(wanted.needs[rule.needs.first + i], event.raised_at) <= event.at) continue;
    for (const std::uint16_t indicator : image.list(need.indicators)) {
      const std::size_t all = reports.between(indicator, event.at - need.window_ms, event.at).size();
      must = must || all > image.indicators[indicator].keep;
    }
  }
  for (std::size_t i = 0; i < event.item_count; ++i) may = may || event.items[i].saturated;
  if (must && !event.saturated) return "not marked saturated";
  return event.saturated && !must && !may ? "marked saturated" : std::string{};
}
}  // namespace

std::string evidence_differs(const Image& image, const Evaluation& wanted, const std::vector<Input>& reports,
                             const AlertEvent& event) {
  if (event.kind == EventKind::retracted) return {};
  Reports sorted{image, std::vector<std::vector<Input>>(image.indicators.size())};
  for (const Input& report : reports) {
    if (report.time <= wanted.within.to) sorted.of[report.indicator].push_back(report);
  }
  for (std::vector<Input>& of : sorted.of) std::sort(of.begin(), of.end(), model::in_event_order);
  std::string different = blindness_differs(image, wanted, event);
  if (different.empty()) different = saturation_differs(sorted, wanted, event);
  if (different.empty() && event.kind <= EventKind::eased) different = items_differ(sorted, wanted, event);
  if (different.empty()) return {};
  return different + ", alert " + std::to_string(event.alert) + " at " + std::to_string(event.at);
}
}  // namespace tocsin::test_support
