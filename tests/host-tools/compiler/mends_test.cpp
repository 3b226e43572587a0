// SPDX-License-Identifier: Apache-2.0
/// What: what an analyst is likely to mistype brings one error, at the word that is wrong, with the likely mend.
/// How: a table of declarations behind a vocabulary without mistakes, with place, message and help of all errors.
#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;

namespace {
struct Row {
  std::string declarations;
  const char* expected;
};

std::string said_of(const std::string& declarations) {
  const std::string text = testing::kVocabulary + declarations;
  const CompileResult result = testing::compile_text(text);
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    if (diagnostic.severity != Severity::error) continue;
    const Place place = place_of(text, diagnostic.at.begin);
    out +=
        (out.empty() ? "" : " | ") + std::to_string(place.column) + ": " + diagnostic.message + "; " + diagnostic.help;
  }
  return out;
}
void check_rows(std::initializer_list<Row> rows) {
  for (const Row& row : rows)
    STRCMP_EQUAL_TEXT(row.expected, said_of(row.declarations).c_str(), row.declarations.c_str());
}
std::string when(const std::string& condition) { return "alert x { theater strait when " + condition + " }"; }
std::string line(const std::string& rest) { return "test \"t\" { at 2024-05-23T01:00Z daily " + rest + " }"; }
}  // namespace

TEST_GROUP(Mends){};

TEST(Mends, a_misspelt_function_is_one_error_and_has_a_near_name) {
  check_rows({
      {when("cuont(air, 1d) > 2"), "31: no function is called `cuont`; did you mean `count`?"},
      {when("Sum(air, 1d) > 2 and ships"), "31: no function is called `Sum`; did you mean `sum`?"},
      {when("average(air, 1d) > 2"), "31: no function is called `average`; did you mean `mean`?"},
      {when("overdeu(daily) or ships"), "31: no function is called `overdeu`; did you mean `overdue`?"},
      {"condition y = air and summ (ships, (1d)) > 2 " + when("y"),
       "23: no function is called `summ`; did you mean `sum`?"},
      {when("total_of(air, 1d) > 2"),
       "31: no function is called `total_of`; there are count, sum, mean, min, max, median, mad, stddev, quantile, "
       "days, "
       "origins, last, overdue"},
  });
}

TEST(Mends, a_misspelt_word_between_conditions_is_one_error_and_has_a_near_name) {
  check_rows({
      {"linkage x { from strait to korea when surge tehn launch within 3d caveat \"c\" }",
       "45: expected a clause of a linkage, found `tehn`; did you mean `then`?"},
      {when("surge adn air"), "37: expected a clause of an alert, found `adn`; did you mean `and`?"},
      {when("surge AND air"), "37: expected a clause of an alert, found `AND`; did you mean `and`?"},
      {when("surge && air"), "37: expected a clause of an alert, found `&`; did you mean `and`?"},
      {when("surge level high when surge || air"), "59: expected a clause of an alert, found `|`; did you mean `or`?"},
      {when("!surge"), "31: expected a condition or a number, found `!`; did you mean `not`?"},
      {"condition y = surge unles air", "21: expected a declaration, found `unles`; did you mean `unless`?"},
      {when("surge whn air"), "37: expected a clause of an alert, found `whn`; did you mean `when`?"},
  });
}

TEST(Mends, the_when_of_a_misspelt_clause_is_no_second_when) {
  check_rows({
      {when("surge celar when not surge"), "37: expected a clause of an alert, found `celar`; did you mean `clear`?"},
      {"alert x { theater strait levl high when air when surge }",
       "26: expected a clause of an alert, found `levl`; did you mean `level`?"},
      {when("surge celar when air hold 2h when ships"),
       "37: expected a clause of an alert, found `celar`; did you mean `clear`? | "
       "60: a second `when` in `x`; each clause stands once"},
  });
}

