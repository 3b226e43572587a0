// SPDX-License-Identifier: Apache-2.0
// Tokens and declarations. Clauses are in builder_clauses.cpp, expressions in builder_expr.cpp, what is said of text
// that is no book in builder_errors.cpp.
#include "builder.hpp"

#include <algorithm>
#include <charconv>

#include "words.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kTextBytesMax = 200;

engine::Span unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1'000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return 604'800'000;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// U+0000..001F, U+007F..009F.
bool is_control(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte < 0x20U || byte == 0x7FU) return true;
  return byte == 0xC2U && text.size() > 1 && static_cast<unsigned char>(text[1]) >= 0x80U &&
         static_cast<unsigned char>(text[1]) < 0xA0U;
}
}  // namespace

Builder::Builder(std::string_view text, Book book, bool included, std::vector<Diagnostic>& diagnostics)
    : text_{text}, diagnostics_{diagnostics}, book_{std::move(book)}, included_{included} {}

bool Builder::starts_line(std::uint32_t offset) const {
  while (offset > 0 && (text_[offset - 1] == ' ' || text_[offset - 1] == '\t')) --offset;
  return offset == 0 || text_[offset - 1] == '\n' || text_[offset - 1] == '\r' || text_[offset - 1] == '{';
}

// --- After an error
// --------------------------------------------------------------------------------------------------- What was not read
// must not be missed later: that would be a second error for one mistake.
void Builder::recovered(std::uint16_t nesting) {
  nesting_ = nesting;
  if (clause_.text.empty()) {
    if (!words_.empty()) book_.unread.insert(words_.front().text);
  } else {
    mark_incomplete();
  }
  reset_stacks();
}

void Builder::mark_incomplete() {
  if (block_ == BlockKind::feed && !book_.feeds.empty()) book_.feeds.back().incomplete = true;
  if (block_ == BlockKind::alert && !book_.alerts.empty()) book_.alerts.back().incomplete = true;
  if (block_ == BlockKind::test && !book_.tests.empty()) book_.tests.back().incomplete = true;
}

void Builder::reset_stacks() {
  words_.clear();
  strings_.clear();
  durations_.clear();
  counts_.clear();
  numbers_.clear();
  times_.clear();
  levels_.clear();
  ops_.clear();
  exprs_.clear();
  calls_.clear();
  filter_terms_.clear();
  filter_ = {};
  in_filter_ = false;
  need_items_.clear();
  weigh_items_.clear();
  reports_.clear();
  events_.clear();
  line_origin_ = {};
  line_received_.reset();
  window_start_.reset();
  has_window_ = false;
}

// --- Tokens ----------------------------------------------------------------------------------------------------------
void Builder::word(Range at) {
  if (at.end - at.begin > kNameBytesMax) {
    error(at, "this name is longer than " + std::to_string(kNameBytesMax) + " characters");
  }
  words_.push_back({std::string{view(at)}, at});
}

void Builder::string(Range at) {
  const std::string_view inside = text_.substr(at.begin + 1, at.end - at.begin - 2);
  std::string value;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const auto here = static_cast<std::uint32_t>(at.begin + 1 + i);
    if (inside[i] == '\\') {
      ++i;
      if (inside[i] != '"' && inside[i] != '\\') {
        error({here, here + 2}, "unknown escape in a text", "only \\\" and \\\\ are known; write \\\\ for a backslash");
      }
    } else if (is_control(inside.substr(i))) {
      error({here, here + 1}, "a control character in a text", "use a blank instead");
    }
    value += inside[i];
  }
  if (value.size() > kTextBytesMax) {
    error(at, "this text is longer than " + std::to_string(kTextBytesMax) + " bytes");
  }
  strings_.push_back({std::move(value), at});
}

void Builder::duration(Range at) {
  const std::string_view digits = view(at);
  engine::Span total = 0;
  for (std::size_t i = 0; i < digits.size();) {
    std::size_t end = i;
    while (is_digit(digits[end])) ++end;
    std::size_t next = end;
    while (next < digits.size() && !is_digit(digits[next])) ++next;
    engine::Span count = 0;
    const auto parsed = std::from_chars(digits.data() + i, digits.data() + end, count);
    const engine::Span unit = unit_ms(digits.substr(end, next - end));
    if (parsed.ec != std::errc{} || count > engine::kSpanMax / unit || total + count * unit > engine::kSpanMax) {
      error(at, "this duration is longer than 100 years");
      total = 1;
      break;
    }
    total += count * unit;
    i = next;
  }
  durations_.push_back({total, at});
}

void Builder::integer(Range at) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text_.data() + at.begin, text_.data() + at.end, value);
  constexpr std::uint64_t kLargest = 4'294'967'295;
  if (parsed.ec != std::errc{} || value > kLargest) {
    error(at, "this number is too large", "at most 4294967295");
    value = 1;
  }
  counts_.push_back({value, at});
}

