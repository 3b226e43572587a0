// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/log.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace tocsin::daemon {
namespace {
constexpr std::array<const char*, 3> kSeverityNames{"info", "warning", "error"};

bool is_plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

void append_quoted(std::string& out, std::string_view value) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20U || byte == 0x7FU) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

engine::Instant wall_now_ms() {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return engine::Instant{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}
}  // namespace

LogLine::LogLine(Severity severity, std::string_view event) {
  text_.reserve(200);
  text_ = "ts=" + format_time(wall_now_ms()) + " level=" + kSeverityNames.at(static_cast<std::size_t>(severity));
  (void)field("event", event);
}

LogLine::~LogLine() {
  text_ += '\n';
  std::string_view rest = text_;
  while (!rest.empty()) {  // nobody is left to tell when stderr fails
    const auto written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

LogLine& LogLine::field(std::string_view key, std::string_view value) {
  text_ += ' ';
  text_ += key;
  text_ += '=';
  if (is_plain(value)) {
    text_ += value;
  } else {
    append_quoted(text_, value);
  }
  return *this;
}

LogLine& LogLine::milliseconds(std::string_view key, std::int64_t nanoseconds) {
  std::array<char, 32> buffer{};
  const auto micros = nanoseconds / 1000;
  const int size = std::snprintf(buffer.data(), buffer.size(), "%lld.%03lld", static_cast<long long>(micros / 1000),
                                 static_cast<long long>(micros % 1000));
  return field(key, std::string_view{buffer.data(), static_cast<std::size_t>(size)});
}

LogLine& LogLine::instant(std::string_view key, engine::Instant value) { return field(key, format_time(value)); }

std::string format_time(engine::Instant instant) {
  if (instant < engine::kInstantMin || instant > engine::kInstantMax) return "-";
  // By the calendar's own types: time_t ends in 2038 on 32 bit systems.
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{instant}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 40> buffer{};
  const int size =
      std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out{text.substr(0, limit)};
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}
}  // namespace tocsin::daemon
