// SPDX-License-Identifier: Apache-2.0
/// What: every mistake gets one error, at its place, and the errors of a book come together.
/// How: a table of declarations behind a vocabulary without mistakes, with what the compiler says of them.
#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;
using testing::errors_of;

namespace {
struct Row {
  const char* declarations;
  const char* expected;
};
template <std::size_t kCount>
void check_rows(const Row (&rows)[kCount]) {
  for (const Row& row : rows) STRCMP_EQUAL_TEXT(row.expected, errors_of(row.declarations).c_str(), row.declarations);
}
}  // namespace

TEST_GROUP(BadBooks){};

TEST(BadBooks, form) {
  constexpr Row kRows[] = {
      {"theatre x", "1:1 error: expected a declaration, found `theatre`\n"},
      {"}", "1:1 error: this `}` closes nothing\n"},
      {"actor Foo", "1:7 error: expected a new name, found `Foo`\n"},
      {"actor level", "1:7 error: `level` is a word of the language and cannot be a name\n"},
      {"actor x \"unclosed", "1:9 error: the text is not closed on its line\n"},
      {"actor x \"a\\n\"", "1:11 error: unknown escape in a text\n"},
      {"actor x \"a\tb\"", "1:11 error: a control character in a text\n"},
      {"actor x \"a\xC2\x85\"", "1:11 error: a control character in a text\n"},
      {"actor x { when y }", "1:11 error: expected a clause of an actor, found `when`\n"},
      {"theater x { step_down 14 }", "1:23 error: a duration needs a unit\n"},
      {"theater x { step_down 14 d }", "1:23 error: a duration is written without blanks\n"},
      {"theater x { step_down 14days }", "1:23 error: `14days` is not a duration\n"},
      {"theater x { step_down 1.5d }", "1:23 error: `1.5d` is not a duration\n"},
      {"theater x { step_down 101y }", "1:23 error: `101y` is not a duration\n"},
      {"theater x { step_down 99999w }", "1:23 error: this duration is longer than 100 years\n"},
      {"theater x { step_down 1d step_down 2d }", "1:26 error: a second `step_down` in `x`\n"},
      {"theater x { blind afer 2 }", "1:19 error: expected `after`, found `afer`\n"},
      {"theater x { step_down 1d\nactor y", "2:1 error: expected `}` before `actor`: the block of `x` is not closed\n"},
      {"origin x { reliability G }", "1:24 error: `G` is not a reliability\n"},
      {"indicator x { role big }", "1:20 error: `big` is not a role\n"},
      {"indicator x { keep 1.5 }", "1:20 error: expected a whole number, found `1.5`\n"},
      {"condition x = sum(air 24h) > 1", "1:23 error: expected `)`, found `24h`\n"},
      {"condition x = sum(air, 24h) >", "1:30 error: expected a number, a name or `(`, found the end of the book\n"},
      {"condition x = sum(air, 24h) == 1", "1:29 error: unknown comparison `==`\n"},
      {"condition x = 1 < 2 < 3", "1:21 error: comparisons do not chain\n"},
      {"condition x = -last(air) > 1", "1:15 error: `-` before something that is not a number\n"},
      {"condition x = air then not ships within 1d", "1:24 error: expected a comparison, a name or `(`, found `not`\n"},
      {"condition x = air and or ships", "1:23 error: expected a condition, found `or`\n"},
      {"alert x { theater strait when surge level hgh }", "1:43 error: `hgh` is not a level\n"},
      {"alert x { theater strait whn surge }", "1:26 error: expected a clause of an alert, found `whn`\n"},
      {"alert x { theater strait when surge needs 2 orgins of air within 1d else watch }",
       "1:45 error: expected `origins`, found `orgins`\n"},
      {"test \"t\" { at 2024-05-23 daily heartbeat }", "1:15 error: `2024-05-23` is not a time\n"},
      {"test \"t\" { at 2024-05-23T01:00Z daily says air }",
       "1:39 error: expected `reports`, `heartbeat` or `retracts`, found `says`\n"},
      {"watchbook \"again\"", "1:1 error: a second `watchbook` line\n"},
      {"horizon 0d", "1:9 error: `horizon` needs more than 0\n"},
      {"actor x \"\xFF\"", "1:10 error: the text is not UTF-8 here\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, names) {
  constexpr Row kRows[] = {
      {"actor prc", "1:7 error: a second actor called `prc`\n"},
      {"condition air = overdue(daily)", "1:11 error: `air` is the name of an indicator already\n"},
      {"alert x { theater strait when surge } linkage x { between strait, korea when air and launch }",
       "1:47 error: a second alert called `x`\n"},
      {"feed f { origin mdn }", "1:17 error: no origin is called `mdn`\n"},
      {"feed f { origins mnd, mnd }", "1:23 error: `mnd` is named twice\n"},
      {"feed f", "1:6 error: the feed `f` has no origin\n"},
      {"feed f { origin mnd every 0s }", "1:27 error: `every` needs more than 0\n"},
      {"feed f { origin mnd grace 1h }", "1:27 error: `grace` without `every` means nothing\n"},
      {"indicator x { theater strat }", "1:23 error: no theater is called `strat`\n"},
      {"indicator x { feeds daly }", "1:21 error: no feed is called `daly`\n"},
      {"indicator x { keep 0 }", "1:20 error: `keep` needs a number from 1 to 4096\n"},
      {"indicator x { keep 5000 }", "1:20 error: `keep` needs a number from 1 to 4096\n"},
      {"condition x = surg", "1:15 error: no indicator or condition is called `surg`\n"},
      {"condition x = overdue(daly)", "1:23 error: no feed is called `daly`\n"},
      {"condition x = daily", "1:15 error: `daily` is a feed, not a condition or an indicator\n"},
      {"alert a { theater strait when surge } condition x = a",
       "1:53 error: `a` is an alert: alerts are not conditions\n"},
      {"condition x = y condition y = z condition z = x",
       "1:11 error: the condition `x` refers to itself: x -> y -> z -> x\n"},
      {"condition x = x", "1:11 error: the condition `x` refers to itself: x -> x\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, types) {
  constexpr Row kRows[] = {
      {"condition x = air >= 45", "1:15 error: `air` alone means that a report has just arrived, it is not a number\n"},
      {"condition x = surge + 1 > 2", "1:15 error: `surge` is a condition, and a number is needed here\n"},
      {"condition x = last(air)", "1:15 error: a number stands where a condition is needed\n"},
      {"condition x = 3", "1:15 error: a number stands where a condition is needed\n"},
      {"condition x = (air and ships) > 1", "1:20 error: a condition stands where a number is needed\n"},
      {"condition x = (1 < 2) < 3", "1:18 error: a comparison is a condition, and a number is needed here\n"},
      {"condition x = overdue(daily) > 1", "1:15 error: `overdue` is a condition, and a number is needed here\n"},
      {"condition x = count(surge, 1d) > 1", "1:21 error: `surge` is a condition: `count` takes an indicator\n"},
      {"condition x = sum(air) > 1", "1:15 error: `sum` needs a window\n"},
      {"condition x = sum(air, 24) > 1", "1:24 error: a window needs a unit\n"},
      {"condition x = sum(air, 24 h) > 1", "1:24 error: a duration is written without blanks\n"},
      {"condition x = sum(air, 0h) > 1", "1:24 error: a window needs more than 0\n"},
      {"condition x = sum(air, 1h, 2h) > 1", "1:28 error: `sum` takes one window\n"},
      {"condition x = last(air, 1h) > 1", "1:25 error: `last` takes no window\n"},
      {"condition x = air for 0s", "1:23 error: `for` needs more than 0\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, alerts) {
  constexpr Row kRows[] = {
      {"alert x { theater strait }", "1:7 error: the alert `x` has no `when`\n"},
      {"alert x { when surge }", "1:7 error: the alert `x` names no theater\n"},
      {"alert x { theater strait level high when surge }", "1:7 error: the alert `x` has no `when`\n"},
      {"alert x { from strait to korea when surge }",
       "1:7 error: the alert `x` names no theater\n1:11 error: an alert speaks of one theater\n"},
      {"linkage x { theater strait when surge }",
       "1:9 error: the linkage `x` names no theater\n1:13 error: a linkage speaks of several theaters\n"},
      {"linkage x { from strait to korea when surge }",
       "1:28 error: the `when` of `x` reaches no indicator of `korea`\n"},
      {"linkage x { from strait to korea when surge and overdue(launches) }",
       "1:28 error: the `when` of `x` reaches no indicator of `korea`\n"},
      {"linkage x { between strait, strait when surge }", "1:29 error: `strait` is named twice\n"},
      {"linkage x { between strait when surge }", "1:13 error: a linkage speaks of two or more theaters\n"},
      {"alert x { theater strait when surge evidence 0 }", "1:46 error: `evidence` needs a number from 1 to 96\n"},
      {"alert x { theater strait when surge needs 0 origins of air within 1d else watch }",
       "1:43 error: `needs` needs at least 1 origin\n"},
      {"alert x { theater strait when surge needs 2 origins of air within 1d else watch }",
       "1:43 error: `needs` 2 origins, but only 1 can report this\n"},
      {"alert x { theater strait when surge when surge }", "1:37 error: a second `when` in `x`\n"},
      {"alert x { theater strait when surge level high level watch }",
       "1:48 error: a second `level (without `when`)` in `x`\n"},
      {"alert x { theater strait when news }", "1:31 error: `news` has `role noise` and cannot raise `x`\n"},
      {"condition n = news alert x { theater strait when surge clear when not n }",
       "1:71 error: `news` has `role noise` and cannot raise `x`, not through `n` either\n"},
      {"alert x { theater strait when surge needs 1 origins of news within 1d else watch }",
       "1:56 error: `news` has `role noise` and cannot raise `x`\n"},
      {"alert x { theater strait when news and air compartments trade }",
       "1:40 error: `air` is in compartment `main`, which is not one of `x`\n"},
      {"alert x { theater strait when air compartments mian }", "1:48 error: no indicator is in compartment `mian`\n"},
      {"alert x { theater strait when air marking orange }", "1:43 error: `orange` is not a marking\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, tests) {
  constexpr Row kRows[] = {
      {"test \"t\" {}", "1:6 error: this test has no input line\n"},
      {"test \"t\" { at 2024-05-23T01:00Z daly reports air }", "1:33 error: no feed is called `daly`\n"},
      {"test \"t\" { at 2024-05-23T01:00Z daily reports launch }",
       "1:47 error: the feed `daily` does not carry `launch`\n"},
      {"test \"t\" { at 2024-05-23T01:00Z launches reports launch }",
       "1:33 error: the feed `launches` has several origins: say which one saw it\n"},
      {"test \"t\" { at 2024-05-23T01:00Z launches reports launch from mnd }",
       "1:62 error: the feed `launches` does not carry the origin `mnd`\n"},
      {"test \"t\" { at 2024-05-23T01:00Z daily retracts air of 2024-05-22T01:00Z }",
       "1:55 error: this test has no report of `air` by `daily` at this time\n"},
      {"test \"t\" { clock 2024-05-23T01:00Z expect x raised at 2024-05-23T01:00Z }",
       "1:43 error: no alert or linkage is called `x`\n"},
      {"test \"t\" { clock 2024-05-23T01:00Z expect surge raised at 2024-05-23T01:00Z }",
       "1:43 error: `surge` is a condition: tests expect events of alerts and linkages\n"},
      {"test \"t\" { clock 2024-05-23T01:00Z expect x rised at 2024-05-23T01:00Z }",
       "1:45 error: `rised` is not an event\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, filters) {
  constexpr Row kRows[] = {
      {"condition x = air[orgin = mnd]", "1:19 error: `orgin` is not a key of a filter\n"},
      {"condition x = air[origin = mdn]", "1:28 error: no origin is called `mdn`\n"},
      {"condition x = air[feed = daly]", "1:26 error: no feed is called `daly`\n"},
      {"condition x = air[actor = roc, target = usa]",
       "1:27 error: no actor is called `roc`\n1:41 error: no actor is called `usa`\n"},
      {"condition x = air[origin >= mnd]", "1:26 error: `origin` is a name: it takes `=` and `!=`\n"},
      {"condition x = air[value = mnd]", "1:27 error: `value` is a number, and `mnd` is not\n"},
      {"condition x = air[grade >= B7]", "1:28 error: `B7` is not a grade\n"},
      {"condition x = air[grade > B2]", "1:25 error: `grade` takes `=`, `!=`, `>=` and `<=`\n"},
      {"condition x = air[reliability = G]", "1:33 error: `G` is not a reliability\n"},
      {"condition x = air[credibility >= 0]", "1:34 error: `0` is not a credibility\n"},
      {"condition x = air[tag > drill]", "1:23 error: `tag` takes `=` and `!=`\n"},
      {"condition x = air[]", "1:19 error: expected a key of a filter such as value or origin, found `]`\n"},
      {"condition x = air[value]", "1:24 error: expected a comparison such as `=` or `>=`, found `]`\n"},
      {"condition x = air[value >]", "1:26 error: expected a value, found `]`\n"},
      {"condition x = air[value == 2]", "1:25 error: unknown comparison `==`\n"},
      {"condition x = air[value = 2", "1:28 error: expected `]`, found the end of the book\n"},
      {"condition x = surge[value = 2]", "1:15 error: `surge` is a condition: only an indicator takes a filter\n"},
      {"alert x { theater strait when surge needs 1 origins of air[origin = mdn] within 1d else watch }",
       "1:69 error: no origin is called `mdn`\n"},
      {"alert x { theater korea when launch needs 2 origins of launch[origin = jcs] within 1d else watch }",
       "1:43 error: `needs` 2 origins, but only 1 can report this\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, parts_of_numbers) {
  constexpr Row kRows[] = {
      {"condition x = quantile(air, 90d) > 1", "1:15 error: `quantile` needs its rank before the window\n"},
      {"condition x = quantile(air, 0.9) > 1", "1:15 error: `quantile` needs a window\n"},
      {"condition x = quantile(air, 1.5, 90d) > 1", "1:29 error: `1.5` is not a rank of a quantile\n"},
      {"condition x = quantile(air, -0.5, 90d) > 1", "1:29 error: `-0.5` is not a rank of a quantile\n"},
      {"condition x = quantile(air, 0.1234567890123456, 90d) > 1",
       "1:29 error: this rank has more than 15 digits behind the point\n"},
      {"condition x = mean(air, 0.5, 90d) > 1",
       "1:25 error: a window needs a unit\n1:30 error: `mean` takes one window\n"},
      {"condition x = mean(air, at least 3, 90d) > 1", "1:25 error: `at least` comes after the window\n"},
      {"condition x = mean(air, at least 3) > 1", "1:15 error: `mean` needs a window\n"},
      {"condition x = mean(air, at least 3, 90) > 1", "1:37 error: a window needs a unit\n"},
      {"condition x = mean(air, 90d, at least 3, 9d) > 1", "1:42 error: `mean` takes one window\n"},
      {"condition x = last(air, at least 3, 90d) > 1", "1:37 error: `last` takes no window\n"},
      {"condition x = mean(air, 90d, at least 0) > 1", "1:30 error: `at least` needs a number from 1 to 4096\n"},
      {"condition x = mean(air, 90d, at least 5000) > 1", "1:30 error: `at least` needs a number from 1 to 4096\n"},
      {"condition x = mean(air, 90d, at least 2, at least 3) > 1", "1:42 error: a second `at least`\n"},
      {"condition x = mean(air, 90d ending 1d) > 1", "1:38 error: expected `ago`, found `)`\n"},
      {"condition x = last(air, 0.5) > 1", "1:25 error: `last` takes no number here\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, a_word_of_a_clause_within_a_broken_condition_brings_no_second_error) {
  constexpr Row kRows[] = {
      {"alert x { theater strait when air and from ships until air level high }",
       "1:39 error: expected a condition, found `from`\n"},
      {"alert x { theater strait when not from ships until air }", "1:35 error: expected a condition, found `from`\n"},
      {"linkage x { from strait to korea when air then from ships until launch within 1d }",
       "1:48 error: expected a comparison, a name or `(`, found `from`\n"},
      // This one is a clause, and read as one.
      {"linkage x { when air and from strait to strait }",
       "1:26 error: expected a condition, found `from`\n1:41 error: `strait` is named twice\n"},
      {"condition x = air[value > 2 and origin = mnd] and ships", "1:29 error: expected `,` or `]`, found `and`\n"},
      {"condition x = air[value > 2 or origin = mnd]", "1:29 error: expected `]`, found `or`\n"},
      {"alert x { theater strait when surge needs 1 origins of air[value > 2 and origin = mnd] within 1d else watch }",
       "1:70 error: expected `,` or `]`, found `and`\n"},
      {"alert x { theater strait when surge needs 1 origins air[origin = mnd] within 1d else watch }",
       "1:53 error: expected `of`, found `air`\n"},
      {"condition x = air[value = 2 condition y = ships[value = 3] alert z { theater strait when y }",
       "1:29 error: expected `]`, found `condition`\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, what_stands_where_a_title_might) {
  constexpr Row kRows[] = {
      {"test foo { }", "1:6 error: expected a title in double quotes or `{`, found `foo`\n"},
      {"test \"t\" foo { }", "1:10 error: expected `{`, found `foo`\n"},
      {"test { }", "1:1 error: this test has no input line\n"},
      {"watchbook again version 2", "1:11 error: expected a title in double quotes or `version`, found `again`\n"},
  };
  check_rows(kRows);
}

TEST(BadBooks, operators_that_look_back) {
  constexpr Row kRows[] = {
      {"condition x = air in last 3d to 1d", "1:27 error: `in last C to D` goes from the nearer to the farther\n"},
      {"condition x = air since ships in last 3d to 1d",
       "1:39 error: `in last C to D` goes from the nearer to the farther\n"},
      {"condition x = air in last 7d to 7d",
       "1:27 error: `in last 7d to 7d` must remember 302400001 separate truths, the engine remembers at most 4096: up "
       "to 6d23h57m to 7d fits\n"},
      {"condition x = from air and ships", "1:33 error: expected `until`, found the end of the book\n"},
      {"condition x = air and from air until ships", "1:23 error: expected a condition, found `from`\n"},
      {"condition x = from from air until ships until launch", "1:20 error: expected a condition, found `from`\n"},
      {"condition x = air since not ships", "1:25 error: expected a comparison, a name or `(`, found `not`\n"},
      {"condition x = air then ships", "1:29 error: expected `within`, found the end of the book\n"},
  };
  check_rows(kRows);
  // What it says would fit does.
  CHECK(testing::compile_with("condition x = air in last 6d23h57m to 7d", "server").ok);
}

TEST(BadBooks, judgements) {
  constexpr Row kRows[] = {
      {"hypothesis h hypothesis h", "1:25 error: a second hypothesis called `h`\n"},
      {"alert x { theater strait when surge weigh h +1 }", "1:43 error: no hypothesis is called `h`\n"},
      {"hypothesis h alert x { theater strait when surge weigh h 1 }",
       "1:58 error: expected a weight such as +2, found `1`\n"},
      {"hypothesis h alert x { theater strait when surge weigh h +1.5 }",
       "1:58 error: expected a weight such as +2, found `+`\n"},
      {"hypothesis h alert x { theater strait when surge weigh h +2000 }", "1:58 error: this weight is too large\n"},
      {"hypothesis h alert x { theater strait when surge weigh h +1, h +2 }", "1:62 error: `h` is named twice\n"},
      {"hypothesis h alert x { theater strait when surge weigh h +1 when air > 2 }",
       "1:66 error: `air` alone means that a report has just arrived, it is not a number\n"},
      {"alert x { theater strait when surge against air }",
       "1:45 error: `air` is an indicator: `against` takes the names of conditions\n"},
      {"alert x { theater strait when surge against surg }", "1:45 error: no condition is called `surg`\n"},
      {"alert x { theater strait when surge against surge, surge }", "1:52 error: `surge` is named twice\n"},
      {"alert x { theater strait when surge against surge against surge }", "1:51 error: a second `against` in `x`\n"},
      {"alert x { theater strait when surge disconfirm \"d\" }", "1:52 error: expected `by`, found `}`\n"},
      {"alert x { theater strait when surge marking amber marking red }", "1:51 error: a second `marking` in `x`\n"},
      {"alert x { theater strait when surge release usa, usa }", "1:50 error: `usa` is named twice\n"},
  };
  check_rows(kRows);
  std::string many = "alert x { theater strait when surge weigh ";
  std::string declared;
  for (int i = 0; i < 17; ++i) {
    declared += "hypothesis h" + std::to_string(i) + " ";
    many += (i == 0 ? "h" : ", h") + std::to_string(i) + " +1";
  }
  STRCMP_EQUAL("1:161 error: `x` weighs more than 16 hypotheses\n", errors_of(many + " }\n" + declared).c_str());
}

TEST(BadBooks, weigh_and_against_may_rest_on_any_indicator) {
  STRCMP_EQUAL("", errors_of("hypothesis h condition n = news in last 1d\n"
                             "alert x { theater strait when surge weigh h +1 when news against n }")
                       .c_str());
}

TEST(BadBooks, words_of_the_language_are_no_names) {
  for (const char* word :
       {"actor",    "after",      "against",   "ago",        "alert",       "and",         "at",           "between",
        "blind",    "by",         "caveat",    "clear",      "clock",       "compartment", "compartments", "condition",
        "cooldown", "count",      "days",      "disconfirm", "else",        "ending",      "every",        "evidence",
        "expect",   "feed",       "feeds",     "for",        "from",        "grace",       "heartbeat",    "hold",
        "horizon",  "hypothesis", "in",        "include",    "indicator",   "keep",        "kind",         "last",
        "least",    "level",      "linkage",   "mad",        "marking",     "max",         "mean",         "median",
        "min",      "needs",      "not",       "nothing",    "of",          "or",          "origin",       "origins",
        "overdue",  "quantile",   "received",  "release",    "reliability", "reports",     "retracts",     "role",
        "since",    "stddev",     "step_down", "sum",        "test",        "theater",     "then",         "to",
        "unit",     "unless",     "until",     "version",    "watchbook",   "weigh",       "when",         "within"}) {
    const std::string message =
        std::string{"1:7 error: `"} + word + "` is a word of the language and cannot be a name\n";
    STRCMP_EQUAL(message.c_str(), errors_of(std::string{"actor "} + word).substr(0, message.size()).c_str());
  }
  STRCMP_EQUAL("", errors_of("alert x { theater strait when surge marking clear release test }").c_str());
}

TEST(BadBooks, more_filters_and_tags_than_an_image_holds) {
  std::string many = "condition x = surge";
  for (int i = 0; i < 33; ++i) many += " or air[value > " + std::to_string(i) + "]";
  STRCMP_EQUAL("1:625 error: more than 32 different filters on one indicator\n", errors_of(many).c_str());
  std::string tags = "condition x = surge";
  for (int i = 0; i < 65; ++i)
    tags += std::string{" or "} + (i < 32 ? "air" : i < 64 ? "ships" : "launch") + "[tag = t" + std::to_string(i) + "]";
  STRCMP_EQUAL("1:1237 error: the filters of the book name more than 64 tags\n", errors_of(tags).c_str());
}

TEST(BadBooks, all_mistakes_of_a_book_come_in_one_run) {
  const char* const kBook =
      "feed f { origin mdn evry 1d grace 12hours }\n"
      "condition x = sum(air 24h)\n"
      "condition y = x and ships > 3\n"
      "alert a { theater strait when x lvel high clear when nott x hold 2 }\n"
      "test \"t\" { at 2024-05-23T01:00 daily reports air\n"
      "  expect Foo raised at 2024-05-23T01:00Z\n"
      "  expect a raised at 2024-05-23T01:00Z level hih }\n";
  STRCMP_EQUAL(
      "1:17 error: no origin is called `mdn`\n"
      "1:21 error: expected a clause of a feed, found `evry`\n"
      "1:35 error: `12hours` is not a duration\n"
      "2:23 error: expected `)`, found `24h`\n"
      "3:21 error: `ships` alone means that a report has just arrived, it is not a number\n"
      "4:33 error: expected a clause of an alert, found `lvel`\n"
      "4:54 error: no indicator or condition is called `nott`\n"
      "4:59 error: expected a clause of an alert, found `x`\n"
      "4:66 error: a duration needs a unit\n"
      "5:15 error: `2024-05-23T01:00` is not a time\n"
      "6:10 error: expected the name of an alert, or `nothing else`, found `Foo`\n"
      "7:46 error: `hih` is not a level\n",
      errors_of(kBook).c_str());
}

TEST(BadBooks, each_error_has_its_mend) {
  const auto help_of = [](const std::string& declarations) {
    const CompileResult result = testing::compile_with(declarations);
    return result.diagnostics.empty() ? std::string{} : result.diagnostics.front().help;
  };
  STRCMP_EQUAL("a comma is missing", help_of("condition x = sum(air 24h) > 1").c_str());
  STRCMP_EQUAL("a comma is missing", help_of("condition x = mean(air, 3d at least 2) > 1").c_str());
  STRCMP_EQUAL("did you mean `origin`?", help_of("condition x = air[orgin = mnd]").c_str());
  STRCMP_EQUAL("did you mean `mnd`?", help_of("condition x = air[origin = mdn]").c_str());
  STRCMP_EQUAL("did you mean `in last 1d to 3d`?", help_of("condition x = air in last 3d to 1d").c_str());
  STRCMP_EQUAL("e.g. `quantile(air, 0.95, 90d)`", help_of("condition x = quantile(air, 90d) > 1").c_str());
  STRCMP_EQUAL("it stands alone or in parentheses: (from ... until ...)",
               help_of("condition x = air and from air until ships").c_str());
  STRCMP_EQUAL("did you mean `theater`?", help_of("theatre x").c_str());
  STRCMP_EQUAL("did you mean `14h`?", help_of("theater x { step_down 14 }").c_str());
  STRCMP_EQUAL("did you mean `14d`?", help_of("theater x { step_down 14 d }").c_str());
  STRCMP_EQUAL("did you mean `last(air)`?", help_of("condition x = air > 1").c_str());
  STRCMP_EQUAL("did you mean `surge`?", help_of("condition x = surg").c_str());
  STRCMP_EQUAL("did you mean `overdue(daily)`?", help_of("condition x = daily").c_str());
  STRCMP_EQUAL("did you mean `24h`?", help_of("condition x = sum(air, 24) > 1").c_str());
  STRCMP_EQUAL("did you mean `when`?", help_of("alert x { theater strait whn surge }").c_str());
  STRCMP_EQUAL("it stands alone or in parentheses: (from ... until ...)",
               help_of("alert x { theater strait when air then from ships until air within 1d }").c_str());
  STRCMP_EQUAL("", help_of("linkage x { when air and from strait to korea }").c_str());
  STRCMP_EQUAL("the parts of a filter are joined by commas, which mean `and`",
               help_of("condition x = air[value > 2 and origin = mnd]").c_str());
}

TEST(BadBooks, needs_that_only_a_filter_keeps_from_being_met_say_so) {
  const auto help_of = [](const std::string& needs) {
    const CompileResult result =
        testing::compile_with("alert x { theater korea when launch needs " + needs + " within 1d else watch }");
    return result.diagnostics.empty() ? std::string{} : result.diagnostics.front().help;
  };
  STRCMP_EQUAL("without the filter 2 could: widen it, or ask for fewer",
               help_of("2 origins of launch[origin = jcs]").c_str());
  const char* const kMoreOrigins = "give the indicators' feeds more origins, or ask for fewer";
  STRCMP_EQUAL(kMoreOrigins, help_of("3 origins of launch[origin = jcs]").c_str());
  STRCMP_EQUAL(kMoreOrigins, help_of("3 origins of launch[value > 2]").c_str());
}

TEST(BadBooks, the_help_of_a_clause_offers_what_fits_the_declaration) {
  const auto said_of = [](const std::string& declarations) {
    const CompileResult result = testing::compile_with(declarations);
    return result.diagnostics.empty() ? std::string{}
                                      : result.diagnostics.front().message + "; " + result.diagnostics.front().help;
  };
  const std::string rest =
      "when, level, clear, hold, cooldown, evidence, needs, weigh, against, caveat, disconfirm, marking, release, "
      "compartments";
  STRCMP_EQUAL(("expected a clause of an alert, found `form`; it knows theater, " + rest).c_str(),
               said_of("alert x { form strait to korea when surge }").c_str());
  STRCMP_EQUAL("expected a clause of a linkage, found `form`; did you mean `from`?",
               said_of("linkage x { form strait to korea when surge }").c_str());
  STRCMP_EQUAL(("expected a clause of a linkage, found `strait`; it knows from, between, " + rest).c_str(),
               said_of("linkage x { strait when surge }").c_str());
}

TEST(BadBooks, a_when_that_another_clause_took_is_pointed_out) {
  const auto note_of = [](const std::string& declarations) {
    const CompileResult result = testing::compile_with(declarations);
    return result.diagnostics.empty() || result.diagnostics.front().notes.empty()
               ? std::string{}
               : result.diagnostics.front().notes.front().message;
  };
  STRCMP_EQUAL("this `when` belongs to the `level` before it: put the alert's own `when` first",
               note_of("alert x { theater strait level high when surge }").c_str());
  STRCMP_EQUAL("this `when` belongs to the `weigh` before it: put the linkage's own `when` first",
               note_of("hypothesis h linkage x { from strait to korea weigh h +2 when surge }").c_str());
  STRCMP_EQUAL("", note_of("alert x { theater strait }").c_str());
}

TEST(BadBooks, a_repeated_declaration_points_to_the_first) {
  const CompileResult result = testing::compile_with("actor prc");
  UNSIGNED_LONGS_EQUAL(1, result.diagnostics.at(0).notes.size());
  UNSIGNED_LONGS_EQUAL(4, place_of(testing::kVocabulary, result.diagnostics[0].notes[0].at.begin).line);
}

TEST(BadBooks, no_image_comes_with_an_error) {
  const CompileResult result = testing::compile_with("actor prc");
  CHECK_FALSE(result.ok);
  CHECK(result.image.empty());
}
