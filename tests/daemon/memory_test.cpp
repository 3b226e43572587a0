// SPDX-License-Identifier: Apache-2.0
/// What: the memory the daemon keeps with the shipped book, and how soon it serves again after a kill.
/// How: four peers and a subscriber, as many reports as ten minutes at 10 a second bring; flat out, or really in ten
/// minutes with TOCSIN_MEMORY_PACE_MS=100 in the environment. The numbers are the kernel's.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::wire::InputView;

namespace {
constexpr std::uint64_t kReports = 6000;
constexpr std::size_t kPeers = 4;
#ifdef NDEBUG
constexpr std::uint64_t kResidentKibMax = 10'000'000 / 1024;
constexpr std::uint64_t kAnonymousKibMax = 4'000'000 / 1024;
#else
constexpr std::uint64_t kResidentKibMax = 14 * 1024;
constexpr std::uint64_t kAnonymousKibMax = 6 * 1024;
#endif
constexpr double kStartMsMax = 200;

tocsin::engine::Instant wall_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

InputView report_number(std::uint64_t i) {
  const auto now = wall_now();
  switch (i % 4) {
    case 0:
      return report("mnd_daily", i + 1, "pla_aircraft", now, static_cast<double>(i % 70));
    case 1:
      return report("mnd_daily", i + 1, "plan_ships", now, static_cast<double>(i % 20));
    case 2:
      return report("launches", i + 1, "dprk_launch", now, 1, "jcs");
    default:
      return report("analyst", i + 1, "allied_exercise", now);
  }
}

/// The value of `ms=` in the log line of an event.
double milliseconds_of(const std::string& log, const std::string& event) {
  const auto line = log.find("event=" + event + " ");
  const auto at = line == std::string::npos ? line : log.find(" ms=", line);
  return at == std::string::npos ? 1e9 : std::strtod(log.c_str() + at + 4, nullptr);
}
}  // namespace

TEST_GROUP(Memory){};

TEST(Memory, stays_within_its_bounds_with_the_shipped_book_and_starts_again_quickly) {
  Site site;
  site.use_image(TOCSIN_EDGE_IMAGE);
  const char* pace = std::getenv("TOCSIN_MEMORY_PACE_MS");
  const std::chrono::milliseconds wait{pace == nullptr ? 0 : std::atoi(pace)};
  PeerContext context;
  {
    Tocsind daemon{{"--config", site.config_file()}, site.folder.file("log")};
    CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
    Peer watcher{context, PeerKind::subscriber, site.alerts()};
    std::vector<std::unique_ptr<Peer>> peers;
    for (std::size_t i = 0; i < kPeers; ++i) {
      peers.push_back(std::make_unique<Peer>(context, PeerKind::dealer, site.ingest()));
    }
    for (std::uint64_t i = 0; i < kReports; ++i) {
      auto& peer = *peers[i % kPeers];
      const auto view = report_number(i);
      CHECK_TRUE(peer.send_frame(i / kPeers + 1, std::span{&view, 1}));
      std::this_thread::sleep_for(wait);
      if (wait.count() > 0 || i % 16 == 15) {
        const auto ack = peer.receive_ack();
        CHECK_TRUE(ack && ack->refused.empty());
      }
      (void)watcher.receive(0);
    }
    const auto resident = daemon.memory_kib("VmRSS:");
    const auto anonymous = daemon.memory_kib("RssAnon:");
    std::printf("[VmRSS %llu KiB, RssAnon %llu KiB] ", static_cast<unsigned long long>(resident),
                static_cast<unsigned long long>(anonymous));
    CHECK_TRUE(resident > 0 && resident <= kResidentKibMax);
    CHECK_TRUE(anonymous > 0 && anonymous <= kAnonymousKibMax);
    daemon.kill();
  }
  Tocsind daemon{{"--config", site.config_file()}, site.folder.file("log")};
  CHECK_TRUE(daemon.wait_ready());
  const double started = milliseconds_of(daemon.log(), "start");
  std::printf("[start after kill -9: %.1f ms] ", started);
  CHECK_TRUE(daemon.log().find("differences=0") != std::string::npos);
#ifdef NDEBUG
  CHECK_TRUE(started < kStartMsMax);
#endif
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
}
