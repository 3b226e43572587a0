// SPDX-License-Identifier: Apache-2.0
/// What: the daemon goes on whoever reads its log, and tells how many lines were lost. How: tocsind whose stderr is a
/// pipe or a terminal that nobody empties while it answers and acknowledges.
#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::wire::ControlKind;
using tocsin::wire::ControlRequest;

TEST_GROUP(LogReader) {
  Site site{"clock = \"input\""};
  PeerContext context;

  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  /// Runs a daemon whose log is read at its start and its end only. @param ends  the log's, to read and to write.
  void tell_nobody(std::array<int, 2> ends) {
    Tocsind daemon{arguments(), ends[1]};
    (void)::close(ends[1]);
    std::string told;
    const auto read_more = [&] {
      std::array<char, 4096> some{};
      const auto size = ::read(ends[0], some.data(), some.size());
      if (size > 0) told.append(some.data(), static_cast<std::size_t>(size));
      return size > 0;
    };
    while (told.find(" event=start ") == std::string::npos) CHECK_TRUE(read_more());

    Peer control{context, PeerKind::dealer, site.control()};
    ControlRequest louder;
    louder.kind = ControlKind::log_level;
    louder.text = "info";
    for (int i = 0; i < 300; ++i) {  // a line each, more than twice what there is room for
      const auto reply = control.ask(louder);
      CHECK_TRUE_TEXT(reply && reply->ok, "no answer");
    }
    Peer feed{context, PeerKind::dealer, site.ingest()};
    CHECK_TRUE(feed.send_frame(1, std::vector{report("mnd_daily", 1, "pla_aircraft", kMay, 50)}));
    CHECK_TRUE(feed.receive_ack().has_value());

    CHECK_TRUE(read_more());  // room for its last words
    daemon.signal(SIGTERM);
    while (read_more()) {
    }
    (void)::close(ends[0]);
    CHECK_EQUAL(0, daemon.wait());
    STRCMP_CONTAINS(" level=warning event=log_lost lines=", told.c_str());
    STRCMP_CONTAINS(" event=stop ", told.c_str());
  }
};

// Else one who stops a pager or a terminal stops the daemon.
TEST(LogReader, does_not_wait_for_whoever_reads_its_log) {
  std::array<int, 2> ends{};
  CHECK_EQUAL(0, ::pipe2(ends.data(), O_CLOEXEC));
  CHECK_TRUE(::fcntl(ends[1], F_SETPIPE_SZ, 8192) > 0);
  tell_nobody(ends);
}

TEST(LogReader, does_not_wait_for_a_terminal_that_nobody_reads) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK_TRUE(master >= 0 && ::grantpt(master) == 0 && ::unlockpt(master) == 0);
  tell_nobody({master, ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC)});
}
