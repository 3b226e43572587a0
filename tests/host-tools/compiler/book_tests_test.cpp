// SPDX-License-Identifier: Apache-2.0
/// What: tests of a book run as `replay` would, take one event per expectation, and explain their failures.
/// How: books with one test each, run against the engine.
#include "tocsin/compiler/book_tests.hpp"

#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;
using tocsin::compiler::testing::list;

namespace {
const std::string kBook = R"(
origin o origin p
theater t
feed f { origin o every 1d grace 1d }
feed g { origins o, p }
indicator i { theater t feeds f, g }
alert a { theater t when last(i) >= 5 level high when last(i) >= 9 needs 1 origins of i within 1d else elevated }
)";

std::string failures_of(const std::string& lines) {
  const SourceFile source{"b", kBook + "test \"t\" {\n" + lines + "\n}"};
  const CompileResult result = compile(source, *find_target("edge"));
  if (!result.ok) return list(result, source.text);
  const auto image = testing::load(result);
  const tocsin::compiler::TestResult outcome = run_book_test(result.book.tests.at(0), image);
  std::string out;
  for (const tocsin::compiler::TestFailure& failure : outcome.failures) {
    out += std::to_string(place_of(source.text, failure.at.begin).line - 8) + ": " + failure.message + "\n";
    for (const std::string& event : failure.instead) out += "  " + event + "\n";
  }
  return out;
}
}  // namespace

TEST_GROUP(BookTests){};

TEST(BookTests, pass_when_each_expectation_takes_an_event) {
  STRCMP_EQUAL("", failures_of("at 2024-01-01T00:00Z f reports i 5\n"
                               "at 2024-01-01T12:00Z f reports i 2\n"
                               "expect a raised at 2024-01-01T00:00Z level watch\n"
                               "expect a cleared at 2024-01-01T12:00Z\n"
                               "expect nothing else")
                       .c_str());
}

TEST(BookTests, fail_for_what_did_not_happen_and_show_what_did) {
  STRCMP_EQUAL(
      "2: this did not happen: a raised at 2024-01-01T00:00:01Z level high\n  a raised at 2024-01-01T00:00:00Z level "
      "watch\n",
      failures_of("at 2024-01-01T00:00Z f reports i 5\nexpect a raised at 2024-01-01T00:00:01Z level high").c_str());
}

TEST(BookTests, fail_for_what_else_happened) {
  STRCMP_EQUAL("2: something else happened: a raised at 2024-01-01T00:00:00Z level watch\n",
               failures_of("at 2024-01-01T00:00Z f reports i 5\nexpect nothing else").c_str());
}

TEST(BookTests, one_event_is_taken_once_and_by_the_choosier_first) {
  STRCMP_EQUAL(
      "2: this did not happen: a raised at 2024-01-01T00:00:00Z\n"
      "  a raised at 2024-01-01T00:00:00Z level watch (taken by another expectation)\n",
      failures_of("at 2024-01-01T00:00Z f reports i 5\n"
                  "expect a raised at 2024-01-01T00:00Z\n"
                  "expect a raised at 2024-01-01T00:00Z level watch")
          .c_str());
}

TEST(BookTests, run_until_the_latest_time_they_name) {
  // The feed is overdue from the second day on, which no line but the expectation reaches.
  STRCMP_EQUAL("", failures_of("at 2024-01-01T00:00Z f reports i 1\n"
                               "expect a unknown at 2024-01-03T00:00Z\n"
                               "expect nothing else")
                       .c_str());
}

TEST(BookTests, start_at_the_earliest_time_or_at_a_leading_clock) {
  // The second line is earlier: the test starts there, so it is not stale.
  STRCMP_EQUAL("", failures_of("at 2024-01-01T00:00Z f reports i 1\n"
                               "at 2023-12-31T00:00Z f reports i 7\n"
                               "expect a raised at 2023-12-31T00:00Z\n"
                               "expect a cleared at 2024-01-01T00:00Z\n"
                               "expect nothing else")
                       .c_str());
  // With a clock first it is before the first instant.
  STRCMP_EQUAL("", failures_of("clock 2024-01-01T00:00Z\n"
                               "at 2023-12-31T00:00Z f reports i 7\n"
                               "expect a unknown at 2024-01-01T00:00Z\n"
                               "expect nothing else")
                       .c_str());
}

TEST(BookTests, late_news_and_retractions_are_seen) {
  STRCMP_EQUAL("", failures_of("at 2024-01-01T00:00Z f reports i 1\n"
                               "at 2024-01-01T06:00Z f reports i 7\n"
                               "at 2024-01-01T08:00Z f retracts i of 2024-01-01T06:00Z\n"
                               "expect a raised at 2024-01-01T06:00Z\n"
                               "expect a retracted at 2024-01-01T06:00Z level watch\n"
                               "expect nothing else")
                       .c_str());
  STRCMP_EQUAL("", failures_of("at 2024-01-01T00:00Z f reports i 1\n"
                               "at 2024-01-01T06:00Z f reports i 7 received 2024-01-02T00:00Z\n"
                               "expect a raised at 2024-01-01T06:00Z\n"
                               "expect nothing else")
                       .c_str());
}

TEST(BookTests, show_a_timeline_with_remarks) {
  const SourceFile source{"b", kBook +
                                   "test \"t\" {\nclock 2024-01-01T00:00Z\nat 2023-12-31T00:00Z f reports i 7\nexpect "
                                   "a raised at 2024-01-01T00:00Z }"};
  const CompileResult result = compile(source, *find_target("edge"));
  CHECK(result.ok);
  const std::string text = render(run_book_test(result.book.tests.at(0), testing::load(result)), source);
  CHECK(text.find("b:11:1: error: this did not happen: a raised at 2024-01-01T00:00:00Z\n  expect a raised") !=
        std::string::npos);
  CHECK(text.find("line 9: clock 2024-01-01T00:00Z") != std::string::npos);
  CHECK(text.find("stale: before the first instant") != std::string::npos);
}

TEST(BookTests, the_example_of_the_language_passes) {
  const SourceFile source{"example.watch",
                          testing::read_text(TOCSIN_SOURCE_DIR "/tests/host-tools/compiler/golden/example.watch")};
  const CompileResult result = compile(source, *find_target("edge"));
  CHECK_TEXT(result.ok, render_all(result.diagnostics, source).c_str());
  const auto image = testing::load(result);
  UNSIGNED_LONGS_EQUAL(1, result.book.tests.size());
  const tocsin::compiler::TestResult outcome = run_book_test(result.book.tests.at(0), image);
  CHECK_TEXT(outcome.passed(), render(outcome, source).c_str());
}
