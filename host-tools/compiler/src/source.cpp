// SPDX-License-Identifier: Apache-2.0
#include "tocsin/compiler/source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "words.hpp"

namespace tocsin::compiler {
namespace {
std::size_t line_start(std::string_view text, std::size_t offset) {
  if (offset == 0) return 0;
  const std::size_t newline = text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

// Skips a text that begins at `at`. @returns its inside, unescaped; nothing when it does not end on its line.
std::optional<std::string> text_at(std::string_view source, std::size_t& at) {
  std::string inside;
  for (++at; at < source.size() && source[at] != '\n'; ++at) {
    if (source[at] == '"') {
      ++at;
      return inside;
    }
    if (source[at] == '\\' && at + 1 < source.size() && source[at + 1] != '\n') ++at;
    inside += source[at];
  }
  return std::nullopt;
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// The paths in `include "path"`, wherever the word stands: nothing else in the language has a text after it.
std::vector<std::string> includes_of(std::string_view source) {
  std::vector<std::string> found;
  bool pending = false;  // the last word was `include`
  for (std::size_t at = 0; at < source.size();) {
    if (source[at] == '#') {
      at = std::min(source.find('\n', at), source.size());
    } else if (is_blank(source[at])) {
      ++at;
    } else if (source[at] == '"') {
      const std::optional<std::string> path = text_at(source, at);
      if (pending && path) found.push_back(*path);
      pending = false;
    } else if (is_word(source[at])) {
      const std::size_t begin = at;
      while (at < source.size() && is_word(source[at])) ++at;
      pending = source.substr(begin, at - begin) == "include";
    } else {
      pending = false;
      ++at;
    }
  }
  return found;
}

std::string identity_of(const std::string& path) {
  std::error_code code;
  const std::filesystem::path canonical = std::filesystem::canonical(path, code);
  return code ? path : canonical.string();
}

ReadText read_file(const std::string& path) {
  ReadText out;
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    out.error = "is a folder, not a watch book";
    return out;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    out.error = std::string{"cannot be opened: "} + std::strerror(errno);
    return out;
  }
  // One byte more than allowed is enough for the compiler to refuse it.
  out.text.resize(kSourceBytesMax + 1);
  file.read(out.text.data(), static_cast<std::streamsize>(out.text.size()));
  if (file.bad()) {
    out.error = std::string{"cannot be read: "} + std::strerror(errno);
    out.text.clear();
    return out;
  }
  out.text.resize(static_cast<std::size_t>(file.gcount()));
  out.identity = identity_of(path);
  return out;
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

Location locate(const SourceFile& source, std::uint32_t offset) {
  std::string_view path = source.path;
  std::string_view text = source.text;
  for (const IncludedFile& file : source.included) {
    if (offset <= text.size()) break;
    offset -= static_cast<std::uint32_t>(text.size()) + 1;
    path = file.path;
    text = file.text;
  }
  return {path, text, std::min(offset, static_cast<std::uint32_t>(text.size()))};
}

std::string include_path(std::string_view including, std::string_view written) {
  return (std::filesystem::path{including}.parent_path() / written).lexically_normal().string();
}

void read_includes(SourceFile& source, const ReadFile& read, std::string identity) {
  source.included.clear();
  std::set<std::string> paths{std::filesystem::path{source.path}.lexically_normal().string()};
  std::set<std::string> identities{std::move(identity)};
  // `included` grows while it is walked; the book itself comes first.
  for (std::size_t next = 0; next <= source.included.size(); ++next) {
    const bool book = next == 0;
    const std::string from = book ? source.path : source.included[next - 1].path;
    for (const std::string& written : includes_of(book ? source.text : source.included[next - 1].text)) {
      const std::string path = include_path(from, written);
      if (source.included.size() == kIncludedFilesMax || !paths.insert(path).second) continue;
      ReadText found = read(path);
      if (!found.identity.empty() && !identities.insert(std::move(found.identity)).second) found.text.clear();
      source.included.push_back({path, std::move(found.text), std::move(found.error)});
    }
  }
}

void read_includes(SourceFile& source) { read_includes(source, read_file, identity_of(source.path)); }

std::optional<SourceFile> read_source(const std::string& path, std::string& error) {
  ReadText found = read_file(path);
  if (!found.error.empty()) {
    error = path + ": " + found.error;
    return std::nullopt;
  }
  SourceFile source;
  source.path = path;
  source.text = std::move(found.text);
  read_includes(source);
  return source;
}
}  // namespace tocsin::compiler
