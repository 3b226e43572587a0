// SPDX-License-Identifier: Apache-2.0
#include "rule_reach.hpp"

#include <algorithm>

namespace tocsin::daemon {
namespace {
using engine::Image;
using engine::Node;
using engine::Shape;

void set(FeedBits& bits, std::uint16_t feed) { bits[feed / 64] |= 1ULL << (feed % 64); }

void set_all(FeedBits& bits, const FeedBits& more) {
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] |= more[i];
}

void add_indicator(const Image& image, std::uint16_t indicator, FeedBits& bits) {
  for (const std::uint16_t feed : image.list(image.indicators[indicator].feeds)) set(bits, feed);
}

engine::Span sum(engine::Span a, engine::Span b) { return std::min(a + b, engine::kSpanMax); }

/// What a node adds to what its operands reach back.
engine::Span own_span(const Image& image, const Node& node, Shape shape) {
  if (shape == Shape::from_until || node.window_ms == engine::kUnbounded) return engine::kSpanMax;
  if (shape == Shape::overdue) return sum(image.feeds[node.a].every_ms, image.feeds[node.a].grace_ms);
  if (shape != Shape::report_number) return node.window_ms;  // `in last C to D` looks back D
  if (node.op == static_cast<std::uint8_t>(engine::Op::last)) return engine::kSpanMax;
  return sum(node.window_ms, node.ago_ms);
}

bool has_two_operands(Shape shape) {
  return shape == Shape::arithmetic || shape == Shape::comparison || shape == Shape::both || shape == Shape::either ||
         shape == Shape::then || shape == Shape::since || shape == Shape::from_until;
}

RuleReach reach_of(const Image& image, const std::vector<RuleReach>& below, const Node& node) {
  RuleReach reach;
  const Shape shape = engine::shape_of(node.op);
  if (shape == Shape::literal) return reach;
  if (shape == Shape::report_number || shape == Shape::pulse) {
    add_indicator(image, node.a, reach.feeds);
  } else if (shape == Shape::overdue) {
    set(reach.feeds, node.a);
  } else {
    reach = below[node.a];
    if (has_two_operands(shape)) {
      set_all(reach.feeds, below[node.b].feeds);
      reach.span = std::max(reach.span, below[node.b].span);
    }
  }
  reach.span = sum(reach.span, own_span(image, node, shape));
  return reach;
}
}  // namespace

std::vector<RuleReach> rule_reaches(const Image& image) {
  std::vector<RuleReach> nodes;
  nodes.reserve(image.nodes.size());
  for (const auto& node : image.nodes) nodes.push_back(reach_of(image, nodes, node));  // operands come first
  std::vector<RuleReach> alerts;
  alerts.reserve(image.alerts.size());
  for (const auto& alert : image.alerts) {
    RuleReach reach;
    const auto add = [&](std::uint16_t node) {
      if (node == engine::kNone) return;
      set_all(reach.feeds, nodes[node].feeds);
      reach.span = std::max(reach.span, nodes[node].span);
    };
    add(alert.when);
    add(alert.clear);
    for (const auto& level : image.level_rules.subspan(alert.levels.first, alert.levels.count)) add(level.node);
    for (const auto& need : image.needs.subspan(alert.needs.first, alert.needs.count)) {
      for (const std::uint16_t indicator : image.list(need.indicators)) add_indicator(image, indicator, reach.feeds);
      reach.span = std::max(reach.span, need.window_ms);
    }
    for (const auto& weigh : image.weigh_clauses.subspan(alert.weighs.first, alert.weighs.count)) add(weigh.when);
    for (const std::uint16_t condition : image.list(alert.against)) add(image.conditions[condition].node);
    // Whether it may be raised, or is cleared, hangs on what it was that long ago.
    reach.span = sum(reach.span, std::max(alert.hold_ms, alert.cooldown_ms));
    reach.span = sum(reach.span, image.horizon_ms);
    alerts.push_back(reach);
  }
  return alerts;
}
}  // namespace tocsin::daemon
