// SPDX-License-Identifier: Apache-2.0
/// What: tools and daemon together: what is injected comes out of the daemon as `replay` prints it, also when the
/// daemon is killed in the middle; numbering, refusals, watching and both ways of reading the log.
/// How: the built programs, sockets in a temporary folder, a daemon with clock = "input".
#include <csignal>
#include <memory>
#include <regex>
#include <string>
#include <thread>

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kGolden = TOCSIN_SOURCE_DIR "/tests/golden/";

std::size_t lines_in(const std::string& text) {
  std::size_t count = 0;
  for (const char character : text) count += character == '\n' ? 1U : 0U;
  return count;
}

/// Alert events as `replay` has them: without the journal's number.
std::string without_numbers(const std::string& events) {
  return std::regex_replace(events, std::regex{",\"n\":[0-9]+"}, "");
}

/// A report every two minutes for four weeks, in a saw-tooth, so that an alert is raised and cleared again and again.
std::string many_reports() {
  const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  std::string out;
  for (unsigned index = 0; index < 20'000; ++index) {
    const unsigned minutes = index * 2;
    out += R"({"feed":"mnd_daily","seq":)" + std::to_string(index + 1) +
           R"(,"indicator":"pla_aircraft","time":"2024-01-)" + two(1 + minutes / 1440) + "T" +
           two(minutes % 1440 / 60) + ":" + two(minutes % 60) + R"(:00Z","value":)" + (index % 7 == 0 ? "60" : "1") +
           "}\n";
  }
  return out;
}

constexpr const char* kBusyBook = R"(watchbook "Busy" version 1
theater strait "Taiwan Strait" {}
origin mnd "Ministry" { reliability B }
feed mnd_daily { origin mnd }
indicator pla_aircraft "PLA aircraft" { kind force_movement  theater strait  feeds mnd_daily  keep 32 }
alert busy "Busy" { theater strait  when sum(pla_aircraft, 3m) >= 45 }
)";
}  // namespace

TEST_GROUP(EndToEnd) {
  TempFolder folder;
  std::unique_ptr<Child> daemon;
  Finished done;

  [[nodiscard]] std::string endpoint(const char* name) const { return "ipc://" + folder.path(name); }
  void tocsin(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), TOCSIN_PROGRAM);
    done = run_program(arguments, input, 60s);
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err + log()).c_str()); }
  [[nodiscard]] std::string log() const { return content_of(folder.path("daemon.log")); }

  void configure(const std::string& book) {
    tocsin({"compile", book, "-o", folder.path("book.tcn"), "--target", "edge"});
    ends_with(0);
    (void)folder.file("tocsind.toml",
                      "image = \"book.tcn\"\njournal = \"journal.db\"\nclock = \"input\"\n[sockets]\ningest = [\"" +
                          endpoint("ingest") + "\"]\nalerts = \"" + endpoint("alerts") + "\"\ncontrol = \"" +
                          endpoint("control") + "\"\n");
  }
  void start() {
    daemon = std::make_unique<Child>(std::vector<std::string>{TOCSIND_PROGRAM, "--config", folder.path("tocsind.toml")},
                                     std::string{}, folder.path("daemon.log"));
    tocsin({"status", endpoint("control"), "--timeout", "10", "--json"});
    ends_with(0);
  }
  void stop() {
    daemon->signal(SIGTERM);
    LONGS_EQUAL_TEXT(0, daemon->wait(10s), log().c_str());
  }
  void inject(const std::string& reports) {
    tocsin({"inject", endpoint("ingest"), reports});
    ends_with(0);
  }
};

TEST(EndToEnd, the_daemon_says_what_replay_says) {
  for (const char* scenario : {"surge-and-clear", "for-between-inputs", "then-within", "needs-cap", "silence",
                               "late-raise", "late-report-retracts", "withdrawal", "ahead-of-time", "same-instant"}) {
    const std::string book = kGolden + scenario + "/book.watch";
    const std::string reports = kGolden + scenario + "/reports.jsonl";
    configure(book);
    start();
    inject(reports);
    tocsin({"log", "alerts", endpoint("control"), "--json"});
    ends_with(0);
    STRCMP_EQUAL_TEXT(content_of(kGolden + scenario + "/expected.jsonl").c_str(), without_numbers(done.out).c_str(),
                      scenario);
    stop();
    (void)std::remove(folder.path("journal.db").c_str());
  }
}

