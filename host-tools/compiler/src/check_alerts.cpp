// SPDX-License-Identifier: Apache-2.0
// Alerts and linkages: clauses that must be there, and what their conditions may and must reach.
#include <algorithm>
#include <set>

#include "check_base.hpp"
#include "filter.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::string_view kMainCompartment = "main";

std::string_view compartment_of(const IndicatorDecl& indicator) {
  return indicator.compartment.text.empty() ? kMainCompartment : std::string_view{indicator.compartment.text};
}

class AlertChecker : public CheckBase {
 public:
  AlertChecker(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics, bool acyclic)
      : CheckBase{book, model, diagnostics}, expressions_{book, model, diagnostics}, acyclic_{acyclic} {
    compartments_.insert(kMainCompartment);
    for (const IndicatorDecl& indicator : book.indicators) compartments_.insert(compartment_of(indicator));
  }

  void check(const AlertDecl& alert) {
    if (!alert.has_block) {
      if (!alert.incomplete) no_block(alert);
      return;
    }
    theaters(alert);
    when(alert);
    clauses(alert);
    for (const NeedClause& need : alert.needs) needs(need);
    if (alert.needs.size() > engine::kNeedsMax) {
      error(alert.needs[engine::kNeedsMax].at,
            "more than " + std::to_string(engine::kNeedsMax) + " `needs` in one alert");
    }
    for (const WeighClause& weigh : alert.weighs) weighs(weigh);
    hypotheses(alert);
    against(alert);
    distinct(alert.release);
    compartments(alert);
    if (acyclic_ && book_.unread.empty() && alert.when && !alert.cut_short && alert.kind == engine::AlertKind::linkage)
      linkage_reach(alert);
  }

 private:
  [[nodiscard]] static std::string kind_of(const AlertDecl& alert) {
    return alert.kind == engine::AlertKind::linkage ? "linkage" : "alert";
  }

  void no_block(const AlertDecl& alert) {
    const bool linkage = alert.kind == engine::AlertKind::linkage;
    error(alert.name.at, "the " + kind_of(alert) + " " + quoted(alert.name.text) + " has no block",
          linkage ? "write `{ from A to B  when CONDITION }` behind it"
                  : "write `{ theater NAME  when CONDITION }` behind it");
  }

  void theaters(const AlertDecl& alert) {
    const bool linkage = alert.kind == engine::AlertKind::linkage;
    if (alert.theaters.empty()) {
      if (alert.incomplete) return;
      error(alert.name.at, "the " + kind_of(alert) + " " + quoted(alert.name.text) + " names no theater",
            linkage ? "write `from A to B` or `between A, B`" : "write `theater NAME`");
      return;
    }
    for (std::size_t i = 0; i < alert.theaters.size(); ++i) {
      resolve(alert.theaters[i], model_.theaters, "theater");
      const auto same = [&](const Word& other) { return other.text == alert.theaters[i].text; };
      if (i < engine::kAlertTheatersMax &&
          std::any_of(alert.theaters.begin(), alert.theaters.begin() + static_cast<std::ptrdiff_t>(i), same)) {
        error(alert.theaters[i].at, quoted(alert.theaters[i].text) + " is named twice",
              "a linkage speaks of two or more theaters");
      }
    }
    if (linkage && alert.theaters.size() < 2)
      error(alert.theaters_at, "a linkage speaks of two or more theaters", "name another one: `between A, B`");
    if (alert.theaters.size() > engine::kAlertTheatersMax) {
      error(alert.theaters[engine::kAlertTheatersMax].at,
            "more than " + std::to_string(engine::kAlertTheatersMax) + " theaters in one linkage");
    }
  }

  void when(const AlertDecl& alert) {
    if (alert.when) {
      expressions_.want_condition(*alert.when);
      return;
    }
    if (alert.incomplete) return;
    const auto taken = std::find_if(alert.levels.begin(), alert.levels.end(),
                                    [](const LevelClause& level) { return level.when != nullptr; });
    const auto weighed = std::find_if(alert.weighs.begin(), alert.weighs.end(),
                                      [](const WeighClause& weigh) { return weigh.when != nullptr; });
    std::vector<Note> notes;
    const auto belongs = [&](const Expr& expr, const char* clause) {
      notes.push_back({expr.at, std::string{"this `when` belongs to the `"} + clause + "` before it: put the " +
                                    kind_of(alert) + "'s own `when` first"});
    };
    if (taken != alert.levels.end()) belongs(*taken->when, "level");
    if (weighed != alert.weighs.end()) belongs(*weighed->when, "weigh");
    error(alert.name.at, "the " + kind_of(alert) + " " + quoted(alert.name.text) + " has no `when`",
          "say when it rings: `when CONDITION`", std::move(notes));
  }

