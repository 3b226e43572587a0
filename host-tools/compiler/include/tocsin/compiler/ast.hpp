// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Book: a watch book as it was written, declaration by declaration, each piece with its place in the text (or in
/// that of an included file: locate() of source.hpp knows).
///
/// The parser fills it, the checker reads it, the emitter compiles it; `tocsin test` takes the tests from it. Names are
/// still names: only after a compile without errors do all of them exist.
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tocsin/compiler/source.hpp"
#include "tocsin/engine/base/types.hpp"
#include "tocsin/engine/event.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::compiler {
/// A name or the content of a string. Empty text and an empty range: absent.
struct Word {
  std::string text;
  Range at;
};
/// A span of time as written.
struct Duration {
  engine::Span ms = 0;
  Range at;
};
/// An instant as written.
struct Time {
  engine::Instant instant = 0;
  Range at;
};
/// A whole number as written.
struct Count {
  std::uint64_t value = 0;
  Range at;
};
struct LevelWord {
  engine::Level level = engine::Level::watch;
  Range at;
};

enum class ExprKind : std::uint8_t {
  number,
  name,     ///< a condition, or an indicator's pulse
  call,     ///< a number taken from an indicator: `sum(i, 24h)`
  overdue,  ///< `overdue(feed)`
  add,
  subtract,
  multiply,
  divide,
  less,
  less_equal,
  equal,
  not_equal,
  greater_equal,
  greater,
  both,
  either,
  unless,
  negate,
  hold_for,
  in_last,
  then,
  since,
  from_until,
};

/// What stands between the commas of a call after the indicator.
struct Argument {
  enum class Kind : std::uint8_t { window, number, at_least };
  Kind kind = Kind::window;
  Range at;
  Duration window;
  std::optional<Duration> ending;  ///< `90d ending 1d ago`
  double number = 0;
  std::string text;  ///< of a number: its digits as written
};

/// One comparison of a filter: `origin = mnd`.
struct FilterTerm {
  enum class ValueKind : std::uint8_t { word, number, text };
  Range at;
  Word key;  ///< `value`, `origin`, `feed`, ...: see filter_key()
  ExprKind comparison = ExprKind::equal;
  Range sign;
  ValueKind value_kind = ValueKind::word;
  Word value;         ///< as written, a text without its quotes
  double number = 0;  ///< of a number
};
/// `[value >= 20, origin = mnd]`: all terms must match. No terms: no filter.
struct Filter {
  Range at;
  std::vector<FilterTerm> terms;
};
/// @returns nothing when filters know no such key.
[[nodiscard]] std::optional<engine::FilterKey> filter_key(std::string_view word);

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;
/// A number or a condition. Which of the two is the checker's business.
struct Expr {
  ExprKind kind = ExprKind::number;
  std::uint16_t depth = 1;  ///< height of the tree below, at most kExprDepthMax
  Range at;                 ///< the whole expression
  Range op;                 ///< the operator's word or sign
  Word name;                ///< of a name; the function of a call; the feed of `overdue`
  Word indicator;           ///< of a call
  Filter filter;            ///< of a call or an indicator's name
  double number = 0;
  std::vector<Argument> arguments;
  Duration window;  ///< of `for`, `in last`, `then`, `since ... in last`; without a place: `since` alone
  std::optional<Duration> window_start;  ///< C of `in last C to D`
  ExprPtr left;                          ///< A
  ExprPtr right;                         ///< B
};
inline constexpr std::uint16_t kExprDepthMax = 400;

struct TheaterDecl {
  Word name;
  Word title;
  Duration step_down;
  std::optional<Count> blind_after;
};
struct ActorDecl {
  Word name;
  Word title;
};
struct OriginDecl {
  Word name;
  Word title;
  char reliability = 'F';
};
struct FeedDecl {
  Word name;
  Word title;
  std::vector<Word> origins;
  Duration every;  ///< 0: none
  Duration grace;
  bool incomplete = false;  ///< a clause could not be read: none is missing then
};
struct IndicatorDecl {
  Word name;
  Word title;
  Word unit;
  Word kind;
  Word compartment;  ///< absent: main
  Word theater;
  Word actor;
  std::vector<Word> feeds;
  engine::Role role = engine::Role::unspecified;
  Count keep{256, {}};
};
struct ConditionDecl {
  Word name;
  ExprPtr value;
};
struct HypothesisDecl {
  Word name;
  Word title;
};

