// SPDX-License-Identifier: Apache-2.0
/// What: whichever allocation of the real daemon fails, once or for ever, it goes on serving, or dies and recovers;
/// nothing acknowledged is lost.
/// How: a library preloaded into tocsind fails the n-th allocation, counted from its start or from when it serves. One
/// sender tells one long story through all of it; one journal lives through all of it.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <signal.h>
#include <string>
#include <thread>

#include "tocsin/test_support/prng.hpp"

#include "fault_switch.hpp"
#include "fixture.hpp"
#include "oracle.hpp"
#include "peers.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::faults;
using namespace tocsin::daemon::test;
using tocsin::test_support::Prng;
using Clock = std::chrono::steady_clock;

namespace {
constexpr unsigned kRuns = TOCSIN_ALLOCATION_RUNS;
constexpr std::chrono::milliseconds kUnderFault{40};
constexpr std::chrono::seconds kPatience{8};
}  // namespace

TEST_GROUP(Allocation) {
  Site site{"clock = \"input\"\ncheckpoint_reports = 100"};
  FaultSwitch fault{site.folder};
  PeerContext context;
  Prng random{7};
  const std::vector<tocsin::wire::InputView> lines = story(5, kRuns * 12);
  Sender sender{lines, 2, 3};
  unsigned died = 0;
  unsigned lived = 0;

  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const {
    (void)std::filesystem::remove(site.folder.file("log"));
    return site.folder.file("log");
  }
  /// Talks until the daemon is gone or the time is. @returns whether the daemon is gone.
  bool talk(Tocsind & daemon, std::chrono::milliseconds span) {
    for (const auto end = Clock::now() + span; Clock::now() < end;) {
      CHECK_EQUAL(std::string{}, sender.turn(2));
      if (daemon.wait(0) != -1) return true;
    }
    return false;
  }
  /// A daemon that still runs after one failure must take what is sent, after a moment if it must.
  void demand_service(Tocsind & daemon) {
    const auto begin = sender.acknowledged();
    const auto end = Clock::now() + kPatience;
    sender.connect(context, site.ingest());
    while (sender.acknowledged() == begin && Clock::now() < end) {
      if (talk(daemon, std::chrono::milliseconds{20})) return;
    }
    CHECK_TRUE_TEXT(sender.acknowledged() > begin, daemon.log().c_str());
  }
  /// One life with the n-th allocation failing. @param serving  counted from when it serves, not from its start.
  void live(std::int64_t n, bool for_ever, bool serving) {
    fault.reset();
    if (!serving) fault.fail_allocation(n, for_ever);
    Tocsind daemon{arguments(), log()};
    const bool ready = daemon.wait_ready();
    CHECK_TRUE_TEXT(ready || daemon.pid() == -1, "it neither serves nor ends");
    CHECK_TRUE_TEXT(ready || fault->failed > 0, daemon.log().c_str());
    if (ready) {
      sender.connect(context, site.ingest());
      if (serving) fault.fail_allocation(n, for_ever);
      const bool gone = talk(daemon, kUnderFault);
      fault.fail_allocation(0, false);
      if (!gone) demand_service(daemon);
    }
    ++(daemon.pid() == -1 ? died : lived);
    daemon_gone(daemon);
  }
  void daemon_gone(Tocsind & daemon) {
    if (daemon.pid() != -1) daemon.kill();
    sender.disconnect();
    fault.reset();
    const auto stored = read_stored(site.journal_file());
    if (sender.acknowledged() == 0) return;  // there may be no journal yet
    STRCMP_EQUAL("", stored.error.c_str());
    STRCMP_EQUAL("", missing(sender.sure(), stored.reports).c_str());
  }
  void finish() {
    CHECK_FALSE_TEXT(sender.done(), "the story is too short");
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    sender.connect(context, site.ingest());
    for (const auto end = Clock::now() + kPatience; Clock::now() < end && !sender.done();) (void)talk(daemon, {});
    (void)talk(daemon, std::chrono::milliseconds{300});
    daemon.signal(SIGTERM);
    LONGS_EQUAL(0, daemon.wait());
    STRCMP_EQUAL("", examine(site.journal_file(), site.config(), sender.sure()).c_str());
    std::printf("[%u died and recovered, %u served on; %zu lines acknowledged] ", died, lived, sender.acknowledged());
    CHECK_TRUE(died > 0);
    CHECK_TRUE(sender.acknowledged() > kRuns);
  }
};

TEST(Allocation, that_fails_while_it_starts_loses_nothing) {
  fault.reset();
  {
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    daemon_gone(daemon);
  }
  std::uint64_t all = 0;
  {
    fault.reset();
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    all = fault->allocations;
    daemon_gone(daemon);
  }
  CHECK_TRUE(all > 100);
  for (unsigned run = 0; run < kRuns; ++run) {
    live(static_cast<std::int64_t>(1 + all * run / kRuns), run % 2 == 0, false);
  }
  finish();
}

TEST(Allocation, that_fails_while_it_serves_loses_nothing) {
  for (unsigned run = 0; run < kRuns; ++run)
    live(1 + static_cast<std::int64_t>(random.below(2 * run + 2)), run % 2 == 0, true);
  finish();
}
