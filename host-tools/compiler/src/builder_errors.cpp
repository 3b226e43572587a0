// SPDX-License-Identifier: Apache-2.0
// What is said of text that is no book: what was expected, what was found, and the likely mend.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "tocsin/text/json_lines.hpp"

#include "builder.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::string_view kDurationHelp =
    "durations are digits and units without blanks: 250ms 90s 5m 72h 7d 2w 1d12h";
constexpr auto kOperators = std::to_array<std::string_view>(
    {"and", "or", "not", "unless", "then", "for", "in last", "since", "until", "within"});

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word_character(char c) { return is_digit(c) || is_letter(c) || c == '_'; }
std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}
std::string joined(std::string_view before, std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? std::string{before} : ", ") + std::string{word};
  return out;
}

// What may be an operand of a condition.
bool wants_operand(std::string_view what) {
  return what == "a condition" || what == "a condition or a number" || what == "a comparison, a name or `(`" ||
         what == "a number, a name or `(`";
}
bool wants_name(std::string_view what) {
  return what == "a name" || what == "a new name" || what == "an indicator's name" || what.starts_with("the name of");
}

// The words in backquotes that were expected.
std::vector<std::string_view> keywords_in(std::string_view what) {
  std::vector<std::string_view> found;
  for (std::size_t at = what.find('`'); at != std::string_view::npos; at = what.find('`', at)) {
    const std::size_t end = what.find('`', at + 1);
    if (end == std::string_view::npos) break;
    found.push_back(what.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return found;
}

// `2H`, `2hours`, `1.5h` as they would be right; empty when there is no telling.
std::string mended_duration(std::string_view written) {
  struct Unit {
    std::string_view name;
    double ms;
  };
  constexpr auto kUnits = std::to_array<Unit>(
      {{"ms", 1},        {"msec", 1},       {"s", 1e3},      {"sec", 1e3},       {"secs", 1e3},      {"second", 1e3},
       {"seconds", 1e3}, {"m", 60e3},       {"min", 60e3},   {"mins", 60e3},     {"minute", 60e3},   {"minutes", 60e3},
       {"h", 3600e3},    {"hr", 3600e3},    {"hrs", 3600e3}, {"hour", 3600e3},   {"hours", 3600e3},  {"d", 86400e3},
       {"day", 86400e3}, {"days", 86400e3}, {"w", 604800e3}, {"week", 604800e3}, {"weeks", 604800e3}});
  const std::size_t digits = written.find_first_not_of("0123456789.");
  if (digits == 0 || digits == std::string_view::npos) return {};
  const std::size_t begin = written.find_first_not_of(" \t", digits);
  const std::string name = lower_case(written.substr(begin));
  const auto* const unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& known) { return known.name == name; });
  double count = 0;
  const auto parsed = std::from_chars(written.data(), written.data() + digits, count);
  if (unit == kUnits.end() || parsed.ec != std::errc{} || parsed.ptr != written.data() + digits) return {};
  const double ms = count * unit->ms;
  if (!(ms >= 1) || ms > static_cast<double>(engine::kSpanMax) || ms != std::floor(ms)) return {};
  return text::format_span(static_cast<engine::Span>(ms));
}

// A time with what it lacks: the Z, the hour.
std::string mended_time(std::string_view written) {
  engine::Instant instant = 0;
  for (const char* const rest : {"Z", "T00:00Z"}) {
    std::string whole = std::string{written} + rest;
    if (text::parse_instant(whole, instant)) return whole;
  }
  return {};
}

// What looks like nothing, or like a blank.
bool is_invisible(std::string_view character) {
  constexpr auto kSuch =
      std::to_array<std::string_view>({"\xC2\xA0", "\xC2\xAD", "\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D",
                                       "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\xA0", "\xEF\xBB\xBF"});
  if (character.size() == 1) return static_cast<unsigned char>(character[0]) < 0x20U || character[0] == 0x7F;
  return std::find(kSuch.begin(), kSuch.end(), character) != kSuch.end();
}
// "U+00A0", of a character in UTF-8.
std::string code_point(std::string_view character) {
  constexpr std::array<unsigned, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  unsigned value = static_cast<unsigned char>(character[0]) & kLeadBits[character.size()];
  for (const char byte : character.substr(1)) value = value << 6U | (static_cast<unsigned char>(byte) & 0x3FU);
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  std::string hex{digits.data(), end};
  for (char& c : hex) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  return "U+" + std::string(hex.size() < 4 ? 4 - hex.size() : 0, '0') + hex;
}

