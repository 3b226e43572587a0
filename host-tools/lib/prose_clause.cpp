// SPDX-License-Identifier: Apache-2.0
// Conditions as clauses of an English sentence. Past tenses serve clauses within `then`, `in last` and the like.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "tocsin/text/json_lines.hpp"

#include "lib/prose.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
using compiler::Expr;
using compiler::ExprKind;

const char* pick(Tense tense, const std::array<const char*, 4>& forms) {
  return forms[static_cast<std::size_t>(tense)];
}
std::string to_be(Tense tense, bool positive) {
  return positive ? pick(tense, {"is", "has been", "was", "had been"})
                  : pick(tense, {"is not", "has not been", "was not", "had not been"});
}
std::string to_hold(Tense tense, bool positive) {
  return positive ? pick(tense, {"holds", "has held", "held", "had held"})
                  : pick(tense, {"does not hold", "has not held", "did not hold", "had not held"});
}
std::string there(Tense tense, bool plural) {
  return plural ? pick(tense, {"there are", "there have been", "there were", "there had been"})
                : pick(tense, {"there is", "there has been", "there was", "there had been"});
}
bool is_past(Tense tense) { return tense == Tense::past || tense == Tense::pluperfect; }
// What reaches back from the tense: "holds" but "has held in the last 3 days".
Tense back_from(Tense tense) { return is_past(tense) ? Tense::pluperfect : Tense::perfect; }

bool is_junction(const Expr& expr) {
  if (expr.kind == ExprKind::negate) return is_junction(*expr.left);
  return expr.kind == ExprKind::both || expr.kind == ExprKind::either || expr.kind == ExprKind::unless;
}
bool is_comparison(ExprKind kind) { return kind >= ExprKind::less && kind <= ExprKind::greater; }
ExprKind inverse(ExprKind sign) {
  if (sign == ExprKind::less) return ExprKind::greater_equal;
  if (sign == ExprKind::less_equal) return ExprKind::greater;
  if (sign == ExprKind::greater) return ExprKind::less_equal;
  if (sign == ExprKind::greater_equal) return ExprKind::less;
  return sign == ExprKind::equal ? ExprKind::not_equal : ExprKind::equal;
}
// The same with its sides swapped.
ExprKind mirrored(ExprKind sign) {
  if (sign == ExprKind::less) return ExprKind::greater;
  if (sign == ExprKind::less_equal) return ExprKind::greater_equal;
  if (sign == ExprKind::greater) return ExprKind::less;
  if (sign == ExprKind::greater_equal) return ExprKind::less_equal;
  return sign;
}
std::string sign_in_words(ExprKind sign, bool countable) {
  if (sign == ExprKind::less) return countable ? "fewer than" : "less than";
  if (sign == ExprKind::less_equal) return "at most";
  if (sign == ExprKind::greater) return "more than";
  if (sign == ExprKind::greater_equal) return "at least";
  return sign == ExprKind::equal ? "exactly" : "other than";
}

std::string ordinal(const std::string& number) {
  const bool whole = number.find('.') == std::string::npos;
  const bool teen = whole && number.size() > 1 && number[number.size() - 2] == '1';
  if (whole && !teen && number.back() == '1') return number + "st";
  if (whole && !teen && number.back() == '2') return number + "nd";
  if (whole && !teen && number.back() == '3') return number + "rd";
  return number + "th";
}

template <typename Decl>
const Decl* find_in(const std::vector<Decl>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Decl& decl) { return decl.name.text == name; });
  return found == all.end() ? nullptr : &*found;
}
template <typename Decl>
std::string title_in(const std::vector<Decl>& all, const compiler::Word& name, bool quote) {
  const Decl* const decl = find_in(all, name.text);
  if (decl == nullptr || decl->title.text.empty()) return name.text;
  return quote ? "\"" + printable(decl->title.text) + "\"" : printable(decl->title.text);
}

std::string better(const std::string& value, ExprKind sign) {
  if (sign == ExprKind::greater_equal) return value + " or better";
  if (sign == ExprKind::less_equal) return value + " or worse";
  if (sign == ExprKind::greater) return "better than " + value;
  if (sign == ExprKind::less) return "worse than " + value;
  return sign == ExprKind::equal ? "exactly " + value : "other than " + value;
}

const compiler::Argument* argument_of(const Expr& call, compiler::Argument::Kind kind) {
  const auto found = std::find_if(call.arguments.begin(), call.arguments.end(),
                                  [&](const compiler::Argument& argument) { return argument.kind == kind; });
  return found == call.arguments.end() ? nullptr : &*found;
}

