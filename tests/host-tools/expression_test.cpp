// SPDX-License-Identifier: Apache-2.0
/// What: a rule's text, made from the image, is what a book may say: it compiles to the same nodes again.
/// How: a table of conditions, compiled, spelled, and compiled once more; brackets stand where they must and nowhere
/// else.
#include "lib/expression.hpp"

#include <cstring>
#include <vector>

#include "lib/book.hpp"
#include "lib/files.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;

namespace {
constexpr const char* kVocabulary = R"(watchbook "Words" version 1
theater strait "Taiwan Strait" {}
actor prc "China"
origin mnd "Ministry" { reliability B }
origin mod "Ministry" { reliability B }
feed daily { origins mnd, mod  every 1d grace 12h }
indicator ships "Ships" { kind force_movement  theater strait  feeds daily }
indicator planes "Planes" { kind force_movement  theater strait  feeds daily }
condition lull = planes
)";
}  // namespace

TEST_GROUP(Expression) {
  test_support::TempFolder folder;
  std::vector<std::uint64_t> words;
  engine::Image image;

  void compile(const std::string& condition, const std::string& clauses = {}) {
    const std::string path =
        folder.file("book.watch", kVocabulary + ("condition it = " + condition) +
                                      "\nalert rings { theater strait  when it " + clauses + " }\n");
    tools::LoadedBook book;
    CHECK_TEXT(tools::load_book(path, "server", book), (condition + "\n" + book.messages).c_str());
    words.assign(book.image.size() / 8 + 1, 0);
    std::memcpy(words.data(), book.image.data(), book.image.size());
    ENUMS_EQUAL_INT(engine::ImageError::none,
                    engine::load_image(std::as_bytes(std::span{words}).first(book.image.size()), image));
  }
  [[nodiscard]] std::uint16_t it() const { return image.conditions[image.find_condition("it")].node; }
  std::string text_of(const std::string& condition) {
    compile(condition);
    return tools::expression_text(image, it(), {.spell_out = true});
  }
};

TEST(Expression, is_spelled_as_it_was_written) {
  const char* const rows[] = {
      "sum(ships, 1d) >= 45 and count(planes, 36h) >= 3",
      "last(ships) >= 1.5 * quantile(ships, 0.95, 90d ending 1d ago, at least 20)",
      "last(ships, at least 3) < 2",
      "count(ships[value >= 20.5], 7d) > 1",
      "count(ships[origin = mnd], 7d) > 1",
      "count(ships[grade >= B2], 7d) > 1",
      "count(ships[actor != prc], 7d) > 1",
      "count(ships[target = prc], 7d) > 1",
      "count(ships[tag = night], 7d) > 1",
      "count(ships[credibility <= 2], 7d) > 1",
      "count(ships[reliability = B], 7d) > 1",
      "count(ships[feed = daily], 7d) > 1",
      "mean(ships, 1d) = min(ships, 1d)",
      "median(ships, 1d) != mad(ships, 1d)",
      "stddev(ships, 1d) <= days(ships, 14d) + origins(ships, 14d)",
      "lull or ships[value > 2]",
      "not lull and (ships or overdue(daily))",
      "not (lull and ships)",
      "(last(ships) - last(planes)) * 2 > 3 - (1 - last(ships)) / 4",
      "ships in last 3d",
      "(ships and lull) in last 2h to 3d",
      "lull for 36h",
      "(ships or lull) then planes within 3d",
      "(ships then planes within 3d) then lull within 5d",
      "lull since ships",
      "(lull since ships in last 1h to 2h) in last 3d",
      "from ships until lull and planes",
      "(from ships until lull) and planes",
      "last(ships) > -3",
  };
  for (const char* row : rows) {
    const std::string text = text_of(row);
    STRCMP_EQUAL(row, text.c_str());
    const std::vector<engine::Node> nodes(image.nodes.begin(), image.nodes.end());
    STRCMP_EQUAL(text.c_str(), text_of(text).c_str());
    LONGS_EQUAL_TEXT(nodes.size(), image.nodes.size(), row);
    MEMCMP_EQUAL_TEXT(nodes.data(), image.nodes.data(), nodes.size() * sizeof(engine::Node), row);
  }
}

TEST(Expression, joins_the_terms_of_a_filter_with_commas) {
  const std::string text = text_of("ships[value >= 20, origin = mnd]");
  CHECK_TEXT(text == "ships[value >= 20, origin = mnd]" || text == "ships[origin = mnd, value >= 20]", text.c_str());
}

TEST(Expression, writes_unless_and_chains_with_the_brackets_they_mean) {
  STRCMP_EQUAL("lull and not ships and planes", text_of("lull unless ships and planes").c_str());
  STRCMP_EQUAL("(lull then ships within 3d) then planes within 5d",
               text_of("lull then ships within 3d then planes within 5d").c_str());
}

TEST(Expression, stands_by_its_name_unless_it_is_asked_for) {
  compile("lull and ships");
  STRCMP_EQUAL("it", tools::expression_text(image, it()).c_str());
  STRCMP_EQUAL("lull and ships", tools::expression_text(image, it(), {.spell_out = true}).c_str());
}

TEST(Expression, is_cut_where_it_is_too_long_for_a_reader) {
  std::string condition = "lull";
  for (unsigned count = 1; count <= 40; ++count) condition += " or count(ships, 1d) >= " + std::to_string(count);
  compile(condition);
  const std::string text = tools::expression_text(image, it(), {.spell_out = true, .bytes_max = 100});
  CHECK(text.size() < 600);
  STRCMP_CONTAINS("...", text.c_str());
}

TEST(Expression, names_what_a_level_needs) {
  compile("lull", "level high needs 2 origins of planes, ships[value >= 2] within 3d else watch");
  const auto& alert = image.alerts[0];
  LONGS_EQUAL(1, alert.needs.count);
  STRCMP_EQUAL("2 origins of planes, ships[value >= 2] within 3d else watch",
               tools::need_text(image, image.needs[alert.needs.first]).c_str());
}
