// SPDX-License-Identifier: Apache-2.0
/// What: the printed memory is the engine's, a book that does not fit is refused with what to change.
/// How: books compiled for each target.
#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;

namespace {
const std::string kAlert =
    "alert a { theater strait when surge clear when not surge in last 14d needs 1 origins of air within 3d else watch "
    "}\n";
}

TEST_GROUP(Budget){};

TEST(Budget, is_what_the_engine_computes) {
  for (const Target& target : targets()) {
    const CompileResult result = testing::compile_with(kAlert, target.name);
    CHECK_TEXT(result.ok, std::string{target.name}.c_str());
    const auto image = testing::load(result);
    UNSIGNED_LONGLONGS_EQUAL(tocsin::engine::layout_of(image).block_bytes, result.budget.block_bytes);
    UNSIGNED_LONGLONGS_EQUAL(image.bounds.block_bytes, result.budget.block_bytes);
    UNSIGNED_LONGS_EQUAL(target.bounds.log_capacity, image.bounds.log_capacity);
    std::uint64_t sum = 0;
    for (const BudgetPart& part : result.budget.parts) sum += part.bytes;
    UNSIGNED_LONGLONGS_EQUAL(result.budget.block_bytes, sum);
  }
}

TEST(Budget, rows_by_thing_are_part_of_the_whole_and_count_shared_nodes_once) {
  const CompileResult result = testing::compile_with(
      kAlert + "alert b { theater strait when surge clear when not surge in last 14d }\ncondition other = surge\n");
  CHECK(result.ok);
  const BudgetReport& budget = result.budget;
  const auto image = testing::load(result);
  UNSIGNED_LONGS_EQUAL(image.indicators.size(), budget.indicators.size());
  UNSIGNED_LONGS_EQUAL(image.conditions.size(), budget.conditions.size());
  UNSIGNED_LONGS_EQUAL(2, budget.alerts.size());
  std::uint64_t bytes = 0;
  std::uint64_t steps = 0;
  for (const auto* rows : {&budget.indicators, &budget.conditions, &budget.alerts}) {
    for (const BudgetPart& part : *rows) {
      bytes += part.bytes;
      steps += part.steps;
    }
  }
  CHECK(bytes < budget.block_bytes);
  CHECK(steps > 0 && steps <= budget.line_steps);
  CHECK(budget.instant_steps > 0 && budget.instant_steps < budget.line_steps);
  // Both clear alike: the nodes are the first one's.
  const BudgetPart& a = budget.alerts[budget.alerts[0].name == "a" ? 0 : 1];
  const BudgetPart& b = budget.alerts[budget.alerts[0].name == "b" ? 0 : 1];
  CHECK(a.bytes > b.bytes);
  STRCMP_EQUAL("0 nodes of its own", b.detail.c_str());
}

TEST(Budget, adds_windows_up_to_how_far_the_book_looks_back) {
  LONGLONGS_EQUAL(15LL * 86'400'000, testing::compile_with(kAlert).budget.look_back_ms);
  const auto look_back = [](const char* when) {
    return testing::compile_with(std::string{"alert a { theater strait when surge and "} + when + " }")
               .budget.look_back_ms /
           3'600'000;
  };
  LONGLONGS_EQUAL(24, look_back("last(air) > 1"));
  LONGLONGS_EQUAL(36, look_back("overdue(daily)"));
  LONGLONGS_EQUAL(96, look_back("(surge then ships within 3d)"));
  LONGLONGS_EQUAL(50, look_back("(max(air, 48h) > 2 for 2h)"));
  LONGLONGS_EQUAL(26, look_back("mean(air, 1d ending 2h ago) > 2"));
  LONGLONGS_EQUAL(48, look_back("(surge since ships in last 1h to 1d)"));
  const CompileResult endless = testing::compile_with("alert a { theater strait when surge since ships }");
  CHECK(endless.budget.endless);
  CHECK(render(endless.budget).find("looks back 1d, and without end where it says `since`") != std::string::npos);
}

