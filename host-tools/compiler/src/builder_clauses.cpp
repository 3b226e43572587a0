// SPDX-License-Identifier: Apache-2.0
// Clauses of blocks and lines of tests.
#include <algorithm>
#include <array>
#include <charconv>

#include "builder.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
constexpr auto kLevels = std::to_array<std::string_view>({"watch", "elevated", "high", "critical"});
constexpr auto kRoles = std::to_array<std::string_view>({"leading", "confirming", "context", "suppressor", "noise"});
constexpr auto kMarkings = std::to_array<std::string_view>({"clear", "green", "amber", "amber_strict", "red"});
constexpr std::int32_t kWeightMax = 1000;
constexpr auto kEvents =
    std::to_array<std::string_view>({"raised", "escalated", "eased", "cleared", "unknown", "known", "retracted"});
}  // namespace

void Builder::begin_clause(Range at) {
  reset_stacks();
  const Range word = trimmed(at);
  clause_ = {std::string{view(word)}, word};
  if (clause_.text == "origin") clause_.text = "origins";
  if (clause_.text == "feed") clause_.text = "feeds";
  // The `when` behind a misspelt `clear` is not another `when` of the alert.
  stray_when_ = stray_when_ && clause_.text == "when";
}

bool Builder::once() {
  const auto [place, first] = seen_.try_emplace(clause_.text, clause_.at);
  if (first) return true;
  error(clause_.at, "a second " + quoted(clause_.text) + " in " + quoted(owner_), "each clause stands once",
        {{place->second, "the first is here"}});
  return false;
}

bool Builder::enum_value(const Word& word, std::string_view what, std::span<const std::string_view> values,
                         std::size_t& out) {
  const auto found = std::find(values.begin(), values.end(), word.text);
  if (found != values.end()) {
    out = static_cast<std::size_t>(found - values.begin());
    return true;
  }
  std::string help = did_you_mean(word.text, values);
  if (help.empty()) {
    for (const std::string_view value : values) help += (help.empty() ? "it is one of " : ", ") + std::string{value};
  }
  error(word.at, quoted(word.text) + " is not " + std::string{what}, std::move(help));
  return false;
}

void Builder::level_word(Range at) {
  std::size_t index = 0;
  (void)enum_value({std::string{view(at)}, at}, "a level", kLevels, index);
  levels_.push_back({static_cast<engine::Level>(index + 1), at});
}

// --- Theater, origin, feed, indicator --------------------------------------------------------------------------------
void Builder::clause_step_down(Range /*at*/) {
  if (once()) book_.theaters.back().step_down = pop_duration();
}
void Builder::clause_blind_after(Range /*at*/) {
  if (once()) book_.theaters.back().blind_after = pop_count();
}
void Builder::clause_reliability(Range /*at*/) {
  if (!once()) return;
  const Word word = pop_word();
  if (word.text.size() == 1 && word.text[0] >= 'A' && word.text[0] <= 'F') {
    book_.origins.back().reliability = word.text[0];
  } else {
    error(word.at, quoted(word.text) + " is not a reliability", "a letter A (reliable) to F (cannot be judged)");
  }
}
void Builder::clause_origins(Range at) {
  list_end_ = at.end;
  if (once()) book_.feeds.back().origins = std::move(words_);
}
void Builder::clause_every(Range /*at*/) {
  if (once()) book_.feeds.back().every = pop_duration();
}
void Builder::clause_grace(Range /*at*/) {
  if (once()) book_.feeds.back().grace = pop_duration();
}
void Builder::clause_kind(Range /*at*/) {
  if (once()) book_.indicators.back().kind = pop_word();
}
void Builder::clause_indicator_theater(Range /*at*/) {
  if (once()) book_.indicators.back().theater = pop_word();
}
void Builder::clause_indicator_actor(Range /*at*/) {
  if (once()) book_.indicators.back().actor = pop_word();
}
void Builder::clause_unit(Range /*at*/) {
  if (once() && !strings_.empty()) book_.indicators.back().unit = strings_.back();
}
void Builder::clause_feeds(Range at) {
  list_end_ = at.end;
  if (once()) book_.indicators.back().feeds = std::move(words_);
}
void Builder::clause_role(Range /*at*/) {
  std::size_t index = 0;
  if (once() && enum_value(pop_word(), "a role", kRoles, index)) {
    book_.indicators.back().role = static_cast<engine::Role>(index + 1);
  }
}
void Builder::clause_keep(Range /*at*/) {
  if (once()) book_.indicators.back().keep = pop_count();
}
void Builder::clause_compartment(Range /*at*/) {
  if (once()) book_.indicators.back().compartment = pop_word();
}

