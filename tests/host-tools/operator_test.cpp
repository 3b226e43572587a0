// SPDX-License-Identifier: Apache-2.0
/// What: what an operator tells a running daemon is done, answered when it is durable, and kept in the journal with who
/// said it; who lacks the role is told which, and nothing is done.
/// How: the built programs, sockets in a temporary folder.
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "operated_daemon.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kBook = TOCSIN_SOURCE_DIR "/tests/golden/surge-and-clear/book.watch";
const std::string kReports = TOCSIN_SOURCE_DIR "/tests/golden/surge-and-clear/reports.jsonl";
}  // namespace

TEST_GROUP_BASE(Operator, OperatedDaemon){
    /// @param top  lines of the config before its tables. A guest may read only; an operator may do everything.
    void start(const std::string& top = {}){compile(kBook);
(void)folder.file("tocsind.toml", "image = \"book.tcn\"\njournal = \"journal.db\"\n" + top +
                                      "\n[sockets]\ningest = [\"" + endpoint("ingest") + "\"]\nalerts = \"" +
                                      endpoint("alerts") + "\"\ncontrol = [\"" + endpoint("control") + "\", \"" +
                                      endpoint("guest") + "\"]\n[[principal]]\nname = \"duty\"\nendpoint = \"" +
                                      endpoint("control") + "\"\n[[principal]]\nname = \"guest\"\nendpoint = \"" +
                                      endpoint("guest") + "\"\nroles = [\"read\"]\n");
launch();
}
/// Waits for a text in the daemon's log. @param from  where in the log it is looked for.
void await_log(const std::string& text, std::size_t from = 0) {
  for (int i = 0; i < 10'000 && log().find(text, from) == std::string::npos; ++i) std::this_thread::sleep_for(1ms);
  STRCMP_CONTAINS(text.c_str(), log().substr(from).c_str());
}
/// Kills a `tocsin backup` that the daemon has begun, and waits until the daemon has ended it. One that was told the
/// end before it was killed is none that was left: another one is.
void leave_backup(const std::string& path, const std::string& end) {
  const auto line = "event=backup path=" + path;
  for (int i = 0; i < 20; ++i) {
    const auto from = log().size();
    Child tool{{TOCSIN_PROGRAM, "backup", endpoint("control"), path}};
    await_log(line, from);
    tool.signal(SIGKILL);
    const bool left = tool.wait(10s) == 128 + SIGKILL;
    await_log(line + " state=" + end, from);
    if (left) return;
    std::filesystem::remove(path);
  }
  FAIL("each backup ended before it was killed");
}
void back_up(const std::string& path) {
  tocsin({"backup", endpoint("control"), path});
  ends_with(0);
  STRCMP_CONTAINS("is whole, was read back and is durable", done.err.c_str());
  tocsin({"log", "verify", path, "--journal-key", folder.path("journal.db.key")});
  ends_with(0);
}
}
;

TEST(Operator, believe_is_kept_in_the_journal_with_who_said_so) {
  start();
  tocsin({"believe", endpoint("control")});
  ends_with(0);
  STRCMP_CONTAINS("is believed as it runs now; it was ", done.out.c_str());
  const auto acts = acts_of_the_stopped();
  STRCMP_CONTAINS("\"principal\":\"duty\",\"act\":\"believe\",\"text\":\"away_ms=", acts.c_str());
}

TEST(Operator, believe_needs_the_role_acknowledge) {
  start();
  tocsin({"believe", endpoint("guest")});
  ends_with(1);
  STRCMP_CONTAINS("\"guest\" may not ask for that: it needs the role \"acknowledge\"", done.err.c_str());
  CHECK_TRUE(log().find("event=believe") == std::string::npos);
  STRCMP_EQUAL("", acts_of_the_stopped().c_str());
}

TEST(Operator, there_is_nothing_to_believe_where_the_clock_follows_the_input) {
  start("clock = \"input\"");
  tocsin({"believe", endpoint("control")});
  ends_with(1);
  STRCMP_CONTAINS("there is nothing to believe", done.err.c_str());
}

TEST(Operator, log_verify_of_a_running_daemon_says_that_nothing_is_wrong_and_it_goes_on) {
  start("clock = \"input\"");
  tocsin({"inject", endpoint("ingest"), kReports});
  ends_with(0);
  for (int i = 0; i < 2; ++i) {
    tocsin({"log", "verify", endpoint("control")});
    ends_with(0);
    STRCMP_EQUAL("", done.out.c_str());
    STRCMP_CONTAINS("nothing is wrong", done.err.c_str());
  }
  tocsin({"log", "verify", endpoint("control"), "--json", "--since-checkpoint"});
  ends_with(0);
  STRCMP_CONTAINS("{\"faults\":0,", done.out.c_str());
  CHECK_TRUE(done.out.find("\"batches\":0,") == std::string::npos);
  STRCMP_CONTAINS("event=verify state=done", log().c_str());
  tocsin({"status", endpoint("control"), "--json"});
  ends_with(0);
}

TEST(Operator, log_verify_of_a_running_daemon_names_what_is_wrong) {
  start("clock = \"input\"");
  const std::string line =
      R"({"feed":"mnd_daily","seq":900,"indicator":"pla_aircraft","time":"2024-05-01T01:00:00Z","value":1,)"
      R"("note":"marker-xyzzy"})";
  tocsin({"inject", endpoint("ingest"), folder.file("one.jsonl", line + "\n")});
  ends_with(0);
  tocsin({"inject", endpoint("ingest"), kReports});
  ends_with(0);
  daemon->signal(SIGTERM);  // a checkpoint: what comes before it is not looked at again
  LONGS_EQUAL_TEXT(0, daemon->wait(10s), log().c_str());
  auto journal = content_of(folder.path("journal.db"));
  const auto at = journal.find("marker-xyzzy");
  CHECK_TRUE(at != std::string::npos);
  journal[at] = 'M';
  (void)folder.file("journal.db", journal);

  daemon = std::make_unique<Child>(std::vector<std::string>{TOCSIND_PROGRAM, "--config", folder.path("tocsind.toml")},
                                   std::string{}, folder.path("daemon.log"));
  tocsin({"log", "verify", endpoint("control"), "--timeout", "10"});
  ends_with(1);
  STRCMP_CONTAINS("batch 1", done.out.c_str());
  STRCMP_CONTAINS("it is NOT what was written", done.err.c_str());
  STRCMP_CONTAINS("level=error event=verify state=done", log().c_str());
  tocsin({"status", endpoint("control"), "--json"});
  ends_with(0);
}

TEST(Operator, log_verify_of_a_running_daemon_is_for_those_who_may_reload) {
  start();
  tocsin({"log", "verify", endpoint("guest")});
  ends_with(1);
  STRCMP_CONTAINS("it needs the role \"reload\"", done.err.c_str());
  tocsin({"log", "verify", endpoint("control"), "--journal-key", folder.path("k")});
  ends_with(2);
  tocsin({"log", "verify", endpoint("control"), "--public-key", std::string(64, '0')});
  ends_with(1);
}

TEST(Operator, backup_after_one_that_was_killed_says_what_became_of_its_own) {
  start("clock = \"input\"");
  tocsin({"inject", endpoint("ingest"), kReports});
  ends_with(0);
  leave_backup(folder.path("monday.db"), "done");
  std::filesystem::rename(folder.path("monday.db"), folder.path("kept.db"));
  back_up(folder.path("monday.db"));
  leave_backup(folder.path("backups/monday.db"), "failed");
  std::filesystem::create_directory(folder.path("backups"));
  back_up(folder.path("backups/monday.db"));
}

TEST(Operator, backup_outlasts_a_daemon_that_is_long_silent) {
  start("clock = \"input\"");
  tocsin({"inject", endpoint("ingest"), kReports});
  ends_with(0);
  const auto path = folder.path("monday.db");
  Child tool{{TOCSIN_PROGRAM, "backup", endpoint("control"), path}, {}, folder.path("backup.log")};
  await_log("event=backup path=" + path);
  std::this_thread::sleep_for(20ms);  // it has answered, and is asked again soon
  daemon->signal(SIGSTOP);
  std::this_thread::sleep_for(3s);
  daemon->signal(SIGCONT);
  LONGS_EQUAL_TEXT(0, tool.wait(20s), content_of(folder.path("backup.log")).c_str());
}

TEST(Operator, reload_answers_in_json_when_asked_to) {
  start("clock = \"input\"");
  tocsin({"reload", endpoint("control"), "--json"});
  ends_with(0);
  STRCMP_EQUAL("{\"reloaded\":true,\"text\":\"this book rules already\"}\n", done.out.c_str());
}

TEST(Operator, reload_compiles_for_what_the_ruling_book_fits_and_tells_the_engines_sizes) {
  start("clock = \"input\"");
  const auto before = status();
  const auto book = content_of(kBook) + "\ncondition quiet = count(pla_aircraft, 9d) < 1\n";
  const auto other = folder.file("other.watch", book);
  tocsin({"reload", endpoint("control"), other});
  ends_with(0);
  STRCMP_CONTAINS("the book changed", done.out.c_str());
  STRCMP_CONTAINS("reload: the engine has ", done.err.c_str());
  STRCMP_CONTAINS(", before ", done.err.c_str());
  STRCMP_CONTAINS("; compiled for edge", done.err.c_str());  // as what rules: launch() compiles for edge
  tocsin({"reload", endpoint("control"), kBook, "--target", "server", "--json"});
  ends_with(0);
  STRCMP_CONTAINS("\"target\":\"server\",\"engine_bytes_before\":", done.out.c_str());
  tocsin({"reload", endpoint("control"), other, "--json"});
  ends_with(0);
  STRCMP_CONTAINS("\"target\":\"server\"", done.out.c_str());
  tocsin({"reload", endpoint("control"), folder.path("book.tcn"), "--json"});  // what the daemon began with
  ends_with(0);
  const auto bytes = [](const std::string& text) { return text.substr(text.find("\"engine_bytes\":"), 22); };
  STRCMP_EQUAL(bytes(before).c_str(), bytes(done.out).c_str());
  CHECK_TEXT(done.out.find("\"target\"") == std::string::npos, done.out.c_str());
  tocsin({"reload", endpoint("control"), other, "--target", "desk"});
  ends_with(2);
}

TEST(Operator, log_level_silences_what_is_less_grave_and_says_what_it_was) {
  start();
  tocsin({"log-level", endpoint("control"), "warning"});
  ends_with(0);
  STRCMP_EQUAL("the log level is warning now; it was info\n", done.out.c_str());
  STRCMP_CONTAINS("\"log_level\":\"warning\"", status().c_str());
  tocsin({"log-level", endpoint("control"), "error", "--json"});
  ends_with(0);
  STRCMP_EQUAL("{\"level\":\"error\",\"text\":\"the log level is error now; it was warning\"}\n", done.out.c_str());
  STRCMP_CONTAINS("level=info event=log_level now=warning by=duty", log().c_str());
  STRCMP_CONTAINS("level=warning event=log_level now=error by=duty", log().c_str());
  tocsin({"log-level", endpoint("control"), "warning"});
  ends_with(0);
  CHECK_TEXT(log().find("level=error event=log_level") == std::string::npos, log().c_str());  // nothing is wrong
  tocsin({"log-level", endpoint("control"), "loud"});
  ends_with(2);
  STRCMP_CONTAINS("warning", done.err.c_str());
  stop();
  CHECK_TRUE(log().find("event=stop") == std::string::npos);  // of level info
}

TEST(Operator, stop_ends_the_daemon_as_a_signal_does) {
  start("clock = \"input\"");
  tocsin({"inject", endpoint("ingest"), kReports});
  ends_with(0);
  tocsin({"stop", endpoint("control")});
  ends_with(0);
  STRCMP_EQUAL("it stops: what it has taken is stored first\n", done.out.c_str());
  LONGS_EQUAL_TEXT(0, daemon->wait(10s), log().c_str());
  STRCMP_CONTAINS("event=shutdown by=duty", log().c_str());
  STRCMP_CONTAINS("event=stop exit=0", log().c_str());

  launch();
  tocsin({"stop", endpoint("control"), "--json"});
  ends_with(0);
  STRCMP_EQUAL("{\"stopping\":true,\"text\":\"it stops: what it has taken is stored first\"}\n", done.out.c_str());
  LONGS_EQUAL_TEXT(0, daemon->wait(10s), log().c_str());
}

TEST(Operator, log_level_and_stop_need_the_role_reload) {
  start();
  for (const auto& arguments : {std::vector<std::string>{"log-level", endpoint("guest"), "error"},
                                std::vector<std::string>{"stop", endpoint("guest")}}) {
    tocsin(arguments);
    ends_with(1);
    STRCMP_CONTAINS("\"guest\" may not ask for that: it needs the role \"reload\"", done.err.c_str());
  }
  STRCMP_CONTAINS("\"log_level\":\"info\"", status().c_str());
  tocsin({"stop", endpoint("nobody"), "--timeout", "0.2"});
  ends_with(3);
}

TEST(Operator, believe_says_when_no_daemon_is_there) {
  tocsin({"believe", endpoint("nobody"), "--timeout", "0.2"});
  ends_with(3);
  tocsin({"believe"});
  ends_with(2);
}