  void clauses(const AlertDecl& alert) {
    if (alert.clear) expressions_.want_condition(*alert.clear);
    for (const LevelClause& level : alert.levels) {
      if (level.when) expressions_.want_condition(*level.when);
    }
    if (alert.evidence.value == 0 || alert.evidence.value > engine::kEvidenceReportsMax) {
      error(alert.evidence.at, "`evidence` needs a number from 1 to " + std::to_string(engine::kEvidenceReportsMax));
    }
  }

  void needs(const NeedClause& need) {
    positive(need.within, "`within`");
    std::set<std::string> origins;
    std::set<std::string> unfiltered;
    bool known = true;
    for (const NeedItem& item : need.items) {
      const std::size_t errors = diagnostics_.size();
      expressions_.filter(item.filter);
      known = known && diagnostics_.size() == errors;
      const Word& name = item.indicator;
      if (model_.conditions.find(name.text) != kNowhere && model_.indicators.find(name.text) == kNowhere) {
        error(name.at, quoted(name.text) + " is a condition: `needs` counts the origins of indicators");
        known = false;
        continue;
      }
      const std::uint32_t indicator = resolve(name, model_.indicators, "indicator");
      known = known && indicator != kNowhere && feeds_known(book_.indicators[indicator]);
      if (!known) continue;
      origins.merge(reach_of_filter(book_.indicators[indicator], item.filter, book_, model_).origins);
      unfiltered.merge(reach_of_filter(book_.indicators[indicator], {}, book_, model_).origins);
    }
    if (!known) return;
    if (need.count.value == 0) {
      error(need.count.at, "`needs` needs at least 1 origin");
    } else if (need.count.value > origins.size()) {
      error(need.count.at,
            "`needs` " + std::to_string(need.count.value) + " origins, but only " + std::to_string(origins.size()) +
                " can report this",
            need.count.value > unfiltered.size()
                ? "give the indicators' feeds more origins, or ask for fewer"
                : "without the filter " + std::to_string(unfiltered.size()) + " could: widen it, or ask for fewer");
    }
  }

  // Names that are wrong there have been said already.
  [[nodiscard]] bool feeds_known(const IndicatorDecl& indicator) const {
    return std::none_of(indicator.feeds.begin(), indicator.feeds.end(),
                        [&](const Word& feed) { return model_.feeds.find(feed.text) == kNowhere; });
  }

  void weighs(const WeighClause& weigh) {
    if (weigh.when) expressions_.want_condition(*weigh.when);
    for (std::size_t i = 0; i < weigh.items.size(); ++i) {
      const Word& name = weigh.items[i].hypothesis;
      resolve(name, model_.hypotheses, "hypothesis");
      const auto same = [&](const WeighItem& other) { return other.hypothesis.text == name.text; };
      if (i < kNamesCompared &&
          std::any_of(weigh.items.begin(), weigh.items.begin() + static_cast<std::ptrdiff_t>(i), same)) {
        error(name.at, quoted(name.text) + " is named twice", "name it once, or write a second `weigh`");
      }
    }
  }

  void hypotheses(const AlertDecl& alert) {
    std::set<std::string_view> weighed;
    for (const WeighClause& weigh : alert.weighs) {
      for (const WeighItem& item : weigh.items) {
        if (!weighed.insert(item.hypothesis.text).second || weighed.size() != engine::kHypothesesMax + 1) continue;
        error(item.hypothesis.at,
              quoted(alert.name.text) + " weighs more than " + std::to_string(engine::kHypothesesMax) + " hypotheses",
              "join some of them");
      }
    }
  }

