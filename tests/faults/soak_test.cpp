// SPDX-License-Identifier: Apache-2.0
/// What: however long peers come and go, speak garbage and read slowly, the daemon's heap stays what it was.
/// How: the real daemon with a library preloaded that counts every byte of the heap; a sender and a subscriber that
/// behave, and a crowd that does not. Once it has warmed up, and the crowd is gone, the live bytes are taken; at the
/// end they must be the same, but for 64 KiB.
#include <chrono>
#include <cstdio>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include "tocsin/test_support/prng.hpp"

#include "fault_switch.hpp"
#include "fixture.hpp"
#include "oracle.hpp"
#include "peers.hpp"
#include "process.hpp"
#include "rig.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::faults;
using namespace tocsin::daemon::test;
using tocsin::test_support::Prng;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
constexpr seconds kSoak{TOCSIN_SOAK_SECONDS};
constexpr seconds kWarmUp{TOCSIN_SOAK_SECONDS / 3};
constexpr std::int64_t kDriftMax = 64 * 1024;
constexpr milliseconds kTurn{3};
}  // namespace

TEST_GROUP(Soak) {
  Rig rig;
  FaultSwitch fault{rig.site.folder};
  Prng random{5};
  const std::vector<tocsin::wire::InputView> lines = story(51, TOCSIN_SOAK_SECONDS * 100);
  Sender sender{lines, 1, 4};
  Subscriber subscriber;
  std::uint64_t seq = 500'000;
  std::size_t crowd = 0;

  /// The good ones go on and nobody else is there: what a crowd left behind is gone by then.
  void calm_down() {
    for (const auto end = Clock::now() + milliseconds{600}; Clock::now() < end;) talk();
  }
  void talk() {
    STRCMP_EQUAL("", sender.turn(0).c_str());
    STRCMP_EQUAL("", subscriber.turn(0).c_str());
    std::this_thread::sleep_for(kTurn);
  }
  /// Some bad peers for a moment.
  void bother() {
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<RawPeer> raw;
    for (int i = 0; i < 4; ++i) {
      const auto view = report("airspace", ++seq, random.chance(50) ? "closure" : "nonsense", kMay);
      peers.push_back(std::make_unique<Peer>(rig.context, PeerKind::dealer, i % 2 == 0 ? rig.tcp() : rig.flood()));
      (void)peers.back()->send_frame(random.chance(80) ? 1 : 7, std::span{&view, 1});
      (void)peers.back()->send(Bytes(1 + random.index(3000), std::byte{0x33}));
      peers.push_back(std::make_unique<Peer>(rig.context, PeerKind::subscriber, rig.site.alerts()));  // never reads
      peers.push_back(std::make_unique<Peer>(rig.context, PeerKind::dealer, rig.site.control()));
      (void)peers.back()->send(Bytes(40, std::byte{1}));
      raw.emplace_back(rig.port);
      (void)raw.back().send(greeting().substr(0, 1 + random.index(63)));
    }
    crowd += peers.size() + raw.size();
    for (int i = 0; i < 8; ++i) talk();
  }
  void soak(seconds span) {
    for (const auto end = Clock::now() + span; Clock::now() < end;) bother();
    calm_down();
  }
};

TEST(Soak, leaves_the_heap_as_it_was) {
  fault.reset();
  Tocsind daemon{rig.arguments(), rig.log()};
  CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
  sender.connect(rig.context, rig.site.ingest());
  subscriber.connect(rig.context, rig.site.alerts(), rig.site.control());
  soak(kWarmUp);
  const std::int64_t live = fault->live_bytes;
  const std::int64_t blocks = fault->live_blocks;
  const auto resident = daemon.memory_kib("VmRSS:");
  const std::uint64_t allocations = fault->allocations;
  soak(kSoak - kWarmUp);
  const std::int64_t drift = fault->live_bytes - live;
  std::printf(
      "[%zu bad peers, %zu good reports; %lld bytes live, %+lld bytes and %+lld blocks after %llu allocations; "
      "VmRSS %llu KiB, then %llu] ",
      crowd, sender.acknowledged(), static_cast<long long>(live), static_cast<long long>(drift),
      static_cast<long long>(fault->live_blocks - blocks),
      static_cast<unsigned long long>(fault->allocations - allocations), static_cast<unsigned long long>(resident),
      static_cast<unsigned long long>(daemon.memory_kib("VmRSS:")));
  CHECK_TRUE(live > 0);
  CHECK_TRUE(drift < kDriftMax && drift > -kDriftMax);
  CHECK_FALSE_TEXT(sender.done(), "the story is too short");
  STRCMP_EQUAL("", subscriber.catch_up().c_str());
  sender.disconnect();
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
  STRCMP_EQUAL("", examine(rig.journal(), rig.site.config(), sender.sure()).c_str());
}
