// SPDX-License-Identifier: Apache-2.0
#include "lib/terminal.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <unistd.h>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::tools {
namespace {
std::string paint(bool on, const char* code, std::string_view text) {
  if (!on) return std::string{text};
  return std::string{"\033["} + code + "m" + std::string{text} + "\033[0m";
}

std::string decimal(double value, int digits) {
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  return buffer.data();
}
}  // namespace

bool is_terminal(std::FILE* stream) { return isatty(fileno(stream)) == 1; }

bool wants_colour(std::FILE* stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  return is_terminal(stream) && term != nullptr && std::string_view{term} != "dumb";
}

std::string Palette::bold(std::string_view text) const { return paint(on, "1", text); }
std::string Palette::dim(std::string_view text) const { return paint(on, "2", text); }
std::string Palette::red(std::string_view text) const { return paint(on, "31", text); }
std::string Palette::green(std::string_view text) const { return paint(on, "32", text); }
std::string Palette::yellow(std::string_view text) const { return paint(on, "33", text); }

std::string Palette::level(engine::Level level, std::string_view text) const {
  switch (level) {
    case engine::Level::calm:
      return green(text);
    case engine::Level::watch:
      return paint(on, "36", text);
    case engine::Level::elevated:
      return yellow(text);
    case engine::Level::high:
      return paint(on, "1;31", text);
    case engine::Level::critical:
      return paint(on, "1;37;41", text);
    case engine::Level::unknown:
      return paint(on, "35", text);
  }
  return std::string{text};
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == 0x1B) {  // our own colour escapes end with m
      at = std::min(text.find('m', at), text.size());
    } else if ((byte & 0xC0U) != 0x80U) {
      ++width;
    }
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out{text};
  for (char& character : out) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F) character = '?';
  }
  return out;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr double kStep = 1000.0;
  if (bytes < 1000) return std::to_string(bytes) + " B";
  const auto value = static_cast<double>(bytes);
  if (value < kStep * kStep) return decimal(value / kStep, 1) + " kB";
  if (value < kStep * kStep * kStep) return decimal(value / (kStep * kStep), 1) + " MB";
  return decimal(value / (kStep * kStep * kStep), 1) + " GB";
}

std::string span_text(engine::Span span) {
  constexpr engine::Span kSecond = 1000;
  constexpr engine::Span kMinute = 60 * kSecond;
  constexpr engine::Span kHour = 60 * kMinute;
  constexpr engine::Span kDay = 24 * kHour;
  const auto two = [span](engine::Span big, const char* big_unit, engine::Span small, const char* small_unit) {
    std::string out = std::to_string(span / big) + " " + big_unit;
    const engine::Span rest = span % big / small;
    if (rest != 0) out += " " + std::to_string(rest) + " " + small_unit;
    return out;
  };
  if (span < 0) return "-" + span_text(-span);
  if (span >= kDay) return two(kDay, "d", kHour, "h");
  if (span >= kHour) return two(kHour, "h", kMinute, "min");
  if (span >= kMinute) return two(kMinute, "min", kSecond, "s");
  if (span >= kSecond) return decimal(static_cast<double>(span) / kSecond, span % kSecond == 0 ? 0 : 1) + " s";
  return std::to_string(span) + " ms";
}

std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural) {
  return grouped(count) + " " + std::string{count == 1 ? singular : plural};
}

void Table::row(std::vector<std::string> cells) {
  TOCSIN_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::render(const Palette& palette, std::size_t indent) const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    widths.push_back(width_of(columns_[column].title));
    for (const auto& row : rows_) widths[column] = std::max(widths[column], width_of(row[column]));
  }
  std::string out;
  const auto line = [&](const auto& cell_of) {
    std::string text(indent, ' ');
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      const std::string cell = cell_of(column);
      const std::string pad(widths[column] - std::min(widths[column], width_of(cell)), ' ');
      if (column != 0) text += "  ";
      text += columns_[column].align == Align::right ? pad + cell : cell + pad;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t column) { return palette.dim(columns_[column].title); });
  for (const auto& row : rows_) line([&](std::size_t column) { return row[column]; });
  return out;
}

Progress::Progress(std::string what, std::uint64_t total, std::string unit)
    : what_{std::move(what)},
      unit_{std::move(unit)},
      total_{total},
      enabled_{is_terminal(stderr)},
      started_{std::chrono::steady_clock::now()},
      next_{started_ + std::chrono::milliseconds{500}} {}

Progress::~Progress() { clear(); }

void Progress::update(std::uint64_t done, std::string_view note) {
  constexpr std::size_t kBarWidth = 28;
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now < next_) return;
  next_ = now + std::chrono::milliseconds{100};
  const double share = total_ == 0 ? 1.0 : static_cast<double>(std::min(done, total_)) / static_cast<double>(total_);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(done) / seconds);
  std::fprintf(stderr, "\r\033[K%s [%s%s] %3.0f %%  %s/%s %s  %s/s  %.*s", what_.c_str(),
               std::string(filled, '#').c_str(), std::string(kBarWidth - filled, '.').c_str(), share * 100.0,
               grouped(done).c_str(), grouped(total_).c_str(), unit_.c_str(), grouped(rate).c_str(),
               static_cast<int>(std::min<std::size_t>(note.size(), 60)), note.data());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}
}  // namespace tocsin::tools
