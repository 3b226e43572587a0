// SPDX-License-Identifier: Apache-2.0
// Tokens, errors and declarations. Clauses are in builder_clauses.cpp, expressions in builder_expr.cpp.
#include "builder.hpp"

#include <algorithm>
#include <charconv>

#include "tocsin/text/json_lines.hpp"

#include "words.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kTextBytesMax = 200;
constexpr std::string_view kDurationHelp =
    "durations are digits and units without blanks: 250ms 90s 5m 72h 7d 2w 1d12h";

engine::Span unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1'000;
  if (unit == "m") return 60'000;
  if (unit == "h") return 3'600'000;
  if (unit == "d") return 86'400'000;
  return 604'800'000;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// What may be an operand of a condition.
bool wants_operand(std::string_view what) {
  return what == "a condition" || what == "a comparison, a name or `(`" || what == "a number, a name or `(`";
}
}  // namespace

Builder::Builder(std::string_view text, Book book, bool included, std::vector<Diagnostic>& diagnostics)
    : text_{text}, diagnostics_{diagnostics}, book_{std::move(book)}, included_{included} {}

bool Builder::starts_line(std::uint32_t offset) const {
  while (offset > 0 && (text_[offset - 1] == ' ' || text_[offset - 1] == '\t')) --offset;
  return offset == 0 || text_[offset - 1] == '\n' || text_[offset - 1] == '\r' || text_[offset - 1] == '{';
}

// --- Errors ----------------------------------------------------------------------------------------------------------
void Builder::error(Range at, std::string message, std::string help, std::vector<Note> notes) {
  diagnostics_.push_back({Severity::error, at, std::move(message), std::move(help), std::move(notes)});
  if (diagnostics_.size() >= kErrorsMax) throw TooManyErrors{};
}

Range Builder::token_at(std::uint32_t offset) const {
  std::uint32_t end = offset;
  const bool number = end < text_.size() && is_digit(text_[end]);
  while (end < text_.size() && (is_word_character(text_[end]) || (number && text_[end] == '.'))) ++end;
  if (end == offset && end < text_.size()) {
    end += static_cast<std::uint32_t>(std::max<std::size_t>(1, utf8_length(text_.substr(end))));
  }
  return {offset, end};
}

std::string Builder::found_at(std::uint32_t offset) const {
  if (offset >= text_.size()) return "the end of the book";
  if (text_[offset] == '"') return "a text";
  return quoted(view(token_at(offset)));
}

bool Builder::from_clause_at(std::uint32_t offset) const {
  const auto next = [&](std::uint32_t at) {
    const std::size_t start = text_.find_first_not_of(" \t\r\n", at);
    return token_at(static_cast<std::uint32_t>(std::min(start, text_.size())));
  };
  return view(next(next(token_at(offset).end).end)) == "to";
}

std::uint32_t Builder::behind_error(std::uint32_t offset, std::string_view what) const {
  if (in_filter_ && what != "`\"`") {
    const std::size_t close = text_.find_first_of("[]{}", offset);
    if (close != std::string_view::npos && text_[close] == ']') return static_cast<std::uint32_t>(close + 1);
  }
  const Range found = token_at(offset);
  return view(found) == "from" && wants_operand(what) && !from_clause_at(offset) ? found.end : offset;
}

void Builder::expected(std::uint32_t offset, std::string_view what) {
  error_offset_ = behind_error(offset, what);
  const Range at = token_at(offset);
  const std::string_view found = view(at);
  if (what == "`\"`") {
    const bool escaped = offset < text_.size() && text_[offset] == '\\';
    std::uint32_t open = offset;
    while (open > 0 && (text_[open - 1] != '"' || (open > 1 && text_[open - 2] == '\\'))) --open;
    error({open > 0 ? open - 1 : 0, offset},
          escaped ? "a `\\` ends the line inside a text" : "the text is not closed on its line",
          "texts stand on one line, in double quotes; write \\\" for a quote inside");
    throw SyntaxError{};
  }
  const bool wants_name =
      what == "a name" || what == "a new name" || what == "an indicator's name" || what.starts_with("the name of");
  std::string message = "expected " + std::string{what} + ", found " + found_at(offset);
  std::string help;
  if (what == "`)`" && !found.empty() && (is_digit(found.front()) || found == "at")) {
    help = "a comma is missing";
  } else if (what == "`]`" && found == "and") {
    message = "expected `,` or `]`, found `and`";
    help = "the parts of a filter are joined by commas, which mean `and`";
  } else if (what == "`]`" && found == "or") {
    help = "a filter has no `or`: join two conditions, each with its filter";
  } else if (what.front() == '`') {
    const std::string_view keyword = what.substr(1, what.size() - 2);
    help = did_you_mean(found, {&keyword, 1});
  } else if (wants_name && is_reserved(found)) {
    message = quoted(found) + " is a word of the language and cannot be a name";
    help = what == "a new name" ? "choose another name, e.g. `" + std::string{found} + "_1`" : "";
  } else if (wants_name && !found.empty() && is_word_character(found.front())) {
    const std::string lower = lower_case(found);
    help = "names are lower case letters, digits and `_`, a letter first";
    if (lower != found && !is_digit(lower.front())) help += ": `" + lower + "`";
    if (what == "a new name") book_.unread.insert(lower);
  } else if (found == "not") {
    help = "put it in parentheses: (not ...)";
  } else if (found == "from" && wants_operand(what) && !from_clause_at(offset)) {
    help = "it stands alone or in parentheses: (from ... until ...)";
  }
  error(at, std::move(message), std::move(help));
  throw SyntaxError{};
}

