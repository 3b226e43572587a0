// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The words of the watch language for the operations and filters of a rule image. Portable, no heap.
#include <array>
#include <cstdint>
#include <string_view>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::wire {
/// `count`, `quantile` ... of a number taken from reports; `pulse` and `overdue`; else empty.
[[nodiscard]] std::string_view number_word(std::uint8_t op);
/// `<`, `<=`, `=`, `!=`, `>=`, `>` of Op less..greater; `+ - * /` of the arithmetic ones; else empty.
[[nodiscard]] std::string_view sign_of(std::uint8_t op);
/// `value`, `origin` ... of a FilterKey; else empty.
[[nodiscard]] std::string_view filter_key_word(std::uint8_t key);

/// What a filter's term compares with, unless it is a number: a name, a grade (`B2`), a letter or a digit.
struct FilterWord {
  std::array<char, 2> letters{};
  std::string_view name;   ///< of the image; empty for grades, letters and digits
  std::uint8_t count = 0;  ///< of `letters`
  [[nodiscard]] std::string_view view() const { return count == 0 ? name : std::string_view{letters.data(), count}; }
};
/// Empty when the term compares the value. @param term  of a loaded image.
[[nodiscard]] FilterWord filter_word(const engine::Image& image, const engine::FilterTerm& term);

/// q of a quantile: the double nearest to numerator / 10^digits.
[[nodiscard]] double quantile_of(const engine::Node& node);
}  // namespace tocsin::wire
