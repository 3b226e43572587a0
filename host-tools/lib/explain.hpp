// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What a watch book's rules say, in plain English, for whoever signs them.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/compiler/ast.hpp"

namespace tocsin::tools {
struct Paragraph {
  std::string topic;  ///< rings, level, ends, rests_on, missing, late, judgement, caveats, handling; or meaning, use
  std::string text;   ///< whole sentences on one line
};
struct Explanation {
  std::string kind;  ///< alert, linkage, condition or indicator
  std::string name;
  std::string title;  ///< may be empty
  std::string place;  ///< theaters in words; may be empty
  std::vector<Paragraph> paragraphs;
};

/// Explains the alert, linkage, condition or indicator of that name. @param book  one that compiled.
/// @returns nothing when the book has no such name.
[[nodiscard]] std::optional<Explanation> explain(const compiler::Book& book, std::string_view name);
/// All linkages, alerts and conditions, in this order.
[[nodiscard]] std::vector<Explanation> explain_all(const compiler::Book& book);
/// Names that explain() knows.
[[nodiscard]] std::vector<std::string> explainable_names(const compiler::Book& book);
}  // namespace tocsin::tools
