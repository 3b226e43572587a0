// SPDX-License-Identifier: Apache-2.0
/// What: explain, draw, fmt, test and compile --budget as a person or a script meets them.
/// How: the built program on the shipped book and on small books in a temporary folder.
#include <string>
#include <sys/stat.h>

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;

namespace {
const std::string kShipped = TOCSIN_SOURCE_DIR "/watchbooks/taiwan-korea/book.watch";
const std::string kUntidy =
    "origin o theater t feed f { origin o every 1d }\n"
    "indicator i { theater t feeds f } # what is watched\n"
    "alert a { theater t when last(i)>=5 }\n"
    "test \"five rings\" { at 2024-01-01T00:00Z f reports i 5\nexpect a raised at 2024-01-01T00:00Z }\n"
    "test \"four does not\" { at 2024-01-01T00:00Z f reports i 4\nexpect nothing else }\n";
const std::string kFailing = kUntidy +
                             "test \"six is critical\" { at 2024-01-01T00:00Z f reports i 6\n"
                             "expect a raised at 2024-01-01T00:00Z level critical }\n";
}  // namespace

TEST_GROUP(BookVerbs) {
  TempFolder folder;
  Finished done;

  void tocsin(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TOCSIN_PROGRAM);
    done = run_program(arguments);
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err).c_str()); }
};

TEST(BookVerbs, explain_a_rule_within_100_columns) {
  tocsin({"explain", kShipped, "distraction"});
  ends_with(0);
  STRCMP_CONTAINS(
      "distraction: DPRK acts inside a Taiwan contingency\nLinkage, from Taiwan Strait to Korean Peninsula\n",
      done.out.c_str());
  for (std::size_t at = 0; at < done.out.size();) {
    const std::size_t end = done.out.find('\n', at);
    CHECK_TEXT(end - at <= 100, done.out.substr(at, end - at).c_str());
    at = end + 1;
  }
}

TEST(BookVerbs, explain_all_and_as_json) {
  tocsin({"explain", kShipped});
  ends_with(0);
  STRCMP_CONTAINS("For every rule:", done.out.c_str());
  STRCMP_CONTAINS("\nmnd_silence: ", done.out.c_str());
  tocsin({"explain", kShipped, "strait_surge", "--json"});
  ends_with(0);
  STRCMP_CONTAINS("\"topic\": \"meaning\"", done.out.c_str());
}

TEST(BookVerbs, explain_suggests_a_near_name) {
  tocsin({"explain", kShipped, "distracton"});
  ends_with(2);
  STRCMP_CONTAINS("did you mean distraction?", done.err.c_str());
}

TEST(BookVerbs, draw_writes_dot_text_and_svg) {
  tocsin({"draw", kShipped});
  ends_with(0);
  STRCMP_CONTAINS("digraph book {", done.out.c_str());
  const std::string picture = folder.path("book.svg");
  tocsin({"draw", kShipped, "-o", picture});
  if (done.status == 3) {  // Graphviz is not installed here
    STRCMP_CONTAINS("install the package graphviz", done.err.c_str());
    return;
  }
  ends_with(0);
  STRCMP_CONTAINS("</svg>", content_of(picture).c_str());
}

TEST(BookVerbs, fmt_formats_in_place_once) {
  const std::string book = folder.file("b.watch", kUntidy);
  CHECK(::chmod(book.c_str(), 0640) == 0);
  tocsin({"fmt", "--check", book});
  ends_with(1);
  STRCMP_EQUAL(kUntidy.c_str(), content_of(book).c_str());
  tocsin({"fmt", book});
  ends_with(0);
  STRCMP_CONTAINS("indicator i { theater t  feeds f }  # what is watched\n", content_of(book).c_str());
  struct stat after {};
  CHECK(::stat(book.c_str(), &after) == 0);
  UNSIGNED_LONGS_EQUAL(0640, after.st_mode & 07777U);
  tocsin({"fmt", "--check", book});
  ends_with(0);
  tocsin({"test", book});
  ends_with(0);
}

TEST(BookVerbs, fmt_leaves_a_broken_book_alone) {
  const std::string book = folder.file("b.watch", "theatre t\n");
  tocsin({"fmt", book});
  ends_with(1);
  STRCMP_CONTAINS("expected a declaration", done.err.c_str());
  STRCMP_EQUAL("theatre t\n", content_of(book).c_str());
}

TEST(BookVerbs, test_says_what_passed_and_what_did_not) {
  const std::string book = folder.file("b.watch", kFailing);
  tocsin({"test", book});
  ends_with(1);
  STRCMP_CONTAINS("ok    five rings", done.out.c_str());
  STRCMP_CONTAINS("FAIL  six is critical", done.out.c_str());
  STRCMP_CONTAINS("nearest: raised then, at level watch", done.out.c_str());
  STRCMP_CONTAINS("2 passed, 1 failed", done.out.c_str());
  tocsin({"test", book, "--filter", "does not", "--verbose"});
  ends_with(0);
  STRCMP_CONTAINS("1 passed, 0 failed, 2 left out by --filter", done.out.c_str());
  STRCMP_CONTAINS("f reports i 4", done.out.c_str());
}

TEST(BookVerbs, test_says_what_a_missing_alert_lacked) {
  const std::string book = folder.file(
      "b.watch",
      kUntidy + "test \"four\" { at 2024-01-01T00:00Z f reports i 4\nexpect a raised at 2024-01-01T00:00Z }");
  tocsin({"test", book, "--json"});
  ends_with(1);
  STRCMP_CONTAINS("\"lacking\": [", done.out.c_str());
  STRCMP_CONTAINS("last(i) is 4, not >= 5", done.out.c_str());
}

TEST(BookVerbs, compile_prints_memory_and_work_by_part) {
  tocsin({"compile", kShipped, "--budget"});
  ends_with(0);
  for (const char* part :
       {"by indicator", "by condition", "by alert", "  strait_surge", "  distraction", "  total", "work at most: "}) {
    STRCMP_CONTAINS(part, done.out.c_str());
  }
  tocsin({"compile", kShipped, "--json"});
  ends_with(0);
  STRCMP_CONTAINS("\"steps_for_one_line\": ", done.out.c_str());
}

TEST(BookVerbs, compile_takes_another_reach) {
  const std::string book = folder.file("b.watch", kUntidy);
  const auto log_bytes = [&](const char* reach) {
    tocsin({"compile", book, "--budget", "--reach", reach});
    ends_with(0);
    const std::size_t log = done.out.find("  log");
    return std::stoul(done.out.substr(log + 5));
  };
  CHECK(log_bytes("64") < log_bytes("1024"));
  STRCMP_CONTAINS("the newest 1024 reports", done.out.c_str());
  tocsin({"compile", book, "--budget", "--reach", "1"});
  ends_with(2);
  STRCMP_CONTAINS("--reach 1: give 16 to ", done.err.c_str());
}
