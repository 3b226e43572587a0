// SPDX-License-Identifier: Apache-2.0
#include "numbers.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tocsin::compiler {
std::optional<Decimal> decimal_of(std::string_view text) {
  constexpr std::size_t kDigitsMax = 15;
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view{};
  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  if (fraction.size() > kDigitsMax) return std::nullopt;
  std::string_view whole = text.substr(0, point);
  if (!whole.empty() && whole.front() == '-') whole.remove_prefix(1);  // -0 is 0
  while (!whole.empty() && whole.front() == '0') whole.remove_prefix(1);
  if (!whole.empty() && whole != "1") return std::nullopt;
  Decimal out;
  out.numerator = whole.empty() ? 0 : 1;
  for (const char digit : fraction) {
    out.numerator = out.numerator * 10 + (digit - '0');
    ++out.digits;
  }
  if (out.digits > 0 && !whole.empty()) return std::nullopt;
  return out;
}

// runs_needed(C, D) <= runs means D / (D - C + 2) < runs, so D - C + 2 is more than D / runs.
engine::Span longest_from(engine::Span to, std::uint64_t runs) {
  const engine::Span width = to / static_cast<engine::Span>(runs) + 1;
  return std::clamp<engine::Span>(to + 2 - width, 0, to);
}

std::string spelled(engine::Span span) {
  constexpr std::array<std::pair<engine::Span, const char*>, 5> kUnits{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}}};
  constexpr engine::Span kFine = 1'000;
  const engine::Span whole = span;
  std::string out;
  for (const auto& [unit, name] : kUnits) {
    if (span >= unit) out += std::to_string(span / unit) + name;
    span %= unit;
    if (span * kFine < whole) break;
  }
  return out.empty() ? "0s" : out;
}
}  // namespace tocsin::compiler
