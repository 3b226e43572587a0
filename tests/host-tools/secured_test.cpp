// SPDX-License-Identifier: Apache-2.0
/// What: the real daemon on tcp:// with keys: who is enrolled comes in and may do what the config says, nobody else
/// does, and a withdrawn key is cut at once, on a live connection too. The process has given up what it does not need.
/// How: the built programs; keys by `tocsin keys` in a temporary folder; a daemon with clock = "input" on the loopback.
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "tocsin/test_support/free_endpoint.hpp"

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kBook = TOCSIN_SOURCE_DIR "/tests/golden/surge-and-clear/book.watch";
const std::string kReports = TOCSIN_SOURCE_DIR "/tests/golden/surge-and-clear/reports.jsonl";

}  // namespace

TEST_GROUP(Secured) {
  TempFolder folder;
  std::unique_ptr<Child> daemon;
  Finished done;
  std::string ingest = free_tcp_endpoint();
  std::string control = free_tcp_endpoint();
  std::string alerts = free_tcp_endpoint();
  std::string local_control = "ipc://" + folder.path("control.sock");

  void run_tocsin(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TOCSIN_PROGRAM);
    done = run_program(arguments, {}, 60s);
  }
  void run_as(const std::string& name, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--key", folder.path(name + ".secret"), "--server-key", folder.path("k/server.pub")});
    run_tocsin(arguments);
  }
  void keys(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "keys");
    arguments.insert(arguments.end(), {"--folder", folder.path("k")});
    run_tocsin(arguments);
    ends_with(0);
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err + log()).c_str()); }
  void says(const std::string& text) { STRCMP_CONTAINS_TEXT(text.c_str(), done.err.c_str(), log().c_str()); }
  [[nodiscard]] std::string log() const { return content_of(folder.path("daemon.log")); }

  void setup() override {
    run_tocsin({"compile", kBook, "-o", folder.path("book.tcn"), "--target", "edge"});
    ends_with(0);
    keys({"init"});
    for (const char* const name : {"hub", "reader", "stranger"})
      keys({"add", name, "-o", folder.path(std::string(name) + ".secret")});
    std::filesystem::remove(folder.path("k/principals/stranger.pub"));
    (void)folder.file("tocsind.toml",
                      "image = \"book.tcn\"\njournal = \"journal.db\"\nclock = \"input\"\n[keys]\nfolder = \"k\"\n"
                      "[sockets]\ningest = [\"" +
                          ingest + "\"]\nalerts = \"" + alerts + "\"\ncontrol = [\"" + local_control + "\", \"" +
                          control +
                          "\"]\n[[principal]]\nname = \"hub\"\nfeeds = \"all\"\n"
                          "[[principal]]\nname = \"reader\"\nroles = [\"read\"]\n");
  }
  void start() {
    daemon = std::make_unique<Child>(std::vector<std::string>{TOCSIND_PROGRAM, "--config", folder.path("tocsind.toml")},
                                     std::string{}, folder.path("daemon.log"));
    run_tocsin({"status", local_control, "--timeout", "10", "--json"});
    ends_with(0);
  }
  /// Sends SIGHUP and waits until the log has told of it.
  void reload() {
    daemon->signal(SIGHUP);
    for (int i = 0; i < 500 && log().find("event=keys") == std::string::npos; ++i) std::this_thread::sleep_for(10ms);
    STRCMP_CONTAINS("event=keys", log().c_str());
  }
  void teardown() override {
    if (!daemon) return;
    daemon->signal(SIGTERM);
    LONGS_EQUAL_TEXT(0, daemon->wait(10s), log().c_str());
  }
};

TEST(Secured, an_enrolled_key_reports_and_one_with_the_role_reads) {
  start();
  run_as("hub", {"inject", ingest, kReports});
  ends_with(0);
  run_as("reader", {"status", control, "--json"});
  ends_with(0);
  STRCMP_CONTAINS("\"feeds\":", done.out.c_str());
}

TEST(Secured, one_with_the_role_watches_over_tcp_and_one_without_hears_nothing) {
  start();
  run_as("hub", {"inject", ingest, kReports});
  ends_with(0);
  run_as("reader", {"watch", alerts, "--control", control, "--since", "0", "--count", "1", "--json"});
  ends_with(0);
  STRCMP_CONTAINS("\"event\":\"raised\"", done.out.c_str());
  run_as("stranger", {"watch", alerts, "--count", "1", "--timeout", "3"});
  CHECK_TRUE(done.status != 0);
  STRCMP_EQUAL("", done.out.c_str());
}

TEST(Secured, one_who_may_not_read_is_told_why_nothing_comes) {
  start();
  const auto told = folder.path("watch.log");
  Child watch{{TOCSIN_PROGRAM, "watch", alerts, "--key", folder.path("hub.secret"), "--server-key",
               folder.path("k/server.pub")},
              std::string{},
              told};
  for (int i = 0; i < 3000 && content_of(told).empty(); ++i) std::this_thread::sleep_for(10ms);
  STRCMP_CONTAINS("has this key the role \"read\"?", content_of(told).c_str());
  watch.signal(SIGTERM);
  LONGS_EQUAL(0, watch.wait(10s));
}

// The reader was given a role and no feeds: it may report for none.
TEST(Secured, the_role_and_the_feeds_decide_what_a_key_may_do) {
  start();
  run_as("hub", {"status", control, "--timeout", "3"});
  ends_with(1);
  run_as("reader", {"inject", ingest, kReports, "--timeout", "5"});
  ends_with(1);
  says("not_authorised");
  run_tocsin({"status", local_control, "--json"});
  STRCMP_CONTAINS("\"reports\":0,", done.out.c_str());
}

