// SPDX-License-Identifier: Apache-2.0
/// What: a rule's hash follows what the rule reaches and nothing else.
/// How: pairs of books that differ in one thing.
#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;
using tocsin::compiler::testing::list;

namespace {
struct Hashes {
  std::uint64_t rule = 0;
  std::uint64_t book = 0;
};
const std::string kTail =
    "hypothesis h hypothesis g\n"
    "alert a \"A\" { theater strait when surge and ships level high level critical when air level elevated when launch "
    "}\n"
    "alert other { theater korea when launch }\n";

// The hashes with `from` replaced by `to` in the whole book.
Hashes hashes(const std::string& from = "", const std::string& to = "", std::string_view target = "edge") {
  std::string text = testing::kVocabulary + kTail;
  if (!from.empty()) {
    const std::size_t at = text.find(from);
    CHECK_TEXT(at != std::string::npos, from.c_str());
    text.replace(at, from.size(), to);
  }
  const CompileResult result = testing::compile_text(text, target);
  CHECK_TEXT(result.ok, list(result, text).c_str());
  const auto image = testing::load(result);
  return {image.alerts[image.find_alert("a")].rule_hash, image.book_hash};
}
}  // namespace

TEST_GROUP(RuleHash) { Hashes before = hashes(); };

TEST(RuleHash, does_not_see_order_layout_titles_tests_and_budget) {
  struct Row {
    const char* why;
    const char* from;
    const char* to;
  };
  constexpr Row kRows[] = {
      {"layout", "condition surge = sum(air, 24h) >= 45", "condition surge =\n  # why\n  (sum(air, 1d) >= 45.0)"},
      {"title of the alert", "\"A\"", "\"Another\""},
      {"title of a theater", "\"Strait\"", "\"The strait\""},
      {"version of the book", "version 3", "version 4"},
      {"order of level clauses", "level critical when air level elevated when launch",
       "level elevated when launch level critical when air"},
      {"order of origins", "origins jcs, mod", "origins mod, jcs"},
      {"order of declarations",
       "indicator air { theater strait actor prc feeds daily keep 64 }\nindicator ships { theater strait feeds daily "
       "keep 64 }",
       "indicator ships { keep 64 theater strait feeds daily }\nindicator air { theater strait actor prc feeds daily "
       "keep 64 }"},
      {"a test", "alert other", "test \"t\" { clock 2024-01-01T00:00Z }\nalert other"},
      {"a caveat and a marking", "level high", "level high caveat \"c\" marking amber release usa"},
      {"a hypothesis that no rule weighs", "alert other", "hypothesis extra \"E\"\nalert other"},
  };
  for (const Row& row : kRows) {
    const Hashes after = hashes(row.from, row.to);
    CHECK_TEXT(before.rule == after.rule, row.why);
    CHECK_TEXT(before.book == after.book, row.why);
  }
  CHECK(before.rule == hashes("", "", "server").rule);
  CHECK(before.book == hashes("", "", "mcu").book);
}

TEST(RuleHash, sees_everything_the_rule_rests_on) {
  constexpr const char* kPairs[][2] = {
      {">= 45", ">= 46"},
      {">= 45", "> 45"},
      {"24h", "23h"},
      {"every 1d", "every 2d"},
      {"grace 12h", "grace 1h"},
      {"keep 64", "keep 65"},
      {"step_down 14d", "step_down 13d"},
      {"reliability B", "reliability C"},
      {"level high", "level high hold 1h"},
      {"level high", "level high cooldown 1h"},
      {"level high", "level high evidence 7"},
      {"level high", "level watch"},
      {"level high", "level high needs 1 origins of air within 1d else watch"},
      {"level critical when air", "level critical when ships"},
      {"when surge and ships", "when surge or ships"},
      {"when surge and ships", "when surge unless ships"},
      {"origins jcs, mod", "origins jcs"},
      {"sum(air, 24h)", "sum(air[value > 2], 24h)"},
      {"sum(air, 24h)", "sum(air, 24h ending 1h ago)"},
      {"sum(air, 24h)", "sum(air, 24h, at least 2)"},
      {"sum(air, 24h)", "mean(air, 24h)"},
      {"sum(air, 24h)", "quantile(air, 0.5, 24h)"},
      {"when surge and ships", "when surge and ships[origin = mnd]"},
      {"when surge and ships", "when surge since ships"},
      {"when surge and ships", "when surge in last 1h to 2h"},
      {"when surge and ships", "when from surge until ships"},
      {"level high", "level high against surge"},
      {"level high", "level high disconfirm \"d\" by 72h"},
      {"level high", "level high weigh h +1"},
      {"level high", "level high needs 1 origins of air[value > 1] within 1d else watch"},
  };
  for (const auto& pair : kPairs) {
    const Hashes after = hashes(pair[0], pair[1]);
    CHECK_TEXT(before.rule != after.rule, pair[1]);
    CHECK_TEXT(before.book != after.book, pair[1]);
  }
}

