// SPDX-License-Identifier: Apache-2.0
/// What: how many rules a microcontroller's 64 KiB hold, and that a run of them keeps off the heap and within the
/// promised step. How: the benchmarks' books, compiled for the target `mcu`.
#include <cstdio>

#include "rig.hpp"
#include "scenario.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::bench;  // NOLINT(google-build-using-namespace): tests

TEST_GROUP(MicrocontrollerBudget){static void fits(Sharing sharing, const char* what){
    const tocsin::compiler::SourceFile source{"book.watch", text_of(RulesBook{sharing, Cooldown::month, 16})};
const auto target = tocsin::compiler::find_target("mcu");
CHECK_TRUE(target.has_value());
const auto result = tocsin::compiler::compile(source, *target);
std::printf("%s: %llu of %llu bytes\n", what, static_cast<unsigned long long>(result.budget.block_bytes),
            static_cast<unsigned long long>(result.budget.limit_bytes));
CHECK_TEXT(result.ok, tocsin::compiler::render_all(result.diagnostics, source).c_str());
UNSIGNED_LONGLONGS_EQUAL(64 * 1024, result.budget.limit_bytes);
CHECK_TRUE(result.budget.block_bytes <= result.budget.limit_bytes);
}
}
;

TEST(MicrocontrollerBudget, holds_64_rules_that_are_alike) { fits(Sharing::same, "64 rules alike"); }

TEST(MicrocontrollerBudget, holds_64_rules_with_windows_of_their_own) { fits(Sharing::apart, "64 rules, own windows"); }

TEST(MicrocontrollerBudget, runs_64_rules_exactly_without_heap_within_the_promised_step) {
  fits(Sharing::apart, "64 rules, own windows");
  const RulesBook book{Sharing::apart, Cooldown::month, 16};
  Rig rig{text_of(book), "mcu"};
  const auto lines = lines_for(book, rig.image(), 2000);
  const Ledger right = expected(book, rig.image(), lines);
  const Run run = rig.run(lines);
  UNSIGNED_LONGLONGS_EQUAL(0, run.allocations);
  UNSIGNED_LONGLONGS_EQUAL(0, run.not_taken);
  CHECK_TRUE(right.standing() > 0);
  CHECK_TRUE(run.ledger == right);
  CHECK_TRUE(run.worst_step <= rig.worst_step_allowed());
}
