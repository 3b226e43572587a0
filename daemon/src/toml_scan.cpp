// SPDX-License-Identifier: Apache-2.0
#include "toml_scan.hpp"

#include <algorithm>

namespace tocsin::daemon {
namespace {
constexpr const char* kStrayLetter = "letters beyond ASCII stand in quoted texts and comments only";
constexpr const char* kBehindBackslash = "a backslash must not lead to a letter beyond ASCII; write that letter alone";
constexpr const char* kBadHeader = "a table's header begins with its name, as in [keys]";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_beyond_ascii(char letter) { return static_cast<unsigned char>(letter) >= 0x80; }

bool may_begin_header(char letter) {
  constexpr std::string_view kOthers = "-_\"'[]";
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         kOthers.find(letter) != std::string_view::npos;
}

/// From a bracket that opens a header. What ends too early toml++ finds by itself.
bool is_bad_header(std::string_view from_bracket) {
  from_bracket.remove_prefix(from_bracket.starts_with("[[") ? 2 : 1);
  const auto name = from_bracket.find_first_not_of(" \t");
  return name != std::string_view::npos && !may_begin_header(from_bracket[name]);
}

/// What ends the quoted text or comment that begins here; empty when none does.
/// @param before  the letter before: within a word a quotation mark opens nothing.
std::string_view quote_opened_by(std::string_view rest, char before) {
  constexpr std::string_view kBeforeQuotes = " \t\r\n=[,.{";
  const bool opens = kBeforeQuotes.find(before) != std::string_view::npos;
  for (const std::string_view quote : {"\"\"\"", "'''", "\"", "'"}) {
    if (opens && rest.starts_with(quote)) return quote;
  }
  return rest.front() == '#' ? "\n" : "";
}

/// A backslash in a quoted text: where it is followed by a letter beyond ASCII at once, or after the blanks and line
/// ends that a backslash takes away.
bool leads_beyond_ascii(std::string_view from_backslash) {
  const auto next = from_backslash.find_first_not_of(" \t\r\n", 1);
  return next != std::string_view::npos && is_beyond_ascii(from_backslash[next]);
}

class Scan {
 public:
  explicit Scan(std::string_view toml) : toml_{toml} {
    if (toml.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  TomlFault run() {
    while (at_ < toml_.size()) {
      std::size_t step = 1;
      const char* const text = closing_.empty() ? outside_(step) : inside_(step);
      if (text != nullptr) return {place_, text};
      pass_(step);
    }
    return {};
  }

 private:
  [[nodiscard]] std::string_view rest_() const { return toml_.substr(at_); }

  const char* outside_(std::size_t& step) {
    const char letter = rest_().front();
    if (is_beyond_ascii(letter)) return kStrayLetter;
    if (letter == '[') {
      if (line_is_blank_ && depth_ == 0 && is_bad_header(rest_())) return kBadHeader;
      ++depth_;
    } else if (letter == ']' && depth_ > 0) {
      --depth_;
    }
    closing_ = quote_opened_by(rest_(), before_);
    if (closing_.size() > 1) step = closing_.size();
    return nullptr;
  }

  const char* inside_(std::size_t& step) {
    const auto rest = rest_();
    if (rest.front() == '\\' && closing_.front() == '"') {
      if (leads_beyond_ascii(rest)) return kBehindBackslash;
      step = std::min<std::size_t>(2, rest.size());
    } else if (rest.starts_with(closing_)) {
      step = closing_.size();
      closing_ = {};
    } else if (rest.front() == '\n' && closing_.size() == 1) {
      closing_ = {};
    }
    return nullptr;
  }

  void pass_(std::size_t step) {
    for (const char letter : rest_().substr(0, step)) {
      const bool ends = letter == '\n';
      place_ = ends ? Place{place_.line + 1, 1} : Place{place_.line, place_.column + 1};
      line_is_blank_ = ends || (line_is_blank_ && (letter == ' ' || letter == '\t' || letter == '\r'));
      before_ = letter;
    }
    at_ += step;
  }

  std::string_view toml_;
  std::size_t at_ = 0;
  Place place_{1, 1};
  std::string_view closing_;  ///< what ends the quoted text or comment we are in; empty: in none
  char before_ = '\n';
  bool line_is_blank_ = true;  ///< up to here
  std::size_t depth_ = 0;      ///< of brackets
};
}  // namespace

TomlFault find_toml_fault(std::string_view toml) { return Scan{toml}.run(); }
}  // namespace tocsin::daemon
