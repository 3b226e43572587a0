// SPDX-License-Identifier: Apache-2.0
#include "book_hash.hpp"

namespace tocsin::daemon {
std::string book_hex(std::uint64_t hash) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (unsigned shift = 64; shift > 0; shift -= 4) text += kHex[(hash >> (shift - 4)) & 0xFU];
  return text;
}

std::uint64_t book_hash_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return 0;
  std::uint64_t value = 0;
  for (const char letter : text.substr(at + key.size(), 16)) {
    const bool digit = letter >= '0' && letter <= '9';
    if (!digit && (letter < 'a' || letter > 'f')) break;
    value = value * 16 + static_cast<std::uint64_t>(digit ? letter - '0' : letter - 'a' + 10);
  }
  return value;
}
}  // namespace tocsin::daemon