TEST(Secured, a_stranger_is_told_who_refused_and_how_to_mend_it) {
  start();
  const auto begin = std::chrono::steady_clock::now();
  run_as("stranger", {"inject", ingest, kReports});
  ends_with(3);
  says("it does not know our key");
  run_as("stranger", {"status", control});
  ends_with(3);
  says("it does not know our key");
  run_tocsin({"inject", ingest, kReports});
  ends_with(3);
  says("give --key FILE.secret --server-key server.pub");
  CHECK_TRUE(std::chrono::steady_clock::now() - begin < 10s);
}

TEST(Secured, both_keys_are_good_while_they_are_changed_and_then_the_new_one) {
  start();
  keys({"rotate", "hub", "-o", folder.path("hub-2.secret")});
  const auto told = done.err;
  reload();
  run_as("hub", {"inject", ingest, kReports});
  ends_with(0);
  run_as("hub-2", {"inject", ingest, kReports});
  ends_with(0);
  const auto at = told.find("--fingerprint ");
  CHECK_TRUE(at != std::string::npos);
  const auto old = told.substr(at + 14, 8);
  const auto added = told.substr(told.find("hub has key ") + 12, 8);
  STRCMP_CONTAINS(("event=key_added principal=hub fingerprint=" + added + "\n").c_str(), log().c_str());
  keys({"revoke", "hub", "--fingerprint", old});
  daemon->signal(SIGHUP);
  for (int i = 0; i < 500 && log().find("withdrawn=1") == std::string::npos; ++i) std::this_thread::sleep_for(10ms);
  STRCMP_CONTAINS(("event=key_withdrawn principal=hub fingerprint=" + old + "\n").c_str(), log().c_str());
  run_as("hub", {"inject", ingest, kReports});
  ends_with(3);
  run_as("hub-2", {"inject", ingest, kReports});
  ends_with(0);
}

TEST(Secured, a_revoked_key_is_withdrawn_whatever_is_wrong_with_anothers_file) {
  start();
  const auto file = folder.path("k/principals/reader.pub");
  const auto good = content_of(file);
  (void)folder.file("k/principals/reader.pub", "garbage\n");
  keys({"revoke", "hub"});
  const auto hangs_up_until = [this](const char* told) {
    daemon->signal(SIGHUP);
    for (int i = 0; i < 500 && log().find(told) == std::string::npos; ++i) std::this_thread::sleep_for(10ms);
    STRCMP_CONTAINS(told, log().c_str());
  };
  hangs_up_until("withdrawn=1");
  run_as("hub", {"inject", ingest, kReports});
  ends_with(3);
  run_as("reader", {"status", control, "--json"});  // its old key holds
  ends_with(0);
  STRCMP_CONTAINS("\"keys\"", done.out.c_str());
  STRCMP_CONTAINS("reader.pub:1: this is no public key", done.out.c_str());
  (void)folder.file("k/principals/reader.pub", good);
  hangs_up_until("event=alarm_over name=keys");
}

TEST(Secured, a_withdrawn_key_is_cut_on_a_live_connection) {
  start();
  std::string lines;
  for (int i = 1; i <= 120; ++i) {
    const auto second = std::to_string(i % 60);
    const auto minute = std::to_string(i / 60);
    lines += R"({"feed":"mnd_daily","seq":)" + std::to_string(i) +
             R"(,"indicator":"pla_aircraft","time":"2024-01-01T00:)" + (minute.size() < 2 ? "0" : "") + minute + ":" +
             (second.size() < 2 ? "0" : "") + second + R"(Z","value":1})" + "\n";
  }
  const auto file = folder.file("slow.jsonl", lines);
  Child injector{{TOCSIN_PROGRAM, "inject", ingest, file, "--speed", "30", "--timeout", "5", "--key",
                  folder.path("hub.secret"), "--server-key", folder.path("k/server.pub")},
                 {},
                 folder.path("inject.log")};
  std::this_thread::sleep_for(1s);  // it sends thirty lines a second
  CHECK_TRUE(injector.running());
  keys({"revoke", "hub"});
  reload();
  LONGS_EQUAL(3, injector.wait(30s));
  STRCMP_CONTAINS("it does not know our key", content_of(folder.path("inject.log")).c_str());
  STRCMP_CONTAINS(" principal=hub reason=key_withdrawn\n", log().c_str());
}

TEST(Secured, does_not_start_with_a_secret_that_others_may_read) {
  std::filesystem::permissions(folder.path("k/server.secret"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  done = run_program({TOCSIND_PROGRAM, "--config", folder.path("tocsind.toml")}, {}, 20s);
  CHECK_TRUE(done.status != 0);
  says("chmod 0400");
}

TEST(Secured, the_process_has_given_up_what_it_does_not_need) {
  start();
  const auto status = content_of("/proc/" + std::to_string(daemon->pid()) + "/status");
  STRCMP_CONTAINS("NoNewPrivs:\t1", status.c_str());
  STRCMP_CONTAINS("Seccomp:\t2", status.c_str());
  const auto limits = content_of("/proc/" + std::to_string(daemon->pid()) + "/limits");
  const auto at = limits.find("Max core file size");
  CHECK_TRUE(at != std::string::npos);
  const auto line = limits.substr(at, limits.find('\n', at) - at);
  STRCMP_CONTAINS(" 0 ", line.c_str());
}
