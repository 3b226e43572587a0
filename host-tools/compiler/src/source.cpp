// SPDX-License-Identifier: Apache-2.0
#include "tocsin/compiler/source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "words.hpp"

namespace tocsin::compiler {
namespace {
std::size_t line_start(std::string_view text, std::size_t offset) {
  if (offset == 0) return 0;
  const std::size_t newline = text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}
}  // namespace

Place place_of(std::string_view text, std::uint32_t offset) {
  const std::size_t end = std::min<std::size_t>(offset, text.size());
  const std::size_t start = line_start(text, end);
  Place place;
  place.line =
      1 + static_cast<std::uint32_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  for (std::size_t i = start; i < end; ++place.column) {
    i += std::max<std::size_t>(1, utf8_length(text.substr(i)));
  }
  return place;
}

std::string_view line_at(std::string_view text, std::uint32_t offset) {
  const std::size_t start = line_start(text, std::min<std::size_t>(offset, text.size()));
  const std::size_t newline = text.find('\n', start);
  std::string_view line = text.substr(start, newline == std::string_view::npos ? newline : newline - start);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

std::optional<SourceFile> read_source(const std::string& path, std::string& error) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    error = path + ": is a folder, not a watch book";
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    error = path + ": cannot be opened: " + std::strerror(errno);
    return std::nullopt;
  }
  SourceFile source;
  source.path = path;
  // One byte more than allowed is enough for the compiler to refuse it.
  source.text.resize(kSourceBytesMax + 1);
  file.read(source.text.data(), static_cast<std::streamsize>(source.text.size()));
  if (file.bad()) {
    error = path + ": cannot be read: " + std::strerror(errno);
    return std::nullopt;
  }
  source.text.resize(static_cast<std::size_t>(file.gcount()));
  return source;
}
}  // namespace tocsin::compiler
