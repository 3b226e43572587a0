// SPDX-License-Identifier: Apache-2.0
/// What: `tocsin fmt` keeps every word, comment and meaning, and settles at once.
/// How: small texts against the layout they get; all watch books of the tree, and mutations of them with a printed
/// seed, against the laws (same tokens, same comments, same hashes, formatting twice is formatting once).
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/rule/image.hpp"
#include "tocsin/test_support/prng.hpp"

#include "lib/book_format.hpp"
#include "lib/book_tokens.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::tools;

namespace {
std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::vector<std::filesystem::path> books() {
  std::vector<std::filesystem::path> all;
  for (const char* folder : {"watchbooks", "tests"}) {
    const std::filesystem::path root = std::filesystem::path{TOCSIN_SOURCE_DIR} / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
      if (entry.path().extension() == ".watch") all.push_back(entry.path());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::string formatted(const std::string& text) {
  const compiler::SourceFile source{"b.watch", text, {}};
  const FormattedBook book = format_book(source);
  return book.ok ? book.text : "refused: " + compiler::render_all(book.diagnostics, source);
}

/// All that an image says of its rules: the book's hash and each rule's.
std::optional<std::string> hashes(const std::string& path, const std::string& text) {
  compiler::SourceFile source;
  source.path = path;
  source.text = text;
  compiler::read_includes(source);
  const compiler::CompileResult result = compiler::compile(source, *compiler::find_target("server"));
  if (!result.ok) return std::nullopt;
  engine::Image image;
  if (engine::load_image(result.image.bytes(), image) != engine::ImageError::none) return std::nullopt;
  std::string out = std::to_string(image.book_hash);
  for (const engine::Alert& alert : image.alerts) {
    out += " " + std::string{image.view(alert.name)} + "=" + std::to_string(alert.rule_hash);
  }
  return out;
}

std::string words(const std::string& text) {
  const TokenizedBook book = tokenize(text);
  std::string out;
  const auto add = [&out](const Gap& gap) {
    if (gap.trailing) out += *gap.trailing + "\n";
    for (const OwnLineComment& comment : gap.comments) out += comment.text + "\n";
  };
  for (const Token& token : book.tokens) {
    add(token.before);
    out += std::string{token.text} + "\n";
  }
  add(book.end);
  return out;
}

/// Compiling is what takes time: the mutations of large books are not compiled.
bool small(const std::string& text) { return text.size() < 12'000; }

/// The laws. A text that is refused must say why; `path` is for the message.
bool holds_laws(const std::string& path, const std::string& text, bool compiles = true) {
  const FormattedBook once = format_book({path, text, {}});
  if (!once.ok) {
    const std::string said = compiler::render_all(once.diagnostics, {path, text, {}});
    CHECK_TEXT(!said.empty(), path.c_str());
    CHECK_TEXT(said.find("internal error") == std::string::npos, (path + ": " + said + text).c_str());
    return false;
  }
  STRCMP_EQUAL_TEXT(words(text).c_str(), words(once.text).c_str(), path.c_str());
  const FormattedBook twice = format_book({path, once.text, {}});
  CHECK_TEXT(twice.ok, path.c_str());
  STRCMP_EQUAL_TEXT(once.text.c_str(), twice.text.c_str(), (path + ": " + text).c_str());
  if (!compiles) return true;
  const auto before = hashes(path, text);
  const auto after = hashes(path, once.text);
  CHECK_TEXT(before == after, path.c_str());
  return true;
}
}  // namespace

TEST_GROUP(Fmt){};

TEST(Fmt, puts_declarations_of_a_kind_in_columns) {
  STRCMP_EQUAL(
      "theater strait \"Taiwan Strait\"    { step_down 14d }\n"
      "theater korea  \"Korean Peninsula\" { step_down 14d }\n"
      "actor prc  \"China\"\n"
      "actor dprk \"North Korea\"\n"
      "feed mnd_daily { origin mnd  every 1d grace 12h }\n"
      "feed launches  { origins jcs, mod }\n"
      "condition a   = sum(x, 24h) >= 45\n"
      "condition bcd = -3 < last(y) - 2\n",
      formatted(
          "theater strait \"Taiwan Strait\" {step_down 14d}\ntheater korea   \"Korean Peninsula\"{ step_down\n14d }\n"
          "actor prc \"China\"  actor dprk \"North Korea\"\n"
          "feed mnd_daily {origin mnd every 1d grace 12h}  feed launches { origins jcs,mod }\n"
          "condition a=sum(x,24h)>=45 condition bcd = -3<last ( y )-2")
          .c_str());
}

TEST(Fmt, gives_each_clause_of_an_alert_a_line) {
  STRCMP_EQUAL(
      "linkage l \"t\" {\n"
      "  from a to b\n"
      "  when    from x[value >= 2, feed = f] until y\n"
      "  level   high\n"
      "  level   critical when z unless w\n"
      "  needs   2 origins of i[grade >= B2], j within 3d else watch\n"
      "  clear   when not z in last 7d\n"
      "  weigh   h +2, g -1 when z\n"
      "  against c, d\n"
      "  disconfirm \"no\" by 72h\n"
      "  release usa, level\n"
      "}\n"
      "alert e {}\n",
      formatted(
          "linkage l \"t\" { from a to b when from x[value>=2,feed=f] until y level high level critical when z unless "
          "w needs 2 origins of i[grade>=B2],j within 3d else watch clear when not z in last 7d weigh h +2,g -1 "
          "when z against c,d disconfirm \"no\" by 72h release usa,level } alert e {\n}")
          .c_str());
}

TEST(Fmt, keeps_comments_where_they_belong) {
  STRCMP_EQUAL(
      "# head\n"
      "\n"
      "actor a  # first\n"
      "# above\n"
      "actor bb \"B\"  # second\n"
      "actor c  \"C\"  # third\n"
      "feed f {  # opened\n"
      "  origin o\n"
      "  # own\n"
      "  every 1d  # beside\n"
      "  # last\n"
      "}\n"
      "condition c = x  # why\n"
      "    and y\n"
      "# end\n",
      formatted(
          "\n\n# head\n\n\nactor a # first   \n# above\nactor bb \"B\"# second\nactor c \"C\" # third\n"
          "feed f { # opened\norigin o\n\n# own\nevery 1d # beside\n# last\n}\ncondition c = x # why\nand y\n# end")
          .c_str());
}

TEST(Fmt, breaks_long_conditions_at_their_loosest_words) {
  STRCMP_EQUAL(
      "condition long_one = (sum(aircraft_around, 24h) >= 45 and sum(ships_around_the_place, 24h) >= 10)\n"
      "    or (sum(aircraft_around, 24h) >= 90 and sum(ships_around_the_place, 24h) >= 20)\n",
      formatted("condition long_one = (sum(aircraft_around, 24h) >= 45 and sum(ships_around_the_place, 24h) >= 10) or "
                "(sum(aircraft_around, 24h) >= 90 and sum(ships_around_the_place, 24h) >= 20)")
          .c_str());
}

TEST(Fmt, puts_test_lines_in_columns) {
  STRCMP_EQUAL(
      "test \"t\" {\n"
      "  clock 2024-01-01T00:00Z\n"
      "  at 2024-01-01T00:00Z     mnd_daily reports i -5, j 2 from o received 2024-01-02T00:00Z\n"
      "  at 2024-01-01T00:00:05Z  f         heartbeat\n"
      "\n"
      "  at 2024-01-03T00:00Z     f         retracts i of 2024-01-01T00:00Z\n"
      "  expect a raised at 2024-01-01T00:00Z level high\n"
      "  expect nothing else\n"
      "}\n",
      formatted("test \"t\" {clock 2024-01-01T00:00Z at 2024-01-01T00:00Z mnd_daily reports i -5,j 2 from o received "
                "2024-01-02T00:00Z at 2024-01-01T00:00:05Z f heartbeat\n\n\nat 2024-01-03T00:00Z f retracts i of "
                "2024-01-01T00:00Z expect a raised at 2024-01-01T00:00Z level high expect nothing else}")
          .c_str());
}

TEST(Fmt, leaves_out_the_titles_that_are_left_out) {
  const std::string laid_out =
      "watchbook version 3\ntheater t {}\nalert a {\n  theater t\n}\ntest {\n  clock 2024-01-01T00:00Z\n}\n";
  STRCMP_EQUAL(laid_out.c_str(),
               formatted("watchbook   version 3 theater t{} alert a{theater t} test{clock 2024-01-01T00:00Z}").c_str());
  STRCMP_EQUAL(laid_out.c_str(), formatted(laid_out).c_str());
}

TEST(Fmt, refuses_what_cannot_be_read) {
  STRCMP_CONTAINS("expected a declaration, found `theatre`", formatted("theatre strait").c_str());
  STRCMP_CONTAINS("refused", formatted("condition a = \"never closed").c_str());
}

TEST(Fmt, finds_the_shipped_book_as_it_would_leave_it) {
  const std::string shipped = content(TOCSIN_SOURCE_DIR "/watchbooks/taiwan-korea/book.watch");
  STRCMP_EQUAL(formatted(shipped).c_str(), shipped.c_str());
}

TEST(Fmt, keeps_every_book_of_the_tree) {
  std::size_t good = 0;
  for (const auto& path : books()) good += holds_laws(path.string(), content(path)) ? 1U : 0U;
  CHECK(good >= 10);
}

// Blanks, line ends and comments go anywhere between tokens: the laws hold for all of it.
TEST(Fmt, keeps_books_with_comments_anywhere) {
  constexpr std::uint64_t kSeed = 20240523;
  test_support::Prng random{kSeed};
  constexpr std::array<const char*, 8> kBetween = {
      " ", "\n", "  ", "\n\n", " # beside\n", "\n# above\n", "\n\n# far\n\n", "\t # a\r\n   # \"b\" {\n"};
  for (const auto& path : books()) {
    const std::string text = content(path);
    const TokenizedBook book = tokenize(text);
    for (int round = 0; round < (small(text) ? 4 : 1); ++round) {
      std::string shaken;
      for (const Token& token : book.tokens) {
        shaken += std::string{token.text};
        // A sign and its number, or a time's parts, are one token to the language.
        if (token.text != "-" && token.text != "+") shaken += kBetween[random.index(kBetween.size())];
      }
      holds_laws(path.string() + " shaken with seed " + std::to_string(kSeed), shaken, round == 0 && small(text));
    }
  }
}

// Tokens are dropped, doubled and moved: most such books are refused, and the rest keep the laws.
TEST(Fmt, loses_nothing_of_broken_books) {
  constexpr std::uint64_t kSeed = 7;
  test_support::Prng random{kSeed};
  std::size_t kept = 0;
  for (const auto& path : books()) {
    const std::string text = content(path);
    const TokenizedBook book = tokenize(text);
    if (book.tokens.size() < 4) continue;
    for (int round = 0; round < (small(text) ? 12 : 4); ++round) {
      std::vector<std::string> tokens;
      for (const Token& token : book.tokens) tokens.emplace_back(token.text);
      const std::size_t at = random.index(tokens.size());
      const std::size_t other = random.index(tokens.size());
      if (round % 4 == 0) tokens[at].clear();
      if (round % 4 == 1) tokens[at] += " " + tokens[other];
      if (round % 4 == 2) std::swap(tokens[at], tokens[other]);
      if (round % 4 == 3) tokens[at] = tokens[at].substr(0, random.index(tokens[at].size() + 1));
      std::string mutant;
      for (std::size_t i = 0; i < tokens.size(); ++i) mutant += tokens[i] + (i % 7 == 0 ? "\n" : " ");
      kept +=
          holds_laws(path.string() + " mutated with seed " + std::to_string(kSeed), mutant, round < 4 && small(text))
              ? 1U
              : 0U;
    }
  }
  CHECK(kept > 0);
}