  void against(const AlertDecl& alert) {
    for (const Word& name : alert.against) {
      if (model_.indicators.find(name.text) != kNowhere) {
        error(name.at, quoted(name.text) + " is an indicator: `against` takes the names of conditions",
              "declare a `condition` for what speaks against it");
      } else {
        resolve(name, model_.conditions, "condition");
      }
    }
    distinct(alert.against);
    if (alert.against.size() > engine::kAgainstMax) {
      error(alert.against[engine::kAgainstMax].at,
            "more than " + std::to_string(engine::kAgainstMax) + " conditions in one `against`", "join some of them");
    }
  }

  // --- Compartments ---
  [[nodiscard]] bool allowed(const AlertDecl& alert, const IndicatorDecl& indicator) const {
    if (alert.compartments.empty()) return indicator.role != engine::Role::noise;
    return std::any_of(alert.compartments.begin(), alert.compartments.end(),
                       [&](const Word& name) { return name.text == compartment_of(indicator); });
  }

  void forbid(const AlertDecl& alert, const IndicatorDecl& indicator, Range at, const std::string& through) {
    const bool noise = alert.compartments.empty();
    error(
        at,
        quoted(indicator.name.text) +
            (noise ? " has `role noise` and cannot raise "
                   : " is in compartment " + quoted(compartment_of(indicator)) + ", which is not one of ") +
            quoted(alert.name.text) + through,
        noise ? "leave it out, or name its compartment in `compartments`" : "add it to `compartments`, or leave it out",
        {{indicator.name.at, "it is declared here"}});
  }

  // The leaf that reaches a forbidden indicator is where the caret stands.
  void check_expression(const AlertDecl& alert, const Expr& expr) {
    for_each_leaf(expr, [&](const Expr& leaf) {
      const Reach reach = reach_of(leaf, book_, model_);
      const bool named = leaf.kind == ExprKind::name && model_.indicators.find(leaf.name.text) == kNowhere;
      for (std::size_t i = 0; i < book_.indicators.size() && i < reach.indicators.size(); ++i) {
        if (!reach.indicators.test(i) || allowed(alert, book_.indicators[i])) continue;
        forbid(alert, book_.indicators[i], leaf.at, named ? ", not through " + quoted(leaf.name.text) + " either" : "");
      }
    });
  }

  void compartments(const AlertDecl& alert) {
    for (const Word& name : alert.compartments) {
      if (compartments_.count(name.text) != 0) continue;
      const std::vector<std::string_view> known{compartments_.begin(), compartments_.end()};
      error(name.at, "no indicator is in compartment " + quoted(name.text), did_you_mean(name.text, known));
      return;  // what follows would be said of every indicator
    }
    if (alert.when) check_expression(alert, *alert.when);
    if (alert.clear) check_expression(alert, *alert.clear);
    for (const LevelClause& level : alert.levels) {
      if (level.when) check_expression(alert, *level.when);
    }
    for (const NeedClause& need : alert.needs) {
      for (const NeedItem& item : need.items) {
        const std::uint32_t index = model_.indicators.find(item.indicator.text);
        if (index != kNowhere && !allowed(alert, book_.indicators[index]))
          forbid(alert, book_.indicators[index], item.indicator.at, "");
      }
    }
  }

  void linkage_reach(const AlertDecl& alert) {
    const Reach reach = reach_of(*alert.when, book_, model_);
    for (const Word& theater : alert.theaters) {
      if (model_.theaters.find(theater.text) == kNowhere) continue;
      bool reached = false;
      for (std::size_t i = 0; i < book_.indicators.size() && i < reach.indicators.size(); ++i) {
        reached = reached || (reach.indicators.test(i) && book_.indicators[i].theater.text == theater.text);
      }
      if (reached) continue;
      error(theater.at, "the `when` of " + quoted(alert.name.text) + " reaches no indicator of " + quoted(theater.text),
            "a linkage rests on indicators of each of its theaters (`overdue` reaches none)",
            {{alert.when->at, "the `when` is here"}});
    }
  }

  ExprChecker expressions_;
  const bool acyclic_;
  std::set<std::string_view> compartments_;
};
}  // namespace

void check_alerts(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics, bool acyclic) {
  AlertChecker checker{book, model, diagnostics, acyclic};
  for (const AlertDecl& alert : book.alerts) checker.check(alert);
}
}  // namespace tocsin::compiler
