// SPDX-License-Identifier: Apache-2.0
#include "never.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numbers.hpp"

namespace tocsin::compiler {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Interval kAnything{-kInfinity, kInfinity, false};
constexpr Interval kNothing{1, 0, false};
constexpr engine::Span kDay = 86'400'000;
constexpr std::size_t kFollowedMax = 64;  // named conditions looked into from one expression

bool is_comparison(ExprKind kind) { return kind >= ExprKind::less && kind <= ExprKind::greater; }

ExprKind opposite(ExprKind kind) {
  if (kind == ExprKind::less) return ExprKind::greater_equal;
  if (kind == ExprKind::less_equal) return ExprKind::greater;
  if (kind == ExprKind::equal) return ExprKind::not_equal;
  if (kind == ExprKind::not_equal) return ExprKind::equal;
  if (kind == ExprKind::greater_equal) return ExprKind::less;
  return ExprKind::less_equal;
}

// `a < b` is `b > a`.
ExprKind mirrored(ExprKind kind) {
  if (kind == ExprKind::less) return ExprKind::greater;
  if (kind == ExprKind::less_equal) return ExprKind::greater_equal;
  if (kind == ExprKind::greater_equal) return ExprKind::less_equal;
  if (kind == ExprKind::greater) return ExprKind::less;
  return kind;
}

bool holds_somewhere(ExprKind comparison, const Interval& a, const Interval& b) {
  if (a.empty() || b.empty()) return false;
  const auto never_whole = [](const Interval& whole, const Interval& other) {
    return whole.whole && other.least == other.most && std::floor(other.least) != other.least;
  };
  if (comparison == ExprKind::less) return a.least < b.most;
  if (comparison == ExprKind::less_equal) return a.least <= b.most;
  if (comparison == ExprKind::greater) return a.most > b.least;
  if (comparison == ExprKind::greater_equal) return a.most >= b.least;
  if (comparison == ExprKind::equal)
    return a.least <= b.most && b.least <= a.most && !never_whole(a, b) && !never_whole(b, a);
  return a.least < a.most || b.least < b.most || a.least != b.least;
}

// IEEE rounding keeps order, so the rounded corners bound every rounded result.
Interval from_corners(const Interval& a, const Interval& b, double (*join)(double, double)) {
  const double corners[] = {join(a.least, b.least), join(a.least, b.most), join(a.most, b.least), join(a.most, b.most)};
  if (std::any_of(std::begin(corners), std::end(corners), [](double x) { return std::isnan(x); })) return kAnything;
  return {*std::min_element(std::begin(corners), std::end(corners)),
          *std::max_element(std::begin(corners), std::end(corners)), false};
}

Interval arithmetic(ExprKind kind, const Interval& a, const Interval& b) {
  if (a.empty() || b.empty()) return kNothing;
  if (kind == ExprKind::add) return from_corners(a, b, [](double x, double y) { return x + y; });
  if (kind == ExprKind::subtract) return from_corners(a, b, [](double x, double y) { return x - y; });
  if (kind == ExprKind::multiply) return from_corners(a, b, [](double x, double y) { return x * y; });
  if (b.least == 0 && b.most == 0) return kNothing;
  if (b.least <= 0 && b.most >= 0) return kAnything;
  return from_corners(a, b, [](double x, double y) { return x / y; });
}

constexpr std::uint16_t kComparedDepthMax = 32;  // higher trees are not held against each other

// As many UTC days as that many milliseconds can touch.
double days_in(engine::Span window) { return static_cast<double>((window - 2 + kDay) / kDay + 1); }
}  // namespace

// What must be so for a whole expression to be what is wanted.
struct Never::Atom {
  const Expr* expr;
  bool wanted;
};

Never::Never(const Book& book, const Model& model, bool enough_reports)
    : book_{book},
      model_{model},
      enough_reports_{enough_reports},
      can_be_true_(book.conditions.size(), true),
      can_be_false_(book.conditions.size(), true) {
  for (const std::uint32_t condition : model.condition_order) {
    const Expr& value = *book.conditions[condition].value;
    can_be_true_[condition] = can_be(value, true);
    can_be_false_[condition] = can_be(value, false);
  }
}

bool Never::can_pass(const Word& indicator, const Filter& filter) const {
  const std::uint32_t index = model_.indicators.find(indicator.text);
  if (index == kNowhere || filter.terms.empty() || book_.indicators[index].feeds.empty()) return true;
  return reach_of_filter(book_.indicators[index], filter, book_, model_).possible;
}

