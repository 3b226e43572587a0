// SPDX-License-Identifier: Apache-2.0
// Times, numbers, durations and the words for enumerations.
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "tocsin/text/json_lines.hpp"

namespace tocsin::text {
namespace {
constexpr engine::Instant kSecond = 1000;
constexpr engine::Instant kMinute = 60 * kSecond;
constexpr engine::Instant kHour = 60 * kMinute;
constexpr engine::Instant kDay = 24 * kHour;
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53: below it every integer is exact

void append_padded(std::string& out, std::int64_t value, std::size_t digits) {
  const std::string text = std::to_string(value);
  out.append(digits > text.size() ? digits - text.size() : 0, '0').append(text);
}

/// Reads fixed-width fields off the front of a text.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_{text} {}
  bool digits(std::size_t count, std::int64_t& out) {
    if (rest_.size() < count) return false;
    out = 0;
    for (const char digit : rest_.substr(0, count)) {
      if (digit < '0' || digit > '9') return false;
      out = out * 10 + (digit - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }
  bool literal(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Up to three digits after a point, as milliseconds.
bool read_fraction(Fields& fields, std::int64_t& out_ms) {
  const std::size_t digits = fields.rest().find('Z');
  if (digits == 0 || digits > 3) return false;  // npos is greater
  if (!fields.digits(digits, out_ms)) return false;
  for (std::size_t i = digits; i < 3; ++i) out_ms *= 10;
  return true;
}
}  // namespace

std::string format_instant(engine::Instant instant) {
  if (instant < engine::kInstantMin || instant > engine::kInstantMax) return std::to_string(instant);
  const std::chrono::sys_days day{std::chrono::days{instant / kDay}};
  const std::chrono::year_month_day date{day};
  std::string out;
  append_padded(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, instant % kDay / kHour, 2);
  out += ':';
  append_padded(out, instant % kHour / kMinute, 2);
  out += ':';
  append_padded(out, instant % kMinute / kSecond, 2);
  if (instant % kSecond != 0) {
    out += '.';
    append_padded(out, instant % kSecond, 3);
  }
  out += 'Z';
  return out;
}

bool parse_instant(std::string_view text, engine::Instant& out) {
  Fields fields{text};
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t milliseconds = 0;
  if (!fields.digits(4, year) || !fields.literal('-') || !fields.digits(2, month) || !fields.literal('-') ||
      !fields.digits(2, day) || !fields.literal('T') || !fields.digits(2, hour) || !fields.literal(':') ||
      !fields.digits(2, minute)) {
    return false;
  }
  if (fields.literal(':')) {
    if (!fields.digits(2, second)) return false;
    if (fields.literal('.') && !read_fraction(fields, milliseconds)) return false;
  }
  if (fields.rest() != "Z" || year < 1970 || hour > 23 || minute > 59 || second > 59) return false;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  out = days * kDay + hour * kHour + minute * kMinute + second * kSecond + milliseconds;
  return true;
}

std::string format_number(double value) {
  std::array<char, 32> buffer{};
  char* const end = buffer.data() + buffer.size();
  const bool integer = std::fabs(value) < kExactIntegers && std::trunc(value) == value;
  const auto result = integer ? std::to_chars(buffer.data(), end, static_cast<std::int64_t>(value))
                              : std::to_chars(buffer.data(), end, value);
  return {buffer.data(), result.ptr};
}

std::string format_span(engine::Span span) {
  struct Unit {
    engine::Span ms;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{{{kDay, "d"}, {kHour, "h"}, {kMinute, "m"}, {kSecond, "s"}}};
  if (span == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (span % unit.ms == 0) return std::to_string(span / unit.ms) + unit.name;
  }
  return std::to_string(span) + "ms";
}

std::string_view name_of(engine::EventKind kind) {
  switch (kind) {
    case engine::EventKind::raised:
      return "raised";
    case engine::EventKind::escalated:
      return "escalated";
    case engine::EventKind::eased:
      return "eased";
    case engine::EventKind::cleared:
      return "cleared";
    case engine::EventKind::unknown:
      return "unknown";
    case engine::EventKind::known:
      return "known";
    case engine::EventKind::retracted:
      return "retracted";
  }
  return "?";
}

std::string_view name_of(engine::Level level) {
  switch (level) {
    case engine::Level::calm:
      return "calm";
    case engine::Level::watch:
      return "watch";
    case engine::Level::elevated:
      return "elevated";
    case engine::Level::high:
      return "high";
    case engine::Level::critical:
      return "critical";
    case engine::Level::unknown:
      return "unknown";
  }
  return "?";
}

std::string_view name_of(engine::Truth truth) {
  switch (truth) {
    case engine::Truth::no:
      return "false";
    case engine::Truth::unknown:
      return "unknown";
    case engine::Truth::yes:
      return "true";
  }
  return "?";
}

std::string_view name_of(engine::Status status) {
  switch (status) {
    case engine::Status::actual:
      return "actual";
    case engine::Status::exercise:
      return "exercise";
    case engine::Status::test:
      return "test";
  }
  return "?";
}

std::string_view name_of(wire::Marking marking) {
  switch (marking) {
    case wire::Marking::unspecified:
      return "";
    case wire::Marking::clear:
      return "clear";
    case wire::Marking::green:
      return "green";
    case wire::Marking::amber:
      return "amber";
    case wire::Marking::amber_strict:
      return "amber_strict";
    case wire::Marking::red:
      return "red";
  }
  return "?";
}
}  // namespace tocsin::text
