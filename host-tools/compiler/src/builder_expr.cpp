// SPDX-License-Identifier: Apache-2.0
// Expressions: operands are on the stack before the rule that joins them is complete.
#include <algorithm>

#include "builder.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
ExprKind comparison_of(std::string_view sign) {
  if (sign == "<") return ExprKind::less;
  if (sign == "<=") return ExprKind::less_equal;
  if (sign == ">") return ExprKind::greater;
  if (sign == ">=") return ExprKind::greater_equal;
  return sign == "!=" || sign == "<>" ? ExprKind::not_equal : ExprKind::equal;
}

ExprPtr make(ExprKind kind, Range at) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->at = at;
  expr->op = at;
  return expr;
}
}  // namespace

// A rule's text ends after the blanks and comments behind it.
Range Builder::trimmed(Range at) const {
  std::string_view text = view(at);
  text = text.substr(0, text.find('#'));
  const std::size_t last = text.find_last_not_of(" \t\r\n\v\f");
  return {at.begin, at.begin + static_cast<std::uint32_t>(last == std::string_view::npos ? 0 : last + 1)};
}

ExprPtr Builder::pop_expr() {
  if (exprs_.empty()) return nullptr;
  ExprPtr expr = std::move(exprs_.back());
  exprs_.pop_back();
  return expr;
}

// Joins the operands' heights and places; a tree too high to walk is refused here, before anything recurses into it.
void Builder::push_expr(ExprPtr expr) {
  for (const Expr* operand : {expr->left.get(), expr->right.get()}) {
    if (operand == nullptr) continue;
    expr->depth = std::max<std::uint16_t>(expr->depth, static_cast<std::uint16_t>(operand->depth + 1));
    expr->at.begin = std::min(expr->at.begin, operand->at.begin);
    expr->at.end = std::max(expr->at.end, operand->at.end);
  }
  if (expr->depth > kExprDepthMax) {
    error_offset_ = expr->op.end;
    error(expr->op, "this expression joins more than " + std::to_string(kExprDepthMax) + " parts",
          "give groups of them names with `condition`");
    throw SyntaxError{};
  }
  exprs_.push_back(std::move(expr));
}

void Builder::fold(ExprKind kind, Range at) {
  ExprPtr expr = make(kind, trimmed(at));
  expr->right = pop_expr();
  expr->left = pop_expr();
  if (!ops_.empty()) expr->op = pop_op();
  push_expr(std::move(expr));
}

void Builder::push_number(Range at) {
  ExprPtr expr = make(ExprKind::number, trimmed(at));
  expr->number = numbers_.empty() ? 0 : numbers_.back();
  if (!numbers_.empty()) numbers_.pop_back();
  push_expr(std::move(expr));
}

void Builder::push_name(Range at) {
  ExprPtr expr = make(ExprKind::name, trimmed(at));
  expr->name = pop_word();
  expr->filter = pop_filter();
  push_expr(std::move(expr));
}

void Builder::push_overdue(Range at) {
  ExprPtr expr = make(ExprKind::overdue, trimmed(at));
  expr->name = pop_word();
  push_expr(std::move(expr));
}

void Builder::begin_call(Range at) { calls_.push_back({{std::string{view(at)}, at}, {}}); }

void Builder::filter_number(Range at) {
  const Range place = trimmed(at);
  filter_value_ = {};
  filter_value_.value_kind = FilterTerm::ValueKind::number;
  filter_value_.value = {std::string{view(place)}, place};
  filter_value_.number = numbers_.empty() ? 0 : numbers_.back();
  if (!numbers_.empty()) numbers_.pop_back();
}
void Builder::filter_text(Range /*at*/) {
  filter_value_ = {};
  filter_value_.value_kind = FilterTerm::ValueKind::text;
  if (!strings_.empty()) filter_value_.value = std::move(strings_.back());
  if (!strings_.empty()) strings_.pop_back();
}
void Builder::filter_word(Range /*at*/) {
  filter_value_ = {};
  filter_value_.value = pop_word();
}
void Builder::filter_term(Range at) {
  FilterTerm term = std::move(filter_value_);
  term.at = trimmed(at);
  term.sign = pop_op();
  term.comparison = comparison_of(view(term.sign));
  term.key = pop_word();
  filter_terms_.push_back(std::move(term));
}
void Builder::end_filter(Range at) {
  filter_.at = trimmed(at);
  filter_.terms = std::move(filter_terms_);
  filter_terms_.clear();
  in_filter_ = false;
}

