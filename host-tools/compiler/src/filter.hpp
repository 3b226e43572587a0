// SPDX-License-Identifier: Apache-2.0
#pragma once
// What filters mean: how a term's value is read, and which reports of an indicator can pass.
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tocsin/compiler/ast.hpp"

#include "model.hpp"

namespace tocsin::compiler {
inline constexpr std::size_t kTagBytesMax = 64;

// `B2` as the engine has it: letter * 256 + digit.
[[nodiscard]] std::optional<std::uint16_t> grade_of(std::string_view text);
// `B`
[[nodiscard]] std::optional<std::uint16_t> reliability_of(std::string_view text);
// `2`
[[nodiscard]] std::optional<std::uint16_t> credibility_of(std::string_view text);
[[nodiscard]] engine::Op op_of_comparison(ExprKind kind);
// The key of a term of a checked filter.
[[nodiscard]] engine::FilterKey key_of(const FilterTerm& term);

// The reports of an indicator that can pass a filter, as far as the book tells.
struct FilterReach {
  bool possible = true;           // false: none ever
  std::set<std::string> origins;  // they can come from these
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();  // their values lie in [least, most]
};
// @pre the filter is right; names that are not declared are left out.
[[nodiscard]] FilterReach reach_of_filter(const IndicatorDecl& indicator, const Filter& filter, const Book& book,
                                          const Model& model);
}  // namespace tocsin::compiler
