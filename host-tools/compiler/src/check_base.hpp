// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shared by the parts of the checker.
#include <string>
#include <utility>

#include "errors.hpp"
#include "model.hpp"
#include "words.hpp"

namespace tocsin::compiler {
class CheckBase {
 public:
  CheckBase(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics)
      : book_{book}, model_{model}, diagnostics_{diagnostics} {}

 protected:
  void error(Range at, std::string message, std::string help = {}, std::vector<Note> notes = {}) {
    diagnostics_.push_back({Severity::error, at, std::move(message), std::move(help), std::move(notes)});
    if (diagnostics_.size() >= kErrorsMax) throw TooManyErrors{};
  }
  // Looks a name up and says when it is not there.
  std::uint32_t resolve(const Word& name, const NameTable& table, std::string_view kind) {
    const std::uint32_t found = table.find(name.text);
    if (found == kNowhere && book_.unread.count(name.text) == 0) {
      std::string help = did_you_mean(name.text, table.names());
      if (help.empty() && table.sorted().empty()) help = "the book declares no " + std::string{kind};
      error(name.at, "no " + std::string{kind} + " is called " + quoted(name.text), std::move(help));
    }
    return found;
  }
  void positive(const Duration& duration, std::string_view what) {
    if (duration.ms <= 0) error(duration.at, std::string{what} + " needs more than 0");
  }
  // Longer lists are limited elsewhere; here they would only take time.
  static constexpr std::size_t kNamesCompared = 1024;
  void distinct(const std::vector<Word>& names) {
    for (std::size_t i = 0; i < names.size() && i < kNamesCompared; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (names[i].text != names[j].text) continue;
        error(names[i].at, quoted(names[i].text) + " is named twice", "name it once");
        break;
      }
    }
  }

  const Book& book_;
  Model& model_;
  std::vector<Diagnostic>& diagnostics_;
};

// Types and names within expressions.
class ExprChecker : public CheckBase {
 public:
  using CheckBase::CheckBase;
  void want_condition(const Expr& expr);
  void want_number(const Expr& expr);
  void filter(const Filter& filter);

 private:
  void filter_term(const FilterTerm& term);
  void filter_name(const FilterTerm& term, const NameTable& table, std::string_view kind);
  void name_as_condition(const Expr& expr);
  void name_as_number(const Expr& expr);
  void unknown_subject(const Word& name);
  void overdue(const Word& name);
  void call(const Expr& expr);
  void call_arguments(const Expr& expr);
  void quantile_rank(const Argument& argument);
  void at_least(const Expr& expr, const Argument& argument);
  void temporal(const Expr& expr);
  void past(const Expr& expr);
};
}  // namespace tocsin::compiler