std::string over_window(const Expr& call, Tense tense) {
  const compiler::Argument* const window = argument_of(call, compiler::Argument::Kind::window);
  if (window == nullptr) return "";
  const std::string span = span_in_words(window->window.ms);
  if (window->ending) {
    const std::string ago = span_in_words(window->ending->ms);
    return is_past(tense) ? " the " + span + " that had ended " + ago + " earlier"
                          : " the " + span + " that ended " + ago + " ago";
  }
  return is_past(tense) ? " the " + span + " up to then" : " the last " + span;
}
std::string known_from(const Expr& call) {
  const compiler::Argument* const least = argument_of(call, compiler::Argument::Kind::at_least);
  if (least == nullptr) return "";
  return " (unknown while there are fewer than " + text::format_number(least->number) + " reports)";
}
}  // namespace

std::string Prose::indicator(const compiler::Word& name) const { return title_in(book_.indicators, name, true); }
std::string Prose::feed(const compiler::Word& name) const { return title_in(book_.feeds, name, true); }
std::string Prose::origin(const compiler::Word& name) const { return title_in(book_.origins, name, false); }
std::string Prose::actor(const compiler::Word& name) const { return title_in(book_.actors, name, false); }
std::string Prose::theater(const compiler::Word& name) const { return title_in(book_.theaters, name, false); }
std::string Prose::hypothesis(const compiler::Word& name) const { return title_in(book_.hypotheses, name, true); }
const compiler::ConditionDecl* Prose::find_condition(std::string_view name) const {
  return find_in(book_.conditions, name);
}
const compiler::IndicatorDecl* Prose::find_indicator(std::string_view name) const {
  return find_in(book_.indicators, name);
}
const compiler::FeedDecl* Prose::find_feed(std::string_view name) const { return find_in(book_.feeds, name); }

bool Prose::is_condition(const Expr& expr) const {
  return expr.kind == ExprKind::name && find_condition(expr.name.text) != nullptr;
}
bool Prose::is_pulse(const Expr& expr) const { return expr.kind == ExprKind::name && !is_condition(expr); }

std::string Prose::filter(const compiler::Filter& filter) const {
  std::vector<std::string> parts;
  for (const compiler::FilterTerm& term : filter.terms) {
    const bool equal = term.comparison == ExprKind::equal;
    const auto key = compiler::filter_key(term.key.text);
    if (!key) continue;
    switch (*key) {
      case engine::FilterKey::value:
        parts.push_back("with a value of " + sign_in_words(term.comparison, false) + " " +
                        text::format_number(term.number));
        break;
      case engine::FilterKey::origin:
        parts.push_back((equal ? "seen by " : "not seen by ") + origin(term.value));
        break;
      case engine::FilterKey::feed:
        parts.push_back((equal ? "that came by " : "that did not come by ") + feed(term.value));
        break;
      case engine::FilterKey::actor:
        parts.push_back((equal ? "naming as actor " : "naming an actor other than ") + actor(term.value));
        break;
      case engine::FilterKey::target:
        parts.push_back((equal ? "naming as target " : "naming a target other than ") + actor(term.value));
        break;
      case engine::FilterKey::grade:
        parts.push_back("graded " + better(term.value.text, term.comparison));
        break;
      case engine::FilterKey::reliability:
        parts.push_back("from an origin of reliability " + better(term.value.text, term.comparison));
        break;
      case engine::FilterKey::credibility:
        parts.push_back("of credibility " + better(term.value.text, term.comparison));
        break;
      case engine::FilterKey::tag:
        parts.push_back((equal ? "tagged \"" : "with tags, none of them \"") + printable(term.value.text) + "\"");
        break;
    }
  }
  return parts.empty() ? "" : " " + list_in_words(parts);
}

std::string Prose::subject(const Expr& call) const {
  const std::string only = filter(call.filter);
  return indicator(call.indicator) + (only.empty() ? "" : " (only reports" + only + ")");
}

