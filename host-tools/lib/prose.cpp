// SPDX-License-Identifier: Apache-2.0
#include "lib/prose.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
constexpr engine::Span kSecond = 1000;
constexpr engine::Span kMinute = 60 * kSecond;
constexpr engine::Span kHour = 60 * kMinute;
constexpr engine::Span kDay = 24 * kHour;

std::string counted_unit(engine::Span count, const char* unit) {
  return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
}
}  // namespace

std::string number_in_words(std::uint64_t number) {
  constexpr std::array kWords = {"no",    "one",   "two",  "three", "four",   "five",  "six",
                                 "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  return number < kWords.size() ? kWords[static_cast<std::uint8_t>(number)] : std::to_string(number);
}

std::string span_in_words(engine::Span span) {
  // A day is called 24 hours, since it is a length and no date.
  constexpr engine::Span kDaysFrom = 3 * kDay;
  std::vector<std::string> parts;
  const auto take = [&](engine::Span unit, const char* name) {
    if (span >= unit) parts.push_back(counted_unit(span / unit, name));
    span %= unit;
  };
  if (span >= kDaysFrom) take(kDay, "day");
  take(kHour, "hour");
  take(kMinute, "minute");
  take(kSecond, "second");
  take(1, "millisecond");
  return parts.empty() ? "0 seconds" : list_in_words(parts);
}

std::string rhythm_in_words(engine::Span span) {
  if (span == kDay) return "every day";
  if (span == kHour) return "every hour";
  if (span == kMinute) return "every minute";
  if (span == kSecond) return "every second";
  return "every " + span_in_words(span);
}

std::string list_in_words(const std::vector<std::string>& items, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " " + std::string{last} + " " : ", ";
    out += items[i];
  }
  return out;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
  std::string out;
  std::string line(indent, ' ');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    const bool first = width_of(line) == indent;
    if (!first && width_of(line) + 1 + width_of(word) > columns) {
      out += line + "\n";
      line.assign(indent, ' ');
    } else if (!first) {
      line += ' ';
    }
    line += word;
  }
  return out + line + "\n";
}
}  // namespace tocsin::tools
