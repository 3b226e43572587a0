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
  void unsupported(Range at, std::string_view what, std::string help) {
    error(at, "`" + std::string{what} + "` is not in this version of the language", std::move(help));
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
  void filter(Range at);

 private:
  void name_as_condition(const Expr& expr);
  void name_as_number(const Expr& expr);
  void unknown_subject(const Word& name);
  void call(const Expr& expr);
  void call_arguments(const Expr& expr);
  void temporal(const Expr& expr);
};
}  // namespace tocsin::compiler
