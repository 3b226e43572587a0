// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The checksum that every row carries.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include <sqlite3.h>

namespace tocsin::journal {
/// CRC-32 of the row's numbers, eight bytes each, little endian, in the order of the table's columns, and then of its
/// byte strings. The numbers are in it so that a BLOB found under another key does not pass either.
[[nodiscard]] std::int64_t row_crc(std::initializer_list<std::int64_t> numbers,
                                   std::initializer_list<std::span<const std::byte>> strings);
/// The bytes of a text or any other object without padding.
[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}
/// Makes the SQL function tocsin_crc(...), which is row_crc() of its arguments in their order.
[[nodiscard]] int add_crc_function(sqlite3* database);
}  // namespace tocsin::journal
