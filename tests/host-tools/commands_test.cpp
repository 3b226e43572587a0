// SPDX-License-Identifier: Apache-2.0
/// What: the program as a person or a script meets it: exit statuses, help, messages about bad input, what goes to
/// stdout and what to stderr.
/// How: the built program is run with files in a temporary folder; books are those of the golden scenarios.
#include <string>

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;

namespace {
const std::string kGolden = TOCSIN_SOURCE_DIR "/tests/golden/";
const std::string kBook = kGolden + "surge-and-clear/book.watch";
const std::string kReports = kGolden + "surge-and-clear/reports.jsonl";
constexpr const char* kGoodLine =
    R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-22T01:00:00Z","value":60})"
    "\n";

std::size_t lines_in(const std::string& text) {
  std::size_t count = 0;
  for (const char character : text) count += character == '\n' ? 1U : 0U;
  return count;
}
}  // namespace

TEST_GROUP(Commands) {
  TempFolder folder;
  Finished done;

  void tocsin(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), TOCSIN_PROGRAM);
    done = run_program(arguments, input);
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err).c_str()); }
};

TEST(Commands, help_shows_every_verb_with_examples_and_exit_statuses) {
  tocsin({"--help"});
  ends_with(0);
  for (const char* verb :
       {"check", "compile", "test", "explain", "draw", "fmt", "replay", "inject", "watch", "status", "why", "log"}) {
    STRCMP_CONTAINS(verb, done.out.c_str());
    const Finished help = run_program({TOCSIN_PROGRAM, verb, "--help"});
    LONGS_EQUAL(0, help.status);
    STRCMP_CONTAINS("Examples:", help.out.c_str());
    STRCMP_CONTAINS("Exit status: 0 done", help.out.c_str());
  }
}

TEST(Commands, version_goes_to_stdout) {
  tocsin({"--version"});
  ends_with(0);
  STRCMP_CONTAINS("tocsin ", done.out.c_str());
}

TEST(Commands, bad_usage_ends_with_2_and_says_what) {
  struct Row {
    const char* why;
    std::vector<std::string> arguments;
    const char* says;
  };
  const Row rows[] = {
      {"no verb", {}, "subcommand is required"},
      {"unknown verb", {"repaly"}, "no verb \"repaly\"; there are check, compile, test"},
      {"no book", {"replay"}, "book is required"},
      {"no reports", {"replay", kBook}, "reports is required"},
      {"unknown option", {"replay", kBook, kReports, "--frob"}, "--frob"},
      {"unknown target", {"replay", kBook, kReports, "--target", "toaster"}, "toaster"},
      {"no time", {"replay", kBook, kReports, "--until", "tomorrow"}, "write it like 2024-06-01T00:00:00Z"},
      {"negative speed", {"inject", "ipc:///tmp/x", kReports, "--speed", "-1"}, "--speed"},
      {"no endpoint", {"inject", "nowhere", kReports}, "write an endpoint like"},
      {"level", {"watch", "ipc:///tmp/x", "--level", "loud"}, "--level"},
      {"since alone", {"watch", "ipc:///tmp/x", "--since", "0"}, "--control"},
      {"unknown log", {"log", "secrets", "x"}, "secrets"},
      {"compile to nowhere", {"compile", kBook}, "-o"},
  };
  for (const Row& row : rows) {
    tocsin(row.arguments);
    LONGS_EQUAL_TEXT(2, done.status, (std::string{row.why} + ": " + done.out + done.err).c_str());
    STRCMP_CONTAINS_TEXT(row.says, done.err.c_str(), row.why);
    STRCMP_EQUAL_TEXT("", done.out.c_str(), row.why);
  }
}

TEST(Commands, replay_prints_events_on_stdout_and_words_on_stderr) {
  tocsin({"replay", kBook, kReports});
  ends_with(0);
  LONGS_EQUAL(2, lines_in(done.out));
  STRCMP_CONTAINS("2 alert events", done.err.c_str());
  tocsin({"replay", kBook, kReports, "--quiet"});
  ends_with(0);
  STRCMP_EQUAL("", done.err.c_str());
}

TEST(Commands, replay_reads_standard_input_and_several_files) {
  tocsin({"replay", kBook, "-", "--quiet"}, content_of(kReports));
  ends_with(0);
  STRCMP_EQUAL(content_of(kGolden + "surge-and-clear/expected.jsonl").c_str(), done.out.c_str());
  const std::string first = folder.file("1.jsonl", kGoodLine);
  const std::string second = folder.file("2.jsonl", R"({"clock":"2024-05-23T02:00:00Z"})");
  tocsin({"replay", kBook, first, second, "--quiet"});
  ends_with(0);
  LONGS_EQUAL(2, lines_in(done.out));
}

