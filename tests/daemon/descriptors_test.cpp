// SPDX-License-Identifier: Apache-2.0
/// What: the daemon knows how many descriptors its peers can take, raises its limit as far as it may, and warns when
/// that is too low.
/// How: children of this process with limits of their own.
#include "descriptors.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;

TEST_GROUP(Descriptors) {
  Site site{"clock = \"input\""};

  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
  static rlim_t limit_of(const Tocsind& daemon) {
    rlimit now{};
    return ::prlimit(daemon.pid(), RLIMIT_NOFILE, nullptr, &now) == 0 ? now.rlim_cur : 0;
  }
  /// Starts a daemon under these limits, from a child of this process, since a lowered hard limit stays so.
  /// @returns its soft limit once it serves; 0: it did not come up.
  [[nodiscard]] rlim_t started_under(rlim_t soft, rlim_t hard) const {
    std::array<int, 2> pipe{};
    LONGS_EQUAL(0, ::pipe(pipe.data()));
    const auto child = ::fork();
    if (child == 0) {
      rlim_t reached = 0;
      const rlimit wanted{soft, hard};
      if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) {
        Tocsind daemon{{"--config", site.config_file()}, log()};
        if (daemon.wait_ready()) reached = limit_of(daemon);
      }
      (void)!::write(pipe[1], &reached, sizeof reached);
      ::_exit(0);
    }
    rlim_t reached = 0;
    LONGS_EQUAL(sizeof reached, ::read(pipe[0], &reached, sizeof reached));
    LONGS_EQUAL(child, ::waitpid(child, nullptr, 0));
    (void)::close(pipe[0]);
    (void)::close(pipe[1]);
    return reached;
  }
  [[nodiscard]] std::string text_of_log() const {
    std::ifstream file{log()};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  static std::size_t open_files(const Tocsind& daemon) {
    const std::filesystem::directory_iterator files{"/proc/" + std::to_string(daemon.pid()) + "/fd"};
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
};

TEST(Descriptors, are_counted_for_all_peers_and_for_twice_as_many_that_shake_hands) {
  const auto few = descriptors_needed(site.config());
  CHECK_TRUE(few <= 1024);  // the packaged unit, with `peers` as it is and three endpoints
  auto config = site.config();
  config.bounds.peers += 1;
  UNSIGNED_LONGLONGS_EQUAL(few + 9, descriptors_needed(config));
  config.bounds.peers = 1000;
  CHECK_TRUE(descriptors_needed(config) > 9000);
}

TEST(Descriptors, of_a_daemon_without_peers_are_fewer_than_were_counted_for_itself) {
  site.configure("clock = \"input\"", "[bounds]\npeers = 1\n");
  Tocsind daemon{{"--config", site.config_file()}, log()};
  CHECK_TRUE(daemon.wait_ready());
  const std::size_t peers = 9;
  CHECK_TRUE(open_files(daemon) + peers <= descriptors_needed(site.config()));
  CHECK_TRUE(open_files(daemon) < 64 + 4 * 3 + 3 * 2);  // without the burst
}

TEST(Descriptors, are_raised_to_what_the_system_allows_when_that_is_needed) {
  UNSIGNED_LONGLONGS_EQUAL(2048, started_under(256, 2048));
  CHECK_TRUE(text_of_log().find("event=descriptors") == std::string::npos);
}

TEST(Descriptors, are_left_alone_when_there_are_enough) { UNSIGNED_LONGLONGS_EQUAL(1024, started_under(1024, 2048)); }

TEST(Descriptors, that_may_not_be_enough_are_told_with_the_mend_and_it_serves) {
  UNSIGNED_LONGLONGS_EQUAL(256, started_under(200, 256));
  const auto needed = std::to_string(descriptors_needed(site.config()));
  const auto told = text_of_log();
  STRCMP_CONTAINS(("level=warning event=descriptors limit=256 needed=" + needed).c_str(), told.c_str());
  STRCMP_CONTAINS(("LimitNOFILE=" + needed).c_str(), told.c_str());
}

TEST(Descriptors, that_are_needed_are_told_by_check_config) {
  Tocsind daemon{{"--config", site.config_file(), "--check-config"}, log()};
  LONGS_EQUAL(0, daemon.wait());
  const auto needed = std::to_string(descriptors_needed(site.config()));
  STRCMP_CONTAINS(("up to " + needed + " file descriptors (LimitNOFILE in the unit)").c_str(), daemon.log().c_str());
}
