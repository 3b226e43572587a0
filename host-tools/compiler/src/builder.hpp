// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the grammar's actions do: pieces of a clause are pushed as they are read, the clause takes them when it is
// complete. A clause that fails leaves nothing behind, since the next one starts with empty stacks.
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/compiler/ast.hpp"
#include "tocsin/compiler/diagnostic.hpp"

#include "errors.hpp"

namespace tocsin::compiler {
// Nesting of parentheses, `not` and `from`: bounds the parser's own stack.
inline constexpr std::uint16_t kNestingMax = 64;

struct SyntaxError {};  // said already; caught by the enclosing clause or declaration

enum class BlockKind : std::uint8_t { theater, actor, origin, feed, indicator, alert, hypothesis, test };

class Builder {
 public:
  // `text` is all that was read so far and this file at its end, so that places of all files are offsets into one text.
  // `included`: its `watchbook` line does not count.
  Builder(std::string_view text, Book book, bool included, std::vector<Diagnostic>& diagnostics);
  Book take_book() { return std::move(book_); }

  [[nodiscard]] std::uint32_t offset_of(const char* at) const { return static_cast<std::uint32_t>(at - text_.data()); }
  [[nodiscard]] std::string_view view(Range at) const { return text_.substr(at.begin, at.end - at.begin); }
  // True when only blanks stand before `offset` on its line.
  [[nodiscard]] bool starts_line(std::uint32_t offset) const;
  [[nodiscard]] std::uint32_t error_offset() const { return error_offset_; }

  void error(Range at, std::string message, std::string help = {}, std::vector<Note> notes = {});
  // Says what was expected at `offset` and throws SyntaxError.
  [[noreturn]] void expected(std::uint32_t offset, std::string_view what);
  // A name with `(` behind it that is no function; throws SyntaxError.
  [[noreturn]] void unknown_function(Range name);
  void enter(std::uint32_t offset);  // throws when nested too deeply
  void leave() { --nesting_; }
  [[nodiscard]] std::uint16_t nesting() const { return nesting_; }
  void recovered(std::uint16_t nesting);

  // Tokens.
  void word(Range at);
  void string(Range at);
  void duration(Range at);
  void bad_duration(Range at);
  void integer(Range at);
  void number(Range at);
  void time(Range at);
  void bad_comparison(Range at);

  // Declarations and blocks.
  void begin_declaration(Range at);
  void end_watchbook(Range at);
  void end_horizon(Range at);
  void end_include(Range at);
  void begin_theater(Range at);
  void begin_actor(Range at);
  void begin_origin(Range at);
  void begin_feed(Range at);
  void begin_indicator(Range at);
  void begin_alert(Range at);
  void begin_linkage(Range at);
  void begin_hypothesis(Range at);
  void begin_test(Range at);
  void end_condition(Range at);
  void open_block(Range at);
  void unclosed_block(Range at);
  void unknown_clause(Range at);
  void unknown_declaration(Range at);

  // Clauses: begin_clause() at the keyword, then the pieces, then one of these.
  void begin_clause(Range at);
  void clause_step_down(Range at);
  void clause_blind_after(Range at);
  void clause_reliability(Range at);
  void clause_origins(Range at);
  void clause_every(Range at);
  void clause_grace(Range at);
  void clause_kind(Range at);
  void clause_indicator_theater(Range at);
  void clause_indicator_actor(Range at);
  void clause_unit(Range at);
  void clause_feeds(Range at);
  void clause_role(Range at);
  void clause_keep(Range at);
  void clause_compartment(Range at);
  void clause_theater(Range at);
  void clause_from(Range at);
  void clause_between(Range at);
  void clause_when(Range at);
  void clause_level(Range at);
  void clause_clear(Range at);
  void clause_hold(Range at);
  void clause_cooldown(Range at);
  void clause_evidence(Range at);
  void need_item(Range at);
  void clause_needs(Range at);
  void weight(Range at);
  void weigh_item(Range at);
  void clause_weigh(Range at);
  void clause_against(Range at);
  void clause_caveat(Range at);
  void clause_disconfirm(Range at);
  void clause_marking(Range at);
  void clause_release(Range at);
  void clause_compartments(Range at);
  void level_word(Range at);

  // Lines of a test.
  void report_item(Range at);
  void report_value(Range at);
  void line_origin(Range at);
  void line_received(Range at);
  void line_reports(Range at);
  void line_heartbeat(Range at);
  void line_retracts(Range at);
  void line_clock(Range at);
  void expect_event(Range at);
  void expect_alert(Range at);
  void expect_nothing(Range at);