TEST(Commands, replay_takes_an_image_as_well) {
  const std::string image = folder.path("book.tcn");
  tocsin({"compile", kBook, "-o", image, "--target", "mcu"});
  ends_with(0);
  tocsin({"replay", image, kReports, "--quiet"});
  ends_with(0);
  STRCMP_EQUAL(content_of(kGolden + "surge-and-clear/expected.jsonl").c_str(), done.out.c_str());
}

TEST(Commands, until_lets_time_pass_after_the_last_line) {
  const std::string reports = folder.file("r.jsonl", kGoodLine);
  tocsin({"replay", kBook, reports, "--quiet"});
  ends_with(0);
  LONGS_EQUAL(1, lines_in(done.out));
  tocsin({"replay", kBook, reports, "--quiet", "--until", "2024-05-23T01:00:00Z"});
  ends_with(0);
  LONGS_EQUAL(2, lines_in(done.out));
  STRCMP_CONTAINS(R"("event":"cleared")", done.out.c_str());
  tocsin({"replay", kBook, reports, "--until", "2024-05-23T00:59:59.999Z"});
  LONGS_EQUAL(1, lines_in(done.out));
}

TEST(Commands, bad_and_refused_lines_are_named_and_the_rest_goes_on) {
  const std::string reports = folder.file("r.jsonl", std::string{"{\"feed\":\n"} + kGoodLine +
                                                         R"({"feed":"mnd_dailey","seq":2,"indicator":"pla_aircraft",)"
                                                         R"("time":"2024-05-22T02:00:00Z"})"
                                                         "\n");
  tocsin({"replay", kBook, reports});
  ends_with(1);
  STRCMP_CONTAINS((reports + ":1: ").c_str(), done.err.c_str());
  STRCMP_CONTAINS((reports + ":3: refused: unknown_feed").c_str(), done.err.c_str());
  STRCMP_CONTAINS("did you mean \"mnd_daily\"?", done.err.c_str());
  STRCMP_CONTAINS("1 refused, 1 bad", done.err.c_str());
  LONGS_EQUAL(1, lines_in(done.out));
}

TEST(Commands, a_feed_with_and_without_numbers_runs_nothing) {
  const std::string reports =
      folder.file("r.jsonl", std::string{kGoodLine} +
                                 R"({"feed":"mnd_daily","indicator":"pla_aircraft","time":"2024-05-22T02:00:00Z"})");
  tocsin({"replay", kBook, reports});
  ends_with(1);
  STRCMP_EQUAL("", done.out.c_str());
  STRCMP_CONTAINS("number all its lines or none", done.err.c_str());
}

TEST(Commands, exercise_reports_count_only_when_asked_for) {
  const std::string reports = folder.file(
      "r.jsonl", R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-22T01:00:00Z","value":60,)"
                 R"("status":"exercise"})");
  tocsin({"replay", kBook, reports});
  ends_with(0);
  CHECK(done.out.find(R"("event":"raised")") == std::string::npos);
  STRCMP_CONTAINS("1 exercise or test reports not evaluated", done.err.c_str());
  tocsin({"replay", kBook, reports, "--status", "exercise"});
  ends_with(0);
  STRCMP_CONTAINS(R"("event":"raised")", done.out.c_str());
  STRCMP_CONTAINS(R"("status":"exercise")", done.out.c_str());
}

TEST(Commands, a_bad_book_and_a_missing_file_end_with_1) {
  const std::string book = folder.file("bad.watch", "watchbook \"x\" version 1\nfeed f { origin nobody }\n");
  tocsin({"replay", book, kReports});
  ends_with(1);
  STRCMP_CONTAINS("bad.watch:2:", done.err.c_str());
  tocsin({"replay", folder.path("none.watch"), kReports});
  ends_with(1);
  STRCMP_CONTAINS("none.watch: No such file", done.err.c_str());
  tocsin({"replay", kBook, folder.path("none.jsonl")});
  ends_with(1);
  STRCMP_CONTAINS("none.jsonl: No such file", done.err.c_str());
}

