// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file ImageParts: a rule image as plain lists, for tests of the model, which needs neither loader nor compiler.
#include <bit>
#include <vector>

#include "tocsin/engine/input.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::test_support {
/// Records of a book. Indices are the order of adding; names are not needed. Keep it alive as long as its image.
struct ImageParts {
  std::vector<engine::Theater> theaters = std::vector<engine::Theater>(1);
  std::vector<engine::Origin> origins;
  std::vector<engine::Feed> feeds;
  std::vector<engine::Indicator> indicators;
  std::vector<engine::Node> nodes;
  std::vector<engine::LevelRule> level_rules;
  std::vector<engine::Need> needs;
  std::vector<engine::Alert> alerts;
  std::vector<engine::Filter> filters;
  std::vector<engine::FilterTerm> filter_terms;
  std::vector<engine::WeighClause> weigh_clauses;
  std::vector<engine::Weight> weights;
  std::vector<std::uint16_t> lists;
  engine::Span horizon_ms = 1'000'000;
  std::uint16_t log_capacity = 256;

  static std::uint16_t last_of(std::size_t size) { return static_cast<std::uint16_t>(size - 1); }
  engine::ListRef list(const std::vector<std::uint16_t>& elements) {
    const engine::ListRef ref{static_cast<std::uint16_t>(lists.size()), static_cast<std::uint16_t>(elements.size())};
    lists.insert(lists.end(), elements.begin(), elements.end());
    return ref;
  }
  std::uint16_t origin(char reliability = 'B') {
    origins.push_back({});
    origins.back().reliability = static_cast<std::uint8_t>(reliability);
    return last_of(origins.size());
  }
  std::uint16_t feed(engine::Span every_ms = 0, engine::Span grace_ms = 0) {
    feeds.push_back({});
    feeds.back().every_ms = every_ms;
    feeds.back().grace_ms = grace_ms;
    return last_of(feeds.size());
  }
  std::uint16_t indicator(const std::vector<std::uint16_t>& from, std::uint16_t keep = 64) {
    indicators.push_back({});
    indicators.back().keep = keep;
    indicators.back().feeds = list(from);
    return last_of(indicators.size());
  }
  std::uint16_t filter(std::uint16_t indicator, const std::vector<engine::FilterTerm>& terms) {
    filters.push_back({indicator,
                       static_cast<std::uint16_t>(filters.size()),
                       {static_cast<std::uint16_t>(filter_terms.size()), static_cast<std::uint16_t>(terms.size())}});
    filter_terms.insert(filter_terms.end(), terms.begin(), terms.end());
    return last_of(filters.size());
  }
  std::uint16_t node(engine::Op op, std::uint16_t a = 0, std::uint16_t b = 0, engine::Span window_ms = 0,
                     engine::Span ago_ms = 0) {
    nodes.push_back({});
    nodes.back().op = static_cast<std::uint8_t>(op);
    nodes.back().a = a;
    nodes.back().b = b;
    nodes.back().window_ms = window_ms;
    nodes.back().ago_ms = ago_ms;
    nodes.back().filter = engine::kNone;
    return last_of(nodes.size());
  }
  std::uint16_t literal(double value) {
    node(engine::Op::literal);
    nodes.back().value = value;
    return last_of(nodes.size());
  }
  /// An alert on `when`, in theater 0, level watch; change `alerts.back()` for more.
  std::uint16_t alert(std::uint16_t when) {
    alerts.push_back({});
    alerts.back().when = when;
    alerts.back().clear = engine::kNone;
    alerts.back().level = static_cast<std::uint8_t>(engine::Level::watch);
    alerts.back().theaters = list({0});
    return last_of(alerts.size());
  }

  [[nodiscard]] engine::Image image() const {
    engine::Image out;
    out.horizon_ms = horizon_ms;
    out.bounds.log_capacity = log_capacity;
    out.theaters = theaters;
    out.origins = origins;
    out.feeds = feeds;
    out.indicators = indicators;
    out.nodes = nodes;
    out.level_rules = level_rules;
    out.needs = needs;
    out.alerts = alerts;
    out.filters = filters;
    out.filter_terms = filter_terms;
    out.weigh_clauses = weigh_clauses;
    out.weights = weights;
    out.lists = lists;
    return out;
  }
};

/// A report received at its own time.
inline engine::Input report_at(engine::Instant time, std::uint16_t indicator, double value, std::uint64_t seq,
                               std::uint16_t origin = 0, std::uint16_t feed = 0) {
  engine::Input input;
  input.kind = engine::InputKind::report;
  input.feed = feed;
  input.seq = seq;
  input.indicator = indicator;
  input.origin = origin;
  input.time = time;
  input.received = time;
  input.value = value;
  input.content = static_cast<std::uint32_t>(seq * 31U + (std::bit_cast<std::uint64_t>(value) >> 32U));
  return input;
}
}  // namespace tocsin::test_support
