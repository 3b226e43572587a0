// SPDX-License-Identifier: Apache-2.0
/// What: what is allowed but probably not meant is said, and a clean book is silent.
/// How: declarations behind a vocabulary without errors.
#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;
using tocsin::compiler::testing::list;

namespace {
std::string warnings_of(const std::string& declarations) {
  const CompileResult result = testing::compile_with(declarations);
  return list(result, testing::kVocabulary + declarations, testing::kVocabularyLines) + (result.ok ? "" : "not ok");
}
const std::string kAlert = "alert a { theater strait when surge }\n";
}  // namespace

TEST_GROUP(Warnings){};

TEST(Warnings, a_book_without_anything_is_empty) {
  const SourceFile source{"empty.watch", "# only a remark\n"};
  const CompileResult result = compile(source, *find_target("edge"));
  CHECK_TRUE(result.ok);
  STRCMP_CONTAINS("warning: this book is empty", render_all(result.diagnostics, source).c_str());
}

TEST(Warnings, a_book_that_watches_nothing) {
  const std::string text = "actor prc\ntheater t\n";
  STRCMP_EQUAL("1:1 warning: this book has no `watchbook` line and no alert or linkage: it watches nothing\n",
               list(testing::compile_text(text), text).c_str());
  const std::string begun = "watchbook version 1\n" + text;
  STRCMP_EQUAL("", list(testing::compile_text(begun), begun).c_str());
  // Neither has a file that is included, nor one that only joins others.
  const SourceFile including{"b.watch", "include \"v.watch\"\n", {{"v.watch", text, {}}}};
  UNSIGNED_LONGS_EQUAL(0, compile(including, *find_target("edge")).diagnostics.size());
}

TEST(Warnings, a_clean_book_is_silent) { STRCMP_EQUAL("", warnings_of(kAlert).c_str()); }

TEST(Warnings, a_condition_that_no_alert_reaches) {
  STRCMP_EQUAL(
      "2:11 warning: the condition `x` is never used by an alert or linkage\n"
      "3:11 warning: the condition `y` is never used by an alert or linkage\n",
      warnings_of(kAlert + "condition x = air\ncondition y = x").c_str());
  STRCMP_EQUAL("",
               warnings_of("condition x = air\ncondition y = x\nalert a { theater strait when surge and y }").c_str());
}

TEST(Warnings, a_condition_that_only_weighs_or_speaks_against_is_used) {
  STRCMP_EQUAL("", warnings_of("hypothesis h condition x = air condition y = ships\n"
                               "alert a { theater strait when surge weigh h +1 when x against y }")
                       .c_str());
}

TEST(Warnings, a_window_that_can_hold_more_than_is_kept) {
  STRCMP_EQUAL("1:42 warning: a window of 90d can hold 90 reports of `air`, which keeps 64\n",
               warnings_of("alert a { theater strait when count(air, 90d) > 3 and surge }").c_str());
  STRCMP_EQUAL("", warnings_of("alert a { theater strait when count(air, 64d) > 3 and surge }").c_str());
}

TEST(Warnings, a_linkage_without_a_caveat) {
  STRCMP_EQUAL("1:9 warning: the linkage `l` has no caveat\n",
               warnings_of("linkage l { from strait to korea when surge then launch within 3d }").c_str());
  STRCMP_EQUAL("",
               warnings_of("linkage l { from strait to korea when surge then launch within 3d caveat \"c\" }").c_str());
}

TEST(Warnings, an_indicator_without_a_feed_and_a_feed_that_is_never_overdue) {
  STRCMP_EQUAL("2:11 warning: the indicator `x` has no feed: it is always blind\n",
               warnings_of(kAlert + "indicator x").c_str());
  STRCMP_EQUAL("1:48 warning: `launches` promises no regularity: it is never overdue\n",
               warnings_of("alert a { theater strait when surge or overdue(launches) }").c_str());
}

TEST(Warnings, a_window_that_ends_long_ago_needs_all_that_came_since) {
  STRCMP_EQUAL("1:41 warning: a window of 60d ending 5d ago can reach back over 65 reports of `air`, which keeps 64\n",
               warnings_of("alert a { theater strait when mean(air, 60d ending 5d ago) > 3 and surge }").c_str());
  STRCMP_EQUAL(
      "1:67 warning: a window of 65d can hold 65 reports of `air`, which keeps 64\n",
      warnings_of("alert a { theater strait when surge needs 1 origins of air within 65d else watch }").c_str());
}