TEST(Commands, a_damaged_image_is_refused) {
  const std::string image = folder.path("book.tcn");
  tocsin({"compile", kBook, "-o", image});
  ends_with(0);
  std::string bytes = content_of(image);
  bytes.resize(bytes.size() / 2);
  tocsin({"replay", folder.file("half.tcn", bytes), kReports});
  ends_with(1);
  STRCMP_CONTAINS("not a usable rule image", done.err.c_str());
}

TEST(Commands, nobody_there_ends_with_3) {
  const std::string nowhere = "ipc://" + folder.path("nobody");
  tocsin({"inject", nowhere, kReports, "--timeout", "0.5"});
  ends_with(3);
  STRCMP_CONTAINS("is tocsind running", done.err.c_str());
  tocsin({"status", nowhere, "--timeout", "0.5"});
  ends_with(3);
  tocsin({"watch", nowhere, "--timeout", "0.5"});
  ends_with(3);
  tocsin({"log", "alerts", nowhere, "--timeout", "0.5"});
  ends_with(3);
}

TEST(Commands, an_argument_that_no_verb_expects_ends_with_2) {
  const std::string book = folder.path("b.watch");
  const std::string nowhere = "ipc://" + folder.path("nobody");
  const std::vector<std::vector<std::string>> verbs{
      {"check", book},
      {"compile", book, "-o", book},
      {"test", book},
      {"explain", book, "name"},
      {"draw", book},
      {"keys", "list"},
      {"keys", "add", "hub"},
      {"watch", nowhere, "--timeout", "0.1"},
      {"status", nowhere, "--timeout", "0.1"},
      {"ack", nowhere, "1", "--timeout", "0.1"},
      {"shelve", nowhere, "name", "--off", "--timeout", "0.1"},
      {"backup", nowhere, folder.path("out"), "--timeout", "0.1"},
      {"believe", nowhere, "--timeout", "0.1"},
      {"log-level", nowhere, "info", "--timeout", "0.1"},
      {"stop", nowhere, "--timeout", "0.1"},
      {"reload", nowhere, book, "--timeout", "0.1"},
      {"why", nowhere, "name", "--timeout", "0.1"},
      {"log", "acts", nowhere, "--timeout", "0.1"},
      {"verify-alerts", folder.path("journal.db")},
  };
  for (auto arguments : verbs) {
    const std::string what = arguments[0];
    arguments.emplace_back("foo");
    tocsin(arguments);
    LONGS_EQUAL_TEXT(2, done.status, what.c_str());
    STRCMP_CONTAINS_TEXT("foo", done.err.c_str(), what.c_str());
  }
}

TEST(Commands, what_is_no_endpoint_ends_with_2_and_says_what_is_one) {
  const std::vector<std::vector<std::string>> verbs{
      {"inject", "foo", kReports},
      {"watch", "foo"},
      {"status", "foo"},
      {"ack", "foo", "1"},
      {"shelve", "foo", "a", "--off"},
      {"backup", "foo", "out"},
      {"believe", "foo"},
      {"log-level", "foo", "info"},
      {"stop", "foo"},
      {"reload", "foo"},
      {"why", "foo", "name"},
      {"watch", "ipc:///nobody", "--control", "foo"},
  };
  for (const auto& arguments : verbs) {
    tocsin(arguments);
    LONGS_EQUAL_TEXT(2, done.status, arguments[0].c_str());
    STRCMP_CONTAINS_TEXT("\"foo\" is none; write an endpoint like ipc://", done.err.c_str(), arguments[0].c_str());
  }
}

TEST(Commands, a_backup_has_its_place_from_the_root) {
  tocsin({"backup", "ipc://" + folder.path("nobody"), "monday.db", "--timeout", "0.1"});
  ends_with(2);
  STRCMP_CONTAINS("monday.db: give the copy's path from the root", done.err.c_str());
}

TEST(Commands, lines_without_numbers_need_the_control_socket) {
  const std::string reports =
      folder.file("r.jsonl", R"({"feed":"mnd_daily","indicator":"pla_aircraft","time":"2024-05-22T02:00:00Z"})");
  tocsin({"inject", "ipc://" + folder.path("nobody"), reports});
  ends_with(2);
  STRCMP_CONTAINS("--control", done.err.c_str());
}

TEST(Commands, log_says_when_a_file_is_no_journal) {
  tocsin({"log", "alerts", folder.path("none.db")});
  ends_with(1);
  tocsin({"log", "alerts", folder.file("text.db", std::string(5000, 'x'))});
  ends_with(1);
  STRCMP_CONTAINS("text.db", done.err.c_str());
}