std::string Prose::clause(const Expr& expr, Tense tense, bool positive) const {
  if (is_comparison(expr.kind)) return comparison(expr, tense, positive);
  if (expr.kind == ExprKind::name) return name_clause(expr, tense, positive);
  if (expr.kind == ExprKind::overdue) return overdue_clause(expr, tense, positive);
  if (expr.kind == ExprKind::negate) return clause(*expr.left, tense, !positive);
  if (is_junction(expr)) return junction(expr, tense, positive);
  if (expr.kind == ExprKind::in_last) {
    std::string window = is_past(tense) ? "in the " + span_in_words(expr.window.ms) + " up to then"
                                        : "in the last " + span_in_words(expr.window.ms);
    if (expr.window_start) {
      window = "between " + span_in_words(expr.window.ms) + " and " + span_in_words(expr.window_start->ms) +
               (is_past(tense) ? " earlier" : " ago");
    }
    return at_some_moment(*expr.left, back_from(tense), window, positive);
  }
  const std::string said = temporal(expr, tense);
  return positive ? said : "it " + to_be(tense, false) + " so that " + said;
}

std::string Prose::name_clause(const Expr& expr, Tense tense, bool positive) const {
  if (is_condition(expr)) return expr.name.text + " " + to_hold(tense, positive);
  return there(tense, false) + (positive ? " a report of " : " no report of ") + indicator(expr.name) +
         filter(expr.filter);
}

std::string Prose::overdue_clause(const Expr& expr, Tense tense, bool positive) const {
  const compiler::FeedDecl* const decl = find_feed(expr.name.text);
  const engine::Span limit = decl == nullptr ? 0 : decl->every.ms + decl->grace.ms;
  const Tense back = back_from(tense);
  return positive ? feed(expr.name) + " " + to_be(back, true) + " silent for " + span_in_words(limit)
                  : feed(expr.name) + " " + to_be(back, true) + " heard from within " + span_in_words(limit);
}

// Counts read best as "there have been at least three reports".
std::string Prose::tally(const Expr& call, ExprKind sign, double limit, Tense tense) const {
  const bool none = (limit == 0 && (sign == ExprKind::equal || sign == ExprKind::less_equal)) ||
                    (limit == 1 && sign == ExprKind::less);
  const bool any = (limit == 0 && (sign == ExprKind::greater || sign == ExprKind::not_equal)) ||
                   (limit == 1 && sign == ExprKind::greater_equal);
  if (limit == 0 && (sign == ExprKind::greater_equal || sign == ExprKind::less)) {
    return Prose::call(call, tense) + " " + to_be(tense, true) + " " + sign_in_words(sign, false) +
           (sign == ExprKind::less ? " 0 (never so)" : " 0 (always so, unless it is unknown)");
  }
  const Tense back = back_from(tense);
  const auto whole = static_cast<std::uint64_t>(limit);
  const std::string amount = sign_in_words(sign, true) + " " + number_in_words(whole);
  const std::string window = " in" + over_window(call, tense) + known_from(call);
  if (call.name.text == "count") {
    const std::string what = " of " + indicator(call.indicator) + filter(call.filter) + window;
    if (none) return there(back, false) + " no report" + what;
    if (any) return there(back, false) + " at least one report" + what;
    return there(back, whole != 1) + " " + amount + (whole == 1 ? " report" : " reports") + what;
  }
  const bool by_origin = call.name.text == "origins";
  const std::string thing =
      by_origin ? (whole == 1 || any ? "origin" : "different origins") : (whole == 1 || any ? "day" : "different days");
  const std::string reported = subject(call) + " " + to_be(back, true) + " reported " + (by_origin ? "by " : "on ");
  if (none) return reported + (by_origin ? "no origin" : "no day") + window;
  return reported + (any ? "at least one" : amount) + " " + thing + window +
         (by_origin ? "" : ", days being those of UTC");
}

std::string Prose::comparison(const Expr& expr, Tense tense, bool positive) const {
  const Expr* left = expr.left.get();
  const Expr* right = expr.right.get();
  ExprKind sign = positive ? expr.kind : inverse(expr.kind);
  if (left->kind == ExprKind::number && right->kind != ExprKind::number) {
    std::swap(left, right);
    sign = mirrored(sign);
  }
  const bool whole =
      right->kind == ExprKind::number && right->number >= 0 && std::floor(right->number) == right->number;
  const std::string& function = left->name.text;
  if (left->kind == ExprKind::call && whole && (function == "count" || function == "origins" || function == "days")) {
    return tally(*left, sign, right->number, tense);
  }
  const std::string other = right->kind == ExprKind::number ? quantity(right->number, *left) : number(*right, tense);
  return number(*left, tense) + " " + to_be(tense, true) + " " + sign_in_words(sign, false) + " " + other;
}

