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

TEST(Warnings, a_clean_book_is_silent) { STRCMP_EQUAL("", warnings_of(kAlert).c_str()); }

TEST(Warnings, a_condition_that_no_alert_reaches) {
  STRCMP_EQUAL(
      "2:11 warning: the condition `x` is never used by an alert or linkage\n"
      "3:11 warning: the condition `y` is never used by an alert or linkage\n",
      warnings_of(kAlert + "condition x = air\ncondition y = x").c_str());
  STRCMP_EQUAL("",
               warnings_of("condition x = air\ncondition y = x\nalert a { theater strait when surge and y }").c_str());
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
  STRCMP_EQUAL("1:49 warning: `launches` promises no regularity: it is never overdue\n",
               warnings_of("alert a { theater strait when surge and overdue(launches) }").c_str());
}

TEST(Warnings, evidence_that_an_event_cannot_hold) {
  STRCMP_EQUAL("1:56 warning: the evidence of `a` can have 128 reports, an event shows 96\n",
               warnings_of("alert a { theater strait when surge and ships evidence 64 }").c_str());
  std::string many = "alert a { theater strait evidence 1 when surge";
  for (int hours = 1; hours <= 24; ++hours) many += " or count(air, " + std::to_string(hours) + "m) > 1";
  STRCMP_EQUAL("1:42 warning: the evidence of `a` can have 25 numbers, an event shows 24\n",
               warnings_of(many + "}").c_str());
}
