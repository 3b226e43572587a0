// SPDX-License-Identifier: Apache-2.0
#include "tocsin/wire/why.hpp"

#include <algorithm>

namespace tocsin::wire {
namespace {
using engine::Image;
using engine::kNone;
using engine::Shape;

/// Which nodes, indicators and feeds a rule reaches.
struct Reach {
  std::vector<bool> nodes;
  std::vector<bool> indicators;
  std::vector<bool> feeds;
};

void mark_roots(const Image& image, RuleName rule, std::vector<bool>& nodes) {
  const auto mark = [&nodes](std::uint16_t node) {
    if (node != kNone) nodes[node] = true;
  };
  if (rule.alert == kNone) return mark(image.conditions[rule.condition].node);
  const engine::Alert& alert = image.alerts[rule.alert];
  mark(alert.when);
  mark(alert.clear);
  for (const auto& level : image.level_rules.subspan(alert.levels.first, alert.levels.count)) mark(level.node);
  for (const auto& clause : image.weigh_clauses.subspan(alert.weighs.first, alert.weighs.count)) mark(clause.when);
  for (const std::uint16_t condition : image.list(alert.against)) mark(image.conditions[condition].node);
}

bool has_two_operands(Shape shape) {
  switch (shape) {
    case Shape::arithmetic:
    case Shape::comparison:
    case Shape::both:
    case Shape::either:
    case Shape::then:
    case Shape::since:
    case Shape::from_until:
      return true;
    case Shape::literal:
    case Shape::report_number:
    case Shape::pulse:
    case Shape::overdue:
    case Shape::negate:
    case Shape::hold_for:
    case Shape::in_last:
      return false;
  }
  return false;
}

Reach reach_of(const Image& image, RuleName rule) {
  Reach reach{std::vector<bool>(image.nodes.size()), std::vector<bool>(image.indicators.size()),
              std::vector<bool>(image.feeds.size())};
  mark_roots(image, rule, reach.nodes);
  for (std::size_t index = image.nodes.size(); index-- > 0;) {  // operands have smaller indices
    if (!reach.nodes[index]) continue;
    const engine::Node& node = image.nodes[index];
    const Shape shape = engine::shape_of(node.op);
    if (shape == Shape::literal) continue;
    if (shape == Shape::report_number || shape == Shape::pulse) {
      reach.indicators[node.a] = true;
    } else if (shape == Shape::overdue) {
      reach.feeds[node.a] = true;
    } else {
      reach.nodes[node.a] = true;
      if (has_two_operands(shape)) reach.nodes[node.b] = true;
    }
  }
  if (rule.alert != kNone) {
    const auto needs = image.alerts[rule.alert].needs;
    for (const auto& need : image.needs.subspan(needs.first, needs.count)) {
      for (const std::uint16_t indicator : image.list(need.indicators)) reach.indicators[indicator] = true;
    }
  }
  for (std::size_t i = 0; i < reach.indicators.size(); ++i) {
    if (!reach.indicators[i]) continue;
    for (const std::uint16_t feed : image.list(image.indicators[i].feeds)) reach.feeds[feed] = true;
  }
  return reach;
}
}  // namespace

const engine::NodeView* WhyReport::find(std::uint16_t node) const {
  const auto found = std::lower_bound(nodes.begin(), nodes.end(), node,
                                      [](const Node& one, std::uint16_t wanted) { return one.node < wanted; });
  return found != nodes.end() && found->node == node ? &found->view : nullptr;
}

const WhyReport::Feed* WhyReport::find_feed(std::uint16_t feed) const {
  const auto found = std::find_if(feeds.begin(), feeds.end(), [feed](const Feed& one) { return one.feed == feed; });
  return found != feeds.end() ? &*found : nullptr;
}

bool WhyReport::is_blind(std::uint16_t indicator) const {
  return std::find(blind_indicators.begin(), blind_indicators.end(), indicator) != blind_indicators.end();
}

RuleName find_rule(const Image& image, std::string_view name) {
  RuleName rule;
  rule.alert = image.find_alert(name);
  if (rule.alert == kNone) rule.condition = image.find_condition(name);
  return rule;
}

bool look_at_rule(engine::Engine& engine, const Image& image, RuleName rule, engine::Instant at, WhyReport& out) {
  if (!engine.look(at)) return false;
  const Reach reach = reach_of(image, rule);
  out = {};
  out.at = at;
  out.clock = engine.clock();
  out.first_instant = engine.first_instant();
  out.reach = engine.reach();
  out.alert = rule.alert;
  out.condition = rule.condition;
  if (rule.alert != kNone) {
    out.state = engine.looked_alert(rule.alert);
    for (std::uint16_t need = 0; need < image.alerts[rule.alert].needs.count; ++need) {
      out.needs.push_back(engine.need_view(rule.alert, need));
    }
  }
  std::uint16_t index = 0;  // no table of an image has more than 16 bits can count
  for (const bool reached : reach.nodes) {
    if (reached) out.nodes.push_back({index, engine.node_view(index)});
    ++index;
  }
  index = 0;
  for (const bool reached : reach.feeds) {
    // The engine remembers the newest contact only: of an earlier instant it may tell nothing.
    const engine::Instant contact = reached ? engine.last_contact(index) : engine::kNever;
    if (reached) out.feeds.push_back({index, engine.looked_overdue(index), contact <= at ? contact : engine::kNever});
    ++index;
  }
  index = 0;
  for (const bool reached : reach.indicators) {
    if (reached && engine.looked_blind(index)) out.blind_indicators.push_back(index);
    ++index;
  }
  return true;
}

bool fits(const WhyReport& report, const Image& image) {
  const RuleName rule{report.alert, report.condition};
  const bool known = rule.alert != kNone ? rule.alert < image.alerts.size() : rule.condition < image.conditions.size();
  if (!known) return false;
  if (rule.alert != kNone && report.needs.size() != image.alerts[rule.alert].needs.count) return false;
  const Reach reach = reach_of(image, rule);
  const auto listed = [](const auto& items, std::size_t size, auto&& index_of) {
    std::vector<bool> marks(size);
    for (const auto& item : items) {
      if (index_of(item) >= size) return std::vector<bool>{};
      marks[index_of(item)] = true;
    }
    return marks;
  };
  const auto sorted = [](const WhyReport::Node& a, const WhyReport::Node& b) { return a.node < b.node; };
  return std::is_sorted(report.nodes.begin(), report.nodes.end(), sorted) &&
         listed(report.nodes, image.nodes.size(), [](const auto& one) { return one.node; }) == reach.nodes &&
         listed(report.feeds, image.feeds.size(), [](const auto& one) { return one.feed; }) == reach.feeds &&
         std::all_of(report.blind_indicators.begin(), report.blind_indicators.end(),
                     [&](std::uint16_t indicator) { return indicator < image.indicators.size(); });
}
}  // namespace tocsin::wire
