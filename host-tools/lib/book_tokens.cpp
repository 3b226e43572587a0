// SPDX-License-Identifier: Apache-2.0
#include "lib/book_tokens.hpp"

#include <algorithm>
#include <array>

namespace tocsin::tools {
namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) {
  // Bytes of other scripts hold together, too.
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80U;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_{text} {}

  TokenizedBook run() {
    TokenizedBook book;
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    bool first = true;
    while (true) {
      Gap gap = read_gap(first);
      if (at_ == text_.size()) {
        book.end = std::move(gap);
        return book;
      }
      const std::string_view token = text_.substr(at_, length_of_token());
      at_ += token.size();
      before_ = token;
      first = false;
      book.tokens.push_back({token, std::move(gap)});
    }
  }

 private:
  Gap read_gap(bool at_start) {
    Gap gap;
    std::size_t newlines = at_start ? 1 : 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') ++newlines;
      if (is_blank(c)) {
        ++at_;
        continue;
      }
      if (c != '#') break;
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      std::string_view comment = text_.substr(at_, end - at_);
      while (!comment.empty() && is_blank(comment.back())) comment.remove_suffix(1);
      if (newlines == 0) {
        gap.trailing = comment;
      } else {
        gap.comments.push_back({std::string{comment}, newlines > 1 && !(at_start && gap.comments.empty())});
      }
      at_ = end;
      newlines = 0;
    }
    gap.blank_before = newlines > 1;
    return gap;
  }

  // Times are the only tokens with `-` and `:` inside, and stand after these words only.
  [[nodiscard]] bool time_may_follow() const {
    return before_ == "at" || before_ == "of" || before_ == "received" || before_ == "clock";
  }

  [[nodiscard]] std::size_t length_of_token() const {
    const std::string_view rest = text_.substr(at_);
    const char c = rest[0];
    if (c == '"') return length_of_string(rest);
    if (is_digit(c) && time_may_follow()) {
      return length_while(rest, [](char d) { return is_word(d) || d == ':' || d == '.' || d == '+' || d == '-'; });
    }
    if (is_digit(c)) return length_while(rest, [](char d) { return is_word(d) || d == '.'; });
    if (is_word(c)) return length_while(rest, is_word);
    constexpr std::array<std::string_view, 3> kDouble = {"<=", ">=", "!="};
    for (const std::string_view sign : kDouble) {
      if (rest.starts_with(sign)) return sign.size();
    }
    return 1;
  }
  static std::size_t length_of_string(std::string_view rest) {
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size() && rest[i + 1] != '\n') {
        ++i;
      } else if (rest[i] == '"') {
        return i + 1;
      } else if (rest[i] == '\n') {
        return i;
      }
    }
    return rest.size();
  }
  template <typename Member>
  static std::size_t length_while(std::string_view rest, Member&& member) {
    std::size_t length = 0;
    while (length < rest.size() && member(rest[length])) ++length;
    return length;
  }

  std::string_view text_;
  std::string_view before_;
  std::size_t at_ = 0;
};
}  // namespace

TokenizedBook tokenize(std::string_view text) { return Lexer{text}.run(); }
}  // namespace tocsin::tools
