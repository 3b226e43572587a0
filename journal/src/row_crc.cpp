// SPDX-License-Identifier: Apache-2.0
#include "row_crc.hpp"

#include <array>

namespace tocsin::journal {
namespace {
// Eight bytes at a step ("slicing"): a batch of a flood is some hundred kilobytes, and each of them is checked. The
// same polynomial as wire's, bits reversed.
constexpr std::uint32_t kPolynomial = 0xEDB88320U;
using Table = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Table make_table() {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
    table[0][byte] = value;
  }
  for (std::size_t slice = 1; slice < 8; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto before = table[slice - 1][byte];
      table[slice][byte] = (before >> 8U) ^ table[0][before & 0xFFU];
    }
  }
  return table;
}
constexpr Table kTable = make_table();

std::uint32_t at(std::span<const std::byte> bytes, std::size_t index) {
  return std::to_integer<std::uint32_t>(bytes[index]);
}

std::uint32_t update(std::uint32_t crc, std::span<const std::byte> bytes) {
  crc = ~crc;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const auto low = crc ^ (at(bytes, 0) | at(bytes, 1) << 8U | at(bytes, 2) << 16U | at(bytes, 3) << 24U);
    crc = kTable[7][low & 0xFFU] ^ kTable[6][(low >> 8U) & 0xFFU] ^ kTable[5][(low >> 16U) & 0xFFU] ^
          kTable[4][low >> 24U] ^ kTable[3][at(bytes, 4)] ^ kTable[2][at(bytes, 5)] ^ kTable[1][at(bytes, 6)] ^
          kTable[0][at(bytes, 7)];
  }
  for (const auto byte : bytes) crc = (crc >> 8U) ^ kTable[0][(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
  return ~crc;
}

std::uint32_t update(std::uint32_t crc, std::int64_t number) {
  std::array<std::byte, 8> bytes{};
  auto rest = static_cast<std::uint64_t>(number);
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(rest & 0xFFU);
    rest >>= 8U;
  }
  return update(crc, bytes);
}

void crc_function(sqlite3_context* context, int count, sqlite3_value** values) {
  std::uint32_t crc = 0;
  for (int index = 0; index < count; ++index) {
    auto* value = values[index];
    if (sqlite3_value_type(value) == SQLITE_INTEGER) {
      crc = update(crc, sqlite3_value_int64(value));
      continue;
    }
    const void* bytes = sqlite3_value_blob(value);
    const int size = sqlite3_value_bytes(value);
    if (bytes != nullptr && size > 0) {
      crc = update(crc, std::span{static_cast<const std::byte*>(bytes), static_cast<std::size_t>(size)});
    }
  }
  sqlite3_result_int64(context, crc);
}
}  // namespace

std::int64_t row_crc(std::initializer_list<std::int64_t> numbers,
                     std::initializer_list<std::span<const std::byte>> strings) {
  std::uint32_t crc = 0;
  for (const auto number : numbers) crc = update(crc, number);
  for (const auto bytes : strings) crc = update(crc, bytes);
  return crc;
}

int add_crc_function(sqlite3* database) {
  return sqlite3_create_function_v2(database, "tocsin_crc", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                    crc_function, nullptr, nullptr, nullptr);
}
}  // namespace tocsin::journal
