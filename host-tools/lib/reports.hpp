// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Reports: the lines of one or more JSON Lines files, checked, numbered, and ready to be stepped or sent.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/text/json_lines.hpp"

namespace tocsin::tools {
/// Input lines in the order given. Keeps the text of the files and parses a line again when it is asked for, so that
/// a year of reports costs no more memory than its files.
class Reports {
 public:
  /// A well-formed line: where it is, and the number it was given when it has none of its own.
  struct Item {
    std::uint32_t file = 0;  ///< index in the files given
    std::uint32_t line = 0;  ///< 1-based
    std::string_view text;
    std::uint64_t given_seq = 0;  ///< counted from 1 per feed over all files; 0: the line has its own, or needs none
  };
  using Complain = std::function<void(const std::string& where_and_what)>;

  /// Reads and checks files in the order given; "-" is standard input. Blank lines are skipped.
  /// @param complain  called once for each line that is not well formed, with "file:line: what, mend".
  /// @returns false when a file cannot be read or one feed has lines with and without `seq`; complained about too.
  [[nodiscard]] bool read(const std::vector<std::string>& paths, const Complain& complain);
  /// The same for text already in memory. May be called again: lines go on after those before.
  [[nodiscard]] bool add(std::string name, std::string content, const Complain& complain);
  /// After the last add(): false, with a complaint each, when a feed has lines with and without `seq`.
  [[nodiscard]] bool check_numbering(const Complain& complain) const;

  [[nodiscard]] const std::vector<Item>& items() const { return items_; }
  /// Lines that were complained about as not well formed.
  [[nodiscard]] std::size_t bad() const { return bad_; }
  /// "file:line".
  [[nodiscard]] std::string where(const Item& item) const;
  /// Parses an item again and fills a missing `seq` (see number_from()).
  [[nodiscard]] text::Line parse(const Item& item) const;

  /// Feeds that have lines without `seq`, in order of name.
  [[nodiscard]] std::vector<std::string> unnumbered_feeds() const;
  /// Lines without `seq` of this feed are numbered from here on (default 1).
  void number_from(const std::string& feed, std::uint64_t first);

  /// Takes the lines of a feed that have no `seq` out, each told as refused, and counts them as refused().
  /// @param why  follows "file:line: refused: ".
  void refuse_unnumbered(const std::string& feed, const std::string& why, const Complain& complain);
  [[nodiscard]] std::size_t refused() const { return refused_; }

  /// The first instant by the rule of `replay`: the first line's clock if it is a clock; else the earliest `time` of
  /// reports and heartbeats; else (withdrawals only) the first line's `received` or `time`. Nothing without lines.
  [[nodiscard]] std::optional<engine::Instant> first_instant() const;
  [[nodiscard]] bool starts_with_clock() const { return starts_with_clock_; }

 private:
  struct Feed {
    std::uint64_t unnumbered = 0;
    std::uint64_t numbered = 0;
    std::uint64_t first = 1;
    std::string unnumbered_where;
    std::string numbered_where;
  };
  void add_line(std::uint32_t line, std::string_view text, const Complain& complain);
  void note_time(const wire::InputView& view);
  void note_number(const wire::InputView& view, Item& item);

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<std::string>> contents_;
  std::vector<Item> items_;
  std::map<std::string, Feed, std::less<>> feeds_;
  std::optional<engine::Instant> earliest_;
  std::optional<engine::Instant> first_line_;
  std::size_t bad_ = 0;
  std::size_t refused_ = 0;
  bool starts_with_clock_ = false;
};
}  // namespace tocsin::tools