// --- Alert and linkage -----------------------------------------------------------------------------------------------
void Builder::clause_theater(Range at) {
  if (!once()) return;
  AlertDecl& alert = book_.alerts.back();
  if (alert.kind == engine::AlertKind::linkage) {
    error(clause_.at, "a linkage speaks of several theaters", "write `from A to B` or `between A, B`");
    return;
  }
  alert.theaters = std::move(words_);
  alert.theaters_at = trimmed(at);
  alert.by_theater = true;
}
void Builder::linkage_theaters(Range at, bool directed) {
  if (!once()) return;
  AlertDecl& alert = book_.alerts.back();
  if (alert.kind == engine::AlertKind::alert) {
    error(clause_.at, "an alert speaks of one theater", "write `theater NAME`, or make it a `linkage`");
    return;
  }
  if (!alert.theaters.empty()) {
    error(clause_.at, quoted(owner_) + " names its theaters twice", "keep either `from ... to` or `between`",
          {{alert.theaters_at, "the first is here"}});
    return;
  }
  alert.theaters = std::move(words_);
  alert.theaters_at = trimmed(at);
  alert.directed = directed;
}
void Builder::clause_from(Range at) { linkage_theaters(at, true); }
void Builder::clause_between(Range at) {
  list_end_ = at.end;
  linkage_theaters(at, false);
}
void Builder::clause_when(Range at) {
  expression_end_ = at.end;
  if (stray_when_) {
    stray_when_ = false;
    return;
  }
  if (once()) book_.alerts.back().when = pop_expr();
}
void Builder::clause_level(Range at) {
  LevelClause clause;
  if (!levels_.empty()) clause.level = levels_.front();
  clause.when = pop_expr();
  if (clause.when) expression_end_ = at.end;
  if (!clause.when) {
    clause_.text = "level (without `when`)";
    if (!once()) return;
  }
  book_.alerts.back().levels.push_back(std::move(clause));
}
void Builder::clause_clear(Range at) {
  expression_end_ = at.end;
  if (once()) book_.alerts.back().clear = pop_expr();
}
void Builder::clause_hold(Range /*at*/) {
  if (once()) book_.alerts.back().hold = pop_duration();
}
void Builder::clause_cooldown(Range /*at*/) {
  if (once()) book_.alerts.back().cooldown = pop_duration();
}
void Builder::clause_evidence(Range /*at*/) {
  if (once()) book_.alerts.back().evidence = pop_count();
}
void Builder::need_item(Range /*at*/) { need_items_.push_back({pop_word(), pop_filter()}); }
void Builder::clause_needs(Range at) {
  NeedClause need;
  need.at = trimmed(at);
  need.count = pop_count();
  need.items = std::move(need_items_);
  need.within = pop_duration();
  if (!levels_.empty()) need.otherwise = levels_.front();
  book_.alerts.back().needs.push_back(std::move(need));
}
void Builder::weight(Range at) {
  const std::string_view digits = view(at).substr(1);
  std::int32_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc{} || value > kWeightMax) {
    error(at, "this weight is too large", "a weight is a whole number from -1000 to +1000");
    value = 1;
  }
  weight_ = static_cast<std::int16_t>(view(at).front() == '-' ? -value : value);
}
void Builder::weigh_item(Range /*at*/) { weigh_items_.push_back({pop_word(), weight_}); }
void Builder::clause_weigh(Range at) {
  WeighClause weigh;
  weigh.at = trimmed(at);
  weigh.when = pop_expr();
  if (weigh.when) expression_end_ = at.end;
  weigh.items = std::move(weigh_items_);
  book_.alerts.back().weighs.push_back(std::move(weigh));
}
void Builder::clause_against(Range at) {
  list_end_ = at.end;
  if (!once()) return;
  book_.alerts.back().against = std::move(words_);
  book_.alerts.back().against_at = trimmed(at);
}
void Builder::clause_caveat(Range /*at*/) {
  if (!strings_.empty()) book_.alerts.back().caveats.push_back(strings_.back());
}
void Builder::clause_disconfirm(Range at) {
  if (strings_.empty()) return;
  book_.alerts.back().disconfirms.push_back({trimmed(at), strings_.back(), pop_duration()});
}
void Builder::clause_marking(Range /*at*/) {
  std::size_t index = 0;
  const Word word = pop_word();
  if (!once() || !enum_value(word, "a marking", kMarkings, index)) return;
  book_.alerts.back().marking_word = word;
  book_.alerts.back().marking = static_cast<engine::Marking>(index + 1);
}
void Builder::clause_release(Range at) {
  list_end_ = at.end;
  if (once()) book_.alerts.back().release = std::move(words_);
}
void Builder::clause_compartments(Range at) {
  list_end_ = at.end;
  if (once()) book_.alerts.back().compartments = std::move(words_);
}

