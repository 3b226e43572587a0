// SPDX-License-Identifier: Apache-2.0
// The one place that knows how the records lie in a FlatBuffer. Its order of fields is fixed, so that the same records
// give the same bytes.
#include <cstring>

#include <flatbuffers/flatbuffers.h>

#include "tocsin/schemas/rule_image_generated.h"

#include "emit.hpp"

namespace tocsin::compiler {
namespace {
// The engine's records and the generated structs are the same bytes; the loader proves it field by field at build time.
template <typename Generated, typename Record>
flatbuffers::Offset<flatbuffers::Vector<const Generated*>> structs(flatbuffers::FlatBufferBuilder& builder,
                                                                   const std::vector<Record>& records) {
  static_assert(sizeof(Generated) == sizeof(Record) && alignof(Generated) == alignof(Record));
  std::vector<Generated> copies(records.size());
  if (!records.empty()) std::memcpy(static_cast<void*>(copies.data()), records.data(), records.size() * sizeof(Record));
  return builder.CreateVectorOfStructs(copies);
}
}  // namespace

AlignedBytes write_image(const Records& records) {
  flatbuffers::FlatBufferBuilder builder{4096};
  const auto theaters = structs<schemas::TheaterRecord>(builder, records.theaters);
  const auto actors = structs<schemas::ActorRecord>(builder, records.actors);
  const auto origins = structs<schemas::OriginRecord>(builder, records.origins);
  const auto feeds = structs<schemas::FeedRecord>(builder, records.feeds);
  const auto indicators = structs<schemas::IndicatorRecord>(builder, records.indicators);
  const auto nodes = structs<schemas::NodeRecord>(builder, records.nodes);
  const auto conditions = structs<schemas::ConditionRecord>(builder, records.conditions);
  const auto level_rules = structs<schemas::LevelRuleRecord>(builder, records.level_rules);
  const auto needs = structs<schemas::NeedRecord>(builder, records.needs);
  const auto alerts = structs<schemas::AlertRecord>(builder, records.alerts);
  const auto filters = structs<schemas::FilterRecord>(builder, records.filters);
  const auto filter_terms = structs<schemas::FilterTermRecord>(builder, records.filter_terms);
  const auto tags = structs<schemas::TagRecord>(builder, records.tags);
  const auto hypotheses = structs<schemas::HypothesisRecord>(builder, records.hypotheses);
  const auto weigh_clauses = structs<schemas::WeighClauseRecord>(builder, records.weigh_clauses);
  const auto weights = structs<schemas::WeightRecord>(builder, records.weights);
  const auto disconfirms = structs<schemas::DisconfirmRecord>(builder, records.disconfirms);
  const auto texts = structs<schemas::Name>(builder, records.texts);
  const auto lists = builder.CreateVector(records.lists);
  const auto text = builder.CreateVector(
      static_cast<const std::uint8_t*>(static_cast<const void*>(records.text.data())), records.text.size());

  schemas::Name title;
  static_assert(sizeof title == sizeof records.book_title);
  std::memcpy(static_cast<void*>(&title), &records.book_title, sizeof title);
  schemas::BoundsRecord bounds;
  static_assert(sizeof bounds == sizeof records.bounds);
  std::memcpy(static_cast<void*>(&bounds), &records.bounds, sizeof bounds);

  schemas::RuleImageBuilder image{builder};
  image.add_version(engine::kImageVersion);
  image.add_book_hash(records.book_hash);
  image.add_book_version(records.book_version);
  image.add_book_title(&title);
  image.add_horizon_ms(records.horizon_ms);
  image.add_bounds(&bounds);
  image.add_theaters(theaters);
  image.add_actors(actors);
  image.add_origins(origins);
  image.add_feeds(feeds);
  image.add_indicators(indicators);
  image.add_nodes(nodes);
  image.add_conditions(conditions);
  image.add_level_rules(level_rules);
  image.add_needs(needs);
  image.add_alerts(alerts);
  image.add_filters(filters);
  image.add_filter_terms(filter_terms);
  image.add_tags(tags);
  image.add_hypotheses(hypotheses);
  image.add_weigh_clauses(weigh_clauses);
  image.add_weights(weights);
  image.add_disconfirms(disconfirms);
  image.add_texts(texts);
  image.add_lists(lists);
  image.add_text(text);
  schemas::FinishRuleImageBuffer(builder, image.Finish());
  return AlignedBytes{std::as_bytes(std::span{builder.GetBufferPointer(), builder.GetSize()})};
}
}  // namespace tocsin::compiler
