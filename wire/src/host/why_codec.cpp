// SPDX-License-Identifier: Apache-2.0
#include "host/why_codec.hpp"

#include <cmath>

#include "field_checks.hpp"

namespace tocsin::wire {
namespace {
using engine::kForever;
using engine::kNever;
using engine::kNone;

constexpr std::uint8_t kKnown = 1;
constexpr std::uint8_t kSaturated = 2;

flatbuffers::Offset<schemas::WhyAlert> write_alert(flatbuffers::FlatBufferBuilder& builder, const WhyReport& report) {
  if (report.alert == kNone) return {};
  std::vector<flatbuffers::Offset<schemas::WhyNeed>> needs;
  for (const auto& need : report.needs) needs.push_back(schemas::CreateWhyNeed(builder, need.origins, need.met));
  const auto need_list = builder.CreateVector(needs);
  const engine::AlertState& state = report.state;
  schemas::WhyAlertBuilder table{builder};
  if (state.raised) table.add_raised_at(state.raised_at);
  if (state.last_raise != kNever) table.add_last_raise(state.last_raise);
  if (state.clear_since != kForever) table.add_clear_since(state.clear_since);
  table.add_needs(need_list);
  table.add_index(report.alert);
  table.add_raised(state.raised);
  table.add_level(static_cast<schemas::Level>(state.level));
  table.add_when(static_cast<schemas::Truth>(state.when));
  return table.Finish();
}

flatbuffers::Offset<schemas::WhyNode> write_node(flatbuffers::FlatBufferBuilder& builder, const WhyReport::Node& node) {
  const engine::NodeView& view = node.view;
  const unsigned flags = (view.known ? kKnown : 0U) | (view.saturated ? kSaturated : 0U);
  return schemas::CreateWhyNode(builder, view.known ? view.value : 0.0, view.due, view.witness, view.reports, node.node,
                                static_cast<std::uint8_t>(view.truth), static_cast<std::uint8_t>(flags));
}

bool is_instant_or(engine::Instant instant, engine::Instant none) { return instant == none || is_instant(instant); }

bool read_node(const schemas::WhyNode& table, WhyReport::Node& out) {
  out.node = table.node();
  engine::NodeView& view = out.view;
  view.truth = static_cast<engine::Truth>(table.truth());
  view.known = (table.flags() & kKnown) != 0;
  view.saturated = (table.flags() & kSaturated) != 0;
  view.value = table.value();
  view.reports = table.reports();
  view.due = table.due();
  view.witness = table.witness();
  return table.truth() <= static_cast<std::uint8_t>(engine::Truth::yes) && std::isfinite(view.value) &&
         (view.due >= engine::kInstantMin) && is_instant_or(view.witness, kNever);
}

bool read_alert(const schemas::WhyAlert& table, WhyReport& out) {
  engine::AlertState& state = out.state;
  out.alert = table.index();
  state.raised = table.raised();
  state.level = static_cast<engine::Level>(table.level());
  state.when = static_cast<engine::Truth>(table.when());
  state.raised_at = table.raised_at().value_or(0);
  state.last_raise = table.last_raise().value_or(kNever);
  state.clear_since = table.clear_since().value_or(kForever);
  if (table.needs() != nullptr) {
    for (const auto* need : *table.needs()) out.needs.push_back({need->origins(), need->met()});
  }
  return out.alert != kNone && table.level() <= schemas::Level::MAX && table.when() <= schemas::Truth::MAX &&
         is_instant(state.raised_at) && is_instant_or(state.last_raise, kNever) &&
         is_instant_or(state.clear_since, kForever);
}
}  // namespace

flatbuffers::Offset<schemas::WhyReply> write_why(flatbuffers::FlatBufferBuilder& builder, const WhyAnswer& answer) {
  const WhyReport& report = answer.report;
  const auto alert = write_alert(builder, report);
  std::vector<flatbuffers::Offset<schemas::WhyNode>> nodes;
  for (const auto& node : report.nodes) nodes.push_back(write_node(builder, node));
  std::vector<flatbuffers::Offset<schemas::WhyFeed>> feeds;
  for (const auto& feed : report.feeds) {
    schemas::WhyFeedBuilder table{builder};
    if (feed.last_contact != kNever) table.add_last_contact(feed.last_contact);
    table.add_feed(feed.feed);
    table.add_overdue(feed.overdue);
    feeds.push_back(table.Finish());
  }
  const auto node_list = builder.CreateVector(nodes);
  const auto feed_list = builder.CreateVector(feeds);
  const auto blind = builder.CreateVector(report.blind_indicators);
  const auto image =
      builder.CreateVector(reinterpret_cast<const std::uint8_t*>(answer.image.data()), answer.image.size());
  schemas::WhyReplyBuilder table{builder};
  table.add_at(report.at);
  table.add_clock(report.clock);
  table.add_first_instant(report.first_instant);
  table.add_reach(report.reach);
  if (!alert.IsNull()) table.add_alert(alert);
  if (report.condition != kNone) table.add_condition(report.condition);
  table.add_nodes(node_list);
  table.add_feeds(feed_list);
  table.add_blind_indicators(blind);
  table.add_image(image);
  return table.Finish();
}

bool read_why(const schemas::WhyReply& table, WhyAnswer& out) {
  WhyReport& report = out.report;
  report.at = table.at();
  report.clock = table.clock();
  report.first_instant = table.first_instant();
  report.reach = table.reach();
  report.condition = table.condition().value_or(kNone);
  bool good = is_instant(report.at) && is_instant(report.clock) && is_instant(report.first_instant);
  if (table.alert() != nullptr) good = read_alert(*table.alert(), report) && good;
  if (table.nodes() != nullptr) {
    for (const auto* node : *table.nodes()) {
      report.nodes.emplace_back();
      good = read_node(*node, report.nodes.back()) && good;
    }
  }
  if (table.feeds() != nullptr) {
    for (const auto* feed : *table.feeds()) {
      report.feeds.push_back({feed->feed(), feed->overdue(), feed->last_contact().value_or(kNever)});
      good = good && is_instant_or(report.feeds.back().last_contact, kNever);
    }
  }
  if (table.blind_indicators() != nullptr) {
    report.blind_indicators.assign(table.blind_indicators()->begin(), table.blind_indicators()->end());
  }
  if (table.image() != nullptr) {
    const auto* first = reinterpret_cast<const std::byte*>(table.image()->data());
    out.image.assign(first, first + table.image()->size());
  }
  return good;
}
}  // namespace tocsin::wire