Interval Never::call(const Expr& expr) const {
  const std::uint32_t index = model_.indicators.find(expr.indicator.text);
  if (index == kNowhere || book_.indicators[index].feeds.empty()) return kAnything;
  const IndicatorDecl& indicator = book_.indicators[index];
  const FilterReach reach = reach_of_filter(indicator, expr.filter, book_, model_);
  const auto keep = static_cast<double>(indicator.keep.value);
  const double most = reach.possible ? keep : 0;
  engine::Span window = 0;
  double least = 0;
  for (const Argument& argument : expr.arguments) {
    if (argument.kind == Argument::Kind::window) window = argument.window.ms;
    if (argument.kind == Argument::Kind::at_least && !enough_reports_) least = argument.number;
  }
  if (least > most) return kNothing;
  const std::string_view function = expr.name.text;
  if (function == "count") return {least, most, true};
  if (function == "days") return {0, std::min(most, days_in(window)), true};
  if (function == "origins") return {0, std::min(most, static_cast<double>(reach.origins.size())), true};
  if (function == "sum") {
    if (!reach.possible) return {0, 0, true};
    return {reach.least >= 0 ? 0 : -kInfinity, reach.most <= 0 ? 0 : kInfinity, false};
  }
  if (!reach.possible) return kNothing;
  if (function == "mad" || function == "stddev") return {0, kInfinity, false};
  if (function == "mean")  // a rounded mean may leave the bounds of its values, but not their side of 0
    return {reach.least >= 0 ? 0 : -kInfinity, reach.most <= 0 ? 0 : kInfinity, false};
  return {reach.least, reach.most, false};
}

Interval Never::values_of(const Expr& expr) const {
  if (expr.kind == ExprKind::number) return {expr.number, expr.number, std::floor(expr.number) == expr.number};
  if (expr.kind == ExprKind::call) return call(expr);
  if (expr.kind < ExprKind::add || expr.kind > ExprKind::divide) return kAnything;
  return arithmetic(expr.kind, values_of(*expr.left), values_of(*expr.right));
}

bool Never::compare(const Expr& expr, bool wanted) const {
  return holds_somewhere(wanted ? expr.kind : opposite(expr.kind), values_of(*expr.left), values_of(*expr.right));
}

bool Never::can_be(const Expr& expr, bool wanted) const {
  if (is_comparison(expr.kind)) return compare(expr, wanted);
  switch (expr.kind) {
    case ExprKind::name: {
      const std::uint32_t condition = model_.conditions.find(expr.name.text);
      if (model_.indicators.find(expr.name.text) != kNowhere) return !wanted || can_pass(expr.name, expr.filter);
      if (wanted || condition == kNowhere) return true;
      return can_be_false_[condition] || !can_be_true_[condition];
    }
    case ExprKind::overdue: {
      const std::uint32_t feed = model_.feeds.find(expr.name.text);
      return !wanted || feed == kNowhere || book_.feeds[feed].every.ms > 0;
    }
    case ExprKind::negate:
      return can_be(*expr.left, !wanted);
    case ExprKind::both:
    case ExprKind::unless:
      if (wanted) return all_can_be(expr, wanted);
      return can_be(*expr.left, false) || can_be(*expr.right, expr.kind == ExprKind::unless);
    case ExprKind::either:
      if (!wanted) return all_can_be(expr, wanted);
      return can_be(*expr.left, true) || can_be(*expr.right, true);
    case ExprKind::hold_for:
      return !wanted || can_be(*expr.left, true);  // at the first instant nothing has held yet
    case ExprKind::in_last:
      return can_be(*expr.left, wanted);
    case ExprKind::then:
      return !wanted || (can_be(*expr.left, true) && can_be(*expr.right, true));
    case ExprKind::since:
      return !wanted || can_be(*expr.right, true);
    case ExprKind::from_until:
      return !wanted || can_be(*expr.left, true);
    case ExprKind::number:  // numbers have no truth, comparisons went before
    case ExprKind::call:
    case ExprKind::add:
    case ExprKind::subtract:
    case ExprKind::multiply:
    case ExprKind::divide:
    case ExprKind::less:
    case ExprKind::less_equal:
    case ExprKind::equal:
    case ExprKind::not_equal:
    case ExprKind::greater_equal:
    case ExprKind::greater:
      return true;
  }
  return true;
}