TEST(EndToEnd, a_clock_line_first_gives_both_the_same_first_instant) {
  const std::string book = kGolden + "silence/book.watch";
  const std::string reports = kGolden + "silence/reports.jsonl";
  configure(book);
  start();
  tocsin({"inject", endpoint("ingest"), reports, "--start-clock"});
  ends_with(0);
  tocsin({"log", "alerts", endpoint("control"), "--json"});
  const std::string from_daemon = without_numbers(done.out);
  tocsin({"replay", book, reports, "--start-clock", "--quiet"});
  ends_with(0);
  STRCMP_EQUAL(done.out.c_str(), from_daemon.c_str());
  STRCMP_CONTAINS(R"("event":"raised","name":"feed_silent")", done.out.substr(0, done.out.find('\n')).c_str());
}

TEST(EndToEnd, a_daemon_killed_in_the_middle_loses_and_repeats_nothing) {
  const std::string book = folder.file("busy.watch", kBusyBook);
  const std::string reports = folder.file("many.jsonl", many_reports());
  configure(book);
  start();
  Child injector{
      {TOCSIN_PROGRAM, "inject", endpoint("ingest"), reports, "--timeout", "30"}, {}, folder.path("inject.log")};
  unsigned kills = 0;
  while (injector.running() && kills < 5) {
    std::this_thread::sleep_for(30ms * (kills + 1));
    daemon->signal(SIGKILL);
    (void)daemon->wait(10s);
    if (injector.running()) ++kills;
    start();
  }
  LONGS_EQUAL_TEXT(0, injector.wait(60s), content_of(folder.path("inject.log")).c_str());
  CHECK_TEXT(kills > 0, "the input was through before the first kill: make it longer");
  STRCMP_CONTAINS("20,000 of 20,000 lines taken", content_of(folder.path("inject.log")).c_str());
  tocsin({"log", "alerts", endpoint("control"), "--json"});
  ends_with(0);
  const std::string from_daemon = done.out;
  tocsin({"replay", book, reports, "--quiet", "--target", "edge"});
  ends_with(0);
  CHECK(lines_in(done.out) > 1000);
  STRCMP_EQUAL(done.out.c_str(), without_numbers(from_daemon).c_str());
  std::size_t number = 0;
  for (std::size_t at = 0; (at = from_daemon.find("\"n\":", at)) != std::string::npos; ++at) {
    const std::string expected = "\"n\":" + std::to_string(++number);
    STRCMP_EQUAL(expected.c_str(), from_daemon.substr(at, expected.size()).c_str());
  }
}

TEST(EndToEnd, lines_without_numbers_go_on_from_the_mark) {
  configure(kGolden + "surge-and-clear/book.watch");
  start();
  const std::string first = folder.file(
      "1.jsonl", R"({"feed":"mnd_daily","indicator":"pla_aircraft","time":"2024-05-22T01:00:00Z","value":1})"
                 "\n"
                 R"({"feed":"mnd_daily","indicator":"pla_aircraft","time":"2024-05-22T02:00:00Z","value":2})");
  const std::string second = folder.file(
      "2.jsonl", R"({"feed":"mnd_daily","indicator":"pla_aircraft","time":"2024-05-22T03:00:00Z","value":3})");
  for (const std::string& file : {first, second}) {
    tocsin({"inject", endpoint("ingest"), file, "--control", endpoint("control")});
    ends_with(0);
  }
  tocsin({"status", endpoint("control"), "--json"});
  STRCMP_CONTAINS(R"("name":"mnd_daily","reports":3)", done.out.c_str());
  STRCMP_CONTAINS(R"("mark":3)", done.out.c_str());
}

TEST(EndToEnd, refused_lines_are_named_and_counted_and_the_rest_is_taken) {
  configure(kGolden + "surge-and-clear/book.watch");
  start();
  const std::string reports = folder.file(
      "r.jsonl", R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-22T01:00:00Z","value":1})"
                 "\n"
                 R"({"feed":"mnd_daily","seq":2,"indicator":"ufos","time":"2024-05-22T02:00:00Z","value":2})"
                 "\n"
                 R"({"feed":"mnd_daily","seq":3,"indicator":"pla_aircraft","time":"2024-05-22T03:00:00Z","value":2})");
  tocsin({"inject", endpoint("ingest"), reports});
  ends_with(1);
  STRCMP_CONTAINS((reports + ":2: refused: unknown_indicator").c_str(), done.err.c_str());
  STRCMP_CONTAINS("2 of 3 lines taken and durable", done.err.c_str());
  STRCMP_CONTAINS("1 refused", done.err.c_str());
  tocsin({"status", endpoint("control")});
  STRCMP_CONTAINS("unknown_indicator", done.out.c_str());
  tocsin({"log", "rejections", endpoint("control"), "--json"});
  STRCMP_CONTAINS(R"("reason":"unknown_indicator","count":1)", done.out.c_str());
}

