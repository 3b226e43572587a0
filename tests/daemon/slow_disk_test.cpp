// SPDX-License-Identifier: Apache-2.0
/// What: a disk that takes seconds, or fails, delays acknowledgements and confirmed alerts, and nothing else.
/// How: the real daemon with a library preloaded that delays or fails its syncs.
#include <chrono>
#include <cstdlib>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::wire::ControlKind;
using tocsin::wire::ControlRequest;
using tocsin::wire::InputView;
using Clock = std::chrono::steady_clock;

namespace {
std::vector<InputView> surge(std::uint64_t seq) {
  return {report("mnd_daily", seq, "pla_aircraft", kMay, 50), report("mnd_daily", seq + 1, "plan_ships", kMay, 12)};
}

long long ms_since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
}
}  // namespace

TEST_GROUP(SlowDisk) {
  Site site{"clock = \"input\""};
  PeerContext context;
  std::unique_ptr<Tocsind> daemon;
  std::unique_ptr<Peer> feed;

  void setup() override {
    (void)::setenv("TOCSIN_SYNC_DELAY_FILE", site.folder.file("delay").c_str(), 1);
    (void)::setenv("LD_PRELOAD", TOCSIN_SLOW_SYNC, 1);
  }
  void teardown() override {
    (void)::unsetenv("LD_PRELOAD");
    (void)::unsetenv("TOCSIN_SYNC_DELAY_FILE");
  }
  void start() {
    const std::vector<std::string> arguments{"--config", site.config_file()};
    daemon = std::make_unique<Tocsind>(arguments, site.folder.file("log"));
    CHECK_TRUE(daemon->wait_ready());
    feed = std::make_unique<Peer>(context, PeerKind::dealer, site.ingest());
  }
  /// And the first frame is stored.
  void begin() {
    start();
    CHECK_TRUE(feed->send_frame(1, surge(1)));
    CHECK_TRUE(feed->receive_ack().has_value());
  }
  void delay(const char* ms) const { (void)site.folder.write("delay", std::string_view{ms}); }
  tocsin::wire::StatusReport status() {
    Peer control{context, PeerKind::dealer, site.control()};
    ControlRequest request;
    request.kind = ControlKind::status;
    const auto reply = control.ask(request);
    CHECK_TRUE(reply && reply->status);
    return *reply->status;
  }
};

TEST(SlowDisk, delays_acknowledgements_and_not_the_engine_nor_control) {
  start();
  Peer watcher{context, PeerKind::subscriber, site.alerts()};
  CHECK_FALSE(watcher.receive(2000).empty());  // the head
  delay("1500");
  const auto begin = Clock::now();
  for (std::uint64_t frame = 1; frame <= 3; ++frame) {
    CHECK_TRUE(feed->send_frame(frame, surge(frame * 2 - 1)));
    const auto asked = Clock::now();
    while (status().taken < 2 * frame) CHECK_TRUE(ms_since(asked) < 1000);
    CHECK_TRUE(ms_since(asked) < 1000);
  }
  UNSIGNED_LONGLONGS_EQUAL(0, status().batches);  // three frames decided, and none of it stored
  CHECK_TRUE(ms_since(begin) < 1400);
  CHECK_TRUE(watcher.receive(50).empty());
  const auto first = feed->receive_ack();
  CHECK_TRUE(first.has_value());
  CHECK_TRUE(ms_since(begin) >= 1400);
  UNSIGNED_LONGLONGS_EQUAL(1, first->frame);
  CHECK_FALSE(watcher.receive(1000).empty());  // confirmed alerts come with it
  delay("0");
  const auto last = feed->receive_ack();  // those that came meanwhile share a commit
  CHECK_TRUE(last.has_value());
  UNSIGNED_LONGLONGS_EQUAL(3, last->frame);
  UNSIGNED_LONGLONGS_EQUAL(2, status().batches);
  daemon->signal(SIGTERM);
  LONGS_EQUAL(0, daemon->wait());
}

