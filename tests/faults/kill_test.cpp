// SPDX-License-Identifier: Apache-2.0
/// What: kill -9 at any moment loses no acknowledged report, and each alert event reaches a subscriber exactly once.
/// How: two senders tell the two halves of a long story, frame by frame, and a subscriber listens; the daemon is killed
/// at random moments, its start included, and started again. The senders connect anew and send again what was not
/// acknowledged; the subscriber asks for the numbers it lacks. After each kill the journal must hold all that was
/// acknowledged; in the end it must be what an engine from scratch and the model make of its inputs, and what the
/// subscriber took must be what is stored.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <signal.h>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tocsin/test_support/prng.hpp"

#include "fixture.hpp"
#include "oracle.hpp"
#include "peers.hpp"
#include "process.hpp"
#include "simulated_feed.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::faults;
using namespace tocsin::daemon::test;
using tocsin::test_support::Prng;
using Clock = std::chrono::steady_clock;

namespace {
constexpr unsigned kKills = TOCSIN_KILLS;
constexpr std::chrono::milliseconds kTalkMax{60};  ///< twice in a life
constexpr unsigned kExamineEvery = 10;
constexpr std::size_t kModelLinesMax = 30'000;  ///< the model looks at every line for every line
constexpr std::array<std::string_view, 2> kFirstFeeds{"mnd_daily", "airspace"};
constexpr std::array<std::string_view, 2> kSecondFeeds{"launches", "analyst"};
}  // namespace

TEST_GROUP(Kill) {
  Site site{"clock = \"input\"\ncheckpoint_reports = 200"};
  PeerContext context;
  Prng random{2024};
  const std::vector<tocsin::wire::InputView> lines = story(11, kKills * 14);
  std::array<Sender, 2> senders{Sender{lines_of(lines, kFirstFeeds), 2, 3},
                                Sender{lines_of(lines, kSecondFeeds), 2, 3}};
  Subscriber subscriber;
  Clock::time_point connected;
  bool deaf = false;  ///< the subscriber does not listen in this life

  void connect() {
    connected = Clock::now();
    for (auto& sender : senders) sender.connect(context, site.ingest());
    subscriber.connect(context, site.alerts(), site.control());
  }
  void disconnect() {
    for (auto& sender : senders) sender.disconnect();
    subscriber.disconnect();
  }
  /// Everybody talks for so long. @returns what went wrong, or empty.
  std::string talk(unsigned kill, std::chrono::milliseconds span) {
    for (const auto end = Clock::now() + span; Clock::now() < end;) {
      for (auto& sender : senders) {
        sender.allow(script(sender, kill));
        if (auto wrong = sender.turn(1); !wrong.empty()) return wrong;
      }
      if (deaf) continue;
      if (auto wrong = subscriber.turn(0); !wrong.empty()) return wrong;
    }
    return {};
  }
  /// Whatever the machine's speed, the story lasts until the last kill, and there is always something to send.
  std::size_t script(const Sender& sender, unsigned kill) const {
    const std::chrono::duration<double> since = Clock::now() - connected;
    const auto share = since / std::chrono::duration<double>{2 * kTalkMax};
    return static_cast<std::size_t>(static_cast<double>(sender.size()) * (kill - 1 + share) / kKills);
  }
  ReportSet sure() const {
    auto all = senders[0].sure();
    all.merge(senders[1].sure());
    return all;
  }
  /// What is wrong with the journal that a kill left; a look at all of it takes its time.
  std::string look(unsigned kill) {
    if (kill % kExamineEvery == 0) return examine(site.journal_file(), site.config(), sure());
    const auto stored = read_stored(site.journal_file());
    return stored.error.empty() ? missing(sure(), stored.reports) : stored.error;
  }
};

TEST(Kill, at_any_moment_loses_nothing_and_tells_everything_once) {
  unsigned early = 0;
  for (unsigned kill = 1; kill <= kKills; ++kill) {
    (void)std::filesystem::remove(site.folder.file("log"));
    Tocsind daemon{{"--config", site.config_file()}, site.folder.file("log")};
    if (kill > 1 && random.chance(15)) {  // while it starts
      std::this_thread::sleep_for(std::chrono::microseconds{random.below(40'000)});
      ++early;
    } else {
      CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
      CHECK_TRUE(daemon.log().find("event=self_check") == std::string::npos);
      connect();
      deaf = random.chance(20);
      STRCMP_EQUAL("", talk(kill, std::chrono::milliseconds{random.below(kTalkMax.count())}).c_str());
      if (!deaf && random.chance(50)) STRCMP_EQUAL("", subscriber.catch_up().c_str());
      STRCMP_EQUAL("", talk(kill, std::chrono::milliseconds{random.below(kTalkMax.count())}).c_str());
    }
    daemon.kill();
    disconnect();
    STRCMP_EQUAL("", look(kill).c_str());
  }
  const bool cut_short = senders[0].done() && senders[1].done();
  CHECK_FALSE_TEXT(cut_short, "the story is too short to be killed in its middle");

  Tocsind daemon{{"--config", site.config_file()}, site.folder.file("log")};
  CHECK_TRUE(daemon.wait_ready());
  connect();
  for (auto& sender : senders) {
    sender.allow(sender.size());
    STRCMP_EQUAL("", sender.finish(60'000).c_str());
  }
  STRCMP_EQUAL("", subscriber.turn(200).c_str());
  STRCMP_EQUAL("", subscriber.catch_up().c_str());
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
  const auto depth = lines.size() <= kModelLinesMax ? Depth::model : Depth::quick;
  STRCMP_EQUAL("", examine(site.journal_file(), site.config(), reports_of(lines), depth).c_str());
  const auto stored = read_stored(site.journal_file());
  UNSIGNED_LONGS_EQUAL(stored.alerts.size(), subscriber.taken().size());
  CHECK_TRUE(stored.alerts == subscriber.taken());
  CHECK_TRUE(subscriber.heard() > 0);
  CHECK_TRUE(subscriber.asked() > 0);
  std::printf("[%u kills, %u of them while starting; %zu lines, %zu alert events, %zu of them heard live] ", kKills,
              early, lines.size(), stored.alerts.size(), subscriber.heard());
}