// For signs that other languages have.
std::string help_for_sign(std::string_view rest) {
  for (const std::string_view quote :
       {"\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x9E", "\xE2\x80\x98", "\xE2\x80\x99", "\xC2\xAB", "\xC2\xBB", "'"}) {
    if (rest.starts_with(quote)) return "texts stand in straight double quotes: \"...\"";
  }
  if (rest.starts_with("&")) return "did you mean `and`?";
  if (rest.starts_with("|")) return "did you mean `or`?";
  if (rest.starts_with("!")) return "did you mean `not`?";
  if (rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with("--")) return "comments begin with `#`";
  return {};
}

struct BlockWords {
  std::string_view name;
  std::vector<std::string_view> clauses;
};
BlockWords words_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::theater:
      return {"a theater", {"step_down", "blind"}};
    case BlockKind::actor:
      return {"an actor", {}};
    case BlockKind::origin:
      return {"an origin", {"reliability"}};
    case BlockKind::feed:
      return {"a feed", {"origins", "every", "grace"}};
    case BlockKind::indicator:
      return {"an indicator", {"kind", "theater", "actor", "unit", "feeds", "role", "keep", "compartment"}};
    case BlockKind::alert:
      return {"an alert",
              {"theater", "when", "level", "clear", "hold", "cooldown", "evidence", "needs", "weigh", "against",
               "caveat", "disconfirm", "marking", "release", "compartments"}};
    case BlockKind::hypothesis:
      return {"a hypothesis", {}};
    case BlockKind::test:
      return {"a test", {"at", "clock", "expect"}};
  }
  return {};
}
// Words that stand within a clause of such a block.
std::vector<std::string_view> inner_words_of(BlockKind kind) {
  if (kind == BlockKind::feed) return {"origin"};
  if (kind == BlockKind::indicator) return {"feed"};
  if (kind == BlockKind::test) return {"from", "received", "level"};
  return {};
}
}  // namespace

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
  const std::string_view found = view(token_at(offset));
  if (utf8_length(found) == found.size() && is_invisible(found)) return "the invisible character " + code_point(found);
  return quoted(found);
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

void Builder::unclosed_text(std::uint32_t offset) {
  const bool escaped = offset < text_.size() && text_[offset] == '\\';
  std::uint32_t open = offset;
  while (open > 0 && (text_[open - 1] != '"' || (open > 1 && text_[open - 2] == '\\'))) --open;
  error({open > 0 ? open - 1 : 0, offset},
        escaped ? "a `\\` ends the line inside a text" : "the text is not closed on its line",
        "texts stand on one line, in double quotes; write \\\" for a quote inside");
  throw SyntaxError{};
}

// The mend of what stands where `what` was expected; the message may become another.
std::string Builder::help_for(std::uint32_t offset, std::string_view what, std::string& message) {
  const std::string_view found = view(token_at(offset));
  const std::size_t before = offset == 0 ? std::string_view::npos : text_.find_last_not_of(" \t\r\n", offset - 1);
  const bool after_comma = before != std::string_view::npos && text_[before] == ',';
  const bool word = !found.empty() && is_word_character(found.front());
  if (what == "`)`" && !found.empty() && (is_digit(found.front()) || found == "at")) return "a comma is missing";
  if (what == "`]`" && found == "and") {
    message = "expected `,` or `]`, found `and`";
    return "the parts of a filter are joined by commas, which mean `and`";
  }
  if (what == "`]`" && found == "or") return "a filter has no `or`: join two conditions, each with its filter";
  if (what.front() == '`') return did_you_mean(lower_case(found), keywords_in(what));
  if (wants_name(what) && is_reserved(found)) {
    message = quoted(found) + " is a word of the language and cannot be a name";
    if (what == "a new name") return "choose another name, e.g. `" + std::string{found} + "_1`";
    if (clause_.text == "against") return "`against` takes the names of conditions: declare a `condition` for it";
    return after_comma ? "a name follows a comma: the list ends without one" : "";
  }
  if (wants_name(what) && word) {
    const std::string lower = lower_case(found);
    if (what == "a new name") book_.unread.insert(lower);
    const bool mends = lower != found && !is_digit(lower.front());
    return "names are lower case letters, digits and `_`, a letter first" + (mends ? ": `" + lower + "`" : "");
  }
  if (found == "not") return "put it in parentheses: (not ...)";
  if (found == "from" && wants_operand(what) && !from_clause_at(offset))
    return "it stands alone or in parentheses: (from ... until ...)";
  if (wants_operand(what) && word && lower_case(found) != found)
    return "names and words of the language are in lower case: `" + lower_case(found) + "`";
  if (wants_operand(what) && (found == "." || (word && found.back() == '.')))
    return "numbers have digits on both sides of the point: `0.5`";
  if (what.starts_with("a weight") && word && is_digit(found.front()))
    return "did you mean `+" + std::string{found} + "`?";
  if (what.starts_with("a weight")) return "a weight is a whole number with its sign, from -1000 to +1000";
  return help_for_sign(text_.substr(offset));
}

