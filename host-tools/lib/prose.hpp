// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Plain English: numbers, spans of time and lists in words, conditions as clauses, paragraphs in lines.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/compiler/ast.hpp"

namespace tocsin::tools {
/// 3 -> "three"; from thirteen on digits.
[[nodiscard]] std::string number_in_words(std::uint64_t number);
/// [ms] -> "24 hours", "3 days", "1 day and 12 hours", "90 seconds".
[[nodiscard]] std::string span_in_words(engine::Span span);
/// [ms] of something regular: "every day", "every 6 hours".
[[nodiscard]] std::string rhythm_in_words(engine::Span span);
/// "a", "a and b", "a, b and c".
[[nodiscard]] std::string list_in_words(const std::vector<std::string>& items, std::string_view last = "and");
/// The text with its first letter in upper case.
[[nodiscard]] std::string capitalised(std::string text);
/// The text in lines of up to `columns`, each starting with `indent` blanks and ending with a line end. Words are never
/// divided.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent);

enum class Tense : std::uint8_t { present, perfect, past, pluperfect };

/// Speaks of the conditions of one book. The book must have compiled and outlive it.
class Prose {
 public:
  explicit Prose(const compiler::Book& book) : book_{book} {}

  /// A condition as a clause: `strait_surge holds`, `there has been a report of "X" in the last 3 days`. The names of
  /// conditions stay names.
  [[nodiscard]] std::string clause(const compiler::Expr& expr, Tense tense = Tense::present,
                                   bool positive = true) const;
  /// The title of an indicator, feed, origin, actor, theater or hypothesis, or its name where it has none.
  [[nodiscard]] std::string indicator(const compiler::Word& name) const;
  [[nodiscard]] std::string feed(const compiler::Word& name) const;
  [[nodiscard]] std::string origin(const compiler::Word& name) const;
  [[nodiscard]] std::string actor(const compiler::Word& name) const;
  [[nodiscard]] std::string theater(const compiler::Word& name) const;
  [[nodiscard]] std::string hypothesis(const compiler::Word& name) const;
  /// ` seen by "X" and graded B2 or better`, or empty.
  [[nodiscard]] std::string filter(const compiler::Filter& filter) const;
  [[nodiscard]] const compiler::ConditionDecl* find_condition(std::string_view name) const;
  [[nodiscard]] const compiler::IndicatorDecl* find_indicator(std::string_view name) const;
  [[nodiscard]] const compiler::FeedDecl* find_feed(std::string_view name) const;

  /// One of what `and` or `or` joins; not positive: its opposite.
  struct Part {
    const compiler::Expr* expr;
    bool positive;
  };

 private:
  [[nodiscard]] std::string names_together(const std::vector<Part>& parts, bool conjunction, Tense tense) const;
  [[nodiscard]] bool is_condition(const compiler::Expr& expr) const;
  [[nodiscard]] bool is_pulse(const compiler::Expr& expr) const;
  [[nodiscard]] std::string name_clause(const compiler::Expr& expr, Tense tense, bool positive) const;
  [[nodiscard]] std::string overdue_clause(const compiler::Expr& expr, Tense tense, bool positive) const;
  [[nodiscard]] std::string comparison(const compiler::Expr& expr, Tense tense, bool positive) const;
  [[nodiscard]] std::string tally(const compiler::Expr& call, compiler::ExprKind sign, double limit, Tense tense) const;
  [[nodiscard]] std::string junction(const compiler::Expr& expr, Tense tense, bool positive) const;
  [[nodiscard]] std::string temporal(const compiler::Expr& expr, Tense tense) const;
  [[nodiscard]] std::string at_some_moment(const compiler::Expr& expr, Tense tense, const std::string& window,
                                           bool positive) const;
  [[nodiscard]] std::string without_break(const compiler::Expr& expr, Tense tense, const std::string& window) const;
  [[nodiscard]] std::string number(const compiler::Expr& expr, Tense tense, bool inner = false) const;
  [[nodiscard]] std::string call(const compiler::Expr& expr, Tense tense) const;
  [[nodiscard]] std::string subject(const compiler::Expr& call) const;
  [[nodiscard]] std::string quantity(double value, const compiler::Expr& like) const;

  const compiler::Book& book_;
};
}  // namespace tocsin::tools
