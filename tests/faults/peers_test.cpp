// SPDX-License-Identifier: Apache-2.0
/// What: peers that do not read, flood, come and go in storms, speak garbage or stop in the midst of a handshake cost
/// the others nothing but time; a second daemon is refused. How: the real daemon; one good sender and one good
/// subscriber beside the bad peers. In the end the journal must hold all that was acknowledged and be what an engine
/// from scratch makes of it.
#include "peers.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include "tocsin/test_support/prng.hpp"

#include "fixture.hpp"
#include "oracle.hpp"
#include "process.hpp"
#include "rig.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::faults;
using namespace tocsin::daemon::test;
using tocsin::test_support::Prng;
using tocsin::wire::Refusal;
using Clock = std::chrono::steady_clock;

namespace {
constexpr int kPatienceMs = 30'000;
constexpr std::size_t kEndless = 192 * 1024 * 1024;     ///< sent on one connection [bytes]; a fast peer gets far
constexpr std::uint64_t kUnitKib = 64 * 1024;           ///< MemoryMax of the packaged unit
constexpr std::uint64_t kRoomForKib = TOCSIN_ROOM_KIB;  ///< what bad peers may make it hold, at most

std::string noise(Prng& random, std::size_t most) {
  std::string bytes(1 + random.index(most), '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}
/// As far as a session's first frame. libzmq wants the greeting by itself.
void shake_hands(const RawPeer& peer, std::string_view type) {
  (void)peer.send(greeting());
  peer.hear(20);
  (void)peer.send(ready(type));
}
}  // namespace

TEST_GROUP(BadPeers) {
  Rig rig;
  Prng random{99};
  std::unique_ptr<Tocsind> daemon;
  const std::vector<tocsin::wire::InputView> lines = story(31, 200);
  Sender sender{lines, 1, 4};
  Subscriber subscriber;

  void start() {
    daemon = std::make_unique<Tocsind>(rig.arguments(), rig.log());
    CHECK_TRUE_TEXT(daemon->wait_ready(), daemon->log().c_str());
    sender.connect(rig.context, rig.site.ingest());
    subscriber.connect(rig.context, rig.site.alerts(), rig.site.control());
  }
  /// The good ones go on for a moment. Only a daemon that still runs can answer them.
  void talk(int wait_ms = 1) {
    STRCMP_EQUAL("", sender.turn(wait_ms).c_str());
    STRCMP_EQUAL("", subscriber.turn(0).c_str());
  }
  void finish(const ReportSet& others = {}) {
    STRCMP_EQUAL("", sender.finish(kPatienceMs).c_str());
    STRCMP_EQUAL("", subscriber.turn(50).c_str());
    STRCMP_EQUAL("", subscriber.catch_up().c_str());
    daemon->signal(SIGTERM);
    LONGS_EQUAL(0, daemon->wait());
    auto sure = reports_of(lines);
    sure.insert(others.begin(), others.end());
    STRCMP_EQUAL("", examine(rig.journal(), rig.site.config(), sure, Depth::model).c_str());
    CHECK_TRUE(read_stored(rig.journal()).alerts == subscriber.taken());
  }
};

TEST(BadPeers, that_are_second_daemons_are_refused) {
  start();
  talk(100);
  {
    Tocsind second{rig.arguments(), rig.site.folder.file("log2")};
    LONGS_EQUAL(1, second.wait());
    STRCMP_CONTAINS("held by another process", second.log().c_str());
  }
  rig.configure({"other.db", "", "", ""});  // a journal of its own, but the same sockets
  {
    Tocsind second{rig.arguments(), rig.site.folder.file("log3")};
    LONGS_EQUAL(1, second.wait());
    STRCMP_CONTAINS("event=start_failed", second.log().c_str());
    STRCMP_CONTAINS("another daemon has the endpoint", second.log().c_str());
  }
  rig.configure({});
  Sender late{{report("airspace", 900'000, "closure", kMay + kDay)}};
  late.connect(rig.context, rig.site.ingest());  // the sockets are still the first one's
  STRCMP_EQUAL("", late.finish(kPatienceMs).c_str());
  finish(late.sure());
}

TEST(BadPeers, that_do_not_read_their_alerts_lose_them_and_nobody_else_does) {
  rig.configure({"journal.db", "", "", "[bounds]\nsend_high_water = 4"});
  start();
  std::vector<RawPeer> stuck;
  for (int i = 0; i < 20; ++i) {
    shake_hands(stuck.emplace_back(rig.site.alerts().substr(std::strlen("ipc://"))), "SUB");
    CHECK_TRUE(stuck.back().send(std::string_view{"\0\x01\x01", 3}));  // all topics
  }
  talk(100);
  const auto before = daemon->memory_kib("VmRSS:");
  while (!sender.done()) talk();
  const auto after = daemon->memory_kib("VmRSS:");
  CHECK_TRUE_TEXT(after < before + kRoomForKib, ("it grew to KiB " + std::to_string(after)).c_str());
  finish();
  std::size_t told = 0;
  for (const auto& event : subscriber.taken()) told += event.size();
  for (const auto& peer : stuck) {
    const auto heard = peer.hear(0);  // what its socket took before it was full; the daemon has ended
    std::printf("[%zu of %zu] ", heard, told);
    CHECK_TRUE(heard > 0 && heard < told / 2);
  }
}

TEST(BadPeers, that_do_not_read_their_acknowledgements_hold_up_nobody) {
  start();
  Peer deaf{rig.context, PeerKind::dealer, rig.flood()};
  const auto before = daemon->memory_kib("VmRSS:");
  std::uint64_t seq = 1'000'000;
  for (std::uint64_t frame = 1; frame <= 3000; ++frame) {
    const auto view = report("airspace", ++seq, "no_such_indicator", kMay);
    (void)deaf.send_frame(frame, std::span{&view, 1});
    if (frame % 20 == 0) talk();
  }
  CHECK_TRUE(daemon->memory_kib("VmRSS:") < before + kRoomForKib);
  finish();
}

TEST(BadPeers, that_flood_are_held_to_their_quota_and_the_others_go_on) {
  rig.configure({"journal.db", "", "{ reports_per_second = 200, burst = 400 }", ""});
  start();
  Peer flood{rig.context, PeerKind::dealer, rig.flood()};
  std::uint64_t frame = 0;
  std::uint64_t seq = 1'000'000;
  double worst_ms = 0;
  while (!sender.done()) {
    for (int i = 0; i < 10; ++i) {
      std::vector<tocsin::wire::InputView> items;
      while (items.size() < 60) items.push_back(report("airspace", ++seq, "closure", kMay));
      if (!flood.send_frame(++frame, items)) break;
    }
    while (!flood.receive(0).empty()) {
    }
    const auto begin = Clock::now();
    talk(1000);
    worst_ms = std::max(worst_ms, std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  const auto status = rig.status();
  const auto over = std::find_if(status.refusals.begin(), status.refusals.end(), [](const auto& one) {
    return one.principal == "flood" && one.reason == Refusal::over_quota;
  });
  CHECK_TRUE(over != status.refusals.end());
  std::printf("[%llu frames over quota; the good sender waited %.0f ms at most] ",
              static_cast<unsigned long long>(over->count), worst_ms);
  CHECK_TRUE(worst_ms < 1000);
  finish();
}

TEST(BadPeers, that_come_and_go_in_a_storm_cost_nobody_a_report) {
  start();
  talk(100);
  const auto before = daemon->memory_kib("VmRSS:");
  ReportSet sure;
  std::uint64_t seq = 500'000;
  for (int round = 0; round < 40; ++round) {
    std::vector<std::unique_ptr<Peer>> crowd;
    for (int i = 0; i < 20; ++i) {
      const auto& endpoint = i % 2 == 0 ? rig.site.ingest() : rig.tcp();
      crowd.push_back(std::make_unique<Peer>(rig.context, PeerKind::dealer, endpoint));
      const auto view = report("airspace", ++seq, "closure", kMay);
      (void)crowd.back()->send_frame(1, std::span{&view, 1});
      if (i == 19) {
        talk();
        const auto ack = crowd.back()->receive_ack(200);
        if (ack && ack->frame == 1 && ack->refused.empty()) sure.emplace("airspace", seq);
      }
    }
  }
  CHECK_TRUE(daemon->memory_kib("VmRSS:") < before + kRoomForKib);
  CHECK_TRUE(sure.size() > 10);
  std::printf("[800 connections, the good sender was told %zu times to connect anew] ", sender.told_to_connect());
  finish(sure);
}

TEST(BadPeers, that_speak_garbage_or_stop_in_the_midst_of_a_handshake_are_dropped) {
  start();
  std::vector<RawPeer> half;
  const auto unix_path = rig.site.folder.file("ingest.sock");
  for (int i = 0; i < 400; ++i) {
    RawPeer peer = i % 3 == 0 ? RawPeer{unix_path} : RawPeer{rig.port};
    if (!peer.connected()) continue;
    const auto hello = greeting();
    switch (i % 8) {
      case 0:
        (void)peer.send(noise(random, 200));
        break;
      case 1:
        (void)peer.send(hello.substr(0, 1 + random.index(hello.size() - 1)));
        break;
      case 2:
        (void)peer.send(hello);
        break;
      case 3:
        (void)peer.send(hello + noise(random, 300));
        break;
      case 4:  // a frame of 2^63 bytes
        shake_hands(peer, "DEALER");
        (void)peer.send(std::string("\x02\x7f\xff\xff\xff\xff\xff\xff\xff", 9));
        break;
      case 5:  // a frame beyond what is taken, and then some
        shake_hands(peer, "DEALER");
        (void)peer.send(std::string("\x02\0\0\0\0\x10\0\0\0", 9) + noise(random, 4000));
        break;
      case 6:  // a socket type that may not speak to this one
        shake_hands(peer, "PUB");
        (void)peer.send(std::string("\0\x05hello", 7));
        break;
      default:  // noise, well framed: it reaches the daemon
        shake_hands(peer, "DEALER");
        (void)peer.send(std::string("\0\x10", 2) + noise(random, 1) + std::string(15, 'n'));
        break;
    }
    if (i % 2 == 0 || i % 8 == 7) half.push_back(std::move(peer));
    if (i % 10 == 0) talk();
  }
  CHECK_FALSE(half.empty());
  // Those who hold on to half a handshake do not keep others out.
  Sender late{{report("airspace", 900'000, "closure", kMay + kDay)}};
  late.connect(rig.context, rig.tcp());
  STRCMP_EQUAL("", late.finish(kPatienceMs).c_str());
  const auto status = rig.status();
  CHECK_TRUE(std::any_of(status.endpoints.begin(), status.endpoints.end(),
                         [](const auto& one) { return one.handshakes_failed > 0; }));
  const auto& refusals = status.refusals;
  CHECK_TRUE(std::any_of(refusals.begin(), refusals.end(),
                         [](const auto& one) { return one.reason == Refusal::malformed && one.count > 0; }));
  finish(late.sure());
}

TEST(BadPeers, that_send_a_message_without_end_are_cut_before_they_fill_the_memory) {
  if (!TOCSIN_HEAP_IS_TOLD) return;
  start();
  talk(100);
  const auto unix_path = rig.site.folder.file("ingest.sock");
  const std::string large = std::string("\x03\0\0\0\0\0\0\xc0\0", 9) + std::string(0xc000, 'x');  // and more to come
  std::string small;
  while (small.size() < large.size()) small += "\x01\x01x";  // each takes twenty times as much once it is there
  for (int i = 0; i < 8; ++i) {
    const auto& part = i < 6 ? large : small;
    RawPeer peer = i % 2 == 0 ? RawPeer{unix_path} : RawPeer{rig.port};
    CHECK_TRUE(peer.connected());
    shake_hands(peer, "DEALER");
    std::size_t sent = 0;
    for (const auto end = Clock::now() + std::chrono::seconds{30}; Clock::now() < end; sent += part.size()) {
      if (!peer.send_all(part, 1000)) break;  // over tcp one that is cut only finds that nothing is taken any more
      if (sent % (64 * part.size()) == 0) talk();
    }
    CHECK_TRUE_TEXT(sent < kEndless, "nobody cut it");
  }
  const auto most = daemon->memory_kib("VmHWM:");
  std::printf("[at most %llu KiB] ", static_cast<unsigned long long>(most));
  CHECK_TRUE_TEXT(most < kUnitKib, "the packaged unit would have ended it");
  STRCMP_CONTAINS("reason=endless_message", daemon->log().c_str());
  finish();
}