void Builder::expected(std::uint32_t offset, std::string_view what) {
  if (what == "`\"`") {
    error_offset_ = behind_error(offset, what);
    unclosed_text(offset);
  }
  // A word that only begins with the right one: what is wrong is the whole of it.
  if (what.front() == '`' && is_letter(what[1]) && offset < text_.size() && is_word_character(text_[offset])) {
    while (offset > 0 && is_word_character(text_[offset - 1])) --offset;
  }
  error_offset_ = behind_error(offset, what);
  std::string message = "expected " + std::string{what} + ", found " + found_at(offset);
  std::string help = help_for(offset, what, message);
  error(token_at(offset), std::move(message), std::move(help));
  throw SyntaxError{};
}

void Builder::enter(std::uint32_t offset) {
  if (++nesting_ <= kNestingMax) return;
  error_offset_ = offset;
  error(token_at(offset), "this is nested more than " + std::to_string(kNestingMax) + " deep",
        "give the inner part a name with `condition`");
  throw SyntaxError{};
}

void Builder::unknown_function(Range name) {
  constexpr auto kFunctions =
      std::to_array<std::string_view>({"count", "sum", "mean", "min", "max", "median", "mad", "stddev", "quantile",
                                       "days", "origins", "last", "overdue"});
  std::uint32_t open = 0;
  std::uint32_t end = name.end;
  for (; end < text_.size() && text_[end] != '{' && text_[end] != '}'; ++end) {
    if (text_[end] == '(') ++open;
    if (text_[end] == ')' && --open == 0) break;
  }
  error_offset_ = end < text_.size() && text_[end] == ')' ? end + 1 : name.end;
  const std::string word = lower_case(view(name));
  std::string help = did_you_mean(word, kFunctions);
  if (word == "average" || word == "avg") help = "did you mean `mean`?";
  if (word == "percentile") help = "did you mean `quantile`?";
  if (help.empty()) help = joined("there are ", kFunctions);
  error(name, "no function is called " + quoted(view(name)), std::move(help));
  throw SyntaxError{};
}

// --- Words that begin nothing ----------------------------------------------------------------------------------------
// The help for a word or sign that is out of place, where these are known.
std::string Builder::mend_of(Range at, std::vector<std::string_view> words) const {
  const std::string_view rest = text_.substr(at.begin);
  if (at.begin == expression_end_) words.insert(words.begin(), kOperators.begin(), kOperators.end());
  if (std::string help = did_you_mean(lower_case(view(at)), words); !help.empty()) return help;
  if (at.begin == list_end_ && is_letter(rest[0])) return "is a comma missing before it?";
  if (rest[0] == ',' && at.begin > 0 && is_digit(text_[at.begin - 1]) && rest.size() > 1 && is_digit(rest[1]))
    return "numbers are written without commas";
  if (rest[0] == ',' || rest[0] == ';') return "only lists take commas: clauses and declarations follow without a sign";
  if (at.begin > 0 && text_[at.begin - 1] == '"' && is_word_character(rest[0]))
    return "a text ends right before it: is a `\"` missing, here or above?";
  return help_for_sign(rest);
}