std::string Prose::quantity(double value, const Expr& like) const {
  std::string out = text::format_number(value);
  const compiler::IndicatorDecl* decl = like.kind == ExprKind::call ? find_indicator(like.indicator.text) : nullptr;
  const std::string& function = like.name.text;
  if (decl == nullptr || function == "count" || function == "origins" || function == "days") return out;
  std::string unit = printable(decl->unit.text);
  if (value == 1 && unit.size() > 1 && unit.ends_with('s') && !unit.ends_with("ss")) unit.pop_back();
  return unit.empty() ? out : out + " " + unit;
}

std::string Prose::number(const Expr& expr, Tense tense, bool inner) const {
  if (expr.kind == ExprKind::number) return text::format_number(expr.number);
  if (expr.kind == ExprKind::call) return call(expr, tense);
  if (!expr.left || !expr.right) return expr.name.text;
  std::string out;
  const bool factor =
      expr.kind == ExprKind::multiply && (expr.left->kind == ExprKind::number || expr.right->kind == ExprKind::number);
  if (factor) {
    const bool left = expr.left->kind == ExprKind::number;
    out = number(left ? *expr.left : *expr.right, tense) + " times " +
          number(left ? *expr.right : *expr.left, tense, true);
    return out;
  }
  const char* word = expr.kind == ExprKind::add        ? " plus "
                     : expr.kind == ExprKind::subtract ? " minus "
                     : expr.kind == ExprKind::multiply ? " times "
                                                       : " divided by ";
  out = number(*expr.left, tense, true) + word + number(*expr.right, tense, true);
  return inner ? "(" + out + ")" : out;
}

std::string Prose::call(const Expr& expr, Tense tense) const {
  const std::string& function = expr.name.text;
  const std::string window = over_window(expr, tense);
  const std::string tail = known_from(expr);
  if (function == "last") return "the latest value of " + subject(expr) + tail;
  if (function == "count") return "the number of reports of " + subject(expr) + " in" + window + tail;
  if (function == "days") return "the number of days (UTC) with a report of " + subject(expr) + " in" + window + tail;
  if (function == "origins") return "the number of origins that reported " + subject(expr) + " in" + window + tail;
  std::string what;
  if (function == "sum") what = "the total";
  if (function == "mean") what = "the average";
  if (function == "min") what = "the lowest value";
  if (function == "max") what = "the highest value";
  if (function == "median") what = "the median";
  if (function == "stddev") what = "the standard deviation";
  if (function == "mad") what = "the median distance from the median";
  if (function == "quantile") {
    const compiler::Argument* const q = argument_of(expr, compiler::Argument::Kind::number);
    constexpr double kPercent = 100;
    constexpr double kRounding = 1e9;
    const double share = q == nullptr ? 0 : std::round(q->number * kPercent * kRounding) / kRounding;
    what = "the " + ordinal(text::format_number(share)) + " percentile";
  }
  return what + " of " + subject(expr) + " over" + window + tail;
}

// --- and, or, unless -------------------------------------------------------------------------------------------------
namespace {
using Part = Prose::Part;
// What `and` (or `or`) joins, however it is grouped; `not` turns one into the other.
void collect(const Expr& expr, bool positive, bool conjunction, std::vector<Part>& parts) {
  if (expr.kind == ExprKind::negate) return collect(*expr.left, !positive, conjunction, parts);
  const bool both = expr.kind == ExprKind::both || expr.kind == ExprKind::unless;
  const bool joins = (both && positive == conjunction) || (expr.kind == ExprKind::either && positive != conjunction);
  if (!joins) return parts.push_back({&expr, positive});
  collect(*expr.left, positive, conjunction, parts);
  collect(*expr.right, expr.kind == ExprKind::unless ? !positive : positive, conjunction, parts);
}
bool is_long(const Expr& expr) { return expr.kind != ExprKind::name && expr.kind != ExprKind::overdue; }
bool is_winding(const Expr& expr) {
  return expr.kind == ExprKind::then || expr.kind == ExprKind::since || expr.kind == ExprKind::from_until ||
         expr.kind == ExprKind::negate;
}
}  // namespace