TEST(RuleHash, tells_apart_what_differs_in_one_part) {
  constexpr const char* kPairs[][2] = {
      {"level high weigh h +1", "level high weigh h +2"},
      {"level high weigh h +1", "level high weigh g +1"},
      {"level high weigh h +1", "level high weigh h +1 when air"},
      {"level high weigh h +1", "level high weigh h +1 weigh h +1"},
      {"level high disconfirm \"d\" by 72h", "level high disconfirm \"d\" by 71h"},
      {"level high level critical when air[value > 1]", "level high level critical when air[value >= 1]"},
      {"level high level critical when air[origin = mnd]", "level high level critical when air[origin != mnd]"},
      {"level high level critical when air[tag = a]", "level high level critical when air[tag = b]"},
      {"level high level critical when air[grade >= B2]", "level high level critical when air[grade >= B3]"},
      {"level high level critical when quantile(air, 0.5, 1d) > 1",
       "level high level critical when quantile(air, 0.05, 1d) > 1"},
      {"level high level critical when air since ships in last 1h to 2h",
       "level high level critical when air since ships in last 2h"},
      {"level high level critical when air since ships", "level high level critical when air since ships in last 2h"},
  };
  for (const auto& pair : kPairs)
    CHECK_TEXT(hashes("level high", pair[0]).rule != hashes("level high", pair[1]).rule, pair[1]);
  constexpr const char* kSame[][2] = {
      {"level high weigh h +1, g +2", "level high weigh g +2, h +1"},
      {"level high weigh h +1 weigh g +2 when air", "level high weigh g +2 when air weigh h +1"},
      {"level high disconfirm \"d\" by 72h", "level high disconfirm \"other words\" by 3d"},
      {"level high level critical when air[value > 1, tag = a]",
       "level high level critical when air[tag = \"a\", value > 1.0]"},
      {"level high level critical when quantile(air, 0.5, 1d) > 1",
       "level high level critical when quantile(air, 0.50, 24h) > 1"},
      {"level high against surge", "level high caveat \"c\" against surge"},
  };
  for (const auto& pair : kSame)
    CHECK_TEXT(hashes("level high", pair[0]).rule == hashes("level high", pair[1]).rule, pair[1]);
}

TEST(RuleHash, is_the_same_in_every_version_of_the_compiler) {
  UNSIGNED_LONGLONGS_EQUAL(0x5beca25ef55a5a02ULL, before.rule);
  UNSIGNED_LONGLONGS_EQUAL(0x27f7aa56f7a8befULL, before.book);
}

TEST(RuleHash, survives_an_edit_elsewhere_in_the_book) {
  for (const char* elsewhere : {"actor someone", "indicator extra { theater strait feeds daily }", "origin extra",
                                "alert more { theater strait when air }", "condition more = ships"}) {
    const Hashes after = hashes("alert other", std::string{elsewhere} + "\nalert other");
    CHECK_TEXT(before.rule == after.rule, elsewhere);
    CHECK_TEXT(before.book != after.book, elsewhere);
  }
  const Hashes after =
      hashes("alert other { theater korea when launch }", "alert other { theater korea when launch for 1h }");
  CHECK(before.rule == after.rule);
  CHECK(before.book != after.book);
}
