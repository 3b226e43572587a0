// SPDX-License-Identifier: Apache-2.0
#pragma once
// The words of the language, and which word someone probably meant.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::compiler {
// All words that cannot be names, sorted. Values (levels, roles, markings, events) are not among them.
[[nodiscard]] std::span<const std::string_view> reserved_words();
[[nodiscard]] bool is_reserved(std::string_view word);

// The nearest of `candidates` when it is near enough to be a slip of the hand, else empty.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string_view> candidates);
// "did you mean `x`?", or empty when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
// `word` in back quotes, control characters and broken UTF-8 made harmless, long text cut.
[[nodiscard]] std::string quoted(std::string_view word);
// Valid UTF-8 from any bytes: what is broken becomes U+FFFD, control characters (not tab) too.
[[nodiscard]] std::string printable(std::string_view bytes);
// Length of the UTF-8 character at the start of `bytes`, 0 when it is not well formed.
[[nodiscard]] std::size_t utf8_length(std::string_view bytes);
}  // namespace tocsin::compiler
