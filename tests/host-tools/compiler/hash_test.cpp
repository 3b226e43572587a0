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
  };
  for (const auto& pair : kPairs) {
    const Hashes after = hashes(pair[0], pair[1]);
    CHECK_TEXT(before.rule != after.rule, pair[1]);
    CHECK_TEXT(before.book != after.book, pair[1]);
  }
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
