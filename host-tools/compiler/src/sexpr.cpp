// SPDX-License-Identifier: Apache-2.0
#include "tocsin/compiler/ast.hpp"
#include "tocsin/text/json_lines.hpp"

namespace tocsin::compiler {
namespace {
const char* word_for(ExprKind kind) {
  switch (kind) {
    case ExprKind::add:
      return "+";
    case ExprKind::subtract:
      return "-";
    case ExprKind::multiply:
      return "*";
    case ExprKind::divide:
      return "/";
    case ExprKind::less:
      return "<";
    case ExprKind::less_equal:
      return "<=";
    case ExprKind::equal:
      return "=";
    case ExprKind::not_equal:
      return "!=";
    case ExprKind::greater_equal:
      return ">=";
    case ExprKind::greater:
      return ">";
    case ExprKind::both:
      return "and";
    case ExprKind::either:
      return "or";
    case ExprKind::unless:
      return "unless";
    case ExprKind::negate:
      return "not";
    case ExprKind::hold_for:
      return "for";
    case ExprKind::in_last:
      return "in-last";
    case ExprKind::then:
      return "then";
    case ExprKind::since:
      return "since";
    case ExprKind::from_until:
      return "from-until";
    case ExprKind::number:
    case ExprKind::name:
    case ExprKind::call:
    case ExprKind::overdue:
      break;
  }
  return "";
}

std::string filter_text(const Filter& filter) {
  std::string out;
  for (const FilterTerm& term : filter.terms) {
    out += out.empty() ? "[" : ", ";
    out += term.key.text + " " + word_for(term.comparison) + " ";
    switch (term.value_kind) {
      case FilterTerm::ValueKind::number:
        out += text::format_number(term.number);
        break;
      case FilterTerm::ValueKind::word:
        out += term.value.text;
        break;
      case FilterTerm::ValueKind::text:
        out += "\"" + term.value.text + "\"";
        break;
    }
  }
  return out.empty() ? out : out + "]";
}

std::string call_text(const Expr& expr) {
  std::string out = "(" + expr.name.text + " " + expr.indicator.text + filter_text(expr.filter);
  for (const Argument& argument : expr.arguments) {
    switch (argument.kind) {
      case Argument::Kind::window:
        out += " " + text::format_span(argument.window.ms);
        break;
      case Argument::Kind::number:
        out += " " + argument.text;
        break;
      case Argument::Kind::at_least:
        out += " at-least " + text::format_number(argument.number);
        break;
    }
    if (argument.ending) out += " ending " + text::format_span(argument.ending->ms);
  }
  return out + ")";
}
}  // namespace

std::string to_sexpr(const Expr& expr) {
  if (expr.kind == ExprKind::number) return text::format_number(expr.number);
  if (expr.kind == ExprKind::name) return expr.name.text + filter_text(expr.filter);
  if (expr.kind == ExprKind::overdue) return "(overdue " + expr.name.text + ")";
  if (expr.kind == ExprKind::call) return call_text(expr);
  std::string out = std::string{"("} + word_for(expr.kind);
  if (expr.left) out += " " + to_sexpr(*expr.left);
  if (expr.right) out += " " + to_sexpr(*expr.right);
  if (expr.window_start) out += " " + text::format_span(expr.window_start->ms);
  if (expr.window.at.end != 0) out += " " + text::format_span(expr.window.ms);
  return out + ")";
}
}  // namespace tocsin::compiler
