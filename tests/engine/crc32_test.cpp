// SPDX-License-Identifier: Apache-2.0
/// What: every way of summing gives the CRC-32 of IEEE 802.3, whatever the size, the alignment and the value before.
/// How: against one bit at a time; the check value of the catalogues first.
#include "tocsin/engine/base/crc32.hpp"

#include <array>

#include "tocsin/test_support/prng.hpp"

#include "CppUTest/TestHarness.h"

namespace {
std::uint32_t bit_by_bit(std::span<const std::byte> bytes, std::uint32_t crc) {
  crc = ~crc;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}
}  // namespace

TEST_GROUP(Crc32){};

TEST(Crc32, is_the_one_of_the_catalogues) {
  constexpr std::array<char, 9> kDigits{'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  UNSIGNED_LONGS_EQUAL(0xCBF43926U, tocsin::crc32(std::as_bytes(std::span{kDigits})));
}

TEST(Crc32, is_the_same_bit_by_bit) {
  tocsin::test_support::Prng prng{1};
  std::array<std::byte, 320> bytes;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(prng.below(256));
  for (std::size_t size = 0; size <= 300; ++size) {
    for (std::size_t begin = 0; begin < 17; begin += size % 3 + 1) {
      const auto piece = std::span<const std::byte>{bytes}.subspan(begin, size);
      const auto before = static_cast<std::uint32_t>(prng.next());
      UNSIGNED_LONGS_EQUAL(bit_by_bit(piece, before), tocsin::crc32(piece, before));
    }
  }
}