TEST(Budget, refuses_a_book_that_does_not_fit_and_says_what_to_change) {
  const std::string hungry = "indicator hog { feeds daily keep 4096 }\n" + kAlert;
  CHECK(testing::compile_with(hungry, "edge").ok);
  const CompileResult result = testing::compile_with(hungry, "mcu");
  CHECK_FALSE(result.ok);
  CHECK(result.image.empty());
  const Diagnostic& diagnostic = result.diagnostics.at(0);
  CHECK(diagnostic.message.find("mcu has 65536") != std::string::npos);
  CHECK(diagnostic.message.find("reports kept") != std::string::npos);
  CHECK(diagnostic.help.find("`keep` of hog") != std::string::npos);
  CHECK(render(result.budget).find("hog") != std::string::npos);
}

TEST(Budget, says_which_first_span_would_fit) {
  const std::string hungry = "alert a { theater strait when surge in last 6d23h56m to 7d }\n";
  CHECK(testing::compile_with(hungry, "server").ok);
  const std::string text = testing::kVocabulary + hungry;
  const CompileResult result = testing::compile_with(hungry, "mcu");
  CHECK_FALSE(result.ok);
  UNSIGNED_LONGS_EQUAL(1, result.diagnostics.size());
  const Diagnostic& diagnostic = result.diagnostics[0];
  LONGS_EQUAL(31, place_of(text, diagnostic.at.begin).column);
  CHECK_TEXT(diagnostic.message.find("remembers 2523 separate truths, up to 6d") != std::string::npos,
             diagnostic.message.c_str());
  const std::size_t from = diagnostic.help.find("in last ");
  const std::string would = diagnostic.help.substr(from, diagnostic.help.find('`', from) - from);
  CHECK_TEXT(testing::compile_with("alert a { theater strait when surge " + would + " }\n", "mcu").ok, would.c_str());
}

TEST(Budget, says_which_first_span_would_fit_where_what_is_kept_is_too_much_as_well) {
  const auto hungry = [](const std::string& condition, const std::string& keep) {
    std::string text = testing::kVocabulary;
    for (const char* name : {"i1", "i2", "i3", "i4"})
      text += std::string{"indicator "} + name + " { feeds daily keep " + keep + " }\n";
    return text + "alert a { theater strait when " + condition + " }\n";
  };
  const CompileResult result = testing::compile_text(hungry("surge in last 47h59m to 48h", "512"), "mcu");
  CHECK_FALSE(result.ok);
  UNSIGNED_LONGS_EQUAL(2, result.diagnostics.size());
  CHECK(result.diagnostics[0].help.find("lower `keep` of i1") != std::string::npos);
  const Diagnostic& diagnostic = result.diagnostics[1];
  STRCMP_CONTAINS("remembers 2883 separate truths", diagnostic.message.c_str());
  STRCMP_CONTAINS("fits with `keep 16` for the indicators", diagnostic.help.c_str());
  const std::size_t from = diagnostic.help.find("in last ");
  const std::string would = diagnostic.help.substr(from, diagnostic.help.find('`', from) - from);
  std::string mended = hungry("surge " + would, "16");
  for (std::size_t at = mended.find("keep 64"); at != std::string::npos; at = mended.find("keep 64"))
    mended.replace(at, 7, "keep 16");
  for (std::size_t at = mended.find("feeds launches"); at != std::string::npos; at = mended.find("feeds launches", at))
    mended.insert(at += 14, " keep 16");
  CHECK_TEXT(testing::compile_text(mended, "mcu").ok, would.c_str());
}

TEST(Budget, late_news_reaches_as_far_as_asked_for) {
  const auto with = [](std::uint64_t reports) {
    const auto target = with_reach(*find_target("edge"), reports);
    if (!target) return std::uint16_t{0};
    const CompileResult result = compile({"book.watch", testing::kVocabulary + kAlert}, *target);
    return testing::load(result).bounds.log_capacity;
  };
  UNSIGNED_LONGS_EQUAL(16, with(16));
  UNSIGNED_LONGS_EQUAL(10'000, with(10'000));
  CHECK_FALSE(with_reach(*find_target("edge"), 15).has_value());
  CHECK_FALSE(with_reach(*find_target("edge"), 16'385).has_value());
  CHECK(with_reach(*find_target("server"), 16'384).has_value());
}

TEST(Budget, knows_its_targets) {
  STRCMP_EQUAL("mcu, edge, server", target_names().c_str());
  CHECK_FALSE(find_target("toaster").has_value());
  UNSIGNED_LONGS_EQUAL(65536, find_target("mcu")->block_bytes_max);
}