void Builder::argument_window(Range at) {
  Argument argument;
  argument.kind = Argument::Kind::window;
  argument.at = trimmed(at);
  argument.window = pop_duration();
  if (!calls_.empty()) calls_.back().arguments.push_back(argument);
}
void Builder::argument_ending(Range at) {
  const Duration ending = pop_duration();
  if (calls_.empty() || calls_.back().arguments.empty()) return;
  calls_.back().arguments.back().ending = Duration{ending.ms, trimmed(at)};
}
void Builder::argument_number(Range at) {
  Argument argument;
  argument.kind = Argument::Kind::number;
  argument.at = trimmed(at);
  argument.number = numbers_.empty() ? 0 : numbers_.back();
  argument.text = view(argument.at);
  if (!numbers_.empty()) numbers_.pop_back();
  if (!calls_.empty()) calls_.back().arguments.push_back(argument);
}
void Builder::argument_at_least(Range at) {
  Argument argument;
  argument.kind = Argument::Kind::at_least;
  argument.at = trimmed(at);
  argument.number = static_cast<double>(pop_count().value);
  if (!calls_.empty()) calls_.back().arguments.push_back(argument);
}

void Builder::end_call(Range at) {
  ExprPtr expr = make(ExprKind::call, trimmed(at));
  expr->indicator = pop_word();
  expr->filter = pop_filter();
  if (!calls_.empty()) {
    expr->name = std::move(calls_.back().function);
    expr->arguments = std::move(calls_.back().arguments);
    calls_.pop_back();
  }
  push_expr(std::move(expr));
}

void Builder::negative_name(Range at) {
  error_offset_ = at.end;
  error({at.begin, at.begin + 1}, "`-` before something that is not a number", "write `0 - x`");
  throw SyntaxError{};
}

void Builder::parentheses(Range at) {
  if (!exprs_.empty()) exprs_.back()->at = trimmed(at);
}

void Builder::fold_arithmetic(Range at) {
  const char sign = ops_.empty() ? '+' : text_[ops_.back().begin];
  fold(sign == '+'   ? ExprKind::add
       : sign == '-' ? ExprKind::subtract
       : sign == '*' ? ExprKind::multiply
                     : ExprKind::divide,
       at);
}

void Builder::fold_comparison(Range at) {
  fold(comparison_of(ops_.empty() ? std::string_view{"="} : view(ops_.back())), at);
}

void Builder::fold_chain(Range /*at*/) {
  const Range sign = pop_op();
  (void)pop_expr();
  error(sign, "comparisons do not chain", "write both: `a < b and b < c`");
}

void Builder::fold_not(Range at) {
  ExprPtr expr = make(ExprKind::negate, trimmed(at));
  expr->left = pop_expr();
  if (!ops_.empty()) expr->op = pop_op();
  push_expr(std::move(expr));
}

void Builder::fold_window(ExprKind kind, Range at) {
  ExprPtr expr = make(kind, trimmed(at));
  expr->window_start = window_start_;
  window_start_.reset();
  expr->window = pop_duration();
  if (kind == ExprKind::then || kind == ExprKind::since) expr->right = pop_expr();
  expr->left = pop_expr();
  if (!ops_.empty()) expr->op = pop_op();
  push_expr(std::move(expr));
}

void Builder::fold_for(Range at) { fold_window(ExprKind::hold_for, at); }
void Builder::fold_in_last(Range at) { fold_window(ExprKind::in_last, at); }
void Builder::fold_then(Range at) { fold_window(ExprKind::then, at); }

void Builder::in_last_to(Range /*at*/) {
  const Duration longest = pop_duration();
  window_start_ = pop_duration();
  durations_.push_back(longest);
}

void Builder::since_window(Range /*at*/) {
  (void)pop_op();  // the `in`
  has_window_ = true;
}

void Builder::fold_since(Range at) {
  if (!has_window_) durations_.push_back({});
  has_window_ = false;
  fold_window(ExprKind::since, at);
}

void Builder::fold_from_until(Range at) { fold(ExprKind::from_until, at); }
}  // namespace tocsin::compiler
