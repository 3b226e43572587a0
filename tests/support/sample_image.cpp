// SPDX-License-Identifier: Apache-2.0
#include "tocsin/test_support/sample_image.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <flatbuffers/flatbuffers.h>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/schemas/rule_image_generated.h"

namespace tocsin::test_support {
namespace {
using engine::kNone;
using engine::ListRef;
using engine::Name;
using engine::Op;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

/// All names, one after the other.
class Text {
 public:
  constexpr Name add(std::string_view text) {
    const Name name{size_, static_cast<std::uint32_t>(text.size())};
    for (const char character : text) bytes_[size_++] = character;
    return name;
  }
  [[nodiscard]] constexpr std::span<const char> view() const { return std::span{bytes_}.first(size_); }

 private:
  std::array<char, 1024> bytes_{};
  std::uint32_t size_ = 0;
};

struct Records {
  Text text;
  std::array<std::uint16_t, 17> lists{
      sample::launches,                                        // 0: korea's feeds with `every`
      sample::mnd_daily,                                       // 1: strait's; also indicators' and alerts'
      sample::mod,                                             // 2: origins of airspace
      sample::desk,                                            // 3: of analyst
      sample::jcs,       sample::mod,                          // 4: of launches
      sample::mnd,                                             // 6: of mnd_daily
      sample::airspace,                                        // 7: feeds of closure
      sample::analyst,   sample::launches,                     // 8: of dprk_severe
      sample::strait,    sample::korea,                        // 10: theaters of distraction
      sample::analyst,   sample::launches, sample::mnd_daily,  // 12: feeds its `when` reaches
      sample::strait,                                          // 15: theaters of strait_activity
      sample::lull,                                            // 16: against distraction
  };
  std::array<engine::Theater, 2> theaters{};
  std::array<engine::Actor, 2> actors{};
  std::array<engine::Origin, 4> origins{};
  std::array<engine::Feed, 4> feeds{};
  std::array<engine::Indicator, 5> indicators{};
  std::array<engine::Node, 14> nodes{};
  std::array<engine::Condition, 3> conditions{};
  std::array<engine::Alert, 2> alerts{};
  std::array<engine::FilterTerm, 3> filter_terms{};
  std::array<engine::Filter, 1> filters{};
  std::array<engine::Tag, 1> tags{};
  std::array<engine::Hypothesis, 2> hypotheses{};
  std::array<engine::Weight, 2> weights{};
  std::array<engine::WeighClause, 1> weigh_clauses{};
  std::array<engine::Disconfirm, 1> disconfirms{};
  std::array<engine::Name, 3> texts{};
};

engine::Theater theater(Text& text, std::string_view name, std::string_view title, ListRef feeds) {
  return {text.add(name), text.add(title), 14 * kDay, kNone, {}, feeds, 0};
}
engine::Origin origin(Text& text, std::string_view name, char reliability) {
  return {text.add(name), Name{}, static_cast<std::uint8_t>(reliability), {}};
}
engine::Feed feed(Text& text, std::string_view name, std::int64_t every, std::int64_t grace, ListRef origins) {
  return {text.add(name), Name{}, every, grace, origins, 0};
}
engine::Node node(Op op) {
  engine::Node node{};
  node.op = static_cast<std::uint8_t>(op);
  node.condition = kNone;
  node.filter = kNone;
  return node;
}
engine::Node number(Op op, std::uint16_t indicator, std::int64_t window) {
  engine::Node out = node(op);
  out.a = indicator;
  out.window_ms = window;
  return out;
}
engine::Node literal(double value) {
  engine::Node out = node(Op::literal);
  out.value = value;
  return out;
}
engine::Node operation(Op op, std::uint16_t a, std::uint16_t b, std::uint16_t condition = kNone,
                       std::int64_t window = 0) {
  engine::Node out = node(op);
  out.a = a;
  out.b = b;
  out.condition = condition;
  out.window_ms = window;
  return out;
}
/// A number, node 13, that no condition uses: for alert events whose evidence has all there is.
engine::Node odd_number() {
  engine::Node out = number(Op::quantile, sample::pla_aircraft, 90 * kDay);
  out.ago_ms = kDay;
  out.numerator = 95;
  out.digits = 2;
  out.at_least = 20;
  out.filter = 0;
  return out;
}

void fill_vocabulary(Records& records) {
  Text& text = records.text;
  records.theaters = {theater(text, "korea", "Korean Peninsula", {0, 1}),
                      theater(text, "strait", "Taiwan Strait", {1, 1})};
  records.actors = {engine::Actor{text.add("dprk"), Name{}}, engine::Actor{text.add("prc"), Name{}}};
  records.origins = {origin(text, "desk", 'C'), origin(text, "jcs", 'B'), origin(text, "mnd", 'B'),
                     origin(text, "mod", 'A')};
  records.feeds = {feed(text, "airspace", 0, 0, {2, 1}), feed(text, "analyst", 0, 0, {3, 1}),
                   feed(text, "launches", kHour, kHour, {4, 2}), feed(text, "mnd_daily", kDay, 12 * kHour, {6, 1})};
  struct Row {
    std::string_view name;
    ListRef feeds;
    std::uint16_t theater;
  };
  constexpr std::array<Row, 5> kRows{{{"closure", {7, 1}, kNone},
                                      {"dprk_severe", {8, 2}, sample::korea},
                                      {"exercise", {8, 1}, kNone},
                                      {"pla_aircraft", {1, 1}, sample::strait},
                                      {"plan_ships", {1, 1}, sample::strait}}};
  constexpr std::uint16_t kKeep = 32;
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    engine::Indicator& indicator = records.indicators[i];
    indicator.name = text.add(kRows[i].name);
    indicator.theater = kRows[i].theater;
    indicator.actor = kNone;
    indicator.keep = kKeep;
    indicator.feeds = kRows[i].feeds;
    indicator.ring = static_cast<std::uint32_t>(i) * kKeep;
  }
}

void fill_rules(Records& records) {
  Text& text = records.text;
  records.nodes = {
      number(Op::sum, sample::pla_aircraft, kDay),                       // 0
      literal(45),                                                       // 1
      operation(Op::greater_equal, 0, 1),                                // 2
      number(Op::sum, sample::plan_ships, kDay),                         // 3
      literal(10),                                                       // 4
      operation(Op::greater_equal, 3, 4),                                // 5
      operation(Op::both, 2, 5, sample::strait_surge),                   // 6
      operation(Op::pulse, sample::dprk_severe, 0, sample::launch_day),  // 7
      operation(Op::then, 6, 7, kNone, 3 * kDay),                        // 8
      number(Op::max, sample::pla_aircraft, 2 * kDay),                   // 9
      literal(2),                                                        // 10
      operation(Op::less_equal, 9, 10),                                  // 11
      operation(Op::hold_for, 11, 0, sample::lull, kDay),                // 12
      odd_number(),                                                      // 13
  };
  records.conditions = {engine::Condition{text.add("launch_day"), 7, {}}, engine::Condition{text.add("lull"), 12, {}},
                        engine::Condition{text.add("strait_surge"), 6, {}}};
  engine::Alert& distraction = records.alerts[sample::distraction];
  distraction.name = text.add("distraction");
  distraction.title = text.add("DPRK acts inside a Taiwan contingency");
  distraction.rule_hash = 0x1122334455667788U;
  distraction.theaters = {10, 2};
  distraction.feeds = {12, 3};
  distraction.when = 8;
  distraction.clear = kNone;
  distraction.kind = static_cast<std::uint8_t>(engine::AlertKind::linkage);
  distraction.level = static_cast<std::uint8_t>(engine::Level::high);
  distraction.evidence = 8;
  distraction.directed = 1;
  distraction.marking = static_cast<std::uint8_t>(engine::Marking::amber);
  distraction.weighs = {0, 1};
  distraction.against = {16, 1};
  distraction.caveats = {0, 1};
  distraction.disconfirms = {0, 1};
  distraction.release = {1, 2};
  engine::Alert& activity = records.alerts[sample::strait_activity];
  activity.name = text.add("strait_activity");
  activity.title = text.add("PLA surge around Taiwan");
  activity.rule_hash = 0x0102030405060708U;
  activity.theaters = {15, 1};
  activity.feeds = {1, 1};
  activity.when = 6;
  activity.clear = kNone;
  activity.level = static_cast<std::uint8_t>(engine::Level::elevated);
  activity.evidence = 8;
}

void fill_judgement(Records& records) {
  Text& text = records.text;
  const auto term = [](engine::FilterKey key, Op op, std::uint16_t ref, double value) {
    return engine::FilterTerm{static_cast<std::uint8_t>(key), static_cast<std::uint8_t>(op), ref, 0, value};
  };
  records.filter_terms = {term(engine::FilterKey::value, Op::greater_equal, 0, 20),
                          term(engine::FilterKey::origin, Op::equal, sample::mnd, 0),
                          term(engine::FilterKey::grade, Op::greater_equal, 'B' * 256 + 2, 0)};
  records.filters = {engine::Filter{sample::pla_aircraft, 0, {0, 3}}};
  records.tags = {engine::Tag{text.add("night")}};
  records.hypotheses = {engine::Hypothesis{text.add("coordinated"), text.add("Coordinated distraction")},
                        engine::Hypothesis{text.add("opportunism"), Name{}}};
  records.weights = {engine::Weight{0, 2}, engine::Weight{1, 1}};
  records.weigh_clauses = {engine::WeighClause{kNone, {0, 2}, 0}};
  records.disconfirms = {engine::Disconfirm{text.add("No second act"), 3 * kDay}};
  records.texts = {text.add("Order in time is not coordination."), text.add("usa"), text.add("rok")};
}

engine::Image image_of(const Records& records) {
  engine::Image image;
  image.book_hash = 0xC0FFEE0DDBA11AD5U;
  image.horizon_ms = 14 * kDay;
  image.book_version = 1;
  image.bounds = {64, 16, 0, 8, 0, 0};
  image.base_ring_samples = 32 * 5;
  image.theaters = records.theaters;
  image.actors = records.actors;
  image.origins = records.origins;
  image.feeds = records.feeds;
  image.indicators = records.indicators;
  image.nodes = records.nodes;
  image.conditions = records.conditions;
  image.alerts = records.alerts;
  image.filters = records.filters;
  image.filter_terms = records.filter_terms;
  image.tags = records.tags;
  image.hypotheses = records.hypotheses;
  image.weigh_clauses = records.weigh_clauses;
  image.weights = records.weights;
  image.disconfirms = records.disconfirms;
  image.texts = records.texts;
  image.lists = records.lists;
  image.text = records.text.view();
  image.bounds.block_bytes = static_cast<std::uint32_t>(engine::layout_of(image).block_bytes);
  return image;
}

/// One block of static memory for the builder.
class StaticAllocator final : public flatbuffers::Allocator {
 public:
  static constexpr std::size_t kBytes = 8192;
  std::uint8_t* allocate(std::size_t size) override {
    TOCSIN_CHECK(size <= kBytes);
    return block_.data();
  }
  void deallocate(std::uint8_t* /*block*/, std::size_t /*size*/) override {}
  std::uint8_t* reallocate_downward(std::uint8_t* old, std::size_t, std::size_t, std::size_t, std::size_t) override {
    TOCSIN_CHECK(old == nullptr);  // the book has outgrown kBytes
    return old;
  }

