// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the checker finds out about a book and the emitter needs: which name is which declaration, in which order the
// conditions can be compiled, and what each rule reaches.
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/compiler/ast.hpp"
#include "tocsin/compiler/compile.hpp"
#include "tocsin/compiler/diagnostic.hpp"

namespace tocsin::compiler {
inline constexpr std::uint32_t kNowhere = 0xFFFFFFFFU;
inline constexpr engine::Span kDefaultHorizon = 14 * 86'400'000LL;

// The names of one kind of thing, sorted bytewise: the order in the image.
class NameTable {
 public:
  // @returns kNowhere when the name is new, else the index that has it already.
  std::uint32_t add(std::string_view name, std::uint32_t index) {
    const auto [at, added] = indices_.try_emplace(std::string{name}, index);
    return added ? kNowhere : at->second;
  }
  [[nodiscard]] std::uint32_t find(std::string_view name) const {
    const auto at = indices_.find(name);
    return at == indices_.end() ? kNowhere : at->second;
  }
  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> all;
    all.reserve(indices_.size());
    for (const auto& [name, index] : indices_) all.push_back(name);
    return all;
  }
  [[nodiscard]] const std::map<std::string, std::uint32_t, std::less<>>& sorted() const { return indices_; }

 private:
  std::map<std::string, std::uint32_t, std::less<>> indices_;
};

// What an expression rests on, through named conditions too.
struct Reach {
  std::bitset<engine::kIndicatorsMax> indicators;  // by declaration index
  std::bitset<engine::kFeedsMax> overdue;          // feeds named in `overdue`
  engine::Span look_back_ms = 0;
  bool endless = false;  // a `since` or `from ... until` looks back as far as there is
  void add(const Reach& other) {
    indicators |= other.indicators;
    overdue |= other.overdue;
    endless = endless || other.endless;
    look_back_ms = look_back_ms > other.look_back_ms ? look_back_ms : other.look_back_ms;
  }
};

struct Model {
  NameTable theaters;
  NameTable actors;
  NameTable origins;
  NameTable feeds;
  NameTable indicators;
  NameTable conditions;
  NameTable alerts;
  NameTable hypotheses;
  std::vector<std::uint32_t> condition_order;  // operands first; empty when there are cycles
  std::vector<Reach> condition_reach;          // by declaration index
  Reach reach;                                 // of all rules together
};

// Checks all that the grammar cannot: names, types, rules of the language. Errors go to `diagnostics`.
// @returns true when nothing is wrong and the book can be emitted.
bool check(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics);
// Alerts and linkages. `acyclic`: what conditions reach is known.
void check_alerts(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics, bool acyclic);
// Names, feeds and origins of test lines.
void check_tests(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics);
// What is allowed but probably not meant. Only for books without errors.
void warn(const Book& book, const Model& model, const Target& target, std::vector<Diagnostic>& diagnostics);

// What an expression of a checked book rests on; named conditions must be known already.
[[nodiscard]] Reach reach_of(const Expr& expr, const Book& book, const Model& model);
// Calls `visit(const Expr&)` for every name in the expression, not following them.
template <typename Visit>
void for_each_leaf(const Expr& expr, Visit&& visit) {
  if (expr.left) for_each_leaf(*expr.left, visit);
  if (expr.right) for_each_leaf(*expr.right, visit);
  if (expr.kind == ExprKind::name || expr.kind == ExprKind::call || expr.kind == ExprKind::overdue) visit(expr);
}
}  // namespace tocsin::compiler
