// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file How the tools speak to a person: colours, tables, progress. Data goes to stdout, all of this to stderr unless
/// a person asked for it.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::tools {
/// True when the stream is a terminal that can show colours and NO_COLOR is not set.
[[nodiscard]] bool wants_colour(std::FILE* stream);
/// True when the stream is a terminal.
[[nodiscard]] bool is_terminal(std::FILE* stream);

/// Text attributes, each empty when colours are off.
struct Palette {
  bool on = false;
  [[nodiscard]] std::string bold(std::string_view text) const;
  [[nodiscard]] std::string dim(std::string_view text) const;
  [[nodiscard]] std::string red(std::string_view text) const;
  [[nodiscard]] std::string green(std::string_view text) const;
  [[nodiscard]] std::string yellow(std::string_view text) const;
  /// The level's name in its colour.
  [[nodiscard]] std::string level(engine::Level level, std::string_view text) const;
};

/// Columns a terminal needs for UTF-8 text without escapes (code points).
[[nodiscard]] std::size_t width_of(std::string_view text);
/// What came from outside, safe to print: control characters become `?`.
[[nodiscard]] std::string printable(std::string_view text);
/// 12345678 -> "12,345,678".
[[nodiscard]] std::string grouped(std::uint64_t number);
/// Bytes as "13.4 MB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// A length of time for a person: "3 d 4 h", "2 h 5 min", "1.5 s", "20 ms".
[[nodiscard]] std::string span_text(engine::Span span);
/// "1 line", "2 lines".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural);

/// A table with a header line; columns are as wide as they need to be.
class Table {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {}
  /// @pre one cell per column; cells may hold colour escapes, which take no width.
  void row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Lines with line ends, each starting with `indent` blanks.
  [[nodiscard]] std::string render(const Palette& palette, std::size_t indent = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// A progress bar on stderr; silent unless stderr is a terminal and the work takes longer than half a second.
class Progress {
 public:
  Progress(std::string what, std::uint64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// @param done  of `total`; @param note  short text behind the bar.
  void update(std::uint64_t done, std::string_view note = {});
  /// Removes the bar, e.g. before a message; the next update() draws it again.
  void clear();

 private:
  std::string what_;
  std::string unit_;
  std::uint64_t total_;
  bool enabled_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point next_;
};
}  // namespace tocsin::tools
