// SPDX-License-Identifier: Apache-2.0
#include "row_crc.hpp"

#include <array>

#include "tocsin/engine/base/crc32.hpp"

namespace tocsin::journal {
namespace {
std::uint32_t update(std::uint32_t crc, std::int64_t number) {
  std::array<std::byte, 8> bytes{};
  auto rest = static_cast<std::uint64_t>(number);
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(rest & 0xFFU);
    rest >>= 8U;
  }
  return crc32(bytes, crc);
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
      crc = crc32({static_cast<const std::byte*>(bytes), static_cast<std::size_t>(size)}, crc);
    }
  }
  sqlite3_result_int64(context, crc);
}
}  // namespace

std::int64_t row_crc(std::initializer_list<std::int64_t> numbers,
                     std::initializer_list<std::span<const std::byte>> strings) {
  std::uint32_t crc = 0;
  for (const auto number : numbers) crc = update(crc, number);
  for (const auto bytes : strings) crc = crc32(bytes, crc);
  return crc;
}

int add_crc_function(sqlite3* database) {
  return sqlite3_create_function_v2(database, "tocsin_crc", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                    crc_function, nullptr, nullptr, nullptr);
}
}  // namespace tocsin::journal
