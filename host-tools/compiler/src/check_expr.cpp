// SPDX-License-Identifier: Apache-2.0
// Types of expressions. Numbers and conditions look alike in the grammar; here is where they part.
#include <algorithm>
#include <array>

#include "tocsin/text/json_lines.hpp"

#include "check_base.hpp"

namespace tocsin::compiler {
namespace {
bool is_comparison(ExprKind kind) { return kind >= ExprKind::less && kind <= ExprKind::greater; }
bool is_arithmetic(ExprKind kind) { return kind >= ExprKind::add && kind <= ExprKind::divide; }

std::string mend_for(std::string_view function) {
  if (function == "mean") return "`sum(i, W) / count(i, W)` says the same";
  if (function == "days") return "`count(i, W)` counts the reports";
  if (function == "min") return "count the reports, or take `last(i)`";
  return "compare `last`, `max`, `sum` or `count` with a number";
}
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
  std::vector<std::string_view> names = model_.indicators.names();
  const std::vector<std::string_view> conditions = model_.conditions.names();
  names.insert(names.end(), conditions.begin(), conditions.end());
  error(name.at, "no indicator or condition is called " + quoted(name.text), did_you_mean(name.text, names));
}

void ExprChecker::filter(Range at) {
  if (at.end == 0) return;
  error(at, "filters are not in this version of the language",
        "declare an indicator of its own for what the filter selects");
}

void ExprChecker::name_as_condition(const Expr& expr) {
  filter(expr.filter);
  if (model_.indicators.find(expr.name.text) != kNowhere) return;
  if (model_.conditions.find(expr.name.text) == kNowhere) {
    unknown_subject(expr.name);
  } else if (expr.filter.end != 0) {
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

void ExprChecker::call_arguments(const Expr& expr) {
  const std::string_view function = expr.name.text;
  const bool wants_window = function != "last";
  const bool wants_quantile = function == "quantile";
  std::size_t windows = 0;
  bool quantile_seen = false;
  for (const Argument& argument : expr.arguments) {
    if (argument.kind == Argument::Kind::at_least) {
      unsupported(argument.at, "at least", "remove it, or write `count(" + expr.indicator.text + ", W) >= N and ...`");
    } else if (argument.kind == Argument::Kind::number) {
      if (wants_quantile && !quantile_seen && windows == 0) {
        quantile_seen = true;
      } else if (wants_window && windows == 0) {
        error(argument.at, "a window needs a unit", "did you mean `" + text::format_number(argument.number) + "h`?");
        ++windows;
      } else {
        error(argument.at, quoted(function) + " takes no number here");
      }
    } else {
      if (argument.ending) unsupported(argument.ending->at, "ending", "let the window end now");
      positive(argument.window, "a window");
      if (++windows > 1 || !wants_window) {
        error(
            argument.at, quoted(function) + (wants_window ? " takes one window" : " takes no window"),
            wants_window ? "" : "`last` is the newest report, however old; `in last D` after a comparison looks back");
      }
    }
  }
  if (wants_window && windows == 0) {
    error(expr.at, quoted(function) + " needs a window",
          "e.g. `" + std::string{function} + "(" + expr.indicator.text + ", 24h)`");
  }
}

void ExprChecker::call(const Expr& expr) {
  constexpr auto kSupported = std::to_array<std::string_view>({"count", "sum", "last", "max", "origins"});
  filter(expr.filter);
  if (model_.indicators.find(expr.indicator.text) == kNowhere) {
    if (model_.conditions.find(expr.indicator.text) != kNowhere) {
      error(expr.indicator.at,
            quoted(expr.indicator.text) + " is a condition: " + quoted(expr.name.text) + " takes an indicator");
    } else {
      resolve(expr.indicator, model_.indicators, "indicator");
    }
  }
  if (std::find(kSupported.begin(), kSupported.end(), expr.name.text) == kSupported.end()) {
    unsupported(expr.name.at, expr.name.text, mend_for(expr.name.text));
    return;  // one error is enough for one call
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

void ExprChecker::temporal(const Expr& expr) {
  if (expr.window_start) {
    unsupported(expr.window_start->at, "in last C to D", "write `in last D`");
  }
  if (expr.kind == ExprKind::since) {
    unsupported(expr.op, "since", "`A then B within D` and `A for D` are");
  } else if (expr.kind == ExprKind::from_until) {
    unsupported(expr.at, "from ... until", "an alert with `when` and `clear when` says the same");
  } else if (expr.kind != ExprKind::in_last) {  // `in last 0s` is this instant
    positive(expr.window, expr.kind == ExprKind::hold_for ? "`for`" : "`within`");
  }
  want_condition(*expr.left);
  if (expr.right) want_condition(*expr.right);
}

void ExprChecker::want_condition(const Expr& expr) {
  if (expr.kind == ExprKind::name) return name_as_condition(expr);
  if (expr.kind == ExprKind::overdue) {
    (void)resolve(expr.name, model_.feeds, "feed");
    return;
  }
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
