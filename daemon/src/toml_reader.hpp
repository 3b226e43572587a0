// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file TableReader: typed keys out of one TOML table, and what is wrong with them.
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "tocsin/daemon/config.hpp"

namespace tocsin::daemon {
[[nodiscard]] Place place_of(const toml::source_region& region);
/// Line 0 for nullptr.
[[nodiscard]] Place place_of(const toml::node* node);
[[nodiscard]] std::string in_quotes(std::string_view text);

/// Asks for the keys of one table one by one; whatever was never asked for is unknown. Keeps references to the table
/// and the problems.
class TableReader {
 public:
  /// @param where  how messages call the table; empty for the top of the file.
  TableReader(const toml::table& table, std::string where, std::vector<ConfigProblem>& problems)
      : table_{table}, where_{std::move(where)}, problems_{problems} {}

  void refuse(Place place, std::string text) { problems_.push_back({place, false, std::move(text)}); }
  [[nodiscard]] Place place() const { return place_of(table_.source()); }
  /// The place of a key's value; line 0 when the key is absent.
  [[nodiscard]] Place place(std::string_view key) const { return place_of(table_.get(key)); }
  [[nodiscard]] std::vector<ConfigProblem>& problems() { return problems_; }

  /// The node of a key, or nullptr; a missing required key is told.
  const toml::node* find(std::string_view key, std::string_view mend_when_missing = {});
  /// The table of a key, or nullptr; what is no table is told.
  const toml::table* table(std::string_view key, std::string_view mend_when_missing = {});
  /// A text that is not empty; `out` stays as it is when the key is absent or wrong. @returns true when it is right.
  bool text(std::string_view key, std::string& out, std::string_view mend_when_missing = {});
  bool boolean(std::string_view key, bool& out);
  /// A whole number in low..high.
  template <class Number>
  bool number(std::string_view key, Number& out, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    if (!whole_(key, value, low, high)) return false;
    out = static_cast<Number>(value);
    return true;
  }
  /// A number that is finite and at least `low`, with or without a fraction.
  bool real(std::string_view key, double& out, double low = -std::numeric_limits<double>::max());
  /// A duration up to `most`.
  bool span(std::string_view key, engine::Span& out, engine::Span most, std::string_view most_text);
  /// A size in bytes: a whole number, or a text such as "64MiB"; 0 or in low..high.
  bool bytes(std::string_view key, std::uint64_t& out, std::uint64_t low, std::uint64_t high);
  /// A list of texts. @returns true when the key is there and a list.
  bool texts(std::string_view key, std::vector<PlacedText>& out, std::string_view mend_when_missing = {});
  /// One text, or a list of them.
  bool text_or_texts(std::string_view key, std::vector<PlacedText>& out, std::string_view mend_when_missing = {});
  /// The text "all", or a list of texts. @returns true when it is right.
  bool all_or_texts(std::string_view key, bool& all, std::vector<PlacedText>& out);
  /// The text of a choice as an index of `choices`, or -1 when it is absent or another.
  int choice(std::string_view key, std::span<const std::string_view> choices);
  /// Tells every key that was never asked for.
  void refuse_unknown();
  void wrong(const toml::node& node, std::string_view key, const std::string& must);

 private:
  bool whole_(std::string_view key, std::int64_t& out, std::int64_t low, std::int64_t high);
  [[nodiscard]] std::string name_of_(std::string_view key) const;
  [[nodiscard]] std::string all_known_() const;

  const toml::table& table_;
  std::string where_;
  std::vector<ConfigProblem>& problems_;
  std::vector<std::string_view> known_;
};
}  // namespace tocsin::daemon