// --- Tests -----------------------------------------------------------------------------------------------------------
void Builder::report_item(Range /*at*/) { reports_.push_back({pop_word(), std::nullopt}); }
void Builder::report_value(Range /*at*/) {
  if (!reports_.empty() && !numbers_.empty()) reports_.back().value = numbers_.back();
}
void Builder::line_origin(Range at) {
  if (!line_origin_.text.empty()) error(trimmed(at), "a second `from` in one line");
  line_origin_ = pop_word();
}
void Builder::line_received(Range at) {
  if (line_received_) error(trimmed(at), "a second `received` in one line");
  line_received_ = times_.back();
  times_.pop_back();
}
void Builder::push_line(TestLine::Kind kind) {
  TestLine line;
  line.kind = kind;
  line.at = clause_.at;
  if (!times_.empty()) line.time = times_.front();
  if (!words_.empty()) line.feed = words_.front();
  line.reports = std::move(reports_);
  line.origin = line_origin_;
  line.received = line_received_;
  if (kind == TestLine::Kind::retracts) {
    line.retracted = words_.back();
    line.retracted_time = times_.back();
  }
  book_.tests.back().lines.push_back(std::move(line));
}
void Builder::line_reports(Range /*at*/) { push_line(TestLine::Kind::reports); }
void Builder::line_heartbeat(Range /*at*/) { push_line(TestLine::Kind::heartbeat); }
void Builder::line_retracts(Range /*at*/) { push_line(TestLine::Kind::retracts); }
void Builder::line_clock(Range /*at*/) { push_line(TestLine::Kind::clock); }

void Builder::expect_alert(Range at) {
  TestExpectation expectation;
  expectation.at = {clause_.at.begin, trimmed(at).end};
  expectation.alert = pop_word();
  std::size_t index = 0;
  const Word event = events_.back();
  if (!enum_value(event, "an event", kEvents, index)) return;
  expectation.event = static_cast<engine::EventKind>(index);
  expectation.event_at = event.at;
  expectation.time = times_.back();
  if (!levels_.empty()) expectation.level = levels_.back();
  book_.tests.back().expectations.push_back(std::move(expectation));
}
void Builder::expect_nothing(Range at) {
  if (book_.tests.back().nothing_else) {
    error(trimmed(at), "a second `expect nothing else`");
    return;
  }
  book_.tests.back().nothing_else = Range{clause_.at.begin, trimmed(at).end};
}
}  // namespace tocsin::compiler