TEST(Warnings, a_number_that_asks_for_more_reports_than_are_kept) {
  STRCMP_EQUAL(
      "1:31 warning: this comparison can never be true: a side is always unknown\n"
      "1:46 warning: `air` keeps 64 reports: this number is always unknown\n",
      warnings_of("alert a { theater strait when mean(air, 60d, at least 65) > 3 or surge }").c_str());
}

TEST(Warnings, a_condition_that_can_never_be_true) {
  constexpr const char* kNever[] = {
      "1 > 2",
      "count(air, 2d) < 0",
      "count(air, 60d) > 64",
      "count(air, 60d) >= 65",
      "count(air, 1d) = 2.5",
      "count(air, 1d, at least 3) < 3",
      "days(air, 24h) > 2",
      "days(air, 1ms) >= 2",
      "origins(air, 1d) >= 2",
      "origins(launch, 1d) > 2",
      "origins(launch[origin = jcs], 1d) >= 2",
      "stddev(air, 1d) < 0",
      "mad(air, 1d) < 0 and ships",
      "last(air[value >= 20]) < 20",
      "quantile(air[value < 5], 0.5, 1d) > 5",
      "max(air[value >= 2, value <= 3], 1d) > 3",
      "sum(air[value >= 0], 1d) < 0",
      "2 * count(air, 60d) - 1 >= 128",
      "count(air, 60d) / 2 > 32",
      "last(air) / 0 > 1",
      "air and not air",
      "surge and ships and not surge",
      "surge unless (surge or ships)",
      "(air or ships) and not (air or ships)",
      "last(air) >= 5 and last(air) < 3",
      "last(air) > 5 and ships and 5 > last(air)",
      "last(air) > 5 and not (last(air) > 5)",
      "last(air) >= 5 and last(air) <= 5 and last(air) != 5",
      "last(air) = 5 and last(air) = 6",
      "count(air, 1d) > 2 and count(air, 1d) < 3",
      "not (last(air) < 5 or last(air) >= 3)",
      "last(air) - last(ships) > 5 and last(air) - last(ships) < 5",
      "surge and sum(air, 1d) < 45",
      "(air and not air) for 1d",
      "(air and not air) in last 1d",
      "ships then (air and not air) within 1d",
      "ships since (air and not air)",
      "from (air and not air) until ships",
      "air[value > 2, value < 2]",
      "air[origin = jcs]",
      "air[origin != mnd]",
      "launch[feed != launches]",
      "air[tag = a, tag != a]",
      "air[actor = prc, actor != prc]",
      "air[reliability >= A]",
      "air[grade >= A1]",
      "launch[grade >= F1]",
      "air[credibility >= 6, credibility <= 6]",
      "air[credibility = 2, credibility = 3]",
      "overdue(launches)",
  };
  for (const char* never : kNever) {
    const std::string got =
        warnings_of(std::string{"condition x = "} + never + "\nalert a { theater strait when (x or surge) and ships }");
    STRCMP_EQUAL_TEXT("1:11 warning: the condition `x` can never be true\n", got.c_str(), never);
  }
}

TEST(Warnings, what_might_be_true_is_left_alone) {
  constexpr const char* kMaybe[] = {
      "count(air, 60d) >= 64",
      "days(air, 24h) >= 2",
      "days(air, 2ms) >= 2",
      "origins(launch, 1d) >= 2",
      "last(air) >= 5 and last(air) <= 5",
      "last(air) >= 5 and last(air) < 5.5",
      "last(air) >= 5 and last(air, at least 2) < 3",
      "last(air[value >= 20]) <= 20",
      "mean(air[value >= 20], 1d) < 20",
      "last(air) - last(air) > 1",
      "last(air) / last(ships) > 1000",
      "air and not air[value > 2]",
      "last(air) >= 5 and (last(air) < 3 or ships)",
      "last(air) >= 5 and last(air) < 3 in last 2d",
      "not (surge and ships) and surge",
      "not (last(air) < 5 and last(air) >= 3)",
      "air then not_air within 1d",
      "ships since air",
      "air[reliability >= B]",
      "air[grade >= B2]",
      "launch[reliability <= F]",
      "air[tag = a, tag = b]",
      "air[actor != prc]",
      "air[credibility <= 6]",
      "air[value > 2, value <= 3]",
      "overdue(daily)",
  };
  for (const char* maybe : kMaybe) {
    const std::string got = warnings_of(std::string{"condition not_air = not air condition x = "} + maybe +
                                        "\nalert a { theater strait when (x or surge) and not_air }");
    STRCMP_EQUAL_TEXT("", got.c_str(), maybe);
  }
}