// A chain of `and` (or of denied `or`): each part for itself, and all of them together.
bool Never::all_can_be(const Expr& expr, bool wanted) const {
  std::vector<Atom> atoms;
  std::vector<std::uint32_t> followed;
  conjuncts(expr, wanted, atoms, followed);
  for (const Atom& atom : atoms) {
    const ExprKind kind = atom.expr->kind;
    const bool joins = atom.wanted ? kind == ExprKind::both || kind == ExprKind::unless : kind == ExprKind::either;
    if (!joins && kind != ExprKind::negate && !can_be(*atom.expr, atom.wanted)) return false;
  }
  return agree(atoms);
}

// All parts that must have a certain truth, the joints and named conditions on the way included.
void Never::conjuncts(const Expr& expr, bool wanted, std::vector<Atom>& out,
                      std::vector<std::uint32_t>& followed) const {
  out.push_back({&expr, wanted});
  if (expr.kind == ExprKind::negate) return conjuncts(*expr.left, !wanted, out, followed);
  const bool joins =
      wanted ? expr.kind == ExprKind::both || expr.kind == ExprKind::unless : expr.kind == ExprKind::either;
  if (joins) {
    conjuncts(*expr.left, wanted, out, followed);
    conjuncts(*expr.right, expr.kind == ExprKind::unless ? !wanted : wanted, out, followed);
    return;
  }
  if (expr.kind != ExprKind::name || model_.indicators.find(expr.name.text) != kNowhere) return;
  const std::uint32_t condition = model_.conditions.find(expr.name.text);
  if (condition == kNowhere || followed.size() == kFollowedMax) return;
  if (std::find(followed.begin(), followed.end(), condition) != followed.end()) return;
  followed.push_back(condition);
  // One that can never be so has been told; its parts would only contradict each other again.
  if (wanted ? can_be_true_[condition] : can_be_false_[condition])
    conjuncts(*book_.conditions[condition].value, wanted, out, followed);
}

// Two parts contradict each other when one is the other's opposite, or when no number lies in both their ranges.
bool Never::agree(const std::vector<Atom>& atoms) const {
  struct Bounds {
    Interval at;
    bool open_least = false;
    bool open_most = false;
    std::vector<double> excluded;
  };
  std::map<std::string, bool> wanted;
  std::map<std::string, Bounds> bounds;
  for (const Atom& atom : atoms) {
    const Expr& expr = *atom.expr;
    if (expr.kind == ExprKind::negate) continue;
    if (expr.depth > kComparedDepthMax) continue;
    const auto [seen, fresh] = wanted.try_emplace(to_sexpr(expr), atom.wanted);
    if (!fresh && seen->second != atom.wanted) return false;
    if (!is_comparison(expr.kind)) continue;
    const Interval left = values_of(*expr.left);
    const Interval right = values_of(*expr.right);
    const bool turned = left.least == left.most && expr.left->kind == ExprKind::number;
    const Interval& limit = turned ? left : right;
    if (limit.least != limit.most || (!turned && expr.right->kind != ExprKind::number)) continue;
    ExprKind comparison = atom.wanted ? expr.kind : opposite(expr.kind);
    if (turned) comparison = mirrored(comparison);
    const double value = limit.least;
    Bounds& range =
        bounds.try_emplace(to_sexpr(turned ? *expr.right : *expr.left), Bounds{turned ? right : left, {}, {}, {}})
            .first->second;
    const bool open = comparison == ExprKind::less || comparison == ExprKind::greater;
    if (comparison == ExprKind::not_equal) {
      range.excluded.push_back(value);
      continue;
    }
    if (comparison != ExprKind::less && comparison != ExprKind::less_equal && value >= range.at.least) {
      range.open_least = value > range.at.least ? open : range.open_least || open;
      range.at.least = value;
    }
    if (comparison != ExprKind::greater && comparison != ExprKind::greater_equal && value <= range.at.most) {
      range.open_most = value < range.at.most ? open : range.open_most || open;
      range.at.most = value;
    }
  }
  return std::none_of(bounds.begin(), bounds.end(), [](const auto& entry) {
    const Bounds& range = entry.second;
    double least = range.at.least;
    double most = range.at.most;
    bool open = range.open_least || range.open_most;
    if (range.at.whole && std::isfinite(least) && std::isfinite(most)) {
      least = range.open_least ? std::floor(least) + 1 : std::ceil(least);
      most = range.open_most ? std::ceil(most) - 1 : std::floor(most);
      open = false;
    }
    if (least > most) return true;
    return least == most &&
           (open || std::find(range.excluded.begin(), range.excluded.end(), least) != range.excluded.end());
  });
}
}  // namespace tocsin::compiler
