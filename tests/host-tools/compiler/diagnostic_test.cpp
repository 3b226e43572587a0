// SPDX-License-Identifier: Apache-2.0
/// What: the two forms of a diagnostic, and the words that suggest a mend.
/// How: hand-made diagnostics over lines with tabs, UTF-8, broken bytes and great length.
#include "tocsin/compiler/diagnostic.hpp"

#include <array>

#include "words.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;

TEST_GROUP(Diagnostic){};

TEST(Diagnostic, puts_the_caret_under_the_place_behind_tabs_and_wide_text) {
  const SourceFile source{"b.watch", "first\n\t\"\xC3\xA9\xE2\x82\xAC\" wrong here\n"};
  const Diagnostic diagnostic{Severity::error, {15, 20}, "no such thing", "leave it out", {}};
  STRCMP_EQUAL(
      "b.watch:2:7: error: no such thing\n  \t\"\xC3\xA9\xE2\x82\xAC\" wrong here\n  \t     ^~~~~\n  help: leave it "
      "out\n",
      render(diagnostic, source).c_str());
}

TEST(Diagnostic, shows_notes_and_counts) {
  const SourceFile source{"b", "one\ntwo\n"};
  const std::array all{Diagnostic{Severity::error, {4, 7}, "again", {}, {{{0, 3}, "the first is here"}}},
                       Diagnostic{Severity::warning, {0, 3}, "odd", {}, {}}};
  STRCMP_EQUAL(
      "b:2:1: error: again\n  two\n  ^~~\nb:1:1: note: the first is here\n  one\n  ^~~\n"
      "b:1:1: warning: odd\n  one\n  ^~~\nb: 1 error, 1 warning\n",
      render_all(all, source).c_str());
}

TEST(Diagnostic, survives_places_beyond_the_text_broken_bytes_and_carriage_returns) {
  STRCMP_EQUAL("b:1:1: error: m\n  \n  ^\n", render({Severity::error, {7, 9}, "m", {}, {}}, {"b", ""}).c_str());
  STRCMP_EQUAL(
      "b:1:3: error: m\n  \xEF\xBF\xBD"
      "ab\n    ^\n",
      render({Severity::error, {2, 3}, "m", {}, {}}, {"b",
                                                      "\xFF"
                                                      "ab\r\n"})
          .c_str());
}

TEST(Diagnostic, cuts_a_very_long_line_around_the_place) {
  const SourceFile source{"b", std::string(5000, 'x')};
  const std::string out = render({Severity::error, {3000, 3001}, "m", {}, {}}, source);
  CHECK(out.size() < 600);
  CHECK(out.find("b:1:3001: error: m") == 0);
  CHECK(out.find("...") != std::string::npos);
}

TEST(Diagnostic, becomes_json_with_ends_and_notes) {
  const SourceFile source{"b", "one\ntwo\n"};
  const std::array all{Diagnostic{Severity::error, {4, 7}, "say \"x\"", "h", {{{0, 3}, "n"}}}};
  const std::string json = to_json(all, source);
  for (const char* part :
       {"\"file\": \"b\"", "\"line\": 2", "\"column\": 1", "\"end_column\": 4", "\"severity\": \"error\"",
        "\"message\": \"say \\\"x\\\"\"", "\"help\": \"h\"", "\"notes\""}) {
    CHECK_TEXT(json.find(part) != std::string::npos, part);
  }
  STRCMP_EQUAL("[]", to_json({}, source).c_str());
}

TEST(Diagnostic, suggests_only_what_is_near) {
  constexpr std::array<std::string_view, 4> kNames{"pla_aircraft", "plan_ships", "when", "level"};
  struct Row {
    const char* word;
    const char* expected;
  };
  constexpr Row kRows[] = {{"pla_aircaft", "pla_aircraft"},
                           {"pla_ships", "plan_ships"},
                           {"whn", "when"},
                           {"lvel", "level"},
                           {"wehn", "when"},
                           {"zebra", ""},
                           {"", ""},
                           {"x", ""}};
  for (const Row& row : kRows) STRCMP_EQUAL_TEXT(row.expected, nearest(row.word, kNames).c_str(), row.word);
}

TEST(Diagnostic, knows_well_formed_utf8) {
  struct Row {
    const char* why;
    std::string_view bytes;
    std::size_t length;
  };
  constexpr Row kRows[] = {
      {"ascii", "a", 1},
      {"two", "\xC3\xA9", 2},
      {"three", "\xE2\x82\xAC", 3},
      {"four", "\xF0\x9F\x94\x94", 4},
      {"overlong", "\xC0\x80", 0},
      {"surrogate", "\xED\xA0\x80", 0},
      {"beyond", "\xF4\x90\x80\x80", 0},
      {"cut short", "\xE2\x82", 0},
      {"lone tail", "\x80", 0},
      {"nothing", "", 0},
  };
  for (const Row& row : kRows) UNSIGNED_LONGS_EQUAL_TEXT(row.length, utf8_length(row.bytes), row.why);
}