void Builder::unknown_clause(Range at) {
  mark_incomplete();
  error_offset_ = at.begin;
  BlockWords words = words_of(block_);
  if (block_ == BlockKind::alert) {
    AlertDecl& alert = book_.alerts.back();
    if (alert.kind == engine::AlertKind::linkage) {
      words.name = "a linkage";
      words.clauses.front() = "from";  // where an alert has `theater`
      words.clauses.insert(words.clauses.begin() + 1, "between");
    }
    if (at.begin == expression_end_) alert.cut_short = true;
    const std::string near = nearest(lower_case(view(at)), words.clauses);
    stray_when_ = near == "clear" || near == "level" || near == "weigh";
  }
  std::vector<std::string_view> known = words.clauses;
  for (const std::string_view inner : inner_words_of(block_)) known.push_back(inner);
  std::string help = mend_of(at, known);
  if (help.empty()) help = words.clauses.empty() ? "its block is empty" : joined("it knows ", words.clauses);
  const std::string what = block_ == BlockKind::test ? "a test line" : "a clause of " + std::string{words.name};
  error(token_at(at.begin), "expected " + what + ", found " + found_at(at.begin), std::move(help));
}

void Builder::unknown_declaration(Range at) {
  constexpr auto kDeclarations =
      std::to_array<std::string_view>({"watchbook", "horizon", "include", "theater", "actor", "origin", "feed",
                                       "indicator", "condition", "alert", "linkage", "hypothesis", "test"});
  error_offset_ = at.begin;
  if (at.begin == head_end_) mark_incomplete();  // its block may follow
  const std::size_t next = text_.find_first_not_of(" \t\r\n", at.end);
  if (next != std::string_view::npos) book_.unread.emplace(view(token_at(static_cast<std::uint32_t>(next))));
  std::vector<std::string_view> known{kDeclarations.begin(), kDeclarations.end()};
  if (view(trimmed(declaration_)) == "watchbook") known.push_back("version");
  const bool brace = view(at) == "}";
  std::string help = brace ? std::string{} : mend_of(at, known);
  if (help.empty() && !brace) {
    help =
        "a book is made of watchbook, horizon, include, theater, actor, origin, feed, indicator, condition, alert, "
        "linkage, hypothesis and test";
  }
  error(token_at(at.begin), brace ? "this `}` closes nothing" : "expected a declaration, found " + found_at(at.begin),
        std::move(help));
}

// --- Tokens that are almost right ------------------------------------------------------------------------------------
void Builder::bad_duration(Range at) {
  const std::string_view written = view(at);
  const std::size_t digits = written.find_first_not_of("0123456789");
  const std::string mended = mended_duration(written);
  const std::string help = mended.empty() ? std::string{kDurationHelp} : "did you mean `" + mended + "`?";
  if (digits == std::string_view::npos) {
    error(at, "a duration needs a unit", "did you mean `" + std::string{written} + "h`?");
  } else if (written[digits] == ' ' || written[digits] == '\t') {
    error(at, "a duration is written without blanks", help);
  } else {
    error(at, quoted(written) + " is not a duration", help);
  }
  durations_.push_back({3'600'000, at});  // any, so that the rest can be read
}

void Builder::time(Range at) {
  engine::Instant instant = 0;
  if (!text::parse_instant(view(at), instant)) {
    const std::string mended = mended_time(view(at));
    error(at, quoted(view(at)) + " is not a time",
          mended.empty() ? "times are RFC 3339 in UTC, e.g. 2024-05-23T01:00Z or 2024-05-23T01:00:00.250Z"
                         : "times are in UTC: did you mean `" + mended + "`?");
  }
  times_.push_back({instant, at});
}

// `expect ntohing else`: read as an alert and its event.
void Builder::expect_event(Range at) {
  if (view(at) == "else" && !words_.empty()) {
    error_offset_ = at.end;
    const Word word = words_.back();
    error(word.at, "expected the name of an alert, or `nothing else`, found " + quoted(word.text),
          "did you mean `nothing else`?");
    throw SyntaxError{};
  }
  events_.push_back({std::string{view(at)}, at});
}
}  // namespace tocsin::compiler