TEST(EndToEnd, unnumbered_lines_of_an_unknown_feed_are_refused_alone) {
  configure(kGolden + "surge-and-clear/book.watch");
  start();
  const std::string reports = folder.file(
      "r.jsonl", R"({"feed":"mnd_dayly","indicator":"pla_aircraft","time":"2024-05-22T01:00:00Z","value":1})"
                 "\n"
                 R"({"feed":"mnd_daily","indicator":"pla_aircraft","time":"2024-05-22T02:00:00Z","value":2})"
                 "\n"
                 R"({"feed":"mnd_dayly","indicator":"pla_aircraft","time":"2024-05-22T03:00:00Z","value":3})");
  tocsin({"inject", endpoint("ingest"), reports, "--control", endpoint("control")});
  ends_with(1);
  STRCMP_CONTAINS((reports + ":1: refused: the book has no feed \"mnd_dayly\"; did you mean \"mnd_daily\"").c_str(),
                  done.err.c_str());
  STRCMP_CONTAINS((reports + ":3: refused: ").c_str(), done.err.c_str());
  STRCMP_CONTAINS("1 of 3 lines taken and durable", done.err.c_str());
  STRCMP_CONTAINS("2 refused", done.err.c_str());
  tocsin({"inject", endpoint("ingest"), reports, "--control", endpoint("control"), "--speed", "86400", "--json"});
  ends_with(1);
  STRCMP_CONTAINS(R"({"lines":3,"taken":1,"refused":2,"bad":0,"unacknowledged":0,)", done.out.c_str());
  tocsin({"status", endpoint("control"), "--json"});
  STRCMP_CONTAINS(R"("mark":2)", done.out.c_str());
}

TEST(EndToEnd, a_refused_line_starts_no_clock) {
  configure(kGolden + "surge-and-clear/book.watch");
  start();
  const std::string refused =
      R"({"feed":"mnd_dayly","indicator":"pla_aircraft","time":"2024-05-22T01:00:00Z","value":1})";
  const std::vector<std::string> options{"--control", endpoint("control"), "--start-clock", "--speed", "86400"};
  const auto inject_lines = [&](const std::string& lines) {
    std::vector<std::string> command{"inject", endpoint("ingest"), folder.file("r.jsonl", lines)};
    command.insert(command.end(), options.begin(), options.end());
    tocsin(command);
    ends_with(1);
  };
  inject_lines(refused);
  STRCMP_CONTAINS("0 of 1 line taken and durable", done.err.c_str());
  inject_lines(refused + "\n" +
               R"({"feed":"mnd_daily","indicator":"pla_aircraft","time":"2024-05-22T02:00:00Z","value":2})");
  tocsin({"status", endpoint("control"), "--json"});
  STRCMP_CONTAINS(R"("first_instant":"2024-05-22T02:00:00Z")", done.out.c_str());
}

TEST(EndToEnd, watch_misses_nothing_and_shows_nothing_twice) {
  const std::string reports = folder.file("many.jsonl", many_reports());
  configure(folder.file("busy.watch", kBusyBook));
  start();
  tocsin({"replay", folder.path("busy.watch"), reports, "--quiet", "--target", "edge"});
  const std::string expected = done.out;
  Child watcher{{TOCSIN_PROGRAM, "watch", endpoint("alerts"), "--control", endpoint("control"), "--since", "0",
                 "--json", "--count", std::to_string(lines_in(expected))},
                folder.path("watched.jsonl"),
                folder.path("watch.log")};
  inject(reports);
  LONGS_EQUAL_TEXT(0, watcher.wait(30s), content_of(folder.path("watch.log")).c_str());
  STRCMP_EQUAL(expected.c_str(), without_numbers(content_of(folder.path("watched.jsonl"))).c_str());
}

