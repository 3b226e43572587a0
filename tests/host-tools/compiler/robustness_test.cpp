// SPDX-License-Identifier: Apache-2.0
/// What: no text, however broken, deep or long, makes the compiler crash, hang or contradict itself.
/// How: seeded mutations of good books, and texts built to exhaust a stack, a table or patience.
#include <cctype>

#include "tocsin/test_support/prng.hpp"

#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;
using tocsin::test_support::Prng;

namespace {
void must_hold_together(const std::string& text, const char* why) {
  const SourceFile source{"b", text};
  const CompileResult result = compile(source, *find_target("edge"));
  CHECK_TEXT(result.ok != result.image.empty(), why);
  bool error = false;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    error = error || diagnostic.severity == Severity::error;
    CHECK_TEXT(diagnostic.at.begin <= diagnostic.at.end && diagnostic.at.begin <= text.size(), why);
    CHECK_TEXT(diagnostic.message.find("internal error") == std::string::npos, diagnostic.message.c_str());
  }
  CHECK_TEXT(result.ok != error, why);
  if (result.diagnostics.size() < 20)
    CHECK_TEXT(render_all(result.diagnostics, source).empty() == result.diagnostics.empty(), why);
}

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}
}  // namespace

TEST_GROUP(Robustness) {
  std::string good = testing::read_text(TOCSIN_SOURCE_DIR "/tests/host-tools/compiler/golden/whole_language.watch");
  std::string every_word = testing::read_text(TOCSIN_SOURCE_DIR "/tests/host-tools/compiler/golden/every_word.watch");
};

TEST(Robustness, survives_words_in_the_wrong_place) {
  constexpr std::uint64_t kSeed = 20241014;
  Prng random{kSeed};
  std::vector<std::string> pieces;  // words and single characters; together they are the text
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t at = 0; at < every_word.size();) {
    std::size_t end = at + 1;
    while (is_word(every_word[at]) && end < every_word.size() && is_word(every_word[end])) ++end;
    pieces.push_back(every_word.substr(at, end - at));
    at = end;
  }
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> mixed = pieces;
    for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes)
      mixed[random.index(mixed.size())] = pieces[random.index(pieces.size())];
    std::string text;
    for (const std::string& piece : mixed) text += piece;
    must_hold_together(text, ("seed 20241014, round " + std::to_string(round)).c_str());
  }
}

TEST(Robustness, survives_random_changes_of_bytes) {
  constexpr std::uint64_t kSeed = 20240523;
  Prng random{kSeed};
  constexpr std::string_view kBytes = "{}()[]\"\\#,<>=!+-*/ \n\t.09azAZ_\xC3\xFF";
  for (int round = 0; round < 400; ++round) {
    std::string text = round % 2 == 0 ? good : every_word;
    for (std::uint64_t changes = 1 + random.below(6); changes > 0; --changes) {
      const std::size_t at = random.index(text.size());
      switch (random.below(4)) {
        case 0:
          text[at] = kBytes[random.index(kBytes.size())];
          break;
        case 1:
          text.erase(at, 1 + random.below(20));
          break;
        case 2:
          text.insert(at, 1, kBytes[random.index(kBytes.size())]);
          break;
        default:
          text.insert(at, text.substr(random.index(text.size()), random.below(40)));
          break;
      }
      if (text.empty()) text = "x";
    }
    must_hold_together(text, ("seed 20240523, round " + std::to_string(round)).c_str());
  }
}

TEST(Robustness, survives_every_cut) {
  for (std::size_t size = 0; size < good.size(); size += 13) must_hold_together(good.substr(0, size), "cut");
  for (std::size_t size = 0; size < every_word.size(); size += 13)
    must_hold_together(every_word.substr(0, size), "cut");
}