TEST(Warnings, say_which_clause_or_part_can_never_be_true) {
  STRCMP_EQUAL("1:31 warning: this `when` can never be true\n",
               warnings_of("alert a { theater strait when surge and count(air, 1d) < 0 }").c_str());
  STRCMP_EQUAL("1:48 warning: this `clear when` can never be true\n",
               warnings_of("alert a { theater strait when surge clear when air and not air }").c_str());
  STRCMP_EQUAL("1:53 warning: this `level ... when` can never be true\n",
               warnings_of("alert a { theater strait when surge level high when air and not air }").c_str());
  STRCMP_EQUAL(
      "1:66 warning: this `weigh ... when` can never be true\n",
      warnings_of("hypothesis h alert a { theater strait when surge weigh h +1 when air and not air }").c_str());
  STRCMP_EQUAL("1:40 warning: this comparison can never be true: `count` is between 0 and 64 here\n",
               warnings_of("alert a { theater strait when surge or count(air, 1d) < 0 }").c_str());
  STRCMP_EQUAL("1:43 warning: no report of `air` can pass this filter\n",
               warnings_of("alert a { theater strait when surge or air[origin = jcs] }").c_str());
}

TEST(Warnings, why_it_can_never_be_true) {
  const auto note_of = [](const std::string& when) {
    const CompileResult result = testing::compile_with("alert a { theater strait when " + when + " }");
    return result.diagnostics.empty() || result.diagnostics.front().notes.empty()
               ? std::string{}
               : result.diagnostics.front().notes.front().message;
  };
  STRCMP_EQUAL("its parts contradict each other", note_of("surge and air and not air").c_str());
  STRCMP_EQUAL("this comparison can never be true: `count` is between 3 and 64 here, unknown below `at least 3`",
               note_of("surge and count(air, 1d, at least 3) < 3").c_str());
  STRCMP_EQUAL("this comparison can never be false: `count` is between 3 and 64 here, unknown below `at least 3`",
               note_of("surge and not count(air, 1d, at least 3) >= 2").c_str());
  STRCMP_EQUAL("this comparison can never be false: `count` is between 0 and 64 here",
               note_of("surge unless count(air, 1d) >= 0 in last 2d").c_str());
  STRCMP_EQUAL("`at least` leaves it unknown of fewer reports, and of enough reports it can never be so",
               note_of("surge and count(air, 1d, at least 3) < 4 and count(air, 1d, at least 3) != 3").c_str());
}

TEST(Warnings, a_feed_that_fills_the_log_before_late_news_reaches_a_window) {
  const std::string feed =
      "feed fast { origin mnd every 1s }\nindicator one { feeds fast keep 4096 } indicator two { feeds fast }\n";
  STRCMP_EQUAL(
      "1:30 warning: the feed `fast` may send 2 reports every 1s: late news then reaches back 34m8s, less than a "
      "window of 1d\n",
      warnings_of(feed + kAlert).c_str());
  const std::string slow = "feed slow { origin mnd every 5m }\nindicator one { feeds slow }\n";
  STRCMP_EQUAL("", warnings_of(slow + kAlert).c_str());
  // Beyond the horizon nothing would be evaluated anyway.
  STRCMP_EQUAL("", warnings_of(slow + "alert a { theater strait when surge in last 90d }").c_str());
}

TEST(Warnings, evidence_that_an_event_cannot_hold) {
  STRCMP_EQUAL("1:56 warning: the evidence of `a` can have 128 reports, an event shows 96\n",
               warnings_of("alert a { theater strait when surge and ships evidence 64 }").c_str());
  std::string many = "alert a { theater strait evidence 1 when surge";
  for (int hours = 1; hours <= 24; ++hours) many += " or count(air, " + std::to_string(hours) + "m) > 1";
  STRCMP_EQUAL("1:42 warning: the evidence of `a` can have 25 numbers, an event shows 24\n",
               warnings_of(many + "}").c_str());
}
