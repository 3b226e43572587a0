// SPDX-License-Identifier: Apache-2.0
/// What: what a publisher sent and never came is journaled, in status, and told by the alert events whose rules use its
/// feeds while it lies within what they look back on: by no others, and not afterwards.
/// How: tocsind that listens to a publisher of the feed `launches` and takes the rest over its ingest socket. The
/// sample book's strait_activity rests on mnd_daily alone; distraction on launches as well, 4 days back and 14 of
/// lateness.
#include <chrono>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::journal::Gap;
using tocsin::journal::GapKind;
using tocsin::wire::AlertRecord;
using tocsin::wire::ControlKind;
using tocsin::wire::ControlRequest;
using tocsin::wire::InputView;
using tocsin::wire::StatusReport;

TEST_GROUP(Broadcast) {
  TempFolder publishers;
  std::string endpoint = publishers.endpoint("publisher.sock");
  Site site{"clock = \"input\""};
  PeerContext context;
  Peer publisher{context, PeerKind::publisher, endpoint};
  std::uint64_t frame = 0;  ///< the publisher's newest
  std::uint64_t seq = 0;

  void setup() override { write_config({}); }
  /// @param more  of the publisher's principal.
  void write_config(const std::string& more) {
    (void)site.folder.write("tocsind.toml",
                            "image = \"book.tcn\"\njournal = \"journal.db\"\nclock = \"input\"\n[sockets]\n"
                            "ingest = [\"" +
                                site.ingest() + "\"]\nbroadcast = [{ endpoint = \"" + endpoint +
                                "\", principal = \"pub\" }]\nalerts = \"" + site.alerts() + "\"\ncontrol = \"" +
                                site.control() + "\"\n[[principal]]\nname = \"pub\"\nfeeds = [\"launches\"]\n" + more);
  }
  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
  tocsin::wire::ControlReply ask(ControlKind kind) {
    Peer control{context, PeerKind::dealer, site.control()};
    ControlRequest request;
    request.kind = kind;
    const auto reply = control.ask(request);
    CHECK_TRUE(reply && reply->ok);
    return *reply;
  }
  StatusReport status() { return ask(ControlKind::status).status.value(); }
  /// Publishes until the daemon hears it: until then what is published is lost to it, which is no gap.
  void be_heard(tocsin::engine::Instant time) {
    const auto before = status().feeds[2].last_contact;  // launches
    STRCMP_EQUAL("launches", status().feeds[2].name.c_str());
    for (int i = 0; i < 250 && status().feeds[2].last_contact == before; ++i) {
      publish({heartbeat("launches", time)});
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    CHECK_TRUE(status().feeds[2].last_contact != before);
  }
  void publish(const std::vector<InputView>& items) {
    CHECK_TRUE(publisher.send(tocsin::wire::encode_batch(++frame, items)));
  }
  /// Publishes a launch that is known to have come.
  void launch(tocsin::engine::Instant time) {
    const auto before = status().taken;
    publish({report("launches", ++seq, "dprk_severe", time, 1, "jcs")});
    for (int i = 0; i < 250 && status().taken == before; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    CHECK_TRUE(status().taken > before);
  }
  /// Raises strait_activity, for a day.
  void surge(tocsin::engine::Instant time) {
    Peer feed{context, PeerKind::dealer, site.ingest()};
    const std::uint64_t first = seq + 1;
    seq += 2;
    const std::vector<InputView> items{report("mnd_daily", first, "pla_aircraft", time, 50),
                                       report("mnd_daily", first + 1, "plan_ships", time, 12)};
    CHECK_TRUE(feed.send_frame(1, items));
    const auto ack = feed.receive_ack();
    CHECK_TRUE(ack && ack->refused.empty());
  }
  std::vector<AlertRecord> events() {
    std::vector<AlertRecord> records;
    for (const auto& bytes : ask(ControlKind::alerts_since).alerts) {
      records.push_back(tocsin::wire::decode_alert(bytes).value());
    }
    return records;
  }
  /// The feeds that the newest `raised` event of an alert says were lost, or what is wrong.
  std::string lost_of(const std::string& alert, tocsin::engine::Instant since) {
    std::string lost = "it was not raised";
    for (const auto& one : events()) {
      if (one.name != alert || one.kind != tocsin::engine::EventKind::raised || one.at < since) continue;
      lost.clear();
      for (const auto& feed : one.lost_feeds) lost += feed + " ";
    }
    return lost;
  }
};

TEST(Broadcast, a_publisher_that_is_cut_off_for_too_large_a_message_comes_back_and_the_gap_shows) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  be_heard(kMay);
  ++frame;  // this one is too large: the daemon's libzmq ends the connection, and connects anew
  CHECK_TRUE(publisher.send(Bytes(64 * 1024 + 1)));
  for (int i = 0; i < 250 && status().endpoints.back().disconnected == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  UNSIGNED_LONGLONGS_EQUAL(1, status().endpoints.back().disconnected);
  be_heard(kMay + kHour);
  const auto now = status();
  CHECK_TRUE(now.lost_broadcast >= 1);
  CHECK_TRUE(now.endpoints.back().live == 1 && now.endpoints.back().accepted == 2);
}

TEST(Broadcast, what_it_said_while_nobody_listened_is_a_gap_after_the_restart) {
  auto daemon = std::make_unique<Tocsind>(arguments(), log());
  CHECK_TRUE(daemon->wait_ready());
  be_heard(kMay);
  for (int hours = 1; hours <= 4; hours += 2) {
    launch(kMay + hours * kHour);
    const auto heard = frame;
    if (hours == 1) {
      daemon->kill();
    } else {
      daemon->signal(SIGTERM);
      LONGS_EQUAL(0, daemon->wait());
    }
    for (int i = 0; i < 5; ++i) publish({heartbeat("launches", kMay + hours * kHour)});
    daemon = std::make_unique<Tocsind>(arguments(), log());
    CHECK_TRUE(daemon->wait_ready());
    UNSIGNED_LONGLONGS_EQUAL(0, status().lost_broadcast);
    be_heard(kMay + (hours + 1) * kHour);
    const auto lost = status().lost_broadcast;
    CHECK_TRUE(lost >= 5 && lost < frame - heard);
  }
}

TEST(Broadcast, what_came_while_the_journal_was_in_trouble_is_a_gap_once_it_is_well) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  be_heard(kMay);
  launch(kMay + kHour);
  const auto stored = frame;
  const rlimit nothing{4096, RLIM_INFINITY};
  LONGS_EQUAL(0, ::prlimit(daemon.pid(), RLIMIT_FSIZE, &nothing, nullptr));
  for (int i = 0; i < 3; ++i) launch(kMay + (2 + i) * kHour);
  for (int i = 0; i < 250 && status().journal_ok; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  CHECK_FALSE(status().journal_ok);
  launch(kMay + 5 * kHour);
  UNSIGNED_LONGLONGS_EQUAL(0, status().lost_broadcast);
  frame += 2;  // never come: counted once, now
  launch(kMay + 5 * kHour + 1);
  UNSIGNED_LONGLONGS_EQUAL(2, status().lost_broadcast);
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  LONGS_EQUAL(0, ::prlimit(daemon.pid(), RLIMIT_FSIZE, &all, nullptr));
  for (int i = 0; i < 250 && !status().journal_ok; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto now = status();
  CHECK_TRUE(now.journal_ok);
  UNSIGNED_LONGLONGS_EQUAL(frame - stored, now.lost_broadcast);
  UNSIGNED_LONGLONGS_EQUAL(frame - stored, now.gaps.at(0).lost);
  for (const auto& feed : now.feeds)
    UNSIGNED_LONGLONGS_EQUAL((feed.name == "launches" ? frame - stored : 0U), feed.lost);
  launch(kMay + 6 * kHour);  // and nothing more
  UNSIGNED_LONGLONGS_EQUAL(now.lost_broadcast, status().lost_broadcast);
  daemon.kill();

  tocsin::journal::JournalError error;
  tocsin::journal::OpenOptions options;
  options.read_only = true;
  const auto journal = tocsin::journal::Journal::open(site.journal_file(), options, error);
  CHECK_TRUE_TEXT(journal != nullptr, error.text.c_str());
  std::vector<Gap> gaps;
  const auto outcome = journal->read_gaps([&](const Gap& gap) {
    gaps.push_back(gap);
    return true;
  });
  CHECK_FALSE(outcome.has_value());
  UNSIGNED_LONGS_EQUAL(1, gaps.size());
  UNSIGNED_LONGLONGS_EQUAL(stored + 1, gaps[0].first);
  UNSIGNED_LONGLONGS_EQUAL(frame - 1, gaps[0].last);
}

TEST(Broadcast, a_quota_holds_for_a_publisher_and_what_is_above_it_is_a_gap) {
  write_config("quota = { reports_per_second = 0.001, burst = 100 }\n");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  be_heard(kMay);
  const auto before = status();
  constexpr unsigned kMany = 200;
  for (unsigned i = 0; i < kMany; ++i) {
    publish({report("launches", ++seq, "dprk_severe", kMay + kHour, 1, "jcs")});
    std::this_thread::sleep_for(std::chrono::milliseconds{1});  // a publisher keeps so many only
  }
  auto after = status();
  for (int i = 0; i < 250 && after.taken - before.taken + after.lost_broadcast < kMany; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    after = status();
  }
  CHECK_TRUE(after.lost_broadcast >= kMany / 2 && after.lost_broadcast < kMany);
  UNSIGNED_LONGLONGS_EQUAL(kMany, after.taken - before.taken + after.lost_broadcast);
  STRCMP_CONTAINS("reason=over_quota", daemon.log().c_str());
}

TEST(Broadcast, a_gap_is_journaled_in_status_and_in_the_alerts_it_can_matter_to) {
  auto daemon = std::make_unique<Tocsind>(arguments(), log());
  CHECK_TRUE(daemon->wait_ready());
  be_heard(kMay);
  surge(kMay + kHour);
  launch(kMay + 2 * kHour);
  STRCMP_EQUAL("", lost_of("strait_activity", kMay).c_str());
  STRCMP_EQUAL("", lost_of("distraction", kMay).c_str());

  // Three messages never come. The gap is found with the next one.
  const auto first_lost = frame + 1;
  frame += 3;
  const auto found_at = kMay + 5 * kDay;
  publish({heartbeat("launches", found_at)});
  for (int i = 0; i < 250 && status().lost_broadcast == 0; ++i) {  // what comes on another socket may be faster
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  surge(found_at + kHour);
  launch(found_at + 2 * kHour);
  STRCMP_EQUAL("", lost_of("strait_activity", found_at).c_str());  // rests on another feed
  STRCMP_EQUAL("launches ", lost_of("distraction", found_at).c_str());
  const auto now = status();
  UNSIGNED_LONGLONGS_EQUAL(3, now.lost_broadcast);
  UNSIGNED_LONGS_EQUAL(1, now.gaps.size());
  STRCMP_EQUAL("pub", now.gaps[0].publisher.c_str());
  const auto& connection = now.endpoints.back();  // to the publisher
  STRCMP_EQUAL(endpoint.c_str(), connection.endpoint.c_str());
  CHECK_TRUE(connection.live == 1 && connection.accepted == 1 && connection.disconnected == 0);
  UNSIGNED_LONGLONGS_EQUAL(3, now.gaps[0].lost);
  CHECK_TRUE(now.gaps[0].last_at > kMay && now.gaps[0].last_at <= found_at);
  for (const auto& feed : now.feeds) UNSIGNED_LONGLONGS_EQUAL((feed.name == "launches" ? 3U : 0U), feed.lost);

  // A daemon that was killed knows it from its journal.
  daemon->kill();
  daemon = std::make_unique<Tocsind>(arguments(), log());
  CHECK_TRUE(daemon->wait_ready());
  const auto later = found_at + 12 * kDay;  // 18 days are what distraction looks back on
  be_heard(later);
  surge(later + kHour);
  launch(later + 2 * kHour);
  STRCMP_EQUAL("launches ", lost_of("distraction", later).c_str());
  STRCMP_EQUAL("", lost_of("strait_activity", later).c_str());

  const auto afterwards = found_at + 24 * kDay;
  publish({heartbeat("launches", afterwards)});
  surge(afterwards + kHour);
  launch(afterwards + 2 * kHour);
  STRCMP_EQUAL("", lost_of("distraction", afterwards).c_str());

  daemon->signal(SIGTERM);
  LONGS_EQUAL(0, daemon->wait());
  tocsin::journal::JournalError error;
  tocsin::journal::OpenOptions options;
  options.read_only = true;
  const auto journal = tocsin::journal::Journal::open(site.journal_file(), options, error);
  CHECK_TRUE_TEXT(journal != nullptr, error.text.c_str());
  std::size_t gaps = 0;
  const auto outcome = journal->read_gaps([&](const Gap& gap) {
    ++gaps;
    CHECK_TRUE(gap.kind == GapKind::broadcast && gap.source == "pub");
    UNSIGNED_LONGLONGS_EQUAL(first_lost, gap.first);
    UNSIGNED_LONGLONGS_EQUAL(first_lost + 2, gap.last);
    return true;
  });
  CHECK_FALSE(outcome.has_value());
  UNSIGNED_LONGS_EQUAL(1, gaps);
}
