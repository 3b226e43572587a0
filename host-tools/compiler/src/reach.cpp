// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "model.hpp"

namespace tocsin::compiler {
namespace {
Reach reach_of_call(const Expr& expr, const Model& model) {
  Reach reach;
  const std::uint32_t index = model.indicators.find(expr.indicator.text);
  if (index < engine::kIndicatorsMax) reach.indicators.set(index);
  for (const Argument& argument : expr.arguments) {
    if (argument.kind != Argument::Kind::window) continue;
    reach.look_back_ms = argument.window.ms + (argument.ending ? argument.ending->ms : 0);
  }
  return reach;
}
}  // namespace

Reach reach_of(const Expr& expr, const Book& book, const Model& model) {
  Reach reach;
  if (expr.kind == ExprKind::call) return reach_of_call(expr, model);
  if (expr.kind == ExprKind::overdue) {
    const std::uint32_t feed = model.feeds.find(expr.name.text);
    if (feed < engine::kFeedsMax) {
      reach.overdue.set(feed);
      reach.look_back_ms = book.feeds[feed].every.ms + book.feeds[feed].grace.ms;
    }
    return reach;
  }
  if (expr.kind == ExprKind::name) {
    const std::uint32_t indicator = model.indicators.find(expr.name.text);
    if (indicator < engine::kIndicatorsMax) reach.indicators.set(indicator);
    const std::uint32_t condition = model.conditions.find(expr.name.text);
    if (indicator == kNowhere && condition < model.condition_reach.size()) reach = model.condition_reach[condition];
    return reach;
  }
  if (expr.left) reach.add(reach_of(*expr.left, book, model));
  if (expr.right) reach.add(reach_of(*expr.right, book, model));
  if (expr.kind == ExprKind::from_until || (expr.kind == ExprKind::since && expr.window.at.end == 0))
    reach.endless = true;
  // Books may nest spans without end; the sum stays far inside 64 bits.
  reach.look_back_ms = std::min(reach.look_back_ms + expr.window.ms, engine::kSpanMax * 1000);
  return reach;
}
}  // namespace tocsin::compiler
