// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Reach: which conditions, indicators and feeds a rule of a watch book rests on.
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/compiler/ast.hpp"

namespace tocsin::tools {
/// Names, each once, in the order in which they are met.
struct BookReach {
  std::vector<std::string> conditions;
  std::vector<std::string> indicators;
  std::vector<std::string> overdue;  ///< feeds named in `overdue`
  bool may_lack_reports = false;     ///< takes a number that is unknown of no reports
  bool asks_for_reports = false;     ///< takes a number that is unknown of too few, by `at least`
  bool divides = false;              ///< by what may be zero
};

/// Adds what an expression of a book without cycles rests on, through named conditions too.
void reach_of(const compiler::Book& book, const compiler::Expr& expr, BookReach& out);
/// What the expression names itself, not following conditions.
[[nodiscard]] BookReach names_in(const compiler::Book& book, const compiler::Expr& expr);
/// All that an alert rests on: `when`, `clear`, `level ... when` and `needs`.
[[nodiscard]] BookReach reach_of(const compiler::Book& book, const compiler::AlertDecl& alert);
}  // namespace tocsin::tools
