// SPDX-License-Identifier: Apache-2.0
// The life of an alert, episode by episode.
#include <algorithm>
#include <span>

#include "evaluate.hpp"

namespace tocsin::model {
using namespace tocsin::engine;

namespace {
/// One alert with all that its life depends on, as sets of instants.
struct Life {
  const Image& image;
  const Alert& rule;
  std::uint16_t index;
  const Evaluation& now;
  Intervals may_rise;                ///< `when` true, `clear when` not
  Intervals cleared;                 ///< `clear when` true for `hold`
  std::span<const Intervals> needs;  ///< when each has its origins
  std::vector<Instant> need_from;    ///< in the episode at hand: met from here on

  /// The level of the episode at hand at an instant.
  [[nodiscard]] Level level_at(Instant at) const {
    auto level = static_cast<Level>(rule.level);
    for (const LevelRule& other : image.level_rules.subspan(rule.levels.first, rule.levels.count)) {
      if (now.truth(other.node, at) == Truth::yes) level = std::max(level, static_cast<Level>(other.level));
    }
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const Need& need = image.needs[rule.needs.first + i];
      if (at < need_from[i]) level = std::min(level, static_cast<Level>(need.cap));
    }
    return level;
  }

  /// Instants of (from, to) when the level may change.
  [[nodiscard]] std::vector<Instant> changes(Instant from, Instant to) const {
    std::vector<Instant> instants = need_from;
    for (const LevelRule& other : image.level_rules.subspan(rule.levels.first, rule.levels.count)) {
      for (const Interval& truth : now.verdicts[other.node].yes) {
        instants.push_back(truth.from);
        instants.push_back(truth.to + 1);
      }
    }
    std::erase_if(instants, [=](Instant at) { return at <= from || at >= to; });
    std::sort(instants.begin(), instants.end());
    return instants;
  }

  /// The episode that begins at `raised_at`. @returns the instant it is cleared at, or kForever.
  Instant episode(Instant raised_at, std::vector<Fact>& out) {
    const Instant end = first_from(cleared, raised_at + 1);
    need_from.clear();
    for (const Intervals& met : needs) need_from.push_back(first_from(met, raised_at));
    Level level = level_at(raised_at);
    out.push_back({raised_at, index, EventKind::raised, level, raised_at});
    for (const Instant at : changes(raised_at, std::min(end, now.within.to + 1))) {
      const Level next = level_at(at);
      if (next == level) continue;
      out.push_back({at, index, next > level ? EventKind::escalated : EventKind::eased, next, raised_at});
      level = next;
    }
    if (end != kForever) out.push_back({end, index, EventKind::cleared, level, raised_at});
    return end;
  }
};
}  // namespace

void decide_alerts(const Image& image, const Reports& reports, Evaluation& out) {
  for (const Need& need : image.needs) out.needs.push_back(need_met(reports, need, out.blind, out.within));
  std::vector<Fact> facts;
  for (std::size_t i = 0; i < image.alerts.size(); ++i) {
    const Alert& rule = image.alerts[i];
    const Verdict& when = out.verdicts[rule.when];
    const Intervals clear = rule.clear == kNone ? complement(when.maybe, out.within) : out.verdicts[rule.clear].yes;
    Life life{image, rule, static_cast<std::uint16_t>(i), out, {}, {}, {}, {}};
    life.may_rise = intersected(when.yes, complement(clear, out.within));
    life.cleared = held_for(clear, rule.hold_ms);
    life.needs = std::span{out.needs}.subspan(rule.needs.first, rule.needs.count);
    Instant from = out.within.from;
    for (;;) {
      const Instant raised_at = first_from(life.may_rise, from);
      if (raised_at == kForever) break;
      const Instant end = life.episode(raised_at, facts);
      if (end == kForever) break;
      from = std::max(end + 1, raised_at + rule.cooldown_ms);
    }
  }
  std::sort(facts.begin(), facts.end());
  out.facts = std::move(facts);
}

std::vector<HypothesisWeight> Model::hypotheses(const Evaluation& evaluation, std::uint16_t alert, Instant at) const {
  std::vector<HypothesisWeight> out;
  const ListRef clauses = image_.alerts[alert].weighs;
  for (const WeighClause& clause : image_.weigh_clauses.subspan(clauses.first, clauses.count)) {
    const bool holds = clause.when == kNone || evaluation.truth(clause.when, at) == Truth::yes;
    for (const Weight& weight : image_.weights.subspan(clause.weights.first, clause.weights.count)) {
      auto found = std::find_if(out.begin(), out.end(),
                                [&](const HypothesisWeight& sum) { return sum.hypothesis == weight.hypothesis; });
      if (found == out.end()) found = out.insert(out.end(), {weight.hypothesis, 0});
      if (holds) found->weight += weight.weight;
    }
  }
  std::sort(out.begin(), out.end(), [](const HypothesisWeight& left, const HypothesisWeight& right) {
    return left.weight != right.weight ? left.weight > right.weight : left.hypothesis < right.hypothesis;
  });
  return out;
}
}  // namespace tocsin::model
