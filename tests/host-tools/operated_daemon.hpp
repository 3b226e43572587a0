// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file OperatedDaemon: what tests of the built programs share: `tocsin` run to its end, and a `tocsind` beside them
/// with its config, journal, log and sockets in a temporary folder. A base of test groups (TEST_GROUP_BASE).
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "process.hpp"

#include "CppUTest/TestHarness.h"

namespace tocsin::test_support {
class OperatedDaemon : public Utest {
 public:
  TempFolder folder;
  std::unique_ptr<Child> daemon;
  Finished done;  ///< the last tocsin()

  [[nodiscard]] std::string endpoint(const char* name) const { return "ipc://" + folder.path(name); }
  void tocsin(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TOCSIN_PROGRAM);
    done = run_program(arguments, {}, std::chrono::seconds{60});
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err + log()).c_str()); }
  [[nodiscard]] std::string log() const { return content_of(folder.path("daemon.log")); }
  /// Compiles a book to what `image = "book.tcn"` names.
  void compile(const std::string& book) {
    tocsin({"compile", book, "-o", folder.path("book.tcn"), "--target", "edge"});
    ends_with(0);
  }
  /// Starts the daemon with tocsind.toml, and waits until it answers on `control`.
  void launch() {
    daemon = std::make_unique<Child>(std::vector<std::string>{TOCSIND_PROGRAM, "--config", folder.path("tocsind.toml")},
                                     std::string{}, folder.path("daemon.log"));
    (void)status();
  }
  std::string status() {
    tocsin({"status", endpoint("control"), "--timeout", "10", "--json"});
    ends_with(0);
    return done.out;
  }
  void inject(const std::string& lines) {
    tocsin({"inject", endpoint("ingest"), folder.file("lines.jsonl", lines)});
    ends_with(0);
  }
  void stop() {
    daemon->signal(SIGTERM);
    LONGS_EQUAL_TEXT(0, daemon->wait(std::chrono::seconds{10}), log().c_str());
  }
  std::string acts_of_the_stopped() {
    stop();
    tocsin({"log", "acts", folder.path("journal.db"), "--json"});
    ends_with(0);
    return done.out;
  }
};
}  // namespace tocsin::test_support
