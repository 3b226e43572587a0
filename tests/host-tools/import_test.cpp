// SPDX-License-Identifier: Apache-2.0
/// What: history imported into a new journal is whole or not there at all, and a daemon that begins with it goes on as
/// if it had seen it come.
/// How: the built programs; the golden scenarios, cut in two at every tenth.
#include <csignal>
#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kGolden = TOCSIN_SOURCE_DIR "/tests/golden/";

/// Alert events as `replay` has them: without the journal's number, and whether they are history.
std::string as_replayed(const std::string& events) {
  const auto without_numbers = std::regex_replace(events, std::regex{",\"n\":[0-9]+"}, "");
  return std::regex_replace(without_numbers, std::regex{",\"history\":true"}, "");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin) + "\n");
    begin = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}
}  // namespace

TEST_GROUP(Import) {
  TempFolder folder;
  std::unique_ptr<Child> daemon;
  Finished done;
  std::string journal = folder.path("journal.db");

  [[nodiscard]] std::string endpoint(const char* name) const { return "ipc://" + folder.path(name); }
  [[nodiscard]] std::string log() const { return content_of(folder.path("daemon.log")); }
  void tocsin(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TOCSIN_PROGRAM);
    done = run_program(arguments, {}, 60s);
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err + log()).c_str()); }
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
  void import(const std::string& reports, int status) {
    tocsin({"import", journal, folder.path("book.tcn"), reports, "--status", "test"});
    ends_with(status);
  }
};

TEST(Import, gives_a_daemon_a_past_that_it_goes_on_from) {
  for (const char* scenario : {"surge-and-clear", "then-within", "late-report-retracts", "silence"}) {
    const auto lines = lines_of(content_of(kGolden + scenario + "/reports.jsonl"));
    for (std::size_t tenth = 3; tenth <= 9; tenth += 3) {
      const auto cut = std::max<std::size_t>(lines.size() * tenth / 10, 1);
      std::string past;
      std::string rest;
      for (std::size_t index = 0; index < lines.size(); ++index) (index < cut ? past : rest) += lines[index];
      configure(kGolden + scenario + "/book.watch");
      import(folder.file("past.jsonl", past), 0);
      tocsin({"log", "verify", journal});
      ends_with(0);
      start();
      CHECK_TEXT(log().find("self_check") == std::string::npos, log().c_str());
      if (!rest.empty()) {
        tocsin({"inject", endpoint("ingest"), folder.file("rest.jsonl", rest)});
        ends_with(0);
      }
      tocsin({"log", "alerts", endpoint("control"), "--json"});
      ends_with(0);
      STRCMP_EQUAL_TEXT(content_of(kGolden + scenario + "/expected.jsonl").c_str(), as_replayed(done.out).c_str(),
                        scenario);
      stop();
      tocsin({"log", "verify", journal});
      ends_with(0);
      (void)std::remove(journal.c_str());
      (void)std::remove(folder.path("daemon.log").c_str());
    }
  }
}

TEST(Import, comes_first_or_not_at_all) {
  configure(kGolden + "surge-and-clear/book.watch");
  const auto reports = kGolden + "surge-and-clear/reports.jsonl";
  import(reports, 0);
  tocsin({"log", "acts", journal});
  ends_with(0);
  STRCMP_CONTAINS("import", done.out.c_str());
  const auto before = content_of(journal);
  import(reports, 1);
  STRCMP_CONTAINS("has begun already", done.err.c_str());
  CHECK_TRUE(before == content_of(journal));
}

TEST(Import, leaves_no_journal_when_a_line_is_refused) {
  configure(kGolden + "surge-and-clear/book.watch");
  auto text = content_of(kGolden + "surge-and-clear/reports.jsonl");
  text += R"({"feed":"no_such_feed","seq":1,"indicator":"x","time":"2031-01-01T00:00:00Z","value":1})"
          "\n";
  import(folder.file("bad.jsonl", text), 1);
  STRCMP_CONTAINS("no_such_feed", done.err.c_str());
  STRCMP_CONTAINS("nothing was stored", done.err.c_str());
  STRCMP_CONTAINS(("made the journal's key file " + journal + ".key").c_str(), done.err.c_str());
  CHECK_FALSE(std::filesystem::exists(journal));
  CHECK_FALSE(std::filesystem::exists(journal + ".import"));
  import(folder.file("torn.jsonl", "{\"feed\":"), 1);
  CHECK_FALSE(std::filesystem::exists(journal));
}

TEST(Import, keeps_the_journal_from_others_and_names_the_key_it_made) {
  configure(kGolden + "surge-and-clear/book.watch");
  const auto before = ::umask(S_IWGRP | S_IWOTH);  // what most machines have
  import(kGolden + "surge-and-clear/reports.jsonl", 0);
  (void)::umask(before);
  using std::filesystem::perms;
  const auto rights = std::filesystem::status(journal).permissions();
  CHECK_TRUE(rights == (perms::owner_read | perms::owner_write | perms::group_read));
  STRCMP_CONTAINS(("made the journal's key file " + journal + ".key").c_str(), done.err.c_str());
  (void)std::remove(journal.c_str());
  import(kGolden + "surge-and-clear/reports.jsonl", 0);
  CHECK_TEXT(done.err.find("key file") == std::string::npos, done.err.c_str());  // it was there
}

TEST(Import, is_refused_while_the_daemon_runs) {
  configure(kGolden + "surge-and-clear/book.watch");
  start();
  import(kGolden + "surge-and-clear/reports.jsonl", 1);
  STRCMP_CONTAINS("held by another process", done.err.c_str());
  stop();
  import(kGolden + "surge-and-clear/reports.jsonl", 0);  // it had received nothing
}
