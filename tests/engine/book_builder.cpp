// SPDX-License-Identifier: Apache-2.0
#include "book_builder.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/schemas/rule_image_generated.h"

namespace tocsin::test_support {
using namespace tocsin::engine;

Name BookBuilder::text(const char* value) {
  const Name name{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(std::strlen(value))};
  text_ += value;
  return name;
}

ListRef BookBuilder::list(const std::vector<std::uint16_t>& elements) {
  const ListRef ref{static_cast<std::uint16_t>(lists_.size()), static_cast<std::uint16_t>(elements.size())};
  lists_.insert(lists_.end(), elements.begin(), elements.end());
  return ref;
}

std::uint16_t BookBuilder::theater(const char* name, Span step_down_ms, std::uint16_t blind_after) {
  Theater record{};
  record.name = text(name);
  record.step_down_ms = step_down_ms;
  record.blind_after = blind_after;
  theaters_.push_back(record);
  return static_cast<std::uint16_t>(theaters_.size() - 1);
}

std::uint16_t BookBuilder::origin(const char* name, char reliability) {
  Origin record{};
  record.name = text(name);
  record.reliability = static_cast<std::uint8_t>(reliability);
  origins_.push_back(record);
  return static_cast<std::uint16_t>(origins_.size() - 1);
}

std::uint16_t BookBuilder::feed(const char* name, std::vector<std::uint16_t> origins, Span every_ms, Span grace_ms) {
  Feed record{};
  record.name = text(name);
  record.every_ms = every_ms;
  record.grace_ms = grace_ms;
  record.origins = list(origins);
  feeds_.push_back(record);
  return static_cast<std::uint16_t>(feeds_.size() - 1);
}

std::uint16_t BookBuilder::indicator(const char* name, std::vector<std::uint16_t> feeds, std::uint16_t keep,
                                     std::uint16_t theater) {
  Indicator record{};
  record.name = text(name);
  record.theater = theater;
  record.actor = kNone;
  record.keep = keep;
  record.feeds = list(feeds);
  record.ring = ring_;
  ring_ += keep;
  indicators_.push_back(record);
  return static_cast<std::uint16_t>(indicators_.size() - 1);
}

std::uint16_t BookBuilder::actor(const char* name) {
  actors_.push_back({text(name), {}});
  return static_cast<std::uint16_t>(actors_.size() - 1);
}

std::uint16_t BookBuilder::tag(const char* name) {
  tags_.push_back({text(name)});
  return static_cast<std::uint16_t>(tags_.size() - 1);
}

std::uint16_t BookBuilder::hypothesis(const char* name) {
  hypotheses_.push_back({text(name), {}});
  return static_cast<std::uint16_t>(hypotheses_.size() - 1);
}

FilterTerm BookBuilder::term(FilterKey key, Op comparison, std::uint16_t ref, double value) {
  return {static_cast<std::uint8_t>(key), static_cast<std::uint8_t>(comparison), ref, 0, value};
}

std::uint16_t BookBuilder::filter(std::uint16_t indicator, const std::vector<FilterTerm>& terms) {
  Filter record{};
  record.indicator = indicator;
  for (const Filter& other : filters_)
    record.bit = static_cast<std::uint16_t>(record.bit + (other.indicator == indicator));
  record.terms = {static_cast<std::uint16_t>(filter_terms_.size()), static_cast<std::uint16_t>(terms.size())};
  filter_terms_.insert(filter_terms_.end(), terms.begin(), terms.end());
  filters_.push_back(record);
  return static_cast<std::uint16_t>(filters_.size() - 1);
}

std::uint16_t BookBuilder::in_last(std::uint16_t a, Span from_ms, Span to_ms) {
  const std::uint16_t index = node(Op::in_last, a, 0, to_ms);
  nodes_[index].ago_ms = from_ms;
  if (from_ms > 0) nodes_[index].runs = static_cast<std::uint16_t>(runs_needed(from_ms, to_ms));
  return index;
}

std::uint16_t BookBuilder::since(std::uint16_t a, std::uint16_t b, Span from_ms, Span to_ms) {
  const std::uint16_t index = in_last(a, from_ms, to_ms);
  nodes_[index].op = static_cast<std::uint8_t>(Op::since);
  nodes_[index].b = b;
  return index;
}

std::uint16_t BookBuilder::literal(double value) {
  Node record{};
  record.op = static_cast<std::uint8_t>(Op::literal);
  record.value = value;
  record.condition = kNone;
  record.filter = kNone;
  nodes_.push_back(record);
  return static_cast<std::uint16_t>(nodes_.size() - 1);
}

std::uint16_t BookBuilder::number(Op op, std::uint16_t indicator, Span window_ms) {
  return node(op, indicator, 0, window_ms);
}

std::uint16_t BookBuilder::node(Op op, std::uint16_t a, std::uint16_t b, Span window_ms) {
  Node record{};
  record.op = static_cast<std::uint8_t>(op);
  record.a = a;
  record.b = b;
  record.condition = kNone;
  record.filter = kNone;
  record.window_ms = window_ms;
  nodes_.push_back(record);
  return static_cast<std::uint16_t>(nodes_.size() - 1);
}

std::uint16_t BookBuilder::condition(const char* name, std::uint16_t node) {
  Condition record{};
  record.name = text(name);
  record.node = node;
  nodes_[node].condition = static_cast<std::uint16_t>(conditions_.size());
  conditions_.push_back(record);
  return node;
}

void BookBuilder::reach_feeds(std::uint16_t index, std::vector<bool>& seen, std::vector<std::uint16_t>& feeds) const {
  if (seen[index]) return;
  seen[index] = true;
  const Node& node = nodes_[index];
  const auto add = [&](std::uint16_t feed) {
    for (const std::uint16_t known : feeds) {
      if (known == feed) return;
    }
    feeds.push_back(feed);
  };
  const Shape shape = shape_of(node.op);
  if (shape == Shape::literal) return;
  if (shape == Shape::overdue) return add(node.a);
  if (shape == Shape::report_number || shape == Shape::pulse) {
    const ListRef ref = indicators_[node.a].feeds;
    for (std::size_t i = 0; i < ref.count; ++i) add(lists_[ref.first + i]);
    return;
  }
  reach_feeds(node.a, seen, feeds);
  if (shape != Shape::negate && shape != Shape::hold_for && shape != Shape::in_last) reach_feeds(node.b, seen, feeds);
}

void BookBuilder::add_need(const NeedOptions& options) {
  Need record{};
  record.window_ms = options.window_ms;
  record.indicators = list(options.indicators);
  const std::vector<std::uint16_t> none(options.indicators.size(), kNone);
  record.filters = list(options.filters.empty() ? none : options.filters).first;
  record.count = options.count;
  record.cap = static_cast<std::uint8_t>(options.cap);
  needs_.push_back(record);
}

std::uint16_t BookBuilder::alert(const char* name, std::uint16_t when, const AlertOptions& options) {
  Alert record{};
  record.name = text(name);
  record.hold_ms = options.hold_ms;
  record.cooldown_ms = options.cooldown_ms;
  record.theaters = list(options.theaters);
  record.levels = {static_cast<std::uint16_t>(level_rules_.size()), static_cast<std::uint16_t>(options.levels.size())};
  level_rules_.insert(level_rules_.end(), options.levels.begin(), options.levels.end());
  const std::size_t first_need = needs_.size();
  if (!options.need_indicators.empty())
    add_need({options.need_indicators, {}, options.need_count, options.need_window_ms, options.need_cap});
  for (const NeedOptions& need : options.needs) add_need(need);
  record.needs = {static_cast<std::uint16_t>(first_need), static_cast<std::uint16_t>(needs_.size() - first_need)};
  record.weighs = {static_cast<std::uint16_t>(weigh_clauses_.size()),
                   static_cast<std::uint16_t>(options.weighs.size())};
  for (const WeighOptions& clause : options.weighs) {
    weigh_clauses_.push_back(
        {clause.when,
         {static_cast<std::uint16_t>(weights_.size()), static_cast<std::uint16_t>(clause.weights.size())},
         0});
    weights_.insert(weights_.end(), clause.weights.begin(), clause.weights.end());
  }
  record.against = list(options.against);
  std::vector<std::uint16_t> feeds;
  std::vector<bool> seen(nodes_.size(), false);
  reach_feeds(when, seen, feeds);
  record.feeds = list(feeds);
  record.when = when;
  record.clear = options.clear;
  record.level = static_cast<std::uint8_t>(options.level);
  record.evidence = options.evidence;
  alerts_.push_back(record);
  return static_cast<std::uint16_t>(alerts_.size() - 1);
}

namespace {
template <class Generated, class Record>
flatbuffers::Offset<flatbuffers::Vector<const Generated*>> records(flatbuffers::FlatBufferBuilder& builder,
                                                                   const std::vector<Record>& from) {
  std::vector<Generated> copies(from.size());
  if (!from.empty())
    std::memcpy(static_cast<void*>(copies.data()), static_cast<const void*>(from.data()), from.size() * sizeof(Record));
  return builder.CreateVectorOfStructs(copies);
}
template <class Generated, class Record>
Generated record(const Record& from) {
  Generated copy;
  std::memcpy(static_cast<void*>(&copy), static_cast<const void*>(&from), sizeof copy);
  return copy;
}
}  // namespace

std::vector<std::uint64_t> BookBuilder::encode() const {
  flatbuffers::FlatBufferBuilder builder;
  const auto theaters = records<schemas::TheaterRecord>(builder, theaters_);
  const auto origins = records<schemas::OriginRecord>(builder, origins_);
  const auto feeds = records<schemas::FeedRecord>(builder, feeds_);
  const auto indicators = records<schemas::IndicatorRecord>(builder, indicators_);
  const auto nodes = records<schemas::NodeRecord>(builder, nodes_);
  const auto conditions = records<schemas::ConditionRecord>(builder, conditions_);
  const auto levels = records<schemas::LevelRuleRecord>(builder, level_rules_);
  const auto needs = records<schemas::NeedRecord>(builder, needs_);
  const auto alerts = records<schemas::AlertRecord>(builder, alerts_);
  const auto actors = records<schemas::ActorRecord>(builder, actors_);
  const auto tags = records<schemas::TagRecord>(builder, tags_);
  const auto filters = records<schemas::FilterRecord>(builder, filters_);
  const auto terms = records<schemas::FilterTermRecord>(builder, filter_terms_);
  const auto hypotheses = records<schemas::HypothesisRecord>(builder, hypotheses_);
  const auto clauses = records<schemas::WeighClauseRecord>(builder, weigh_clauses_);
  const auto weights = records<schemas::WeightRecord>(builder, weights_);
  const auto lists = builder.CreateVector(lists_);
  const std::vector<std::uint8_t> characters(text_.begin(), text_.end());
  const auto text = builder.CreateVector(characters);
  const auto title = record<schemas::Name>(Name{0, 0});
  const auto limits = record<schemas::BoundsRecord>(bounds);
  schemas::RuleImageBuilder root(builder);
  root.add_version(kImageVersion);
  root.add_book_hash(0x1234);
  root.add_book_title(&title);
  root.add_horizon_ms(horizon_ms_);
  root.add_bounds(&limits);
  root.add_theaters(theaters);
  root.add_origins(origins);
  root.add_feeds(feeds);
  root.add_indicators(indicators);
  root.add_nodes(nodes);
  root.add_conditions(conditions);
  root.add_level_rules(levels);
  root.add_needs(needs);
  root.add_alerts(alerts);
  root.add_actors(actors);
  root.add_tags(tags);
  root.add_filters(filters);
  root.add_filter_terms(terms);
  root.add_hypotheses(hypotheses);
  root.add_weigh_clauses(clauses);
  root.add_weights(weights);
  root.add_lists(lists);
  root.add_text(text);
  schemas::FinishRuleImageBuffer(builder, root.Finish());
  std::vector<std::uint64_t> words((builder.GetSize() + 7) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), builder.GetSize());
  return words;
}

