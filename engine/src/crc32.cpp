// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/base/crc32.hpp"

#include <array>

namespace tocsin {
namespace {
constexpr std::uint32_t kPolynomial = 0xEDB88320U;

/// What `bits` bits at the low end do to a checksum that is otherwise zero.
constexpr std::uint32_t shifted(std::uint32_t value, int bits) {
  for (int bit = 0; bit < bits; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
  return value;
}

#ifdef __linux__
// Eight bytes at a step ("slicing"): checkpoints are megabytes, and each byte of a flood is checked more than once.
using Table = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Table make_table() {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) table[0][byte] = shifted(byte, 8);
  for (std::size_t slice = 1; slice < table.size(); ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = table[slice - 1][byte];
      table[slice][byte] = (before >> 8U) ^ table[0][before & 0xFFU];
    }
  }
  return table;
}
constexpr Table kTable = make_table();

std::uint32_t at(std::span<const std::byte> bytes, std::size_t index) {
  return std::to_integer<std::uint32_t>(bytes[index]);
}
#else
// Half a byte at a step: a microcontroller's flash is small, and its serial line is slower than this.
constexpr std::array<std::uint32_t, 16> make_table() {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t half = 0; half < table.size(); ++half) table[half] = shifted(half, 4);
  return table;
}
constexpr std::array<std::uint32_t, 16> kTable = make_table();
#endif
}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t crc) {
  crc = ~crc;
#ifdef __linux__
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint32_t low = crc ^ (at(bytes, 0) | at(bytes, 1) << 8U | at(bytes, 2) << 16U | at(bytes, 3) << 24U);
    crc = kTable[7][low & 0xFFU] ^ kTable[6][(low >> 8U) & 0xFFU] ^ kTable[5][(low >> 16U) & 0xFFU] ^
          kTable[4][low >> 24U] ^ kTable[3][at(bytes, 4)] ^ kTable[2][at(bytes, 5)] ^ kTable[1][at(bytes, 6)] ^
          kTable[0][at(bytes, 7)];
  }
  for (const std::byte byte : bytes)
    crc = (crc >> 8U) ^ kTable[0][(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
#else
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    crc = (crc >> 4U) ^ kTable[crc & 0xFU];
    crc = (crc >> 4U) ^ kTable[crc & 0xFU];
  }
#endif
  return ~crc;
}
}  // namespace tocsin
