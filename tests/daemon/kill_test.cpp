// SPDX-License-Identifier: Apache-2.0
/// What: kill -9 in the middle of sending loses no acknowledged report and says no alert event twice.
/// How: a sender tells a long story, frame by frame; the daemon is killed at a random moment and started again, twenty
/// times; the sender connects anew and sends again what was not acknowledged. In the end the journal must hold every
/// report once, and the very alert events of an engine that nothing disturbed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <signal.h>
#include <string>
#include <vector>

#include "tocsin/test_support/prng.hpp"

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::test_support::Prng;
using tocsin::wire::InputView;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr unsigned kKills = 200;
#else
constexpr unsigned kKills = 20;
#endif
constexpr std::size_t kItemsPerFrame = 5;
constexpr std::uint64_t kFramesInFlight = 20;

/// What a well-behaved sender knows: how many lines are acknowledged; the rest is sent again on a new connection.
class Sender {
 public:
  explicit Sender(std::span<const InputView> lines) : lines_{lines} {}

  /// Sends and hears on one connection until `frames` more are acknowledged, with others then on their way.
  /// @returns false when something was refused or the daemon fell silent.
  bool talk(PeerContext& context, const std::string& endpoint, std::uint64_t frames) {
    Peer peer{context, PeerKind::dealer, endpoint};
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    const std::size_t first = acknowledged_;
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;
    while (acknowledged_ < lines_.size() && heard < frames) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::size_t at = first + sent * kItemsPerFrame;
      while (at < lines_.size() && sent - heard < kFramesInFlight) {
        if (!peer.send_frame(sent + 1, lines_.subspan(at, std::min(kItemsPerFrame, lines_.size() - at)))) break;
        at = first + ++sent * kItemsPerFrame;
      }
      const auto ack = peer.receive_ack(1);
      if (!ack) continue;
      if (!ack->refused.empty()) return false;
      heard = std::max(heard, ack->frame);
      acknowledged_ = std::min(first + heard * kItemsPerFrame, lines_.size());
    }
    return true;
  }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] bool done() const { return acknowledged_ == lines_.size(); }

 private:
  std::span<const InputView> lines_;
  std::size_t acknowledged_ = 0;
};
}  // namespace

TEST_GROUP(Kill){};

TEST(Kill, loses_no_acknowledged_report_and_says_nothing_twice) {
  Site site{"clock = \"input\"\ncheckpoint_reports = 300"};
  const auto lines = story(11, kKills * 16);
  PeerContext context;
  Prng random{2024};
  Sender sender{lines};
  unsigned kills = 0;
  for (; kills < kKills; ++kills) {
    Tocsind daemon{{"--config", site.config_file()}, site.folder.file("log")};
    CHECK_TRUE(daemon.wait_ready());
    CHECK_TRUE(daemon.log().find("event=self_check") == std::string::npos);
    CHECK_TRUE(sender.talk(context, site.ingest(), 1 + random.below(25)));
    CHECK_FALSE_TEXT(sender.done(), "the story is too short to be killed in its middle");
    daemon.kill();
    const auto stored = read_stored(site.journal_file());
    STRCMP_EQUAL("", stored.error.c_str());
    const auto sure = reports_of(std::span{lines}.first(sender.acknowledged()));
    CHECK_TRUE(std::all_of(sure.begin(), sure.end(), [&](const auto& one) { return stored.reports.count(one) == 1; }));
  }
  Tocsind daemon{{"--config", site.config_file()}, site.folder.file("log")};
  CHECK_TRUE(daemon.wait_ready());
  CHECK_TRUE(sender.talk(context, site.ingest(), UINT64_MAX));
  CHECK_TRUE(sender.done());
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
  const auto stored = read_stored(site.journal_file());
  STRCMP_EQUAL("", stored.error.c_str());
  CHECK_TRUE(stored.reports == reports_of(lines));
  STRCMP_EQUAL("", compare_alerts(stored, undisturbed_alerts(lines, site.config())).c_str());
  std::printf("[%u kills, %zu lines, %zu alert events] ", kills, lines.size(), stored.alerts.size());
}