  // Expressions, operands first.
  void op(Range at) { ops_.push_back(at); }
  void push_number(Range at);
  void push_name(Range at);
  void push_overdue(Range at);
  void begin_call(Range at);
  void open_filter(Range /*at*/) { in_filter_ = true; }
  void filter_number(Range at);
  void filter_text(Range at);
  void filter_word(Range at);
  void filter_term(Range at);
  void end_filter(Range at);
  void argument_window(Range at);
  void argument_ending(Range at);
  void argument_number(Range at);
  void argument_at_least(Range at);
  void end_call(Range at);
  void negative_name(Range at);
  void fold_arithmetic(Range at);
  void fold_comparison(Range at);
  void fold_chain(Range at);
  void fold_or(Range at) { fold(ExprKind::either, at); }
  void fold_and(Range at) { fold(ExprKind::both, at); }
  void fold_unless(Range at) { fold(ExprKind::unless, at); }
  void fold_not(Range at);
  void fold_for(Range at);
  void fold_in_last(Range at);
  void in_last_to(Range at);
  void fold_then(Range at);
  void since_window(Range at);
  void fold_since(Range at);
  void fold_from_until(Range at);
  void parentheses(Range at);

 private:
  struct Call {
    Word function;
    std::vector<Argument> arguments;
  };

  template <typename Declaration>
  void begin_block(std::vector<Declaration>& into, BlockKind kind, Range head);
  void linkage_theaters(Range at, bool directed);
  void push_line(TestLine::Kind kind);
  void fold_window(ExprKind kind, Range at);
  void reset_stacks();
  void mark_incomplete();
  void fold(ExprKind kind, Range at);
  ExprPtr pop_expr();
  void push_expr(ExprPtr expr);
  Word pop_word();
  Duration pop_duration();
  Count pop_count();
  Range pop_op();
  Filter pop_filter();
  // True when the clause that is being read came for the first time in its block.
  bool once();
  bool enum_value(const Word& word, std::string_view what, std::span<const std::string_view> values, std::size_t& out);
  [[nodiscard]] std::string found_at(std::uint32_t offset) const;
  [[noreturn]] void unclosed_text(std::uint32_t offset);
  [[nodiscard]] std::string help_for(std::uint32_t offset, std::string_view what, std::string& message);
  [[nodiscard]] std::string mend_of(Range at, std::vector<std::string_view> words) const;
  // Where to read on after an error at `offset`: behind what would only bring a second one.
  [[nodiscard]] std::uint32_t behind_error(std::uint32_t offset, std::string_view what) const;
  // True when `NAME to` follows: a clause, and not `from ... until`.
  [[nodiscard]] bool from_clause_at(std::uint32_t offset) const;
  [[nodiscard]] Range token_at(std::uint32_t offset) const;
  [[nodiscard]] Range trimmed(Range at) const;

  const std::string_view text_;
  std::vector<Diagnostic>& diagnostics_;
  Book book_;
  const bool included_;
  std::uint32_t error_offset_ = 0;
  // Where the text goes on after an expression, a list, the name and title of a declaration.
  std::uint32_t expression_end_ = UINT32_MAX;
  std::uint32_t list_end_ = UINT32_MAX;
  std::uint32_t head_end_ = UINT32_MAX;
  bool stray_when_ = false;  // the next `when` belongs to a clause that was misspelt
  std::uint16_t nesting_ = 0;

  BlockKind block_ = BlockKind::theater;
  Range block_at_;
  std::string owner_;  // the name of the declaration whose block is read
  Range declaration_;  // its keyword
  Word clause_;
  std::map<std::string, Range, std::less<>> seen_;

  std::vector<Word> words_;
  std::vector<Word> strings_;
  std::vector<Duration> durations_;
  std::vector<Count> counts_;
  std::vector<double> numbers_;
  std::vector<Time> times_;
  std::vector<LevelWord> levels_;
  std::vector<Range> ops_;
  std::vector<ExprPtr> exprs_;
  std::vector<Call> calls_;
  FilterTerm filter_value_;  // of the term that is being read
  std::vector<FilterTerm> filter_terms_;
  Filter filter_;
  bool in_filter_ = false;
  std::vector<NeedItem> need_items_;
  std::int16_t weight_ = 0;
  std::vector<WeighItem> weigh_items_;
  std::vector<TestReport> reports_;
  std::vector<Word> events_;
  Word line_origin_;
  std::optional<Time> line_received_;
  std::optional<Duration> window_start_;
  bool has_window_ = false;
};
}  // namespace tocsin::compiler
