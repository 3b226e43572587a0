// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file SourceFile: the text of a watch book and where things stand in it.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::compiler {
/// Largest watch book [bytes].
inline constexpr std::size_t kSourceBytesMax = 1024UL * 1024UL;

/// A piece of a source text, [begin, end) in bytes.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// A watch book's text, with the name it goes by in messages.
struct SourceFile {
  std::string path;
  std::string text;
};

/// Line and column as editors count them: both from 1, columns in characters (UTF-8 code points; a tab is one).
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// @param offset  byte offset in `text`; beyond the end means the end.
[[nodiscard]] Place place_of(std::string_view text, std::uint32_t offset);
/// The line that holds `offset`, without its end.
[[nodiscard]] std::string_view line_at(std::string_view text, std::uint32_t offset);

/// Reads a watch book from disk.
/// @param error  set when nothing is returned: what went wrong with which file.
[[nodiscard]] std::optional<SourceFile> read_source(const std::string& path, std::string& error);
}  // namespace tocsin::compiler