 private:
  alignas(16) std::array<std::uint8_t, kBytes> block_{};
};

// The generated structs and the engine's records are the same bytes; the loader asserts it.
template <class Generated, class Record>
auto structs(flatbuffers::FlatBufferBuilder& builder, std::span<const Record> records) {
  static_assert(sizeof(Generated) == sizeof(Record));
  return builder.CreateVectorOfStructs(static_cast<const Generated*>(static_cast<const void*>(records.data())),
                                       records.size());
}

template <class Generated, class Record>
const Generated* same_struct(const Record& record) {
  static_assert(sizeof(Generated) == sizeof(Record));
  return static_cast<const Generated*>(static_cast<const void*>(&record));
}

std::span<const std::byte> encode(flatbuffers::FlatBufferBuilder& builder, const engine::Image& image) {
  const auto theaters = structs<schemas::TheaterRecord>(builder, image.theaters);
  const auto actors = structs<schemas::ActorRecord>(builder, image.actors);
  const auto origins = structs<schemas::OriginRecord>(builder, image.origins);
  const auto feeds = structs<schemas::FeedRecord>(builder, image.feeds);
  const auto indicators = structs<schemas::IndicatorRecord>(builder, image.indicators);
  const auto nodes = structs<schemas::NodeRecord>(builder, image.nodes);
  const auto conditions = structs<schemas::ConditionRecord>(builder, image.conditions);
  const auto alerts = structs<schemas::AlertRecord>(builder, image.alerts);
  const auto filters = structs<schemas::FilterRecord>(builder, image.filters);
  const auto filter_terms = structs<schemas::FilterTermRecord>(builder, image.filter_terms);
  const auto tags = structs<schemas::TagRecord>(builder, image.tags);
  const auto hypotheses = structs<schemas::HypothesisRecord>(builder, image.hypotheses);
  const auto weigh_clauses = structs<schemas::WeighClauseRecord>(builder, image.weigh_clauses);
  const auto weights = structs<schemas::WeightRecord>(builder, image.weights);
  const auto disconfirms = structs<schemas::DisconfirmRecord>(builder, image.disconfirms);
  const auto texts = structs<schemas::Name>(builder, image.texts);
  const auto lists = builder.CreateVector(image.lists.data(), image.lists.size());
  const auto text = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(image.text.data()), image.text.size());
  schemas::FinishRuleImageBuffer(
      builder, schemas::CreateRuleImage(builder, engine::kImageVersion, image.book_hash, image.book_version,
                                        same_struct<schemas::Name>(image.book_title), image.horizon_ms,
                                        same_struct<schemas::BoundsRecord>(image.bounds), theaters, actors, origins,
                                        feeds, indicators, nodes, conditions, 0, 0, alerts, filters, filter_terms, tags,
                                        hypotheses, weigh_clauses, weights, disconfirms, texts, lists, text));
  return std::as_bytes(std::span{builder.GetBufferPointer(), builder.GetSize()});
}

alignas(16) std::array<std::byte, StaticAllocator::kBytes> image_bytes;
std::size_t image_size = 0;
engine::Image loaded;

void build() {
  static Records records;
  fill_vocabulary(records);
  fill_rules(records);
  fill_judgement(records);
  static const engine::Image image = image_of(records);  // not on a small board's stack
  static StaticAllocator allocator;
  flatbuffers::FlatBufferBuilder builder{StaticAllocator::kBytes, &allocator};
  const auto bytes = encode(builder, image);
  std::copy(bytes.begin(), bytes.end(), image_bytes.begin());
  image_size = bytes.size();
  TOCSIN_CHECK(engine::load_image(std::span{image_bytes}.first(image_size), loaded) == engine::ImageError::none);
}
}  // namespace

std::span<const std::byte> sample_image() {
  if (image_size == 0) build();
  return std::span{image_bytes}.first(image_size);
}

const engine::Image& sample_book() {
  if (image_size == 0) build();
  return loaded;
}
}  // namespace tocsin::test_support
