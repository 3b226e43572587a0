// SPDX-License-Identifier: Apache-2.0
#include "row_crc.hpp"

#include <array>

#include "tocsin/wire/frame.hpp"

namespace tocsin::journal {
std::int64_t row_crc(std::initializer_list<std::int64_t> numbers, std::span<const std::byte> blob) {
  std::uint32_t crc = 0;
  for (const std::int64_t number : numbers) {
    std::array<std::byte, 8> bytes{};
    auto rest = static_cast<std::uint64_t>(number);
    for (auto& byte : bytes) {
      byte = static_cast<std::byte>(rest & 0xFFU);
      rest >>= 8U;
    }
    crc = wire::crc32(bytes, crc);
  }
  return wire::crc32(blob, crc);
}
}  // namespace tocsin::journal
