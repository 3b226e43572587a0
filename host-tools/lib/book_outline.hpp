// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file outline(): which tokens of a watch book are a declaration, its block, and its clauses.
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/book_tokens.hpp"

namespace tocsin::tools {
/// Tokens [first, last).
struct TokenRun {
  std::size_t first = 0;
  std::size_t last = 0;
};

struct BlockOutline {
  std::size_t open = 0;   ///< `{`
  std::size_t close = 0;  ///< `}`
  std::vector<TokenRun> clauses;
};

struct DeclarationOutline {
  std::string_view keyword;
  TokenRun all;
  TokenRun head;  ///< up to the block
  std::optional<BlockOutline> block;
};

/// @param tokens  of a book that parsed without errors; of any other, the outline covers all tokens but means little.
[[nodiscard]] std::vector<DeclarationOutline> outline(const std::vector<Token>& tokens);
/// True when what stands before makes `tokens[at]`, a `+` or `-`, the sign of a number and no operator.
[[nodiscard]] bool is_sign_of_number(const std::vector<Token>& tokens, TokenRun clause, std::size_t at);
}  // namespace tocsin::tools