TEST(Mends, the_whole_word_is_named_where_it_only_begins_right) {
  check_rows({
      {"theater x { blind afterwards 2 }", "19: expected `after`, found `afterwards`; "},
      {when("air then surge withinn 2d"), "46: expected `within`, found `withinn`; did you mean `within`?"},
  });
}

TEST(Mends, lines_of_tests) {
  const std::string alert = when("surge") + " test \"t\" { clock 2024-05-23T01:00Z expect ";
  check_rows({
      {line("reports air 3 form mnd"), "53: expected a test line, found `form`; did you mean `from`?"},
      {line("rpeorts air 3"),
       "39: expected `reports`, `heartbeat` or `retracts`, found `rpeorts`; did you mean `reports`?"},
      {alert + "ntohing else }",
       "81: expected the name of an alert, or `nothing else`, found `ntohing`; did you mean `nothing else`?"},
      {"test \"t\" { clock 2024-05-23T01:00 }",
       "18: `2024-05-23T01:00` is not a time; times are in UTC: did you mean `2024-05-23T01:00Z`?"},
      {"test \"t\" { clock 2024-05-23 }",
       "18: `2024-05-23` is not a time; times are in UTC: did you mean `2024-05-23T00:00Z`?"},
  });
}

TEST(Mends, durations_as_others_write_them) {
  check_rows({
      {when("surge hold 2H"), "42: `2H` is not a duration; did you mean `2h`?"},
      {when("surge hold 12hours"), "42: `12hours` is not a duration; did you mean `12h`?"},
      {when("surge hold 1.5h"), "42: `1.5h` is not a duration; did you mean `90m`?"},
      {when("surge hold 2mo"),
       "42: `2mo` is not a duration; durations are digits and units without blanks: 250ms 90s 5m 72h 7d 2w 1d12h"},
  });
}

TEST(Mends, commas_and_other_signs) {
  const std::string indicator = "indicator i { feeds daily";
  check_rows({
      {indicator + " launches }",
       "27: expected a clause of an indicator, found `launches`; is a comma missing before it?"},
      {indicator + ", role leading }",
       "28: `role` is a word of the language and cannot be a name; a name follows a comma: the list ends without one"},
      {when("surge, level high"),
       "36: expected a clause of an alert, found `,`; only lists take commas: clauses and declarations follow without "
       "a "
       "sign"},
      {when("last(air) > 1,000"), "44: expected a clause of an alert, found `,`; numbers are written without commas"},
      {when("last(air) > .5"),
       "43: expected a number, a name or `(`, found `.`; numbers have digits on both sides of the point: `0.5`"},
      {"alert x \xE2\x80\x9Ct\xE2\x80\x9D { theater strait when surge }",
       "9: expected a declaration, found `\xE2\x80\x9C`; texts stand in straight double quotes: \"...\""},
      {when("surge\xC2\xA0"),
       "36: expected a clause of an alert, found the invisible character U+00A0; it knows theater, when, level, clear, "
       "hold, cooldown, evidence, needs, weigh, against, caveat, disconfirm, marking, release, compartments"},
      {"actor a \"A actor b \"B\"",
       "21: expected a declaration, found `B`; a text ends right before it: is a `\"` missing, here or above?"},
  });
}

TEST(Mends, an_alert_without_a_block_is_one_error) {
  check_rows({
      {"alert x", "7: the alert `x` has no block; write `{ theater NAME  when CONDITION }` behind it"},
      {"linkage x \"t\" actor a", "9: the linkage `x` has no block; write `{ from A to B  when CONDITION }` behind it"},
  });
}

TEST(Mends, a_name_of_another_kind_is_told_so) {
  check_rows({
      {when("strait"), "31: `strait` is a theater, not a condition or an indicator; "},
      {when("overdue(air)"), "39: `air` is an indicator: `overdue` takes a feed; did you mean `overdue(daily)`?"},
      {when("surge against sum(air, 1d) > 2"),
       "45: `sum` is a word of the language and cannot be a name; `against` takes the names of conditions: declare a "
       "`condition` for it"},
  });
}
