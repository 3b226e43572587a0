// SPDX-License-Identifier: Apache-2.0
#include "lib/book_outline.hpp"

#include <algorithm>
#include <array>

namespace tocsin::tools {
namespace {
template <std::size_t kCount>
bool is_one_of(std::string_view word, const std::array<std::string_view, kCount>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr auto kDeclarations =
    std::to_array<std::string_view>({"watchbook", "horizon", "include", "theater", "actor", "origin", "feed",
                                     "indicator", "condition", "alert", "linkage", "hypothesis", "test"});
constexpr auto kAlertClauses = std::to_array<std::string_view>(
    {"theater", "from", "between", "when", "level", "clear", "hold", "cooldown", "evidence", "needs", "weigh",
     "against", "caveat", "disconfirm", "marking", "release", "compartments"});
constexpr auto kListClauses = std::to_array<std::string_view>(
    {"origins", "origin", "feeds", "feed", "against", "between", "release", "compartments"});
constexpr auto kTestLines = std::to_array<std::string_view>({"at", "clock", "expect"});
// After these words an operand comes, so that a clause cannot end there.
constexpr auto kWantOperand = std::to_array<std::string_view>(
    {"and", "or",   "not",    "unless", "then", "since", "until",  "when", "from", "for",
     "in",  "last", "within", "to",     "at",   "least", "ending", "of",   "by",   "else"});
constexpr auto kSigns =
    std::to_array<std::string_view>({"+", "-", "*", "/", "<", "<=", "=", "!=", ">=", ">", ",", "(", "[", "{"});

bool ends_operand(std::string_view word) {
  return !is_one_of(word, kWantOperand) && !is_one_of(word, kSigns) && word != "clear" && word != "weigh";
}

class Outliner {
 public:
  explicit Outliner(const std::vector<Token>& tokens) : tokens_{tokens} {}

  std::vector<DeclarationOutline> run() {
    std::vector<DeclarationOutline> all;
    while (at_ < tokens_.size()) all.push_back(declaration());
    return all;
  }

 private:
  [[nodiscard]] std::string_view word(std::size_t index) const {
    return index < tokens_.size() ? tokens_[index].text : std::string_view{};
  }
  [[nodiscard]] std::string_view word() const { return word(at_); }
  void skip(std::size_t count) { at_ = std::min(at_ + count, tokens_.size()); }

  DeclarationOutline declaration() {
    DeclarationOutline found;
    found.keyword = word();
    found.all.first = found.head.first = at_;
    skip(1);
    int depth = 0;
    // Square brackets may hold words of the language: `[feed = x]`.
    while (at_ < tokens_.size() && word() != "{" && (depth > 0 || !is_one_of(word(), kDeclarations))) {
      if (word() == "[" || word() == "(") ++depth;
      if (word() == "]" || word() == ")") --depth;
      skip(1);
    }
    found.head.last = at_;
    if (word() == "{") found.block = block(found.keyword);
    found.all.last = at_;
    return found;
  }

  BlockOutline block(std::string_view keyword) {
    BlockOutline found;
    found.open = at_;
    skip(1);
    while (at_ < tokens_.size() && word() != "}") {
      TokenRun clause{at_, at_};
      if (keyword == "test") {
        test_line();
      } else {
        take_clause();
      }
      clause.last = at_;
      found.clauses.push_back(clause);
    }
    found.close = std::min(at_, tokens_.size() - 1);
    skip(1);
    return found;
  }

  void test_line() {
    if (word() == "expect") {
      const bool nothing = word(at_ + 1) == "nothing";
      skip(nothing ? 3 : 5);
      if (!nothing && word() == "level") skip(2);
      return;
    }
    skip(word() == "clock" ? 2 : 3);
    while (at_ < tokens_.size() && word() != "}" && !is_one_of(word(), kTestLines)) skip(1);
  }

  void take_clause() {
    const std::string_view keyword = word();
    skip(1);
    if (is_one_of(keyword, kListClauses)) {
      skip(1);
      while (word() == ",") skip(2);
    } else if (keyword == "blind") {
      skip(2);
    } else if (keyword == "from" || keyword == "disconfirm") {
      skip(3);
    } else if (keyword == "weigh") {
      skip(3);
      while (word() == ",") skip(4);
      if (word() == "when") take_clause();
    } else if (keyword == "when" || keyword == "clear" || keyword == "needs") {
      rest_of_clause();
    } else {
      skip(1);
      if (keyword == "level" && word() == "when") take_clause();
    }
  }

  // Up to a word that begins a clause where an operand is complete.
  void rest_of_clause() {
    int depth = 0;
    for (; at_ < tokens_.size() && word() != "}"; skip(1)) {
      if (word() == "(" || word() == "[") ++depth;
      if (word() == ")" || word() == "]") --depth;
      const std::string_view before = word(at_ - 1);
      if (depth == 0 && ends_operand(before) && is_one_of(word(), kAlertClauses)) return;
    }
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
};
}  // namespace

std::vector<DeclarationOutline> outline(const std::vector<Token>& tokens) { return Outliner{tokens}.run(); }

bool is_sign_of_number(const std::vector<Token>& tokens, TokenRun clause, std::size_t at) {
  const std::string_view keyword = tokens[clause.first].text;
  if (at == clause.first) return false;
  if (keyword == "at") return true;  // a report's value
  if (keyword == "weigh") {
    bool weights = true;
    for (std::size_t i = clause.first; i < at; ++i) weights = weights && tokens[i].text != "when";
    if (weights) return true;
  }
  return !ends_operand(tokens[at - 1].text);
}
}  // namespace tocsin::tools
