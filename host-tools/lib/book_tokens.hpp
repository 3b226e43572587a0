// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The text of a watch book as tokens and the comments between them, for tools that move text without reading it.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::tools {
/// A comment that has a line for itself.
struct OwnLineComment {
  std::string text;           ///< from `#`, without blanks at its end
  bool blank_before = false;  ///< there is an empty line above it
};

/// What stands between the token before and this one.
struct Gap {
  std::optional<std::string> trailing;   ///< comment on the line of the token before
  std::vector<OwnLineComment> comments;  ///< in order
  bool blank_before = false;             ///< there is an empty line above the token
  [[nodiscard]] bool has_comment() const { return trailing.has_value() || !comments.empty(); }
};

/// A word, a number, a duration, a time, a string with its quotes, or a sign.
struct Token {
  std::string_view text;  ///< points into the book's text
  Gap before;
};

struct TokenizedBook {
  std::vector<Token> tokens;
  Gap end;  ///< what follows the last token
};

/// Divides a book that parsed without errors into tokens; every byte that is neither blank nor comment is in one of
/// them. Any other text is divided too, somehow. @param text  must outlive the result.
[[nodiscard]] TokenizedBook tokenize(std::string_view text);
}  // namespace tocsin::tools
