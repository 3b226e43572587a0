// SPDX-License-Identifier: Apache-2.0
// The emitter's frame and the vocabulary. Nodes are in emit_nodes.cpp, alerts and hashes of rules in emit_alerts.cpp.
#include "emit.hpp"

#include <algorithm>

#include "emitter.hpp"

namespace tocsin::compiler {
Records Emitter::run() {
  number(model_.theaters, theater_);
  number(model_.actors, actor_);
  number(model_.origins, origin_);
  number(model_.feeds, feed_);
  number(model_.indicators, indicator_);
  number(model_.conditions, condition_);
  number(model_.hypotheses, hypothesis_);
  out_.book_title = text(book_.title.text);
  out_.book_version = book_.version ? static_cast<std::uint32_t>(book_.version->value) : 1;
  out_.horizon_ms = book_.horizon ? book_.horizon->ms : kDefaultHorizon;
  emit_vocabulary();
  emit_theater_feeds();
  number_tags();
  condition_node_.assign(book_.conditions.size(), engine::kNone);
  for (const std::uint32_t condition : model_.condition_order) emit_condition(condition);
  for (const auto& [name, condition] : model_.conditions.sorted()) {
    out_.conditions.push_back({text(name), condition_node_[condition], {}});
  }
  for (const auto& [name, alert] : model_.alerts.sorted()) emit_alert(book_.alerts[alert]);
  out_.book_hash = book_hash();
  return std::move(out_);
}

void Emitter::number(const NameTable& table, Numbering& into) {
  into.assign(table.sorted().size(), engine::kNone);
  std::uint16_t next = 0;
  for (const auto& [name, index] : table.sorted()) into[index] = next++;
}

void Emitter::limit(Range at, std::string message, std::string help) {
  diagnostics_.push_back({Severity::error, at, std::move(message), std::move(help), {}});
  throw LimitPassed{};
}

engine::Name Emitter::text(std::string_view value) {
  if (value.empty()) return {};
  const auto [at, added] = texts_.try_emplace(std::string{value}, engine::Name{});
  if (added) {
    at->second = {static_cast<std::uint32_t>(out_.text.size()), static_cast<std::uint32_t>(value.size())};
    out_.text += value;
  }
  return at->second;
}

engine::ListRef Emitter::list(const std::vector<std::uint16_t>& values, Range at) {
  if (values.empty()) return {};
  const auto [place, added] = lists_.try_emplace(values, engine::ListRef{});
  if (added) {
    if (out_.lists.size() + values.size() >= engine::kNone) limit(at, "the lists of the book are too long together");
    place->second = {static_cast<std::uint16_t>(out_.lists.size()), static_cast<std::uint16_t>(values.size())};
    out_.lists.insert(out_.lists.end(), values.begin(), values.end());
  }
  return place->second;
}

std::vector<std::uint16_t> Emitter::indices(const std::vector<Word>& names, const NameTable& table,
                                            const Numbering& numbering) {
  std::vector<std::uint16_t> found;
  for (const Word& name : names) found.push_back(numbering[table.find(name.text)]);
  return found;
}
engine::ListRef Emitter::run_from(std::size_t first, std::size_t end, Range at) {
  if (end >= engine::kNone) limit(at, "the book has too many parts of this kind");
  if (end == first) return {};
  return {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(end - first)};
}

std::vector<std::uint16_t> Emitter::sorted(std::vector<std::uint16_t> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// --- Vocabulary ----------------------------------------------------------------------------------------------------
void Emitter::emit_vocabulary() {
  for (const auto& [name, index] : model_.theaters.sorted()) {
    const TheaterDecl& theater = book_.theaters[index];
    engine::Theater record{};
    record.name = text(name);
    record.title = text(theater.title.text);
    record.step_down_ms = theater.step_down.ms;
    record.blind_after = theater.blind_after ? static_cast<std::uint16_t>(theater.blind_after->value) : engine::kNone;
    out_.theaters.push_back(record);
    theater_digests_.push_back(
        Canonical{"theater"}.text(name).number(record.step_down_ms).number(record.blind_after).finish());
  }
  for (const auto& [name, index] : model_.actors.sorted()) {
    out_.actors.push_back({text(name), text(book_.actors[index].title.text)});
  }
  for (const auto& [name, index] : model_.origins.sorted()) {
    engine::Origin record{};
    record.name = text(name);
    record.title = text(book_.origins[index].title.text);
    record.reliability = static_cast<std::uint8_t>(book_.origins[index].reliability);
    out_.origins.push_back(record);
    origin_digests_.push_back(Canonical{"origin"}.text(name).number(record.reliability).finish());
  }
  for (const auto& [name, index] : model_.hypotheses.sorted()) {
    out_.hypotheses.push_back({text(name), text(book_.hypotheses[index].title.text)});
  }
  for (const auto& [name, index] : model_.feeds.sorted()) emit_feed(name, book_.feeds[index]);
  for (const auto& [name, index] : model_.indicators.sorted()) emit_indicator(name, book_.indicators[index]);
}

void Emitter::emit_feed(std::string_view name, const FeedDecl& feed) {
  const std::vector<std::uint16_t> origins = sorted(indices(feed.origins, model_.origins, origin_));
  engine::Feed record{};
  record.name = text(name);
  record.title = text(feed.title.text);
  record.every_ms = feed.every.ms;
  record.grace_ms = feed.grace.ms;
  record.origins = list(origins, feed.name.at);
  out_.feeds.push_back(record);
  Canonical form{"feed"};
  form.text(name).number(record.every_ms).number(record.grace_ms).number(static_cast<std::int64_t>(origins.size()));
  for (const std::uint16_t origin : origins) form.digest(origin_digests_[origin]);
  feed_digests_.push_back(form.finish());
}

void Emitter::emit_indicator(std::string_view name, const IndicatorDecl& indicator) {
  const std::vector<std::uint16_t> feeds = sorted(indices(indicator.feeds, model_.feeds, feed_));
  engine::Indicator record{};
  record.name = text(name);
  record.title = text(indicator.title.text);
  record.unit = text(indicator.unit.text);
  record.kind = text(indicator.kind.text);
  record.compartment = text(indicator.compartment.text);
  record.theater =
      indicator.theater.text.empty() ? engine::kNone : theater_[model_.theaters.find(indicator.theater.text)];
  record.actor = indicator.actor.text.empty() ? engine::kNone : actor_[model_.actors.find(indicator.actor.text)];
  record.keep = static_cast<std::uint16_t>(indicator.keep.value);
  record.role = static_cast<std::uint8_t>(indicator.role);
  record.feeds = list(feeds, indicator.name.at);
  record.ring = ring_;
  ring_ += record.keep;
  out_.indicators.push_back(record);
  Canonical form{"indicator"};
  form.text(name).text(indicator.theater.text).number(record.keep).number(static_cast<std::int64_t>(feeds.size()));
  for (const std::uint16_t feed : feeds) form.digest(feed_digests_[feed]);
  indicator_digests_.push_back(form.finish());
}

void Emitter::emit_theater_feeds() {
  for (std::size_t theater = 0; theater < out_.theaters.size(); ++theater) {
    std::vector<std::uint16_t> feeds;
    for (const engine::Indicator& indicator : out_.indicators) {
      if (indicator.theater != theater) continue;
      for (std::uint16_t i = 0; i < indicator.feeds.count; ++i) {
        const std::uint16_t feed = out_.lists[indicator.feeds.first + std::size_t{i}];
        if (out_.feeds[feed].every_ms > 0) feeds.push_back(feed);
      }
    }
    out_.theaters[theater].feeds = list(sorted(std::move(feeds)), {});
  }
}

engine::Image Records::view() const {
  engine::Image image;
  image.book_hash = book_hash;
  image.horizon_ms = horizon_ms;
  image.book_version = book_version;
  image.book_title = book_title;
  image.bounds = bounds;
  for (const engine::Indicator& indicator : indicators) image.base_ring_samples += indicator.keep;
  image.theaters = theaters;
  image.actors = actors;
  image.origins = origins;
  image.feeds = feeds;
  image.indicators = indicators;
  image.nodes = nodes;
  image.conditions = conditions;
  image.level_rules = level_rules;
  image.needs = needs;
  image.alerts = alerts;
  image.filters = filters;
  image.filter_terms = filter_terms;
  image.tags = tags;
  image.hypotheses = hypotheses;
  image.weigh_clauses = weigh_clauses;
  image.weights = weights;
  image.disconfirms = disconfirms;
  image.texts = texts;
  image.lists = lists;
  image.text = text;
  return image;
}

std::optional<Records> emit(const Book& book, const Model& model, const engine::Bounds& bounds,
                            std::vector<Diagnostic>& diagnostics) {
  try {
    Records records = Emitter{book, model, diagnostics}.run();
    records.bounds = bounds;
    return records;
  } catch (const LimitPassed&) {
    return std::nullopt;
  }
}
}  // namespace tocsin::compiler
