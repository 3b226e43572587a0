// SPDX-License-Identifier: Apache-2.0
#include "image_text.hpp"

#include <cstddef>
#include <cstdint>

namespace tocsin::engine {
namespace {
constexpr std::size_t kNameBytesMax = 64;

constexpr bool is_tail(char c) { return (static_cast<std::uint8_t>(c) & 0xC0U) == 0x80U; }

/// Bytes of the character at the front, 0 when it is none or a control character. @pre text is not empty.
std::size_t character(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  if (lead < 0x80U) return lead >= 0x20U && lead != 0x7FU ? 1 : 0;
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_tail(text[i])) return 0;
  }
  const auto second = static_cast<std::uint8_t>(text[1]);
  const bool control = lead == 0xC2U && second < 0xA0U;
  const bool overlong = (lead == 0xE0U && second < 0xA0U) || (lead == 0xF0U && second < 0x90U);
  const bool none = (lead == 0xEDU && second > 0x9FU) || (lead == 0xF4U && second > 0x8FU);  // surrogates, too large
  return control || overlong || none ? 0 : length;
}
}  // namespace

bool is_clean(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || text[0] < 'a' || text[0] > 'z') return false;
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_') return false;
  }
  return true;
}

bool is_part(Name name, std::string_view text) {
  if (std::uint64_t{name.offset} + name.length > text.size()) return false;
  const auto inside = [text](std::size_t at) { return at < text.size() && is_tail(text[at]); };
  return !inside(name.offset) && !inside(std::size_t{name.offset} + name.length);
}
}  // namespace tocsin::engine
