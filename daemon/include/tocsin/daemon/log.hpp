// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Structured log lines on stderr: `ts=... level=info event=start key=value ...`.
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::daemon {
enum class Severity : std::uint8_t { info = 0, warning = 1, error = 2 };

/// Lines below this severity are not written from now on. Any thread. @returns false when there is no such level.
bool set_log_level(std::string_view name);
/// The name of the level that is written and all above it.
[[nodiscard]] std::string_view log_level_name();
/// set_log_level() for an operator, told in the log: at the more talkative of the old and the new level, so that it is
/// seen in either, and no graver than that.
[[nodiscard]] bool change_log_level(std::string_view name, std::string_view by);

/// From now on no line waits for whoever reads the log, whatever stderr is. Call it while there is one thread, before
/// the process gives up what it could do; again when stderr is another one. Until then lines are plain writes.
void open_log();
/// Plain writes again.
void close_log();

/// One log line; written to stderr when it goes out of scope. Values with blanks, quotes or unprintable bytes are
/// quoted and escaped, so that a line is always one line. No heap: what does not fit is cut off, and `...` says so.
/// After open_log() it does not wait for whoever reads the log: a line that a full pipe or terminal has no room for is
/// lost, and `event=log_lost lines=n` says how many when there is room again. So is one while another thread stands in
/// a write. May be used from any thread.
///
///     LogLine(Severity::info, "commit").field("items", 3).field("ms", 0.4);
class LogLine {
 public:
  static constexpr std::size_t kBytesMax = 2000;

  LogLine(Severity severity, std::string_view event);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;

  LogLine& field(std::string_view key, std::string_view value);
  LogLine& field(std::string_view key, const std::string& value) { return field(key, std::string_view{value}); }
  LogLine& field(std::string_view key, const char* value) { return field(key, std::string_view{value}); }
  template <std::integral Number>
  LogLine& field(std::string_view key, Number value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return field(key, std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  LogLine& milliseconds(std::string_view key, std::int64_t nanoseconds);
  LogLine& instant(std::string_view key, engine::Instant value);

 private:
  void add_(std::string_view text);
  void add_(char c) { add_({&c, 1}); }
  void add_quoted_(std::string_view value);

  std::array<char, kBytesMax> text_;
  std::size_t size_ = 0;
  bool written_;
  bool cut_ = false;
};

/// `2024-05-23T01:00:00.123Z`; `-` for an instant outside 1970..9999.
[[nodiscard]] std::string format_time(engine::Instant instant);

/// At most `limit` bytes of `text`, whatever is not printable ASCII replaced by `?`.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit);
}  // namespace tocsin::daemon