struct LevelClause {
  LevelWord level;
  ExprPtr when;  ///< absent: the plain level
};
/// `i[...]` of a `needs` clause.
struct NeedItem {
  Word indicator;
  Filter filter;
};
struct NeedClause {
  Range at;
  Count count;
  std::vector<NeedItem> items;
  Duration within;
  LevelWord otherwise;
};
/// `coordinated +2`.
struct WeighItem {
  Word hypothesis;
  std::int16_t weight = 0;
};
struct WeighClause {
  Range at;
  std::vector<WeighItem> items;
  ExprPtr when;  ///< absent: always
};
struct DisconfirmClause {
  Range at;
  Word text;
  Duration by;
};
/// An alert or a linkage.
struct AlertDecl {
  engine::AlertKind kind = engine::AlertKind::alert;
  Word name;
  Word title;
  std::vector<Word> theaters;
  Range theaters_at;        ///< the clause that names them
  bool directed = false;    ///< `from A to B`
  bool by_theater = false;  ///< named by a `theater` clause
  ExprPtr when;
  ExprPtr clear;
  std::vector<LevelClause> levels;
  Duration hold;
  Duration cooldown;
  Count evidence{8, {}};
  std::vector<NeedClause> needs;
  std::vector<Word> caveats;
  Word marking_word;  ///< as written
  engine::Marking marking = engine::Marking::unspecified;
  std::vector<Word> release;
  std::vector<Word> compartments;
  std::vector<WeighClause> weighs;
  std::vector<Word> against;
  Range against_at;
  std::vector<DisconfirmClause> disconfirms;
  bool incomplete = false;  ///< a clause could not be read: none is missing then
  bool cut_short = false;   ///< what follows a condition could not be read: there may be more of it
  bool has_block = false;
};

/// One report of a `reports` line.
struct TestReport {
  Word indicator;
  std::optional<double> value;
};
struct TestLine {
  enum class Kind : std::uint8_t { reports, heartbeat, retracts, clock };
  Kind kind = Kind::clock;
  Range at;
  Time time;
  Word feed;
  std::vector<TestReport> reports;
  Word origin;
  std::optional<Time> received;
  Word retracted;  ///< indicator of `retracts I of T2`
  Time retracted_time;
};
struct TestExpectation {
  Range at;
  Word alert;
  engine::EventKind event{};
  Range event_at;
  Time time;
  std::optional<LevelWord> level;
};
struct TestDecl {
  Word title;
  std::vector<TestLine> lines;
  std::vector<TestExpectation> expectations;
  std::optional<Range> nothing_else;
  bool incomplete = false;  ///< a line could not be read
};

struct Book {
  Word title;
  std::optional<Count> version;
  Range watchbook;  ///< the `watchbook` line; empty: none
  std::optional<Duration> horizon;
  std::vector<TheaterDecl> theaters;
  std::vector<ActorDecl> actors;
  std::vector<OriginDecl> origins;
  std::vector<FeedDecl> feeds;
  std::vector<IndicatorDecl> indicators;
  std::vector<ConditionDecl> conditions;
  std::vector<AlertDecl> alerts;
  std::vector<HypothesisDecl> hypotheses;
  std::vector<TestDecl> tests;
  std::vector<Word> includes;  ///< paths as written, of included files too
  /// Names whose declarations could not be read: using them is no error of its own.
  std::set<std::string, std::less<>> unread;
};

/// The tree as an s-expression, for tests and people: `(and (>= (sum pla 24h) 45) exercise)`.
[[nodiscard]] std::string to_sexpr(const Expr& expr);
/// The parser alone: reads what it can, with what it includes, says what is wrong with the form, checks no names.
/// Declarations of included files stand behind those of the including one; their tests are left out.
struct Diagnostic;
[[nodiscard]] Book parse(const SourceFile& source, std::vector<Diagnostic>& diagnostics);
}  // namespace tocsin::compiler
