// SPDX-License-Identifier: Apache-2.0
#include "lib/book_reach.hpp"

#include <algorithm>

namespace tocsin::tools {
namespace {
using compiler::Expr;
using compiler::ExprKind;

bool add(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return false;
  names.push_back(name);
  return true;
}

const compiler::ConditionDecl* find_condition(const compiler::Book& book, const std::string& name) {
  const auto found = std::find_if(book.conditions.begin(), book.conditions.end(),
                                  [&](const compiler::ConditionDecl& decl) { return decl.name.text == name; });
  return found == book.conditions.end() ? nullptr : &*found;
}

bool is_unknown_of_none(const Expr& call) {
  const std::string& function = call.name.text;
  return function != "count" && function != "sum" && function != "days" && function != "origins";
}
bool asks_for_reports(const Expr& call) {
  return std::any_of(call.arguments.begin(), call.arguments.end(), [](const compiler::Argument& argument) {
    return argument.kind == compiler::Argument::Kind::at_least && argument.number > 0;
  });
}

void walk(const compiler::Book& book, const Expr& expr, bool follow, BookReach& out) {
  if (expr.left) walk(book, *expr.left, follow, out);
  if (expr.right) walk(book, *expr.right, follow, out);
  if (expr.kind == ExprKind::divide && (expr.right->kind != ExprKind::number || expr.right->number == 0)) {
    out.divides = true;
  }
  if (expr.kind == ExprKind::overdue) add(out.overdue, expr.name.text);
  if (expr.kind == ExprKind::call) {
    add(out.indicators, expr.indicator.text);
    out.may_lack_reports = out.may_lack_reports || is_unknown_of_none(expr);
    out.asks_for_reports = out.asks_for_reports || asks_for_reports(expr);
  }
  if (expr.kind != ExprKind::name) return;
  const compiler::ConditionDecl* const condition = find_condition(book, expr.name.text);
  if (condition == nullptr) {
    add(out.indicators, expr.name.text);
  } else if (add(out.conditions, expr.name.text) && follow && condition->value) {
    walk(book, *condition->value, follow, out);
  }
}
}  // namespace

void reach_of(const compiler::Book& book, const Expr& expr, BookReach& out) { walk(book, expr, true, out); }

BookReach names_in(const compiler::Book& book, const Expr& expr) {
  BookReach out;
  walk(book, expr, false, out);
  return out;
}

BookReach reach_of(const compiler::Book& book, const compiler::AlertDecl& alert) {
  BookReach out;
  if (alert.when) reach_of(book, *alert.when, out);
  for (const compiler::LevelClause& level : alert.levels) {
    if (level.when) reach_of(book, *level.when, out);
  }
  for (const compiler::NeedClause& need : alert.needs) {
    for (const compiler::NeedItem& item : need.items) add(out.indicators, item.indicator.text);
  }
  if (alert.clear) reach_of(book, *alert.clear, out);
  return out;
}
}  // namespace tocsin::tools
