// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/log.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "log_output.hpp"

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

std::atomic<Severity> log_level{Severity::info};
constinit LogOutput output;

using TimeText = std::array<char, 40>;

std::string_view write_time(engine::Instant instant, TimeText& buffer) {
  if (instant < engine::kInstantMin || instant > engine::kInstantMax) return "-";
  // By the calendar's own types: time_t ends in 2038 on 32 bit systems.
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{instant}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const int size =
      std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

engine::Instant wall_now_ms() {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return engine::Instant{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}
}  // namespace

static_assert(LogLine::kBytesMax <= LogOutput::kLineBytesMax);

void open_log() { output.open(); }
void close_log() { output.close(); }

bool set_log_level(std::string_view name) {
  for (std::size_t i = 0; i < kSeverityNames.size(); ++i) {
    if (name != kSeverityNames.at(i)) continue;
    log_level = static_cast<Severity>(i);
    return true;
  }
  return false;
}

bool change_log_level(std::string_view name, std::string_view by) {
  const auto before = log_level.load();
  if (!set_log_level(name)) return false;
  const auto now = log_level.load();
  const auto told = std::min(before, now);
  log_level = told;  // for the line
  LogLine(told, "log_level").field("now", name).field("by", by);
  log_level = now;
  return true;
}

std::string_view log_level_name() { return kSeverityNames.at(static_cast<std::size_t>(log_level.load())); }

LogLine::LogLine(Severity severity, std::string_view event) : written_{severity >= log_level.load()} {
  if (!written_) return;
  TimeText now{};
  add_("ts=");
  add_(write_time(wall_now_ms(), now));
  add_(" level=");
  add_(kSeverityNames.at(static_cast<std::size_t>(severity)));
  (void)field("event", event);
}

LogLine::~LogLine() {
  if (!written_) return;
  static constexpr std::string_view kCut = "...";
  if (cut_) {
    std::copy(kCut.begin(), kCut.end(), text_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += kCut.size();
  }
  text_[size_++] = '\n';
  output.write({text_.data(), size_});
}

void LogLine::add_(std::string_view text) {
  constexpr std::size_t kEnd = 4;  // for "...\n"
  const std::size_t room = kBytesMax - kEnd - size_;
  cut_ = cut_ || text.size() > room;
  text = text.substr(0, cut_ ? std::min(room, text.size()) : text.size());
  std::copy(text.begin(), text.end(), text_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += text.size();
}

void LogLine::add_quoted_(std::string_view value) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  add_('"');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      add_('\\');
      add_(c);
    } else if (byte < 0x20U || byte == 0x7FU) {
      add_("\\x");
      add_(kHex[byte >> 4U]);
      add_(kHex[byte & 0xFU]);
    } else {
      add_(c);
    }
  }
  add_('"');
}

LogLine& LogLine::field(std::string_view key, std::string_view value) {
  if (!written_) return *this;
  add_(' ');
  add_(key);
  add_('=');
  if (is_plain(value)) {
    add_(value);
  } else {
    add_quoted_(value);
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

LogLine& LogLine::instant(std::string_view key, engine::Instant value) {
  TimeText text{};
  return field(key, write_time(value, text));
}

std::string format_time(engine::Instant instant) {
  TimeText text{};
  return std::string{write_time(instant, text)};
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out{text.substr(0, limit)};
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}
}  // namespace tocsin::daemon