void Builder::enter(std::uint32_t offset) {
  if (++nesting_ <= kNestingMax) return;
  error_offset_ = offset;
  error(token_at(offset), "this is nested more than " + std::to_string(kNestingMax) + " deep",
        "give the inner part a name with `condition`");
  throw SyntaxError{};
}

// What was not read must not be missed later: that would be a second error for one mistake.
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
    } else if (static_cast<unsigned char>(inside[i]) < 0x20U || inside[i] == 0x7F) {
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

void Builder::bad_duration(Range at) {
  const std::string_view written = view(at);
  const std::size_t digits = written.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) {
    error(at, "a duration needs a unit", "did you mean `" + std::string{written} + "h`?");
  } else if (written[digits] == ' ' || written[digits] == '\t') {
    const std::size_t unit = written.find_first_not_of(" \t", digits);
    const std::string mended = std::string{written.substr(0, digits)} + std::string{written.substr(unit)};
    error(at, "a duration is written without blanks", "did you mean `" + mended + "`?");
  } else {
    error(at, quoted(written) + " is not a duration", std::string{kDurationHelp});
  }
  durations_.push_back({3'600'000, at});  // any, so that the rest can be read
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

void Builder::time(Range at) {
  engine::Instant instant = 0;
  if (!text::parse_instant(view(at), instant)) {
    error(at, quoted(view(at)) + " is not a time",
          "times are RFC 3339 in UTC, e.g. 2024-05-23T01:00Z or 2024-05-23T01:00:00.250Z");
  }
  times_.push_back({instant, at});
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
  declaration_ = at;
}

template <typename Declaration>
void Builder::begin_block(std::vector<Declaration>& into, BlockKind kind) {
  Declaration declaration{};
  declaration.name = pop_word();
  if (!strings_.empty()) declaration.title = strings_.back();
  owner_ = declaration.name.text;
  into.push_back(std::move(declaration));
  block_ = kind;
  block_at_ = {};
  reset_stacks();
}

void Builder::begin_theater(Range /*at*/) { begin_block(book_.theaters, BlockKind::theater); }
void Builder::begin_actor(Range /*at*/) { begin_block(book_.actors, BlockKind::actor); }
void Builder::begin_origin(Range /*at*/) { begin_block(book_.origins, BlockKind::origin); }
void Builder::begin_feed(Range /*at*/) { begin_block(book_.feeds, BlockKind::feed); }
void Builder::begin_indicator(Range /*at*/) { begin_block(book_.indicators, BlockKind::indicator); }
void Builder::begin_hypothesis(Range /*at*/) { begin_block(book_.hypotheses, BlockKind::hypothesis); }
void Builder::begin_alert(Range /*at*/) { begin_block(book_.alerts, BlockKind::alert); }
void Builder::begin_linkage(Range /*at*/) {
  begin_block(book_.alerts, BlockKind::alert);
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

void Builder::end_condition(Range /*at*/) {
  ConditionDecl condition;
  condition.value = pop_expr();
  condition.name = words_.empty() ? Word{} : words_.front();
  if (condition.value) book_.conditions.push_back(std::move(condition));
}

void Builder::open_block(Range at) {
  block_at_ = at;
  if (block_ == BlockKind::test && !book_.tests.empty()) book_.tests.back().incomplete = false;
}

void Builder::unclosed_block(Range at) {
  std::vector<Note> notes;
  if (block_at_.end != 0) notes.push_back({block_at_, "it opens here"});
  error(token_at(at.begin),
        "expected `}` before " + found_at(at.begin) + ": the block of " + quoted(owner_) + " is not closed", {},
        std::move(notes));
}

void Builder::unknown_declaration(Range at) {
  constexpr auto kDeclarations =
      std::to_array<std::string_view>({"watchbook", "horizon", "include", "theater", "actor", "origin", "feed",
                                       "indicator", "condition", "alert", "linkage", "hypothesis", "test"});
  error_offset_ = at.begin;
  const std::size_t next = text_.find_first_not_of(" \t\r\n", at.end);
  if (next != std::string_view::npos) book_.unread.emplace(view(token_at(static_cast<std::uint32_t>(next))));
  std::string help = did_you_mean(view(at), kDeclarations);
  if (help.empty() && view(at) != "}") {
    help =
        "a book is made of watchbook, horizon, include, theater, actor, origin, feed, indicator, condition, alert, "
        "linkage, hypothesis and test";
  }
  error(token_at(at.begin),
        view(at) == "}" ? "this `}` closes nothing" : "expected a declaration, found " + found_at(at.begin),
        std::move(help));
}
}  // namespace tocsin::compiler