// "a, b and c hold", "a or b holds", "neither a nor b holds": names of conditions share a verb.
std::string Prose::names_together(const std::vector<Part>& parts, bool conjunction, Tense tense) const {
  std::vector<std::string> names;
  for (const Part& part : parts) {
    if (!is_condition(*part.expr) || part.positive != parts[0].positive) return {};
    names.push_back(part.expr->name.text);
  }
  if (!parts[0].positive) {
    return conjunction ? "neither " + list_in_words(names, "nor") + " " + to_hold(tense, true) : std::string{};
  }
  const bool plural = conjunction && (tense == Tense::present || tense == Tense::perfect);
  const std::string verb = !plural ? to_hold(tense, true) : tense == Tense::present ? "hold" : "have held";
  return list_in_words(names, conjunction ? "and" : "or") + " " + verb;
}

std::string Prose::junction(const Expr& expr, Tense tense, bool positive) const {
  const bool both = expr.kind == ExprKind::both || expr.kind == ExprKind::unless;
  const bool conjunction = both == positive;
  std::vector<Part> parts;
  collect(expr, positive, conjunction, parts);
  if (std::string names = names_together(parts, conjunction, tense); !names.empty()) return names;
  std::vector<std::string> said;
  bool nested = false;
  bool winding = false;
  bool long_parts = false;
  for (const Part& part : parts) {
    const bool inner = is_junction(*part.expr);
    std::string text = clause(*part.expr, tense, part.positive);
    if (inner && conjunction) text = "either " + text;
    nested = nested || inner;
    winding = winding || is_winding(*part.expr);
    long_parts = long_parts || (is_long(*part.expr) && &part != &parts.back());
    said.push_back(std::move(text));
  }
  const std::string word = conjunction ? "and" : "or";
  std::string out;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const bool last = i + 1 == said.size();
    if (i > 0) {
      out += winding || (nested && (!conjunction || said.size() > 2)) ? "; "
             : nested || long_parts || said.size() > 2                ? ", "
                                                                      : " ";
      if (last) out += word + " ";
    }
    out += said[i];
  }
  return out;
}

// --- Time ------------------------------------------------------------------------------------------------------------
std::string Prose::at_some_moment(const Expr& expr, Tense tense, const std::string& window, bool positive) const {
  if (expr.kind == ExprKind::negate && is_condition(*expr.left)) {
    return there(tense, false) + (positive ? " a moment " : " no moment ") + window + " at which " +
           clause(expr, Tense::past, true);
  }
  if (is_condition(expr)) {
    return expr.name.text + " " + to_hold(tense, positive) + (positive ? " at some moment " : " at any moment ") +
           window;
  }
  if (is_pulse(expr)) return name_clause(expr, tense, positive) + " " + window;
  return there(tense, false) + (positive ? " a moment " : " no moment ") + window + " at which " +
         clause(expr, Tense::past, true);
}

std::string Prose::without_break(const Expr& expr, Tense tense, const std::string& window) const {
  if (is_condition(expr) || is_comparison(expr.kind)) return clause(expr, tense, true) + " without a break " + window;
  return "without a break " + window + " it " + to_be(tense, true) + " so that " + clause(expr, Tense::present, true);
}

std::string Prose::temporal(const Expr& expr, Tense tense) const {
  const Tense back = back_from(tense);
  const std::string span = span_in_words(expr.window.ms);
  const char* ago = is_past(tense) ? " earlier" : " ago";
  if (expr.kind == ExprKind::hold_for) {
    return without_break(*expr.left, back, is_past(tense) ? "for the " + span + " up to then" : "for " + span);
  }
  if (expr.kind == ExprKind::then) {
    const Tense before = is_past(tense) ? Tense::pluperfect : Tense::past;
    const std::string anchor = is_pulse(*expr.right) ? " before it" : " before that began";
    return clause(*expr.right, tense, true) + ", and " +
           at_some_moment(*expr.left, before, "in the " + span + anchor, true);
  }
  if (expr.kind == ExprKind::since) {
    std::string moment = "since the last moment at which " + clause(*expr.right, Tense::past, true);
    if (expr.window_start) {
      moment = "since a moment between " + span + " and " + span_in_words(expr.window_start->ms) + ago + " at which " +
               clause(*expr.right, Tense::past, true);
    } else if (expr.window.at.end != 0) {
      moment += ", which " + to_be(tense, true) + " no more than " + span + ago;
    }
    return without_break(*expr.left, back, moment);
  }
  if (expr.kind == ExprKind::from_until) {
    return "there " + std::string{is_past(tense) ? "had" : "has"} + " been a moment at which " +
           clause(*expr.left, Tense::past, true) + ", and since then none at which " +
           clause(*expr.right, Tense::past, true);
  }
  return expr.name.text;
}
}  // namespace tocsin::tools
