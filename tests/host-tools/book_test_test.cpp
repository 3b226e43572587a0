// SPDX-License-Identifier: Apache-2.0
/// What: a failed test of a watch book is explained: which event nearly was the expected one, what was lacking, and the
/// lines and events around it in order of time.
/// How: one small book, one test each, rendered without colours.
#include <string>

#include "tocsin/compiler/book_tests.hpp"
#include "tocsin/compiler/compile.hpp"

#include "lib/test_report.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::tools;

namespace {
const std::string kBook = R"(
origin o
theater t
feed f { origin o }
indicator i { theater t feeds f }
alert a { theater t when last(i) >= 5 level high when last(i) >= 9 }
alert b { theater t when last(i) >= 50 }
)";

struct Outcome {
  compiler::SourceFile source;
  compiler::CompileResult compiled;
  compiler::TestResult result;
  [[nodiscard]] const compiler::TestDecl& test() const { return compiled.book.tests.at(0); }
};

Outcome run(const std::string& lines) {
  Outcome outcome;
  outcome.source.path = "b.watch";
  outcome.source.text = kBook + "test \"t\" {\n" + lines + "\n}";
  outcome.compiled = compiler::compile(outcome.source, *compiler::find_target("edge"));
  CHECK_TEXT(outcome.compiled.ok, compiler::render_all(outcome.compiled.diagnostics, outcome.source).c_str());
  engine::Image image;
  CHECK(engine::load_image(outcome.compiled.image.bytes(), image) == engine::ImageError::none);
  outcome.result = compiler::run_book_test(outcome.test(), image);
  return outcome;
}

std::string nearest(const std::string& lines) {
  const Outcome outcome = run(lines);
  CHECK(!outcome.result.failures.empty());
  const auto* const wanted = expectation_of(outcome.result.failures.at(0), outcome.test());
  CHECK(wanted != nullptr);
  const auto near = near_miss(*wanted, outcome.result);
  return near ? near->how : "none";
}

std::string report(const std::string& lines) {
  const Outcome outcome = run(lines);
  return failure_text(outcome.test(), outcome.result, outcome.source, {}, Palette{});
}

const std::string kLines =
    "at 2024-01-01T00:00Z f reports i 1\n"
    "at 2024-01-01T06:00Z f reports i 6\n"
    "at 2024-01-01T07:00Z f reports i 2\n"
    "at 2024-01-01T08:00Z f reports i 9\n";
}  // namespace

TEST_GROUP(BookTest){};

TEST(BookTest, the_nearest_event_says_how_it_differs) {
  STRCMP_EQUAL("raised 5 min later, at level watch",
               nearest(kLines + "expect a raised at 2024-01-01T05:55Z level high").c_str());
  STRCMP_EQUAL("raised 1 h earlier", nearest(kLines + "expect a raised at 2024-01-01T07:00Z level watch").c_str());
  STRCMP_EQUAL("raised then, at level watch",
               nearest(kLines + "expect a raised at 2024-01-01T06:00Z level elevated").c_str());
}

TEST(BookTest, an_event_of_the_right_kind_is_nearer_than_one_at_the_right_time) {
  STRCMP_EQUAL("cleared 1 h later, at level watch", nearest(kLines + "expect a cleared at 2024-01-01T06:00Z").c_str());
}

TEST(BookTest, an_event_that_another_expectation_took_comes_last) {
  STRCMP_EQUAL("raised 1 h 59 min later, at level high",
               nearest(kLines + "expect a raised at 2024-01-01T06:00Z\nexpect a raised at 2024-01-01T06:01Z").c_str());
}

TEST(BookTest, an_alert_that_sent_nothing_has_no_nearest_event) {
  const std::string lines = kLines + "expect b raised at 2024-01-01T06:00Z";
  STRCMP_EQUAL("none", nearest(lines).c_str());
  STRCMP_CONTAINS("b sent nothing at all", report(lines).c_str());
}

TEST(BookTest, a_failure_shows_its_line_and_all_around_it_in_order_of_time) {
  // The second line arrives last; the timeline has it where it belongs.
  STRCMP_EQUAL(
      "b.watch:11:1: error: this did not happen: a raised at 2024-01-01T05:00:00Z level high\n"
      "  expect a raised at 2024-01-01T05:00Z level high\n"
      "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
      "  nearest: raised 1 h later, at level watch\n"
      "  in order of time (! is what the rules said):\n"
      "    2024-01-01T00:00:00Z    line 9: at 2024-01-01T00:00Z f reports i 1\n"
      "  > 2024-01-01T05:00:00Z  ? expected a raised at level high, which did not happen\n"
      "    2024-01-01T06:00:00Z    line 10: at 2024-01-01T06:00Z f reports i 6 received 2024-01-01T09:00Z  (arrived 3 "
      "h "
      "late)\n"
      "                          ! a raised at level watch  (known 3 h later)\n",
      report("at 2024-01-01T00:00Z f reports i 1\n"
             "at 2024-01-01T06:00Z f reports i 6 received 2024-01-01T09:00Z # late\n"
             "expect a raised at 2024-01-01T05:00Z level high")
          .c_str());
}

TEST(BookTest, what_no_line_expects_is_marked) {
  STRCMP_CONTAINS("  >                       ! a raised at level watch, which no line expects",
                  report("at 2024-01-01T06:00Z f reports i 6\nexpect nothing else").c_str());
}

TEST(BookTest, what_lies_far_from_a_failure_is_counted_not_shown) {
  std::string lines;
  for (int day = 1; day <= 28; ++day) {
    lines += "at 2024-02-" + std::string{day < 10 ? "0" : ""} + std::to_string(day) + "T00:00Z f reports i 1\n";
  }
  const std::string text = report(lines + "expect a raised at 2024-02-14T12:00Z");
  STRCMP_CONTAINS("... 8 entries not shown\n    2024-02-09T00:00:00Z", text.c_str());
  STRCMP_CONTAINS("... 8 entries not shown\n", text.substr(text.find("2024-02-20T00:00:00Z")).c_str());
}

TEST(BookTest, lines_of_a_test_that_share_a_line_or_go_over_several_are_shown_each_for_itself) {
  const std::string one = report(
      "at 2024-01-01T00:00Z f reports i 7 at 2024-01-02T00:00Z\n  f reports # why\n    i 9 clock 2024-01-03T00:00Z "
      "expect "
      "b raised at 2024-01-01T00:00Z");
  STRCMP_CONTAINS("line 9: at 2024-01-01T00:00Z f reports i 7\n", one.c_str());
  STRCMP_CONTAINS("line 9: at 2024-01-02T00:00Z f reports i 9\n", one.c_str());
  STRCMP_CONTAINS("line 11: clock 2024-01-03T00:00Z\n", one.c_str());
}
