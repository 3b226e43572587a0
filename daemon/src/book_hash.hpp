// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file How a book is named in the notes of its changes and in the log: its hash, in sixteen hex digits.
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::daemon {
[[nodiscard]] std::string book_hex(std::uint64_t hash);
/// The hash behind the first `key` (such as "book=") in the text of a note; 0: there is none.
[[nodiscard]] std::uint64_t book_hash_after(std::string_view text, std::string_view key);
}  // namespace tocsin::daemon
