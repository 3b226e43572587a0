// SPDX-License-Identifier: Apache-2.0
#pragma once
// Exact small arithmetic that the checker and the emitter share.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::compiler {
// numerator / 10^digits, without zeros at the end.
struct Decimal {
  std::int64_t numerator = 0;
  std::uint8_t digits = 0;
};
// @returns nothing when the text needs more than 15 digits behind the point or is no number from 0 to 1.
[[nodiscard]] std::optional<Decimal> decimal_of(std::string_view text);

// The greatest C for which `in last C to D` remembers at most `runs` separate truths. @pre runs > 0
[[nodiscard]] engine::Span longest_from(engine::Span to, std::uint64_t runs);

// For people: `6d23h57m`, what is below a thousandth left out.
[[nodiscard]] std::string spelled(engine::Span span);
}  // namespace tocsin::compiler
