// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file SourceFile: the text of a watch book, with the files it includes, and where things stand in it.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::compiler {
/// Largest watch book, or file that one includes [bytes].
inline constexpr std::size_t kSourceBytesMax = 1024UL * 1024UL;
/// Most files that one book includes, directly or not.
inline constexpr std::size_t kIncludedFilesMax = 64;

/// A piece of a source text, [begin, end) in bytes. The places of included files follow those of the book: locate().
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// A file that some `include` names.
struct IncludedFile {
  std::string path;   ///< from where the including file is, without `.` and `..` where that can be: include_path()
  std::string text;   ///< empty when it could not be read, or when it came in by another path already
  std::string error;  ///< why it could not be read, a sentence without the path; empty: it could
};

/// A watch book's text, with the name it goes by in messages.
struct SourceFile {
  std::string path;
  std::string text;
  /// What `include` brings in, directly or not, each path once, in the order of the `include` lines, those of the book
  /// first. compile() reads no files: it takes what is here.
  std::vector<IncludedFile> included{};
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

/// The file that a place lies in.
struct Location {
  std::string_view path;
  std::string_view text;
  std::uint32_t offset = 0;  ///< within `text`
};
/// @param offset  of a Range; beyond the last file means its end. The views live as long as `source`.
[[nodiscard]] Location locate(const SourceFile& source, std::uint32_t offset);

/// The path that `include "written"` means in the file at `including`.
[[nodiscard]] std::string include_path(std::string_view including, std::string_view written);

/// What a reader of files makes of a path.
struct ReadText {
  std::string text;
  std::string identity;  ///< the same for two paths of one file; empty: the path
  std::string error;     ///< why there is no text; empty: there is
};
using ReadFile = std::function<ReadText(const std::string& path)>;
/// Fills in `source.included` by way of `read`, which is called once for each path.
/// @param identity  of the book itself, as `read` would give it; empty: its path.
void read_includes(SourceFile& source, const ReadFile& read, std::string identity = {});
/// The same from disk, for a book whose text is there already.
void read_includes(SourceFile& source);

/// Reads a watch book from disk, with all that it includes. What an `include` names and cannot be read is no error
/// here: compile() says it at its place.
/// @param error  set when nothing is returned: what went wrong with which file.
[[nodiscard]] std::optional<SourceFile> read_source(const std::string& path, std::string& error);
}  // namespace tocsin::compiler