TEST(Robustness, survives_texts_built_to_hurt) {
  constexpr int kMany = 20'000;
  must_hold_together("condition x = " + repeated("(", kMany), "open parentheses");
  must_hold_together("condition x = " + repeated("not ", kMany) + "y", "not not not");
  must_hold_together("condition x = " + repeated("from ", kMany) + "y", "from from from");
  must_hold_together("condition x = " + repeated("(from ", kMany) + "y", "from in parentheses");
  must_hold_together("condition x = i[" + repeated("value > 1, ", kMany) + "value > 1]", "a long filter");
  must_hold_together("hypothesis h alert a { weigh " + repeated("h +1, ", kMany) + "h +1 }", "a long weigh");
  must_hold_together(repeated("include \"x\" ", kMany), "many includes");
  must_hold_together("condition x = y" + repeated(" and y", kMany), "a long chain");
  must_hold_together("condition x = y" + repeated(" for 1h", kMany), "a long chain of postfixes");
  must_hold_together("condition x = 1" + repeated(" + 1", kMany) + " > 2", "a long sum");
  must_hold_together(repeated("actor x {", 2'000), "unclosed blocks");
  must_hold_together(repeated("\"", kMany), "quotes");
  must_hold_together(repeated("}", kMany), "closing braces");
  must_hold_together(std::string(kMany, '\0'), "zeroes");
  must_hold_together("actor " + std::string(kMany, 'a'), "a long name");
  must_hold_together("horizon " + std::string(kMany, '9') + "d", "a long number");
  must_hold_together(std::string(kSourceBytesMax + 1, ' '), "a large book");
}

TEST(Robustness, follows_a_chain_of_thousands_of_conditions) {
  std::string text = testing::kVocabulary;
  text += "condition c0 = surge\n";
  for (int i = 1; i < 3'000; ++i)
    text += "condition c" + std::to_string(i) + " = c" + std::to_string(i - 1) + " for 1h\n";
  text += "alert a { theater strait when c2999 }\n";
  const CompileResult result = testing::compile_text(text, "server");
  CHECK_TEXT(result.ok, result.diagnostics.empty() ? "" : result.diagnostics[0].message.c_str());
  LONGLONGS_EQUAL(2'999 + 24, result.budget.look_back_ms / 3'600'000);
}

TEST(Robustness, says_when_a_limit_of_the_image_is_passed) {
  std::string theaters;
  for (int i = 0; i < 17; ++i) theaters += "theater t" + std::to_string(i) + "\n";
  const CompileResult result = testing::compile_text(theaters);
  UNSIGNED_LONGS_EQUAL(1, result.diagnostics.size());
  STRCMP_EQUAL("more than 16 declarations of this kind", result.diagnostics[0].message.c_str());

  std::string nodes = testing::kVocabulary;
  for (int i = 0; i < 17'000; ++i)
    nodes += "condition c" + std::to_string(i) + " = last(air) > " + std::to_string(i) + "\n";
  const CompileResult many = testing::compile_text(nodes, "server");
  CHECK_FALSE(many.ok);
}

TEST(Robustness, stops_after_a_hundred_errors) {
  std::string unknown = testing::kVocabulary;
  for (int i = 0; i < 5'000; ++i) unknown += "condition c" + std::to_string(i) + " = nobody" + std::to_string(i) + "\n";
  for (const std::string& text : {repeated("actor X\n", 5'000), unknown}) {
    const CompileResult result = testing::compile_text(text);
    UNSIGNED_LONGS_EQUAL(101, result.diagnostics.size());
    STRCMP_EQUAL("too many errors: the rest is not shown", result.diagnostics.back().message.c_str());
  }
}

TEST(Robustness, shows_at_most_a_hundred_warnings) {
  std::string unused = testing::kVocabulary;
  for (int i = 0; i < 5'000; ++i) unused += "condition c" + std::to_string(i) + " = air\n";
  const CompileResult result = testing::compile_text(unused, "server");
  CHECK(result.ok);
  UNSIGNED_LONGS_EQUAL(100, result.diagnostics.size());
}