std::vector<std::uint64_t> BookBuilder::build() {
  if (theaters_.empty()) theater("everywhere");
  for (std::size_t i = 0; i < theaters_.size(); ++i) {
    std::vector<std::uint16_t> regular;
    for (const Indicator& indicator : indicators_) {
      if (indicator.theater != i) continue;
      for (std::size_t k = 0; k < indicator.feeds.count; ++k) {
        const std::uint16_t feed = lists_[indicator.feeds.first + k];
        if (feeds_[feed].every_ms > 0 && std::find(regular.begin(), regular.end(), feed) == regular.end())
          regular.push_back(feed);
      }
    }
    theaters_[i].feeds = list(regular);
  }
  Image shape;
  shape.bounds = bounds;
  shape.nodes = nodes_;
  shape.indicators = indicators_;
  shape.feeds = feeds_;
  shape.alerts = alerts_;
  shape.theaters = theaters_;
  shape.level_rules = level_rules_;
  shape.needs = needs_;
  shape.filters = filters_;
  shape.lists = lists_;
  bounds.block_bytes = static_cast<std::uint32_t>(layout_of(shape).block_bytes);
  return encode();
}

Image Bench::load(const std::vector<std::uint64_t>& bytes) {
  Image image;
  const ImageError error = load_image(std::as_bytes(std::span{bytes}), image);
  if (error != ImageError::none) tocsin::panic(describe(error), __FILE__, __LINE__);
  return image;
}

