// SPDX-License-Identifier: Apache-2.0
// Types of expressions. Numbers and conditions look alike in the grammar; here is where they part.
#include <algorithm>
#include <array>

#include "tocsin/text/json_lines.hpp"

#include "check_base.hpp"
#include "filter.hpp"
#include "numbers.hpp"

namespace tocsin::compiler {
namespace {
bool is_comparison(ExprKind kind) { return kind >= ExprKind::less && kind <= ExprKind::greater; }
bool is_arithmetic(ExprKind kind) { return kind >= ExprKind::add && kind <= ExprKind::divide; }
}  // namespace

void ExprChecker::unknown_subject(const Word& name) {
  if (book_.unread.count(name.text) != 0) return;
  if (model_.alerts.find(name.text) != kNowhere) {
    const bool linkage = book_.alerts[model_.alerts.find(name.text)].kind == engine::AlertKind::linkage;
    error(name.at,
          quoted(name.text) + (linkage ? " is a linkage: alerts and linkages are not conditions"
                                       : " is an alert: alerts are not conditions"),
          "declare a `condition` and use it in both");
    return;
  }
  if (model_.feeds.find(name.text) != kNowhere) {
    error(name.at, quoted(name.text) + " is a feed, not a condition or an indicator",
          "did you mean `overdue(" + name.text + ")`?");
    return;
  }
  for (const auto& [table, kind] :
       {std::pair{&model_.theaters, "a theater"}, std::pair{&model_.actors, "an actor"},
        std::pair{&model_.origins, "an origin"}, std::pair{&model_.hypotheses, "a hypothesis"}}) {
    if (table->find(name.text) == kNowhere) continue;
    error(name.at, quoted(name.text) + " is " + kind + ", not a condition or an indicator");
    return;
  }
  std::vector<std::string_view> names = model_.indicators.names();
  const std::vector<std::string_view> conditions = model_.conditions.names();
  names.insert(names.end(), conditions.begin(), conditions.end());
  error(name.at, "no indicator or condition is called " + quoted(name.text), did_you_mean(name.text, names));
}

void ExprChecker::filter(const Filter& filter) {
  for (const FilterTerm& term : filter.terms) filter_term(term);
}

void ExprChecker::filter_name(const FilterTerm& term, const NameTable& table, std::string_view kind) {
  if (term.comparison != ExprKind::equal && term.comparison != ExprKind::not_equal) {
    error(term.sign, quoted(term.key.text) + " is a name: it takes `=` and `!=`");
  }
  if (term.value_kind == FilterTerm::ValueKind::word) {
    resolve(term.value, table, kind);
  } else {
    error(term.value.at, quoted(term.key.text) + " takes the name of an " + std::string{kind});
  }
}

void ExprChecker::filter_term(const FilterTerm& term) {
  const std::optional<engine::FilterKey> key = filter_key(term.key.text);
  if (!key) {
    constexpr auto kKeys = std::to_array<std::string_view>(
        {"value", "origin", "feed", "actor", "target", "grade", "reliability", "credibility", "tag"});
    std::string help = did_you_mean(term.key.text, kKeys);
    if (help.empty()) {
      help = "a filter knows value, origin, feed, actor, target, grade, reliability, credibility and tag";
    }
    error(term.key.at, quoted(term.key.text) + " is not a key of a filter", std::move(help));
    return;
  }
  const bool equality = term.comparison == ExprKind::equal || term.comparison == ExprKind::not_equal;
  const auto graded = [&](bool good, const char* what) {
    if (term.comparison == ExprKind::less || term.comparison == ExprKind::greater) {
      error(term.sign, quoted(term.key.text) + " takes `=`, `!=`, `>=` and `<=`", "better is greater: `>= B2`");
    }
    if (!good) error(term.value.at, quoted(term.value.text) + " is not a " + term.key.text, what);
  };
  const bool word = term.value_kind == FilterTerm::ValueKind::word;
  switch (*key) {
    case engine::FilterKey::value:
      if (term.value_kind != FilterTerm::ValueKind::number) {
        error(term.value.at, "`value` is a number, and " + quoted(term.value.text) + " is not");
      }
      return;
    case engine::FilterKey::origin:
      return filter_name(term, model_.origins, "origin");
    case engine::FilterKey::feed:
      return filter_name(term, model_.feeds, "feed");
    case engine::FilterKey::actor:
    case engine::FilterKey::target:
      return filter_name(term, model_.actors, "actor");
    case engine::FilterKey::grade:
      return graded(word && grade_of(term.value.text), "a letter A to F and a digit 1 to 6, e.g. `B2`");
    case engine::FilterKey::reliability:
      return graded(word && reliability_of(term.value.text), "a letter A (reliable) to F (cannot be judged)");
    case engine::FilterKey::credibility:
      return graded(credibility_of(term.value.text).has_value(), "a digit 1 (confirmed) to 6 (cannot be judged)");
    case engine::FilterKey::tag:
      if (!equality) error(term.sign, "`tag` takes `=` and `!=`");
      if (term.value.text.empty() || term.value.text.size() > kTagBytesMax) {
        error(term.value.at, "a tag has 1 to " + std::to_string(kTagBytesMax) + " bytes");
      }
      return;
  }
}

void ExprChecker::name_as_condition(const Expr& expr) {
  filter(expr.filter);
  if (model_.indicators.find(expr.name.text) != kNowhere) return;
  if (model_.conditions.find(expr.name.text) == kNowhere) {
    unknown_subject(expr.name);
  } else if (!expr.filter.terms.empty()) {
    error(expr.name.at, quoted(expr.name.text) + " is a condition: only an indicator takes a filter");
  }
}

void ExprChecker::name_as_number(const Expr& expr) {
  filter(expr.filter);
  if (model_.indicators.find(expr.name.text) != kNowhere) {
    error(expr.name.at, quoted(expr.name.text) + " alone means that a report has just arrived, it is not a number",
          "did you mean `last(" + expr.name.text + ")`?");
  } else if (model_.conditions.find(expr.name.text) != kNowhere) {
    error(expr.name.at, quoted(expr.name.text) + " is a condition, and a number is needed here");
  } else {
    unknown_subject(expr.name);
  }
}

void ExprChecker::quantile_rank(const Argument& argument) {
  const std::string help =
      "q lies from 0 to 1: `0.5` is the middle, `0.95` the value that 95 of 100 reports reach at most";
  if (argument.number < 0 || argument.number > 1) {
    error(argument.at, quoted(argument.text) + " is not a rank of a quantile", help);
  } else if (!decimal_of(argument.text)) {
    error(argument.at, "this rank has more than 15 digits behind the point", help);
  }
}

void ExprChecker::at_least(const Expr& expr, const Argument& argument) {
  if (argument.number >= 1 && argument.number <= static_cast<double>(engine::kKeepMax)) return;
  error(argument.at, "`at least` needs a number from 1 to " + std::to_string(engine::kKeepMax),
        "a number taken from fewer reports of " + quoted(expr.indicator.text) + " is unknown");
}

void ExprChecker::call_arguments(const Expr& expr) {
  const auto is_window = [](const Argument& argument) { return argument.kind == Argument::Kind::window; };
  const std::string_view function = expr.name.text;
  const bool wants_window = function != "last";
  const bool wants_quantile = function == "quantile";
  std::size_t windows = 0;
  bool quantile_seen = false;
  bool at_least_seen = false;
  for (const Argument& argument : expr.arguments) {
    if (argument.kind == Argument::Kind::at_least) {
      at_least(expr, argument);
      const bool window_follows = std::any_of(&argument, expr.arguments.data() + expr.arguments.size(), is_window);
      if (at_least_seen) {
        error(argument.at, "a second `at least`", "each part stands once");
      } else if (wants_window && windows == 0 && window_follows) {
        error(argument.at, "`at least` comes after the window");
      }
      at_least_seen = true;
    } else if (argument.kind == Argument::Kind::number) {
      if (wants_quantile && !quantile_seen && windows == 0) {
        quantile_seen = true;
        quantile_rank(argument);
      } else if (wants_window && windows == 0) {
        error(argument.at, "a window needs a unit", "did you mean `" + text::format_number(argument.number) + "h`?");
        ++windows;
      } else {
        error(argument.at, quoted(function) + " takes no number here");
      }
    } else {
      positive(argument.window, "a window");
      if (++windows > 1 || !wants_window) {
        error(
            argument.at, quoted(function) + (wants_window ? " takes one window" : " takes no window"),
            wants_window ? "" : "`last` is the newest report, however old; `in last D` after a comparison looks back");
      }
    }
  }
  const std::string call = std::string{function} + "(" + expr.indicator.text;
  if (wants_quantile && !quantile_seen) {
    error(expr.at, "`quantile` needs its rank before the window", "e.g. `" + call + ", 0.95, 90d)`");
  } else if (wants_window && windows == 0) {
    error(expr.at, quoted(function) + " needs a window",
          "e.g. `" + call + (wants_quantile ? ", 0.95, 90d)`" : ", 24h)`"));
  }
}

void ExprChecker::call(const Expr& expr) {
  filter(expr.filter);
  if (model_.indicators.find(expr.indicator.text) == kNowhere) {
    if (model_.conditions.find(expr.indicator.text) != kNowhere) {
      error(expr.indicator.at,
            quoted(expr.indicator.text) + " is a condition: " + quoted(expr.name.text) + " takes an indicator");
    } else {
      resolve(expr.indicator, model_.indicators, "indicator");
    }
  }
  call_arguments(expr);
}

void ExprChecker::want_number(const Expr& expr) {
  if (expr.kind == ExprKind::number) return;
  if (expr.kind == ExprKind::call) return call(expr);
  if (expr.kind == ExprKind::name) return name_as_number(expr);
  if (is_arithmetic(expr.kind)) {
    want_number(*expr.left);
    want_number(*expr.right);
    return;
  }
  if (expr.kind == ExprKind::overdue) {
    error(expr.at, "`overdue` is a condition, and a number is needed here");
    return;
  }
  if (is_comparison(expr.kind)) {
    error(expr.op, "a comparison is a condition, and a number is needed here",
          "comparisons do not chain: write `a < b and b < c`");
  } else {
    error(expr.op, "a condition stands where a number is needed");
  }
  want_condition(expr);
}

// `in last C to D`: from the nearer to the farther, and no finer than the engine can remember.
void ExprChecker::past(const Expr& expr) {
  if (!expr.window_start) return;
  const engine::Span from = expr.window_start->ms;
  const engine::Span to = expr.window.ms;
  const Range at{expr.window_start->at.begin, expr.window.at.end};
  if (from > to) {
    error(at, "`in last C to D` goes from the nearer to the farther",
          "did you mean `in last " + text::format_span(to) + " to " + text::format_span(from) + "`?");
    return;
  }
  if (engine::runs_needed(from, to) <= engine::kRunsMax) return;
  const std::string fits = spelled(longest_from(to, engine::kRunsMax));
  error(at,
        "`in last " + text::format_span(from) + " to " + text::format_span(to) + "` must remember " +
            std::to_string(engine::runs_needed(from, to)) + " separate truths, the engine remembers at most " +
            std::to_string(engine::kRunsMax) + ": up to " + fits + " to " + text::format_span(to) + " fits",
        "did you mean `in last " + fits + " to " + text::format_span(to) + "`?");
}

void ExprChecker::temporal(const Expr& expr) {
  if (expr.kind == ExprKind::in_last || expr.kind == ExprKind::since) {  // `in last 0s` is this instant
    past(expr);
  } else if (expr.kind != ExprKind::from_until) {
    positive(expr.window, expr.kind == ExprKind::hold_for ? "`for`" : "`within`");
  }
  want_condition(*expr.left);
  if (expr.right) want_condition(*expr.right);
}

void ExprChecker::overdue(const Word& name) {
  const std::uint32_t indicator = model_.indicators.find(name.text);
  if (model_.feeds.find(name.text) != kNowhere || indicator == kNowhere) {
    (void)resolve(name, model_.feeds, "feed");
    return;
  }
  const std::vector<Word>& feeds = book_.indicators[indicator].feeds;
  error(name.at, quoted(name.text) + " is an indicator: `overdue` takes a feed",
        feeds.empty() ? std::string{} : "did you mean `overdue(" + feeds.front().text + ")`?");
}

void ExprChecker::want_condition(const Expr& expr) {
  if (expr.kind == ExprKind::name) return name_as_condition(expr);
  if (expr.kind == ExprKind::overdue) return overdue(expr.name);
  if (is_comparison(expr.kind)) {
    want_number(*expr.left);
    want_number(*expr.right);
    return;
  }
  if (expr.kind == ExprKind::both || expr.kind == ExprKind::either || expr.kind == ExprKind::unless) {
    want_condition(*expr.left);
    want_condition(*expr.right);
    return;
  }
  if (expr.kind == ExprKind::negate) return want_condition(*expr.left);
  if (expr.kind == ExprKind::number || expr.kind == ExprKind::call || is_arithmetic(expr.kind)) {
    error(expr.at, "a number stands where a condition is needed", "compare it with something, e.g. `... >= 1`");
    want_number(expr);
    return;
  }
  temporal(expr);
}
}  // namespace tocsin::compiler
