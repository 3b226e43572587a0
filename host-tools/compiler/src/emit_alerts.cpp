// SPDX-License-Identifier: Apache-2.0
// Alerts and linkages, and the hashes of what they rest on.
#include <algorithm>

#include "emitter.hpp"

namespace tocsin::compiler {
void Emitter::emit_alert(const AlertDecl& alert) {
  engine::Alert record{};
  record.name = text(alert.name.text);
  record.title = text(alert.title.text);
  record.kind = static_cast<std::uint8_t>(alert.kind);
  record.directed = alert.directed ? 1 : 0;
  record.hold_ms = alert.hold.ms;
  record.cooldown_ms = alert.cooldown.ms;
  record.evidence = static_cast<std::uint8_t>(alert.evidence.value);
  record.marking = static_cast<std::uint8_t>(alert.marking);
  record.theaters = list(indices(alert.theaters, model_.theaters, theater_), alert.theaters_at);
  record.when = emit_expr(*alert.when, engine::kNone);
  record.clear = alert.clear ? emit_expr(*alert.clear, engine::kNone) : engine::kNone;
  emit_levels(alert, record);
  emit_needs(alert, record);
  emit_weighs(alert, record);
  record.against = list(indices(alert.against, model_.conditions, condition_), alert.against_at);
  emit_words(alert, record);
  record.feeds = list(feeds_of(alert), alert.name.at);
  alert_digests_.push_back(digest_of(record, alert));
  record.rule_hash = short_hash(alert_digests_.back());
  out_.alerts.push_back(record);
}

void Emitter::emit_levels(const AlertDecl& alert, engine::Alert& record) {
  record.level = static_cast<std::uint8_t>(engine::Level::watch);
  const std::size_t first = out_.level_rules.size();
  for (const LevelClause& level : alert.levels) {
    if (!level.when) {
      record.level = static_cast<std::uint8_t>(level.level.level);
      continue;
    }
    out_.level_rules.push_back(
        {emit_expr(*level.when, engine::kNone), static_cast<std::uint8_t>(level.level.level), 0});
  }
  record.levels = run_from(first, out_.level_rules.size(), alert.name.at);
}

void Emitter::emit_needs(const AlertDecl& alert, engine::Alert& record) {
  const std::size_t first = out_.needs.size();
  for (const NeedClause& need : alert.needs) {
    std::vector<std::pair<std::uint16_t, std::uint16_t>> items;
    for (const NeedItem& item : need.items) {
      const std::uint16_t indicator = indicator_[model_.indicators.find(item.indicator.text)];
      items.emplace_back(indicator, filter(item.filter, indicator));
    }
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    std::vector<std::uint16_t> indicators;
    std::vector<std::uint16_t> filters;
    for (const auto& [indicator, its_filter] : items) {
      indicators.push_back(indicator);
      filters.push_back(its_filter);
    }
    engine::Need rule{};
    rule.window_ms = need.within.ms;
    rule.indicators = list(indicators, need.at);
    rule.filters = list(filters, need.at).first;
    rule.count = static_cast<std::uint16_t>(need.count.value);
    rule.cap = static_cast<std::uint8_t>(need.otherwise.level);
    out_.needs.push_back(rule);
  }
  record.needs = run_from(first, out_.needs.size(), alert.name.at);
}

void Emitter::emit_weighs(const AlertDecl& alert, engine::Alert& record) {
  const std::size_t first = out_.weigh_clauses.size();
  for (const WeighClause& weigh : alert.weighs) {
    const std::size_t first_weight = out_.weights.size();
    for (const WeighItem& item : weigh.items) {
      out_.weights.push_back({hypothesis_[model_.hypotheses.find(item.hypothesis.text)], item.weight});
    }
    engine::WeighClause clause{};
    clause.when = weigh.when ? emit_expr(*weigh.when, engine::kNone) : engine::kNone;
    clause.weights = run_from(first_weight, out_.weights.size(), weigh.at);
    out_.weigh_clauses.push_back(clause);
  }
  record.weighs = run_from(first, out_.weigh_clauses.size(), alert.name.at);
}

// What is printed with the alert.
void Emitter::emit_words(const AlertDecl& alert, engine::Alert& record) {
  const auto texts = [&](const std::vector<Word>& words) {
    const std::size_t first = out_.texts.size();
    for (const Word& word : words) out_.texts.push_back(text(word.text));
    return run_from(first, out_.texts.size(), alert.name.at);
  };
  record.caveats = texts(alert.caveats);
  record.release = texts(alert.release);
  const std::size_t first = out_.disconfirms.size();
  for (const DisconfirmClause& disconfirm : alert.disconfirms) {
    out_.disconfirms.push_back({text(disconfirm.text.text), disconfirm.by.ms});
  }
  record.disconfirms = run_from(first, out_.disconfirms.size(), alert.name.at);
}

std::vector<std::uint16_t> Emitter::feeds_of(const AlertDecl& alert) const {
  const Reach reach = reach_of(*alert.when, book_, model_);
  std::vector<std::uint16_t> feeds;
  for (std::size_t i = 0; i < book_.feeds.size(); ++i) {
    if (reach.overdue.test(i)) feeds.push_back(feed_[i]);
  }
  for (std::size_t i = 0; i < book_.indicators.size(); ++i) {
    if (!reach.indicators.test(i)) continue;
    for (const Word& feed : book_.indicators[i].feeds) feeds.push_back(feed_[model_.feeds.find(feed.text)]);
  }
  return sorted(std::move(feeds));
}

// --- Hashes ----------------------------------------------------------------------------------------------------------
// The order in which clauses are written does not matter to what they mean, so it does not show.
void Emitter::append(Canonical& form, std::vector<Digest> parts) {
  std::sort(parts.begin(), parts.end());
  form.number(static_cast<std::int64_t>(parts.size()));
  for (const Digest& part : parts) form.digest(part);
}

Digest Emitter::digest_of(const engine::Need& need) const {
  Canonical form{"need"};
  form.number(need.window_ms).number(need.count).number(need.cap).number(need.indicators.count);
  for (std::size_t i = 0; i < need.indicators.count; ++i)
    form.digest(indicator_digests_[out_.lists[need.indicators.first + i]]);
  std::vector<Digest> filtered;
  for (std::size_t i = 0; i < need.indicators.count; ++i) {
    const std::uint16_t filter = out_.lists[need.filters + i];
    if (filter == engine::kNone) continue;
    filtered.push_back(Canonical{"item"}
                           .digest(indicator_digests_[out_.lists[need.indicators.first + i]])
                           .digest(filter_digests_[filter])
                           .finish());
  }
  if (!filtered.empty()) append(form.text("filters"), std::move(filtered));
  return form.finish();
}

Digest Emitter::digest_of(const engine::WeighClause& clause) const {
  Canonical form{"weigh"};
  form.digest(clause.when == engine::kNone ? Digest{} : node_digests_[clause.when]);
  std::vector<Digest> weights;
  for (std::size_t i = 0; i < clause.weights.count; ++i) {
    const engine::Weight& weight = out_.weights[clause.weights.first + i];
    const engine::Name name = out_.hypotheses[weight.hypothesis].name;
    weights.push_back(Canonical{"weight"}
                          .text(std::string_view{out_.text}.substr(name.offset, name.length))
                          .number(weight.weight)
                          .finish());
  }
  append(form, std::move(weights));
  return form.finish();
}

// Covers what decides when it rings, how loud, and which figures go out with it. Titles, caveats, the words of
// `disconfirm`, markings, releases and compartments are left out. Clauses that a rule does not have are not in its
// form, so that rules keep their hashes when the language grows.
Digest Emitter::digest_of(const engine::Alert& record, const AlertDecl& alert) const {
  Canonical form{"alert"};
  form.number(record.kind).text(alert.name.text).number(record.directed).number(record.theaters.count);
  for (const Word& theater : alert.theaters)
    form.digest(theater_digests_[theater_[model_.theaters.find(theater.text)]]);
  form.digest(node_digests_[record.when]);
  form.digest(record.clear == engine::kNone ? Digest{} : node_digests_[record.clear]);
  form.number(record.hold_ms).number(record.cooldown_ms).number(record.evidence).number(record.level);
  std::vector<Digest> parts;
  for (std::size_t i = 0; i < record.levels.count; ++i) {
    const engine::LevelRule& rule = out_.level_rules[record.levels.first + i];
    parts.push_back(Canonical{"level"}.number(rule.level).digest(node_digests_[rule.node]).finish());
  }
  append(form, std::move(parts));
  parts = {};
  for (std::size_t i = 0; i < record.needs.count; ++i) parts.push_back(digest_of(out_.needs[record.needs.first + i]));
  append(form, std::move(parts));
  const auto append_any = [&](const char* what) {
    if (!parts.empty()) append(form.text(what), std::move(parts));
    parts = {};
  };
  parts = {};
  for (std::size_t i = 0; i < record.weighs.count; ++i)
    parts.push_back(digest_of(out_.weigh_clauses[record.weighs.first + i]));
  append_any("weighs");
  for (const Word& name : alert.against) {
    const std::uint16_t node = condition_node_[model_.conditions.find(name.text)];
    parts.push_back(Canonical{"condition"}.text(name.text).digest(node_digests_[node]).finish());
  }
  append_any("against");
  for (const DisconfirmClause& disconfirm : alert.disconfirms)
    parts.push_back(Canonical{"disconfirm"}.number(disconfirm.by.ms).finish());
  append_any("disconfirms");
  return form.finish();
}

std::uint64_t Emitter::book_hash() const {
  Canonical form{"book"};
  form.number(out_.horizon_ms).number(static_cast<std::int64_t>(out_.actors.size()));
  for (const auto& [name, index] : model_.actors.sorted()) form.text(name);
  append(form, theater_digests_);
  append(form, origin_digests_);
  append(form, feed_digests_);
  append(form, indicator_digests_);
  form.number(static_cast<std::int64_t>(out_.conditions.size()));
  for (const auto& [name, condition] : model_.conditions.sorted())
    form.text(name).digest(node_digests_[condition_node_[condition]]);
  append(form, alert_digests_);
  return short_hash(form.finish());
}
}  // namespace tocsin::compiler
