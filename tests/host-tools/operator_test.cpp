// SPDX-License-Identifier: Apache-2.0
/// What: what an operator tells a running daemon is done, answered when it is durable, and kept in the journal with who
/// said it; who lacks the role is told which, and nothing is done.
/// How: the built programs, sockets in a temporary folder.
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kBook = TOCSIN_SOURCE_DIR "/tests/golden/surge-and-clear/book.watch";
}

TEST_GROUP(Operator) {
  TempFolder folder;
  std::unique_ptr<Child> daemon;
  Finished done;

  [[nodiscard]] std::string endpoint(const char* name) const { return "ipc://" + folder.path(name); }
  void tocsin(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TOCSIN_PROGRAM);
    done = run_program(arguments, {}, 60s);
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err + log()).c_str()); }
  [[nodiscard]] std::string log() const { return content_of(folder.path("daemon.log")); }

  /// @param top  lines of the config before its tables. A guest may read only; an operator may do everything.
  void start(const std::string& top = {}) {
    tocsin({"compile", kBook, "-o", folder.path("book.tcn"), "--target", "edge"});
    ends_with(0);
    (void)folder.file("tocsind.toml", "image = \"book.tcn\"\njournal = \"journal.db\"\n" + top +
                                          "\n[sockets]\ningest = [\"" + endpoint("ingest") + "\"]\nalerts = \"" +
                                          endpoint("alerts") + "\"\ncontrol = [\"" + endpoint("control") + "\", \"" +
                                          endpoint("guest") + "\"]\n[[principal]]\nname = \"duty\"\nendpoint = \"" +
                                          endpoint("control") + "\"\n[[principal]]\nname = \"guest\"\nendpoint = \"" +
                                          endpoint("guest") + "\"\nroles = [\"read\"]\n");
    daemon = std::make_unique<Child>(std::vector<std::string>{TOCSIND_PROGRAM, "--config", folder.path("tocsind.toml")},
                                     std::string{}, folder.path("daemon.log"));
    tocsin({"status", endpoint("control"), "--timeout", "10", "--json"});
    ends_with(0);
  }
  std::string acts_of_the_stopped() {
    daemon->signal(SIGTERM);
    LONGS_EQUAL_TEXT(0, daemon->wait(10s), log().c_str());
    tocsin({"log", "acts", folder.path("journal.db"), "--json"});
    ends_with(0);
    return done.out;
  }
};

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

TEST(Operator, believe_says_when_no_daemon_is_there) {
  tocsin({"believe", endpoint("nobody"), "--timeout", "0.2"});
  ends_with(3);
  tocsin({"believe"});
  ends_with(2);
}