Bench::Bench(BookBuilder& book)
    : bytes_{book.build()},
      image_{load(bytes_)},
      block_(layout_of(image_).block_bytes / 8),
      engine_{image_, std::as_writable_bytes(std::span{block_})} {}

std::vector<AlertEvent> Bench::step(const Input& input) {
  std::vector<AlertEvent> events;
  disposition = engine_.step(input);
  AlertEvent event;
  while (engine_.next_event(event)) events.push_back(event);
  return events;
}

Input Bench::report(std::uint16_t feed, std::uint64_t seq, std::uint16_t indicator, Instant time, double value,
                    Instant received, std::uint16_t origin) {
  Input input;
  input.kind = InputKind::report;
  input.feed = feed;
  input.seq = seq;
  input.indicator = indicator;
  input.time = time;
  input.value = value;
  input.received = received;
  input.origin = origin;
  input.content = static_cast<std::uint32_t>(static_cast<std::uint64_t>(time) * 31U + indicator * 7U +
                                             (std::bit_cast<std::uint64_t>(value) >> 32U) + origin);
  return input;
}

Input Bench::heartbeat(std::uint16_t feed, Instant time, Instant received) {
  Input input;
  input.kind = InputKind::heartbeat;
  input.feed = feed;
  input.time = time;
  input.received = received;
  return input;
}

Input Bench::clock(Instant time) {
  Input input;
  input.kind = InputKind::clock;
  input.time = time;
  input.received = time;
  return input;
}

Input Bench::retraction(std::uint16_t feed, std::uint64_t seq, std::uint64_t target, Instant time, Instant received) {
  Input input;
  input.kind = InputKind::retraction;
  input.feed = feed;
  input.seq = seq;
  input.target_seq = target;
  input.has_target_seq = true;
  input.time = time;
  input.received = received;
  return input;
}
}  // namespace tocsin::test_support
