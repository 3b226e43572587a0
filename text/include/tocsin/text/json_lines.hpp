// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file JSON Lines in and out: report lines as people and files have them, alert events by the one formatter.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::text {
/// Longest line accepted [bytes].
inline constexpr std::size_t kLineBytesMax = 16 * 1024;

/// One parsed input line; owns the text its view points into. Movable.
class Line {
 public:
  Line();
  ~Line();
  Line(Line&&) noexcept;
  Line& operator=(Line&&) noexcept;
  [[nodiscard]] const wire::InputView& view() const { return view_; }
  /// For readers that number lines without `seq` or give a missing `received`.
  [[nodiscard]] wire::InputView& view() { return view_; }

 private:
  friend bool parse_line(std::string_view, Line&, std::string&);
  struct Storage;
  std::unique_ptr<Storage> storage_;
  wire::InputView view_;
};

/// Parses one line: a report, heartbeat, retraction or clock. Unknown keys, wrong types, times that do not exist and
/// numbers out of range are errors.
/// @param json   one JSON object of at most kLineBytesMax; blanks around it are ignored, a line end too.
/// @param out    set only when true is returned. Its names keep what bind() checks against the book.
/// @param error  set when false is returned: what is wrong, the key and 1-based column, how to mend it.
[[nodiscard]] bool parse_line(std::string_view json, Line& out, std::string& error);

/// The one formatter of an input line (keys in the contract's order, absent ones omitted), without line end.
[[nodiscard]] std::string format_line(const wire::InputView& view);

/// The one formatter of an alert event, without line end: keys in fixed order, absent ones omitted.
[[nodiscard]] std::string format_alert(const wire::AlertRecord& alert);

/// `2024-05-23T01:00:00Z`; milliseconds only when not zero.
[[nodiscard]] std::string format_instant(engine::Instant instant);
/// Parses RFC 3339 in UTC (`Z`), seconds optional, at most milliseconds, years 1970..9999. @returns false when not one;
/// `out` is then unchanged.
[[nodiscard]] bool parse_instant(std::string_view text, engine::Instant& out);
/// Shortest decimal that reads back; integers without a point. @pre finite.
[[nodiscard]] std::string format_number(double value);
/// `1d`, `36h`, `90s`, `1500ms`: in the largest of days, hours, minutes, seconds and milliseconds that divides it.
[[nodiscard]] std::string format_span(engine::Span span);
/// `value >= 20, origin = mnd`: a filter as a watch book writes it, without brackets; empty for none.
[[nodiscard]] std::string format_filter(const std::vector<wire::AlertRecord::FilterTerm>& filter);
/// Names as in the contract: raised, escalated...; calm, watch, elevated, high, critical, unknown; false, unknown,
/// true.
[[nodiscard]] std::string_view name_of(engine::EventKind kind);
[[nodiscard]] std::string_view name_of(engine::Level level);
[[nodiscard]] std::string_view name_of(engine::Truth truth);
/// actual, exercise, test; clear, green, amber, amber_strict, red, and nothing for unspecified.
[[nodiscard]] std::string_view name_of(engine::Status status);
[[nodiscard]] std::string_view name_of(wire::Marking marking);
}  // namespace tocsin::text
