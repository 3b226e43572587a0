// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The checksum that every row with a BLOB carries.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace tocsin::journal {
/// CRC-32 of the row's numbers, eight bytes each, little endian, in the order of the table's columns, and its BLOB.
/// The numbers are in it so that a BLOB found under another key does not pass either.
[[nodiscard]] std::int64_t row_crc(std::initializer_list<std::int64_t> numbers, std::span<const std::byte> blob);
}  // namespace tocsin::journal
