// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which rule of the grammar does what to the builder, and what a rule that must follow is called in a message.
#include <string>
#include <string_view>

#include "builder.hpp"
#include "grammar.hpp"

namespace tocsin::compiler::grammar {
template <void (Builder::*kMethod)(Range)>
struct calls {
  template <typename ActionInput>
  static void apply(const ActionInput& in, Builder& builder) {
    (builder.*kMethod)({builder.offset_of(in.begin()), builder.offset_of(in.end())});
  }
};

template <typename Rule>
struct action : pegtl::nothing<Rule> {};

#define TOCSIN_ON(rule, method) \
  template <>                   \
  struct action<rule> : calls<&Builder::method> {}
TOCSIN_ON(name_text, word);
TOCSIN_ON(value_text, word);
TOCSIN_ON(string_text, string);
TOCSIN_ON(good_duration, duration);
TOCSIN_ON(bad_duration, bad_duration);
TOCSIN_ON(integer_text, integer);
TOCSIN_ON(number_text, number);
TOCSIN_ON(time_text, time);
TOCSIN_ON(level_text, level_word);
TOCSIN_ON(bad_comparison_sign, bad_comparison);
TOCSIN_ON(comparison_sign, op);
TOCSIN_ON(sum_sign, op);
TOCSIN_ON(product_sign, op);
TOCSIN_ON(k_and, op);
TOCSIN_ON(k_or, op);
TOCSIN_ON(k_not, op);
TOCSIN_ON(k_unless, op);
TOCSIN_ON(k_then, op);
TOCSIN_ON(k_for, op);
TOCSIN_ON(k_in, op);
TOCSIN_ON(k_since, op);
TOCSIN_ON(k_until, op);

TOCSIN_ON(function_word, begin_call);
TOCSIN_ON(filter_number, filter_number);
TOCSIN_ON(filter_text, filter_text);
TOCSIN_ON(filter_word, filter_word);
TOCSIN_ON(filter_item, filter_term);
TOCSIN_ON(filter_open, open_filter);
TOCSIN_ON(filter, end_filter);
TOCSIN_ON(need_item, need_item);
TOCSIN_ON(weight_text, weight);
TOCSIN_ON(weigh_item, weigh_item);
TOCSIN_ON(window_duration, argument_window);
TOCSIN_ON(bad_window, argument_window);
TOCSIN_ON(ending, argument_ending);
TOCSIN_ON(number_argument, argument_number);
TOCSIN_ON(at_least, argument_at_least);
TOCSIN_ON(call, end_call);
TOCSIN_ON(overdue, push_overdue);
TOCSIN_ON(name_operand, push_name);
TOCSIN_ON(number_operand, push_number);
TOCSIN_ON(negative_operand, negative_name);
TOCSIN_ON(parenthesis, parentheses);
TOCSIN_ON(product_tail, fold_arithmetic);
TOCSIN_ON(sum_tail, fold_arithmetic);
TOCSIN_ON(comparison_tail, fold_comparison);
TOCSIN_ON(chain_tail, fold_chain);
TOCSIN_ON(for_tail, fold_for);
TOCSIN_ON(in_last_to, in_last_to);
TOCSIN_ON(in_last_tail, fold_in_last);
TOCSIN_ON(then_tail, fold_then);
TOCSIN_ON(since_window, since_window);
TOCSIN_ON(since_tail, fold_since);
TOCSIN_ON(not_tail, fold_not);
TOCSIN_ON(and_tail, fold_and);
TOCSIN_ON(unless_tail, fold_unless);
TOCSIN_ON(or_tail, fold_or);
TOCSIN_ON(from_until, fold_from_until);

TOCSIN_ON(d_watchbook, end_watchbook);
TOCSIN_ON(d_horizon, end_horizon);
TOCSIN_ON(d_include, end_include);
TOCSIN_ON(head<k_theater>, begin_theater);
TOCSIN_ON(head<k_actor>, begin_actor);
TOCSIN_ON(head<k_origin>, begin_origin);
TOCSIN_ON(head<k_feed>, begin_feed);
TOCSIN_ON(head<k_indicator>, begin_indicator);
TOCSIN_ON(head<k_alert>, begin_alert);
TOCSIN_ON(head<k_linkage>, begin_linkage);
TOCSIN_ON(head<k_hypothesis>, begin_hypothesis);
TOCSIN_ON(test_head, begin_test);
TOCSIN_ON(d_condition, end_condition);
TOCSIN_ON(open_brace_text, open_block);
TOCSIN_ON(unclosed_block, unclosed_block);
TOCSIN_ON(unknown_clause_word, unknown_clause);
TOCSIN_ON(unknown_declaration_word, unknown_declaration);

TOCSIN_ON(c_step_down, clause_step_down);
TOCSIN_ON(c_blind_after, clause_blind_after);
TOCSIN_ON(c_reliability, clause_reliability);
TOCSIN_ON(c_origins, clause_origins);
TOCSIN_ON(c_every, clause_every);
TOCSIN_ON(c_grace, clause_grace);
TOCSIN_ON(c_kind, clause_kind);
TOCSIN_ON(c_indicator_theater, clause_indicator_theater);
TOCSIN_ON(c_indicator_actor, clause_indicator_actor);
TOCSIN_ON(c_unit, clause_unit);
TOCSIN_ON(c_feeds, clause_feeds);
TOCSIN_ON(c_role, clause_role);
TOCSIN_ON(c_keep, clause_keep);
TOCSIN_ON(c_compartment, clause_compartment);
TOCSIN_ON(c_theater, clause_theater);
TOCSIN_ON(c_from, clause_from);
TOCSIN_ON(c_between, clause_between);
TOCSIN_ON(c_when, clause_when);
TOCSIN_ON(c_level, clause_level);
TOCSIN_ON(c_clear, clause_clear);
TOCSIN_ON(c_hold, clause_hold);
TOCSIN_ON(c_cooldown, clause_cooldown);
TOCSIN_ON(c_evidence, clause_evidence);
TOCSIN_ON(c_needs, clause_needs);
TOCSIN_ON(c_weigh, clause_weigh);
TOCSIN_ON(c_against, clause_against);
TOCSIN_ON(c_caveat, clause_caveat);
TOCSIN_ON(c_disconfirm, clause_disconfirm);
TOCSIN_ON(c_marking, clause_marking);
TOCSIN_ON(c_release, clause_release);
TOCSIN_ON(c_compartments, clause_compartments);

TOCSIN_ON(report_name, report_item);
TOCSIN_ON(report_value, report_value);
TOCSIN_ON(line_origin, line_origin);
TOCSIN_ON(line_received, line_received);
TOCSIN_ON(reports_part, line_reports);
TOCSIN_ON(heartbeat_part, line_heartbeat);
TOCSIN_ON(retracts_part, line_retracts);
TOCSIN_ON(clock_line, line_clock);
TOCSIN_ON(event_text, expect_event);
TOCSIN_ON(expect_alert, expect_alert);
TOCSIN_ON(expect_nothing, expect_nothing);
#undef TOCSIN_ON

template <typename Keyword>
struct action<clause<Keyword>> : calls<&Builder::begin_clause> {};
template <typename Keyword>
struct action<declare<Keyword>> : calls<&Builder::begin_declaration> {};

// --- What must follow, in words --------------------------------------------------------------------------------------
template <char... kChars>
std::string keyword_text(const pegtl::ascii::keyword<kChars...>* /*rule*/) {
  return std::string{'`', kChars..., '`'};
}

template <typename Rule>
struct expectation;
template <typename Keyword>
struct expectation<kw<Keyword>> {
  static std::string text() { return keyword_text(static_cast<const Keyword*>(nullptr)); }
};
#define TOCSIN_EXPECT(rule, words)              \
  template <>                                   \
  struct expectation<rule> {                    \
    static std::string text() { return words; } \
  }
TOCSIN_EXPECT(name, "a name");
TOCSIN_EXPECT(new_name, "a new name");
TOCSIN_EXPECT(name_list, "a name");
TOCSIN_EXPECT(value_word, "a word");
TOCSIN_EXPECT(value_list, "a word");
TOCSIN_EXPECT(text, "a text in double quotes");
TOCSIN_EXPECT(string_inside, "a text");
TOCSIN_EXPECT(string_end, "`\"`");
TOCSIN_EXPECT(duration, "a duration such as 24h");
TOCSIN_EXPECT(integer, "a whole number");
TOCSIN_EXPECT(time, "a time such as 2024-05-23T01:00Z");
TOCSIN_EXPECT(level, "a level: watch, elevated, high or critical");
TOCSIN_EXPECT(open, "`(`");
TOCSIN_EXPECT(close, "`)`");
TOCSIN_EXPECT(close_square, "`]`");
TOCSIN_EXPECT(equals, "`=`");
TOCSIN_EXPECT(argument, "a window such as 24h");
TOCSIN_EXPECT(filter_key, "a key of a filter such as value or origin");
TOCSIN_EXPECT(filter_op, "a comparison such as `=` or `>=`");
TOCSIN_EXPECT(filter_value, "a value");
TOCSIN_EXPECT(filter_item, "a key of a filter such as value or origin");
TOCSIN_EXPECT(primary, "a number, a name or `(`");
TOCSIN_EXPECT(product, "a number, a name or `(`");
TOCSIN_EXPECT(sum, "a number, a name or `(`");
TOCSIN_EXPECT(comparison, "a comparison, a name or `(`");
TOCSIN_EXPECT(negation_operand, "a condition");
TOCSIN_EXPECT(negation, "a condition");
TOCSIN_EXPECT(conjunction, "a condition");
TOCSIN_EXPECT(disjunction, "a condition");
TOCSIN_EXPECT(expression, "a condition or a number");
TOCSIN_EXPECT(need_item, "an indicator's name");
TOCSIN_EXPECT(need_list, "an indicator's name");
TOCSIN_EXPECT(weigh_item, "a hypothesis and its weight");
TOCSIN_EXPECT(weight, "a weight such as +2");
TOCSIN_EXPECT(report_item, "an indicator's name");
TOCSIN_EXPECT(report_list, "an indicator's name");
TOCSIN_EXPECT(line_act, "`reports`, `heartbeat` or `retracts`");
TOCSIN_EXPECT(event, "raised, escalated, eased, cleared, retracted, unknown or known");
TOCSIN_EXPECT(expect_what, "the name of an alert, or `nothing else`");
TOCSIN_EXPECT(test_block, "`{`");
TOCSIN_EXPECT(watchbook_title, "a title in double quotes or `version`");
TOCSIN_EXPECT(test_title, "a title in double quotes or `{`");
#undef TOCSIN_EXPECT
// Rules that cannot fail, but stand in an if_must.
template <typename... Rules>
struct expectation<opt<Rules...>> {
  static std::string text() { return "the rest"; }
};
template <typename... Rules>
struct expectation<star<Rules...>> {
  static std::string text() { return "the rest"; }
};

template <typename Rule>
struct control : pegtl::normal<Rule> {
  template <typename ParseInput>
  [[noreturn]] static void raise(const ParseInput& in, Builder& builder) {
    builder.expected(builder.offset_of(in.current()), expectation<Rule>::text());
  }
};
}  // namespace tocsin::compiler::grammar