TEST(SlowDisk, that_fails_a_sync_ends_the_process_without_an_acknowledgement) {
  begin();
  delay("-1");
  CHECK_TRUE(feed->send_frame(2, surge(3)));
  LONGS_EQUAL(1, daemon->wait());
  CHECK_FALSE(feed->receive_ack(100).has_value());
  STRCMP_CONTAINS("event=journal fatal=true", daemon->log().c_str());
  delay("0");
  Tocsind again{{"--config", site.config_file()}, site.folder.file("log")};
  CHECK_TRUE(again.wait_ready());
  Peer fresh{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(fresh.send_frame(1, surge(3)));
  CHECK_TRUE(fresh.receive_ack().has_value());
  again.signal(SIGTERM);
  LONGS_EQUAL(0, again.wait());
  UNSIGNED_LONGS_EQUAL(4, read_stored(site.journal_file()).reports.size());
}

// The first sync of a reload is its image's, the next one that of the change.
TEST(SlowDisk, that_fails_a_reload_says_so_to_who_asked_and_in_the_log) {
  begin();
  delay("400");
  Peer control{context, PeerKind::dealer, site.control()};
  ControlRequest request;
  request.kind = ControlKind::reload;
  request.image = book_with(50, 1);
  CHECK_TRUE(control.send(tocsin::wire::encode_request(request)));
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  delay("-1");
  const auto answer = control.receive(5000);
  CHECK_FALSE(answer.empty());
  const auto reply = tocsin::wire::decode_reply(answer.back());
  CHECK_TRUE(reply && !reply->ok);
  STRCMP_CONTAINS("the daemon ends", reply->error.c_str());
  STRCMP_CONTAINS("did not confirm a write", reply->error.c_str());
  LONGS_EQUAL(1, daemon->wait());
  STRCMP_CONTAINS("event=journal fatal=true", daemon->log().c_str());
}

TEST(SlowDisk, that_fails_while_it_is_tried_again_ends_the_process_and_the_log_says_why) {
  begin();
  delay("-2");
  CHECK_TRUE(feed->send_frame(2, surge(3)));
  while (status().journal_ok) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  delay("-1");
  LONGS_EQUAL(1, daemon->wait());
  STRCMP_CONTAINS("event=journal fatal=true", daemon->log().c_str());
}

TEST(SlowDisk, is_waited_for_by_a_clean_stop) {
  begin();
  delay("400");
  for (std::uint64_t frame = 2; frame <= 5; ++frame) CHECK_TRUE(feed->send_frame(frame, surge(frame * 2)));
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  daemon->signal(SIGTERM);
  std::uint64_t acknowledged = 1;
  while (acknowledged < 5) {
    const auto ack = feed->receive_ack();
    CHECK_TRUE(ack.has_value());
    CHECK_TRUE(ack->refused.empty());
    acknowledged = ack->frame;
  }
  LONGS_EQUAL(0, daemon->wait());
  UNSIGNED_LONGS_EQUAL(10, read_stored(site.journal_file()).reports.size());
}

TEST(SlowDisk, that_is_full_silences_acknowledgements_and_not_the_bell) {
  start();
  Peer watcher{context, PeerKind::subscriber, site.alerts()};
  CHECK_FALSE(watcher.receive(2000).empty());
  CHECK_TRUE(feed->send_frame(1, {{report("analyst", 1, "exercise", kMay)}}));
  CHECK_TRUE(feed->receive_ack().has_value());
  delay("-2");
  CHECK_TRUE(feed->send_frame(2, surge(1)));
  unsigned rung = 0;
  for (auto message = watcher.receive(3000); message.size() == 2; message = watcher.receive(200)) {
    const auto record = tocsin::wire::decode_alert(message[1]);
    if (!record || record->number) continue;  // a head, or what the first report led to
    CHECK_TRUE(record->not_journaled);
    ++rung;
  }
  CHECK_TRUE(rung > 0);
  const auto sick = status();
  CHECK_FALSE(sick.journal_ok);
  STRCMP_EQUAL("journal", sick.alarms.at(0).name.c_str());
  CHECK_TRUE(sick.alarms.at(0).raised);
  CHECK_FALSE(feed->receive_ack(50).has_value());

  delay("0");
  const auto lost = feed->receive_ack();  // told to connect anew and to send again
  CHECK_TRUE(lost.has_value());
  UNSIGNED_LONGLONGS_EQUAL(1, lost->frame);
  UNSIGNED_LONGS_EQUAL(1, lost->refused.size());
  UNSIGNED_LONGLONGS_EQUAL(2, lost->refused[0].frame);
  CHECK_TRUE(lost->refused[0].code == tocsin::wire::Refusal::not_durable);
  CHECK_TRUE(lost->refused[0].retry);
  const auto healed = status();
  CHECK_TRUE(healed.journal_ok);
  UNSIGNED_LONGLONGS_EQUAL(1, healed.taken);
  Peer again{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(again.send_frame(1, surge(1)));
  const auto ack = again.receive_ack();
  CHECK_TRUE(ack && ack->refused.empty());
  daemon->kill();
  UNSIGNED_LONGS_EQUAL(3, read_stored(site.journal_file()).reports.size());
}