void Builder::number(Range at) {
  double value = 0;
  const auto parsed = std::from_chars(text_.data() + at.begin, text_.data() + at.end, value);
  if (parsed.ec != std::errc{}) {
    error(at, "this number is out of range");
    value = 1;
  }
  numbers_.push_back(value == 0 ? 0.0 : value);  // -0 is 0
}

void Builder::bad_comparison(Range at) {
  error(at, "unknown comparison " + quoted(view(at)), view(at) == "==" ? "did you mean `=`?" : "did you mean `!=`?");
}

Word Builder::pop_word() {
  if (words_.empty()) return {};
  Word word = std::move(words_.back());
  words_.pop_back();
  return word;
}
Duration Builder::pop_duration() {
  if (durations_.empty()) return {};
  const Duration duration = durations_.back();
  durations_.pop_back();
  return duration;
}
Count Builder::pop_count() {
  if (counts_.empty()) return {};
  const Count count = counts_.back();
  counts_.pop_back();
  return count;
}

Range Builder::pop_op() {
  if (ops_.empty()) return {};
  const Range op = ops_.back();
  ops_.pop_back();
  return op;
}
Filter Builder::pop_filter() {
  Filter filter = std::move(filter_);
  filter_ = {};
  return filter;
}

// --- Declarations ----------------------------------------------------------------------------------------------------
void Builder::begin_declaration(Range at) {
  reset_stacks();
  seen_.clear();
  clause_ = {};
  stray_when_ = false;
  declaration_ = at;
}

template <typename Declaration>
void Builder::begin_block(std::vector<Declaration>& into, BlockKind kind, Range head) {
  Declaration declaration{};
  declaration.name = pop_word();
  if (!strings_.empty()) declaration.title = strings_.back();
  owner_ = declaration.name.text;
  into.push_back(std::move(declaration));
  block_ = kind;
  head_end_ = head.end;
  block_at_ = {};
  reset_stacks();
}

void Builder::begin_theater(Range at) { begin_block(book_.theaters, BlockKind::theater, at); }
void Builder::begin_actor(Range at) { begin_block(book_.actors, BlockKind::actor, at); }
void Builder::begin_origin(Range at) { begin_block(book_.origins, BlockKind::origin, at); }
void Builder::begin_feed(Range at) { begin_block(book_.feeds, BlockKind::feed, at); }
void Builder::begin_indicator(Range at) { begin_block(book_.indicators, BlockKind::indicator, at); }
void Builder::begin_hypothesis(Range at) { begin_block(book_.hypotheses, BlockKind::hypothesis, at); }
void Builder::begin_alert(Range at) { begin_block(book_.alerts, BlockKind::alert, at); }
void Builder::begin_linkage(Range at) {
  begin_block(book_.alerts, BlockKind::alert, at);
  book_.alerts.back().kind = engine::AlertKind::linkage;
}

void Builder::begin_test(Range /*at*/) {
  TestDecl test;
  test.title = {"test " + std::to_string(book_.tests.size() + 1), trimmed(declaration_)};
  test.incomplete = true;  // until its block opens
  if (!strings_.empty()) test.title = strings_.back();
  owner_ = test.title.text;
  book_.tests.push_back(std::move(test));
  block_ = BlockKind::test;
  block_at_ = {};
  reset_stacks();
}

void Builder::end_watchbook(Range /*at*/) {
  if (included_) return;
  if (book_.watchbook.end != 0) {
    error(declaration_, "a second `watchbook` line", "a book has one", {{book_.watchbook, "the first is here"}});
    return;
  }
  book_.watchbook = declaration_;
  if (!strings_.empty()) book_.title = strings_.back();
  if (!counts_.empty()) book_.version = counts_.back();
}

void Builder::end_horizon(Range /*at*/) {
  const Duration horizon = pop_duration();
  if (book_.horizon && included_ && book_.horizon->ms == horizon.ms) return;  // both files say the same
  if (book_.horizon) {
    error(declaration_, "a second `horizon` line", "a book has one", {{book_.horizon->at, "the first is here"}});
    return;
  }
  book_.horizon = horizon;
}

void Builder::end_include(Range /*at*/) {
  if (!strings_.empty()) book_.includes.push_back(strings_.back());
}

void Builder::end_condition(Range at) {
  expression_end_ = at.end;
  ConditionDecl condition;
  condition.value = pop_expr();
  condition.name = words_.empty() ? Word{} : words_.front();
  if (condition.value) book_.conditions.push_back(std::move(condition));
}

void Builder::open_block(Range at) {
  block_at_ = at;
  if (block_ == BlockKind::test && !book_.tests.empty()) book_.tests.back().incomplete = false;
  if (block_ == BlockKind::alert && !book_.alerts.empty()) book_.alerts.back().has_block = true;
}

void Builder::unclosed_block(Range at) {
  std::vector<Note> notes;
  if (block_at_.end != 0) notes.push_back({block_at_, "it opens here"});
  error(token_at(at.begin),
        "expected `}` before " + found_at(at.begin) + ": the block of " + quoted(owner_) + " is not closed", {},
        std::move(notes));
}
}  // namespace tocsin::compiler
