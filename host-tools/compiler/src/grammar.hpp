// SPDX-License-Identifier: Apache-2.0
#pragma once
// The grammar of the watch language, from the smallest piece to the whole book. It is LL(1) but for a few tokens: after
// a keyword the rest must follow, so an error stands where the text stops making sense. A clause that fails is skipped
// up to the next clause, a declaration up to the next declaration.
#include <tao/pegtl.hpp>

#include "builder.hpp"
#include "words.hpp"

namespace tocsin::compiler::grammar {
namespace pegtl = tao::pegtl;
using pegtl::at, pegtl::digit, pegtl::eof, pegtl::if_must, pegtl::must, pegtl::not_at, pegtl::one, pegtl::opt;
using pegtl::plus, pegtl::seq, pegtl::sor, pegtl::star, pegtl::string, pegtl::until;

// --- Lexis -----------------------------------------------------------------------------------------------------------
struct comment : seq<one<'#'>, star<pegtl::not_one<'\n'>>> {};
struct blanks : star<sor<pegtl::space, comment>> {};
template <typename Rule>
struct token : seq<Rule, blanks> {};

struct word_character : pegtl::identifier_other {};
struct any_word : plus<word_character> {};
// A name: lower case, not a word of the language.
struct name_rule {
  using rule_t = name_rule;
  using subs_t = pegtl::empty_list;
  template <pegtl::apply_mode, pegtl::rewind_mode, template <typename...> class, template <typename...> class,
            typename ParseInput>
  static bool match(ParseInput& in, const Builder& /*builder*/) {
    const std::string_view rest{in.current(), in.size()};
    if (rest.empty() || rest[0] < 'a' || rest[0] > 'z') return false;
    std::size_t length = 1;
    while (length < rest.size() && is_word_character(rest[length])) ++length;
    const std::string_view word = rest.substr(0, length);
    if (word.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos || is_reserved(word)) return false;
    in.bump(length);
    return true;
  }
  static bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
};
struct name_text : name_rule {};
struct name : token<name_text> {};
// The same where a new name is given: only the message differs.
struct new_name : token<name_text> {};
// A value out of a fixed set or a free name; words of the language are fine there.
struct value_text : any_word {};
struct value_word : token<value_text> {};

template <typename Keyword>
struct kw : token<Keyword> {};
#define TOCSIN_KEYWORD(id, text) \
  struct id : TAO_PEGTL_KEYWORD(text) {}
TOCSIN_KEYWORD(k_watchbook, "watchbook");
TOCSIN_KEYWORD(k_version, "version");
TOCSIN_KEYWORD(k_horizon, "horizon");
TOCSIN_KEYWORD(k_include, "include");
TOCSIN_KEYWORD(k_theater, "theater");
TOCSIN_KEYWORD(k_actor, "actor");
TOCSIN_KEYWORD(k_origin, "origin");
TOCSIN_KEYWORD(k_origins, "origins");
TOCSIN_KEYWORD(k_feed, "feed");
TOCSIN_KEYWORD(k_feeds, "feeds");
TOCSIN_KEYWORD(k_indicator, "indicator");
TOCSIN_KEYWORD(k_condition, "condition");
TOCSIN_KEYWORD(k_alert, "alert");
TOCSIN_KEYWORD(k_linkage, "linkage");
TOCSIN_KEYWORD(k_hypothesis, "hypothesis");
TOCSIN_KEYWORD(k_test, "test");
TOCSIN_KEYWORD(k_step_down, "step_down");
TOCSIN_KEYWORD(k_blind, "blind");
TOCSIN_KEYWORD(k_after, "after");
TOCSIN_KEYWORD(k_reliability, "reliability");
TOCSIN_KEYWORD(k_every, "every");
TOCSIN_KEYWORD(k_grace, "grace");
TOCSIN_KEYWORD(k_kind, "kind");
TOCSIN_KEYWORD(k_unit, "unit");
TOCSIN_KEYWORD(k_role, "role");
TOCSIN_KEYWORD(k_keep, "keep");
TOCSIN_KEYWORD(k_compartment, "compartment");
TOCSIN_KEYWORD(k_compartments, "compartments");
TOCSIN_KEYWORD(k_when, "when");
TOCSIN_KEYWORD(k_level, "level");
TOCSIN_KEYWORD(k_clear, "clear");
TOCSIN_KEYWORD(k_hold, "hold");
TOCSIN_KEYWORD(k_cooldown, "cooldown");
TOCSIN_KEYWORD(k_evidence, "evidence");
TOCSIN_KEYWORD(k_needs, "needs");
TOCSIN_KEYWORD(k_of, "of");
TOCSIN_KEYWORD(k_within, "within");
TOCSIN_KEYWORD(k_else, "else");
TOCSIN_KEYWORD(k_from, "from");
TOCSIN_KEYWORD(k_to, "to");
TOCSIN_KEYWORD(k_between, "between");
TOCSIN_KEYWORD(k_caveat, "caveat");
TOCSIN_KEYWORD(k_marking, "marking");
TOCSIN_KEYWORD(k_release, "release");
TOCSIN_KEYWORD(k_weigh, "weigh");
TOCSIN_KEYWORD(k_against, "against");
TOCSIN_KEYWORD(k_disconfirm, "disconfirm");
TOCSIN_KEYWORD(k_by, "by");
TOCSIN_KEYWORD(k_and, "and");
TOCSIN_KEYWORD(k_or, "or");
TOCSIN_KEYWORD(k_not, "not");
TOCSIN_KEYWORD(k_unless, "unless");
TOCSIN_KEYWORD(k_then, "then");
TOCSIN_KEYWORD(k_for, "for");
TOCSIN_KEYWORD(k_in, "in");
TOCSIN_KEYWORD(k_last, "last");
TOCSIN_KEYWORD(k_since, "since");
TOCSIN_KEYWORD(k_until, "until");
TOCSIN_KEYWORD(k_ending, "ending");
TOCSIN_KEYWORD(k_ago, "ago");
TOCSIN_KEYWORD(k_at, "at");
TOCSIN_KEYWORD(k_least, "least");
TOCSIN_KEYWORD(k_overdue, "overdue");
TOCSIN_KEYWORD(k_reports, "reports");
TOCSIN_KEYWORD(k_received, "received");
TOCSIN_KEYWORD(k_heartbeat, "heartbeat");
TOCSIN_KEYWORD(k_retracts, "retracts");
TOCSIN_KEYWORD(k_clock, "clock");
TOCSIN_KEYWORD(k_expect, "expect");
TOCSIN_KEYWORD(k_nothing, "nothing");
#undef TOCSIN_KEYWORD

struct escape : seq<one<'\\'>, pegtl::not_one<'\n', '\r'>> {};
struct string_inside : star<sor<escape, pegtl::not_one<'"', '\\', '\n', '\r'>>> {};
struct string_end : one<'"'> {};
struct string_text : if_must<one<'"'>, string_inside, string_end> {};
struct text : token<string_text> {};

struct duration_unit : sor<string<'m', 's'>, one<'s', 'm', 'h', 'd', 'w'>> {};
struct good_duration : seq<plus<plus<digit>, duration_unit>, not_at<sor<word_character, one<'.'>>>> {};
// A number alone, or with something after it that is no unit, also after a blank.
struct bad_duration
    : seq<opt<one<'-'>>, digit, star<sor<word_character, one<'.'>>>,
          opt<plus<one<' ', '\t'>>, sor<TAO_PEGTL_KEYWORD("ms"), TAO_PEGTL_KEYWORD("s"), TAO_PEGTL_KEYWORD("m"),
                                        TAO_PEGTL_KEYWORD("h"), TAO_PEGTL_KEYWORD("d"), TAO_PEGTL_KEYWORD("w")>>> {};
struct duration : token<sor<good_duration, bad_duration>> {};

struct integer_text : seq<plus<digit>, not_at<sor<word_character, one<'.'>>>> {};
struct integer : token<integer_text> {};
struct number_text
    : seq<opt<one<'-'>>, plus<digit>, opt<one<'.'>, plus<digit>>, not_at<sor<word_character, one<'.'>>>> {};
struct number : token<number_text> {};
struct time_text : seq<digit, star<sor<word_character, one<':', '.', '+', '-'>>>> {};
struct time : token<time_text> {};

struct comma : token<one<','>> {};
struct open : token<one<'('>> {};
struct close : token<one<')'>> {};
struct close_square : token<one<']'>> {};
struct name_list : seq<must<name>, star<if_must<comma, name>>> {};
struct value_list : seq<must<value_word>, star<if_must<comma, value_word>>> {};

// --- Expressions -----------------------------------------------------------------------------------------------------
struct expression;
struct comparison;

struct bad_comparison_sign : sor<string<'=', '='>, string<'<', '>'>> {};
struct comparison_sign
    : sor<bad_comparison_sign, string<'<', '='>, string<'>', '='>, string<'!', '='>, one<'<', '=', '>'>> {};
struct comparison_op : token<comparison_sign> {};
struct sum_sign : one<'+', '-'> {};
struct sum_op : token<sum_sign> {};
struct product_sign : one<'*', '/'> {};
struct product_op : token<product_sign> {};

struct filter_key : token<value_text> {};
struct filter_op : token<comparison_sign> {};
struct filter_number : seq<number> {};
struct filter_text : seq<text> {};
struct filter_word : seq<value_word> {};
struct filter_value : sor<filter_number, filter_text, filter_word> {};
struct filter_item : seq<must<filter_key>, must<filter_op>, must<filter_value>> {};
struct filter_open : one<'['> {};
struct filter : seq<filter_open, blanks, filter_item, star<comma, filter_item>, must<close_square>> {};

struct at_least : if_must<kw<k_at>, kw<k_least>, integer> {};
struct window_duration : token<good_duration> {};
struct ending : if_must<kw<k_ending>, duration, kw<k_ago>> {};
struct window_argument : seq<window_duration, opt<ending>> {};
struct spaced_unit : seq<plus<digit>, plus<one<' ', '\t'>>, duration_unit, not_at<word_character>> {};
struct number_argument : seq<not_at<spaced_unit>, number> {};
struct bad_window : token<bad_duration> {};
struct argument : sor<at_least, window_argument, number_argument, bad_window> {};

struct function_word : sor<TAO_PEGTL_KEYWORD("count"), TAO_PEGTL_KEYWORD("sum"), TAO_PEGTL_KEYWORD("mean"),
                           TAO_PEGTL_KEYWORD("min"), TAO_PEGTL_KEYWORD("max"), TAO_PEGTL_KEYWORD("median"),
                           TAO_PEGTL_KEYWORD("mad"), TAO_PEGTL_KEYWORD("stddev"), TAO_PEGTL_KEYWORD("quantile"),
                           TAO_PEGTL_KEYWORD("days"), TAO_PEGTL_KEYWORD("origins"), TAO_PEGTL_KEYWORD("last")> {};
struct function : token<function_word> {};
struct call : if_must<function, open, name, opt<filter>, star<if_must<comma, argument>>, close> {};
struct overdue : if_must<kw<k_overdue>, open, name, close> {};
// A word with `(` behind it, which only functions have.
struct unknown_call {
  using rule_t = unknown_call;
  using subs_t = pegtl::empty_list;
  template <pegtl::apply_mode, pegtl::rewind_mode, template <typename...> class, template <typename...> class,
            typename ParseInput>
  static bool match(ParseInput& in, Builder& builder) {
    const std::string_view rest{in.current(), in.size()};
    std::size_t length = 0;
    while (length < rest.size() && name_rule::is_word_character(rest[length])) ++length;
    const std::size_t next = rest.find_first_not_of(" \t", length);
    if (length == 0 || (rest[0] >= '0' && rest[0] <= '9') || next == std::string_view::npos || rest[next] != '(' ||
        is_reserved(rest.substr(0, length)))
      return false;
    const std::uint32_t begin = builder.offset_of(in.current());
    builder.unknown_function({begin, begin + static_cast<std::uint32_t>(length)});
  }
};
struct name_operand : seq<name, opt<filter>> {};
struct number_operand : seq<number> {};
struct parenthesis : if_must<open, expression, close> {};
struct negative_operand : seq<one<'-'>, blanks> {};
struct primary : sor<number_operand, parenthesis, call, overdue, unknown_call, name_operand, negative_operand> {};

struct product_tail : if_must<product_op, primary> {};
struct product : seq<primary, star<product_tail>> {};
struct sum_tail : if_must<sum_op, product> {};
struct sum : seq<product, star<sum_tail>> {};
struct comparison_tail : if_must<comparison_op, sum> {};
struct chain_tail : if_must<comparison_op, sum> {};
struct comparison : seq<sum, opt<comparison_tail, star<chain_tail>>> {};

struct for_tail : if_must<kw<k_for>, duration> {};
struct in_last_to : if_must<kw<k_to>, duration> {};
struct in_last_tail : if_must<kw<k_in>, kw<k_last>, duration, opt<in_last_to>> {};
struct then_tail : if_must<kw<k_then>, comparison, kw<k_within>, duration> {};
struct since_window : if_must<kw<k_in>, kw<k_last>, duration, opt<in_last_to>> {};
struct since_tail : if_must<kw<k_since>, comparison, opt<since_window>> {};
struct temporal : seq<comparison, star<sor<for_tail, in_last_tail, then_tail, since_tail>>> {};

// Rules that call themselves go through here, so that no text can exhaust the stack.
template <typename Rule>
struct nested {
  using rule_t = nested;
  using subs_t = pegtl::type_list<Rule>;
  template <pegtl::apply_mode A, pegtl::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename ParseInput>
  static bool match(ParseInput& in, Builder& builder) {
    builder.enter(builder.offset_of(in.current()));
    const bool matched = pegtl::match<Rule, A, M, Action, Control>(in, builder);
    builder.leave();
    return matched;
  }
};

struct negation;
struct negation_operand : nested<negation> {};
struct not_tail : if_must<kw<k_not>, negation_operand> {};
struct negation : sor<not_tail, temporal> {};
struct and_tail : if_must<kw<k_and>, negation> {};
struct unless_tail : if_must<kw<k_unless>, negation> {};
struct conjunction : seq<negation, star<sor<and_tail, unless_tail>>> {};
struct or_tail : if_must<kw<k_or>, conjunction> {};
struct disjunction : seq<conjunction, star<or_tail>> {};
// Both operands end where a bare `from` would have to begin: it stands alone or in parentheses.
struct from_until : if_must<kw<k_from>, disjunction, kw<k_until>, disjunction> {};
struct any_expression : sor<from_until, disjunction> {};
struct expression : nested<any_expression> {};

// --- Blocks ----------------------------------------------------------------------------------------------------------
struct declaration_keyword : sor<k_watchbook, k_horizon, k_include, k_theater, k_actor, k_origin, k_feed, k_indicator,
                                 k_condition, k_alert, k_linkage, k_hypothesis, k_test> {};

struct skipped_string : seq<one<'"'>, string_inside, opt<one<'"'>>> {};
struct skipped_piece : sor<comment, skipped_string, any_word, pegtl::any> {};
struct skipped_braces : seq<one<'{'>, star<not_at<one<'}'>>, skipped_piece>, opt<one<'}'>>> {};
// A filter may hold words that begin a clause or a declaration: `[origin = x]`.
struct skipped_filter : seq<one<'['>, star<not_at<one<'[', ']', '{', '}'>>, skipped_piece>, one<']'>> {};
template <typename Stop>
struct skip_to : star<not_at<sor<eof, Stop>>, sor<skipped_braces, skipped_filter, skipped_piece>> {};

// Reads Rule; when it fails after it began, the error has been said, and reading goes on at the next Stop after it.
template <typename Rule, typename Stop>
struct guarded {
  using rule_t = guarded;
  using subs_t = pegtl::type_list<Rule, skip_to<Stop>>;
  template <pegtl::apply_mode A, pegtl::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename ParseInput>
  static bool match(ParseInput& in, Builder& builder) {
    const std::uint16_t nesting = builder.nesting();
    const std::uint32_t begin = builder.offset_of(in.current());
    try {
      return pegtl::match<Rule, A, M, Action, Control>(in, builder);
    } catch (const SyntaxError&) {
      builder.recovered(nesting);
    }
    const std::uint32_t now = builder.offset_of(in.current());
    if (now < builder.error_offset()) in.bump(builder.error_offset() - now);
    // A clause always took its keyword before it failed; should it not have, take one character so that we get on.
    if (builder.offset_of(in.current()) <= begin && in.size() > 0) in.bump(1);
    return pegtl::match<skip_to<Stop>, pegtl::apply_mode::nothing, pegtl::rewind_mode::dontcare, Action, Control>(
        in, builder);
  }
};

struct title_text : seq<text> {};
struct open_brace_text : one<'{'> {};
struct open_brace : token<open_brace_text> {};
struct close_brace : token<one<'}'>> {};
struct unclosed_block : at<sor<declaration_keyword, eof>> {};
struct unknown_clause_word : sor<any_word, skipped_string, pegtl::any> {};
struct unknown_declaration_word : sor<any_word, skipped_string, pegtl::any> {};

// A keyword that starts a clause.
template <typename Keyword>
struct clause : token<Keyword> {};

// `Keywords` are those that start a clause of the block, `Clauses` the clauses.
template <typename Keywords>
struct block_stop : sor<one<'}'>, Keywords, declaration_keyword> {};
template <typename Keywords>
struct unknown_clause
    : seq<not_at<sor<one<'}'>, declaration_keyword, eof>>, unknown_clause_word, skip_to<block_stop<Keywords>>> {};
template <typename Keywords, typename Clauses>
struct block : seq<open_brace, star<sor<guarded<Clauses, block_stop<Keywords>>, unknown_clause<Keywords>>>,
                   sor<close_brace, unclosed_block>> {};
struct no_clauses : pegtl::failure {};
struct empty_block : block<no_clauses, no_clauses> {};

struct c_step_down : if_must<clause<k_step_down>, duration> {};
struct c_blind_after : if_must<clause<k_blind>, kw<k_after>, integer> {};
struct theater_block : block<sor<k_step_down, k_blind>, sor<c_step_down, c_blind_after>> {};

struct c_reliability : if_must<clause<k_reliability>, value_word> {};
struct origin_block : block<k_reliability, c_reliability> {};

struct k_any_origins : sor<k_origins, k_origin> {};
struct k_any_feeds : sor<k_feeds, k_feed> {};
struct c_origins : if_must<clause<k_any_origins>, name_list> {};
struct c_every : if_must<clause<k_every>, duration> {};
struct c_grace : if_must<clause<k_grace>, duration> {};
struct feed_block : block<sor<k_any_origins, k_every, k_grace>, sor<c_origins, c_every, c_grace>> {};

struct c_kind : if_must<clause<k_kind>, value_word> {};
struct c_indicator_theater : if_must<clause<k_theater>, name> {};
struct c_indicator_actor : if_must<clause<k_actor>, name> {};
struct c_unit : if_must<clause<k_unit>, text> {};
struct c_feeds : if_must<clause<k_any_feeds>, name_list> {};
struct c_role : if_must<clause<k_role>, value_word> {};
struct c_keep : if_must<clause<k_keep>, integer> {};
struct c_compartment : if_must<clause<k_compartment>, value_word> {};
struct indicator_block
    : block<sor<k_kind, k_theater, k_actor, k_unit, k_any_feeds, k_role, k_keep, k_compartment>,
            sor<c_kind, c_indicator_theater, c_indicator_actor, c_unit, c_feeds, c_role, c_keep, c_compartment>> {};

struct level_text : any_word {};
struct level : token<level_text> {};
struct c_theater : if_must<clause<k_theater>, name> {};
struct c_from : if_must<clause<k_from>, name, kw<k_to>, name> {};
struct c_between : if_must<clause<k_between>, name_list> {};
struct c_when : if_must<clause<k_when>, expression> {};
struct c_level : if_must<clause<k_level>, level, opt<if_must<kw<k_when>, expression>>> {};
struct c_clear : if_must<clause<k_clear>, kw<k_when>, expression> {};
struct c_hold : if_must<clause<k_hold>, duration> {};
struct c_cooldown : if_must<clause<k_cooldown>, duration> {};
struct c_evidence : if_must<clause<k_evidence>, integer> {};
struct need_item : seq<name, opt<filter>> {};
struct need_list : seq<must<need_item>, star<if_must<comma, need_item>>> {};
struct c_needs
    : if_must<clause<k_needs>, integer, kw<k_origins>, kw<k_of>, need_list, kw<k_within>, duration, kw<k_else>, level> {
};
struct weight_text : seq<one<'+', '-'>, plus<digit>, not_at<sor<word_character, one<'.'>>>> {};
struct weight : token<weight_text> {};
struct weigh_item : seq<must<name>, must<weight>> {};
struct c_weigh : if_must<clause<k_weigh>, weigh_item, star<comma, weigh_item>, opt<if_must<kw<k_when>, expression>>> {};
struct c_against : if_must<clause<k_against>, name_list> {};
struct c_caveat : if_must<clause<k_caveat>, text> {};
struct c_disconfirm : if_must<clause<k_disconfirm>, text, kw<k_by>, duration> {};
struct c_marking : if_must<clause<k_marking>, value_word> {};
struct c_release : if_must<clause<k_release>, value_list> {};
struct c_compartments : if_must<clause<k_compartments>, value_list> {};
struct alert_keyword : sor<k_theater, k_from, k_between, k_when, k_level, k_clear, k_hold, k_cooldown, k_evidence,
                           k_needs, k_weigh, k_against, k_caveat, k_disconfirm, k_marking, k_release, k_compartments> {
};
struct alert_clause : sor<c_theater, c_from, c_between, c_when, c_level, c_clear, c_hold, c_cooldown, c_evidence,
                          c_needs, c_weigh, c_against, c_caveat, c_disconfirm, c_marking, c_release, c_compartments> {};
struct alert_block : block<alert_keyword, alert_clause> {};

// --- Tests -----------------------------------------------------------------------------------------------------------
struct report_value : seq<number> {};
struct report_name : seq<name> {};
struct report_item : seq<report_name, opt<report_value>> {};
struct report_list : seq<must<report_item>, star<if_must<comma, report_item>>> {};
struct line_origin : if_must<kw<k_from>, name> {};
struct line_received : if_must<kw<k_received>, time> {};
struct reports_part : if_must<kw<k_reports>, report_list, star<sor<line_origin, line_received>>> {};
struct heartbeat_part : seq<kw<k_heartbeat>> {};
struct retracts_part : if_must<kw<k_retracts>, name, kw<k_of>, time> {};
struct line_act : sor<reports_part, heartbeat_part, retracts_part> {};
struct at_line : if_must<clause<k_at>, time, name, line_act> {};
struct clock_line : if_must<clause<k_clock>, time> {};
struct event_text : any_word {};
struct event : token<event_text> {};
struct expect_level : if_must<kw<k_level>, level> {};
struct expect_alert : seq<name, must<event>, must<kw<k_at>>, must<time>, opt<expect_level>> {};
struct expect_nothing : seq<kw<k_nothing>, must<kw<k_else>>> {};
struct expect_what : sor<expect_nothing, expect_alert> {};
struct expect_line : if_must<clause<k_expect>, expect_what> {};
// `at` also stands within an expectation, so only at the start of a line does it say that a new test line begins.
struct line_start {
  using rule_t = line_start;
  using subs_t = pegtl::empty_list;
  template <pegtl::apply_mode, pegtl::rewind_mode, template <typename...> class, template <typename...> class,
            typename ParseInput>
  static bool match(ParseInput& in, const Builder& builder) {
    return builder.starts_line(builder.offset_of(in.current()));
  }
};
struct test_keyword : sor<seq<line_start, k_at>, k_clock, k_expect> {};
struct test_block : block<test_keyword, sor<at_line, clock_line, expect_line>> {};

// --- Declarations ----------------------------------------------------------------------------------------------------
template <typename Keyword>
struct declare : token<Keyword> {};
// A title, or what may follow where it is left out.
struct watchbook_title : sor<text, at<sor<k_version, declaration_keyword, eof>>> {};
struct test_title : sor<text, at<open_brace_text>> {};
struct d_watchbook : if_must<declare<k_watchbook>, watchbook_title, opt<if_must<kw<k_version>, integer>>> {};
struct d_horizon : if_must<declare<k_horizon>, duration> {};
struct d_include : if_must<declare<k_include>, text> {};
// The head of a declaration with a block is complete before the block begins.
template <typename Keyword>
struct head : if_must<declare<Keyword>, new_name, opt<title_text>> {};
struct d_theater : seq<head<k_theater>, opt<theater_block>> {};
struct d_actor : seq<head<k_actor>, opt<empty_block>> {};
struct d_origin : seq<head<k_origin>, opt<origin_block>> {};
struct d_feed : seq<head<k_feed>, opt<feed_block>> {};
struct d_indicator : seq<head<k_indicator>, opt<indicator_block>> {};
struct equals : token<one<'='>> {};
struct d_condition : if_must<declare<k_condition>, new_name, equals, expression> {};
struct d_alert : seq<head<k_alert>, opt<alert_block>> {};
struct d_linkage : seq<head<k_linkage>, opt<alert_block>> {};
struct d_hypothesis : seq<head<k_hypothesis>, opt<empty_block>> {};
struct test_head : if_must<declare<k_test>, test_title> {};
struct d_test : seq<test_head, must<test_block>> {};
struct declaration : sor<d_watchbook, d_horizon, d_include, d_theater, d_actor, d_origin, d_feed, d_indicator,
                         d_condition, d_alert, d_linkage, d_hypothesis, d_test> {};
struct unknown_declaration : seq<not_at<eof>, unknown_declaration_word, skip_to<declaration_keyword>> {};
struct book : seq<opt<pegtl::utf8::bom>, blanks,
                  star<sor<guarded<declaration, declaration_keyword>, unknown_declaration>>, eof> {};
}  // namespace tocsin::compiler::grammar