TEST(EndToEnd, watch_ends_cleanly_when_told_to) {
  configure(kGolden + "surge-and-clear/book.watch");
  start();
  Child watcher{{TOCSIN_PROGRAM, "watch", endpoint("alerts")}, folder.path("watched.txt"), {}};
  std::this_thread::sleep_for(300ms);
  inject(kGolden + "surge-and-clear/reports.jsonl");
  for (unsigned turn = 0; turn < 100 && content_of(folder.path("watched.txt")).find("CLEARED") == std::string::npos;
       ++turn) {
    std::this_thread::sleep_for(20ms);
  }
  watcher.signal(SIGINT);
  LONGS_EQUAL(0, watcher.wait(5s));
  STRCMP_CONTAINS("CLEARED    ELEVATED  strait_activity", content_of(folder.path("watched.txt")).c_str());
}

TEST(EndToEnd, a_stopped_daemons_journal_says_the_same) {
  const std::string reports = kGolden + "needs-cap/reports.jsonl";
  configure(kGolden + "needs-cap/book.watch");
  start();
  inject(reports);
  tocsin({"log", "alerts", endpoint("control"), "--json"});
  const std::string live = done.out;
  stop();
  tocsin({"log", "alerts", folder.path("journal.db"), "--json"});
  ends_with(0);
  STRCMP_EQUAL(live.c_str(), done.out.c_str());
  tocsin({"log", "batches", folder.path("journal.db"), "--json"});
  ends_with(0);
  STRCMP_CONTAINS(R"("first_time":"2024-05-23T01:00:00Z")", done.out.c_str());
  tocsin({"log", "inputs", folder.path("journal.db"), "--json"});
  ends_with(0);
  LONGS_EQUAL(4, lines_in(done.out));
  tocsin({"replay", folder.path("book.tcn"), "-", "--quiet"}, done.out);
  ends_with(0);
  STRCMP_EQUAL(content_of(kGolden + "needs-cap/expected.jsonl").c_str(), done.out.c_str());
}

TEST(EndToEnd, speed_spreads_the_lines_over_time) {
  configure(kGolden + "surge-and-clear/book.watch");
  start();
  // 48 h of reports at 86,400 times real time are 2 s.
  const auto begin = std::chrono::steady_clock::now();
  tocsin({"inject", endpoint("ingest"), kGolden + "surge-and-clear/reports.jsonl", "--speed", "86400"});
  ends_with(0);
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took > 2s);
  CHECK(took < 15s);
}

TEST(EndToEnd, why_from_the_daemon_says_what_replay_says) {
  const std::string book = kGolden + "needs-cap/book.watch";
  const std::string reports = kGolden + "needs-cap/reports.jsonl";
  configure(book);
  start();
  tocsin({"why", endpoint("control"), "distraction"});
  ends_with(1);
  STRCMP_CONTAINS("nothing was received yet", done.err.c_str());
  inject(reports);
  for (const char* name : {"distraction", "surge"}) {
    for (const char* form : {"--json", "--timeout=5"}) {
      tocsin({"why", endpoint("control"), name, form});
      ends_with(0);
      const std::string from_daemon = done.out;
      std::vector<std::string> replay = {"replay", book, reports, "--quiet", "--target", "edge", "--why", name};
      if (std::string{form} == "--json") replay.emplace_back(form);
      tocsin(replay);
      ends_with(0);
      CHECK(done.out.find(name) != std::string::npos);
      STRCMP_EQUAL(done.out.c_str(), from_daemon.c_str());
    }
  }
  tocsin({"why", endpoint("control"), "distraction", "--at", "2024-06-09T00:00Z"});
  ends_with(0);
  STRCMP_CONTAINS("at 2024-06-09T00:00:00Z", done.out.c_str());
}

TEST(EndToEnd, why_refuses_what_the_daemon_cannot_answer) {
  configure(kGolden + "needs-cap/book.watch");
  start();
  inject(kGolden + "needs-cap/reports.jsonl");
  tocsin({"why", endpoint("control"), "distracton"});
  ends_with(2);
  STRCMP_CONTAINS("did you mean \"distraction\"?", done.err.c_str());
  tocsin({"why", endpoint("control"), "distraction", "--at", "2024-05-22T01:00Z"});
  ends_with(1);
  STRCMP_CONTAINS("replay the journal's inputs with --why", done.err.c_str());
  tocsin({"why", endpoint("control"), "distraction", "--at", "2031-01-01T00:00Z"});
  ends_with(1);
  STRCMP_CONTAINS("after the daemon's clock", done.err.c_str());
  tocsin({"why", endpoint("nowhere"), "distraction", "--timeout", "0.3"});
  ends_with(3);
}
