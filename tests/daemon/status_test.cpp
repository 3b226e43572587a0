// SPDX-License-Identifier: Apache-2.0
/// What: what a live daemon says of itself is so: feeds, senders, engine, journal and peers.
/// How: tocsind in a folder of its own, made to see one of everything; each number is known from what was sent.
#include <chrono>
#include <functional>
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
using tocsin::wire::EndpointStatus;
using tocsin::wire::FeedStatus;
using tocsin::wire::InputView;
using tocsin::wire::Refusal;
using tocsin::wire::StatusReport;

namespace {
const std::string kReplay = "clock = \"input\"";
}

TEST_GROUP(Status) {
  Site site{kReplay};
  PeerContext context;

  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
  StatusReport status() {
    Peer control{context, PeerKind::dealer, site.control()};
    ControlRequest request;
    request.kind = ControlKind::status;
    const auto reply = control.ask(request);
    CHECK_TRUE(reply && reply->ok && reply->status);
    return *reply->status;
  }
  /// Asks until it is so, for five seconds. @returns the last answer.
  StatusReport status_once(const std::function<bool(const StatusReport&)>& so) {
    auto now = status();
    for (int i = 0; i < 250 && !so(now); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      now = status();
    }
    CHECK_TRUE(so(now));
    return now;
  }
  static FeedStatus feed_of(const StatusReport& status, const std::string& name) {
    for (const auto& feed : status.feeds) {
      if (feed.name == name) return feed;
    }
    return {};
  }
  static EndpointStatus endpoint_of(const StatusReport& status, const std::string& endpoint) {
    for (const auto& one : status.endpoints) {
      if (one.endpoint == endpoint) return one;
    }
    return {};
  }
  tocsin::wire::Ack tell(Peer & peer, std::uint64_t frame, const std::vector<InputView>& items) {
    CHECK_TRUE(peer.send_frame(frame, items));
    const auto ack = peer.receive_ack();
    CHECK_TRUE(ack.has_value());
    return *ack;
  }
};

TEST(Status, of_a_daemon_that_heard_nothing_yet_knows_its_journal) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  const auto now = status_once([](const StatusReport& one) { return one.journal.bytes > 0; });
  CHECK_TRUE(now.journal.disk_free_bytes > 0);
  UNSIGNED_LONGLONGS_EQUAL(0, now.journal.commits);
  UNSIGNED_LONGLONGS_EQUAL(0, now.batches);
  CHECK_TRUE(now.journal_ok && now.engine_bytes > 0 && now.resident_bytes > 1'000'000);
  UNSIGNED_LONGLONGS_EQUAL(static_cast<std::uint64_t>(daemon.pid()), now.pid);
  LONGLONGS_EQUAL(14 * kDay, now.horizon_ms);
  UNSIGNED_LONGS_EQUAL(4, now.feeds.size());
  for (const auto& feed : now.feeds) CHECK_TRUE(!feed.any && feed.last_contact == tocsin::engine::kNever);
}

TEST(Status, tells_how_long_the_reports_of_a_feed_are_under_way) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer sender{context, PeerKind::dealer, site.ingest()};
  const auto late = [](std::uint64_t seq, tocsin::engine::Instant time, tocsin::engine::Span lag) {
    auto item = report("analyst", seq, "exercise", time);
    item.received = time + lag;
    return item;
  };
  (void)tell(sender, 1, {late(1, kMay, 1600), heartbeat("launches", kMay + kMinute)});
  auto now = status();
  CHECK_TRUE(feed_of(now, "analyst").lag_ms == 1600 && feed_of(now, "analyst").mean_lag_ms == 1600);
  CHECK_FALSE(feed_of(now, "launches").lag_ms.has_value());
  (void)tell(sender, 2, {late(2, kMay + kHour, -1600), late(2, kMay + kHour, -1600)});  // once is enough
  now = status();
  CHECK_TRUE(feed_of(now, "analyst").lag_ms == -1600 && feed_of(now, "analyst").mean_lag_ms == 1400);
}

TEST(Status, tells_feeds_their_contact_rate_and_refusals) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer sender{context, PeerKind::dealer, site.ingest()};
  UNSIGNED_LONGS_EQUAL(0, tell(sender, 1, {report("analyst", 7, "exercise", kMay)}).refused.size());
  UNSIGNED_LONGS_EQUAL(0, tell(sender, 2, {heartbeat("launches", kMay + kMinute)}).refused.size());
  UNSIGNED_LONGS_EQUAL(2, tell(sender, 3,
                               {report("analyst", 8, "pla_aircraft", kMay + kHour, 1),  // not its indicator
                                report("nobody", 1, "exercise", kMay + kHour)})
                              .refused.size());
  UNSIGNED_LONGS_EQUAL(0, tell(sender, 4, {report("airspace", 1, "closure", kMay + 2 * kHour)}).refused.size());
  const auto now = status_once([](const StatusReport& one) { return feed_of(one, "analyst").rate > 0; });
  const auto analyst = feed_of(now, "analyst");
  UNSIGNED_LONGLONGS_EQUAL(7, analyst.mark);
  UNSIGNED_LONGLONGS_EQUAL(1, analyst.reports);
  UNSIGNED_LONGLONGS_EQUAL(1, analyst.rejected);
  UNSIGNED_LONGLONGS_EQUAL(1, analyst.rejected_by[static_cast<std::size_t>(Refusal::feed_not_allowed)]);
  LONGLONGS_EQUAL(kMay, analyst.last_contact);
  LONGLONGS_EQUAL(2 * kHour, now.clock - analyst.last_contact);  // its lag
  CHECK_TRUE(analyst.rate < 1);                                  // one report in some seconds, over a minute
  LONGLONGS_EQUAL(kMay + kMinute, feed_of(now, "launches").last_contact);
  CHECK_FALSE(feed_of(now, "launches").overdue);  // every hour, an hour's grace
  CHECK_FALSE(feed_of(now, "launches").any);
  UNSIGNED_LONGS_EQUAL(2, now.refusals.size());
  for (const auto& refusal : now.refusals) {
    STRCMP_EQUAL(site.ingest().c_str(), refusal.principal.c_str());
    UNSIGNED_LONGLONGS_EQUAL(1, refusal.count);
    CHECK_TRUE(refusal.reason == Refusal::feed_not_allowed || refusal.reason == Refusal::unknown_feed);
  }
  CHECK_TRUE(now.step_max_ns > 0 && now.step_p50_ns > 0 && now.step_p50_ns <= now.step_p99_ns);
  CHECK_TRUE(now.step_p99_ns <= now.step_max_ns && now.worst_step > 0);
  tell(sender, 5, {report("airspace", 2, "closure", kMay + 3 * kHour)});
  CHECK_TRUE(feed_of(status(), "launches").overdue);
}

TEST(Status, tells_the_journals_size_commits_and_checkpoint) {
  site.configure(kReplay + "\ncheckpoint_reports = 20");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer sender{context, PeerKind::dealer, site.ingest()};
  for (std::uint64_t frame = 1; frame <= 30; ++frame) {
    tell(sender, frame, {report("analyst", frame, "exercise", kMay)});
  }
  const auto now = status_once(
      [](const StatusReport& one) { return one.journal.checkpoint_batch > 0 && one.journal.first_batch == 1; });
  UNSIGNED_LONGLONGS_EQUAL(30, now.batches);
  UNSIGNED_LONGLONGS_EQUAL(30, now.journal.commits);
  CHECK_TRUE(now.journal.checkpoint_batch >= 20 && now.journal.checkpoint_batch <= 30);
  CHECK_TRUE(now.journal.checkpoint_ago_ms < 10'000);
  CHECK_TRUE(now.journal.commit_p50_us > 0 && now.journal.commit_p50_us <= now.journal.commit_p99_us);
  CHECK_TRUE(now.journal.commit_p99_us <= now.journal.commit_max_us);
  CHECK_TRUE(now.journal.wal_bytes > 0 && now.journal.bytes > 0);
  CHECK_FALSE(now.journal.in_flight);
}

TEST(Status, checkpoints_keep_apart_under_load) {
  constexpr std::uint64_t kFrames = 200;
  site.configure(kReplay + "\ncheckpoint_reports = 1");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer sender{context, PeerKind::dealer, site.ingest()};
  for (std::uint64_t frame = 1; frame <= kFrames; ++frame) {
    tell(sender, frame, {report("analyst", frame, "exercise", kMay)});
  }
  const auto checkpoints = times_in(daemon.log(), "event=checkpoint ");
  CHECK_TRUE_TEXT(checkpoints > 0 && checkpoints <= kFrames / 4, std::to_string(checkpoints).c_str());
}

TEST(Status, tells_an_indicator_of_which_more_counts_than_is_kept) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer sender{context, PeerKind::dealer, site.ingest()};
  std::vector<InputView> items;
  for (std::uint64_t seq = 1; seq <= 40; ++seq) {  // sum(plan_ships, 24h), of which the newest 32 are kept
    items.push_back(report("mnd_daily", seq, "plan_ships", kMay + static_cast<std::int64_t>(seq), 0));
  }
  UNSIGNED_LONGS_EQUAL(0, tell(sender, 1, items).refused.size());
  const auto now = status();
  UNSIGNED_LONGS_EQUAL(1, now.saturated_indicators.size());
  STRCMP_EQUAL("plan_ships", now.saturated_indicators[0].c_str());
}

TEST(Status, tells_credit_and_quota_of_senders) {
  site.configure(kReplay, "[[principal]]\nname = \"desk\"\nendpoint = \"" + site.ingest() +
                              "\"\nquota = { reports_per_second = 1, burst = 2, unacked = 5 }");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer sender{context, PeerKind::dealer, site.ingest()};
  tell(sender, 1, {report("analyst", 1, "exercise", kMay), report("analyst", 2, "exercise", kMay)});
  const auto ack = tell(sender, 2, {report("analyst", 3, "exercise", kMay), report("analyst", 4, "exercise", kMay)});
  UNSIGNED_LONGS_EQUAL(2, ack.refused.size());
  const auto now = status();
  UNSIGNED_LONGS_EQUAL(1, now.senders.size());
  STRCMP_EQUAL("desk", now.senders[0].name.c_str());
  UNSIGNED_LONGS_EQUAL(5, now.senders[0].credit);
  UNSIGNED_LONGS_EQUAL(0, now.senders[0].unacked);
  UNSIGNED_LONGLONGS_EQUAL(1, now.senders[0].over_quota);
}

// libzmq ends the connection of who sends too large a frame, and does not say why: it is one of those that ended.
TEST(Status, counts_who_is_thrown_out_for_too_large_a_frame_as_disconnected) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer good{context, PeerKind::dealer, site.ingest()};
  tell(good, 1, {report("analyst", 1, "exercise", kMay)});
  Peer bad{context, PeerKind::dealer, site.ingest()};
  tell(bad, 1, {report("analyst", 2, "exercise", kMay)});
  const auto before = endpoint_of(status(), site.ingest());
  UNSIGNED_LONGS_EQUAL(2, before.live);
  UNSIGNED_LONGLONGS_EQUAL(2, before.accepted);
  UNSIGNED_LONGLONGS_EQUAL(0, before.disconnected);
  CHECK_TRUE(bad.send(Bytes(64 * 1024 + 1)));
  const auto now =
      status_once([&](const StatusReport& one) { return endpoint_of(one, site.ingest()).disconnected == 1; });
  const auto after = endpoint_of(now, site.ingest());
  UNSIGNED_LONGS_EQUAL(1, after.live);
  UNSIGNED_LONGLONGS_EQUAL(0, after.handshakes_failed);
  UNSIGNED_LONGS_EQUAL(0, now.refusals.size());
  UNSIGNED_LONGS_EQUAL(0, tell(good, 2, {report("analyst", 3, "exercise", kMay)}).refused.size());
  // The largest that is taken is refused with a reason, and its connection stays.
  CHECK_TRUE(good.send(Bytes(64 * 1024)));
  CHECK_TRUE(good.receive_ack().has_value());
  UNSIGNED_LONGS_EQUAL(1, endpoint_of(status(), site.ingest()).live);
  UNSIGNED_LONGS_EQUAL(1, status().refusals.size());
}

TEST(Status, counts_subscriptions_while_they_last) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer stays{context, PeerKind::subscriber, site.alerts()};
  const auto asked = [&](std::uint32_t count) {
    return [count](const StatusReport& one) { return one.subscriptions == count; };
  };
  (void)status_once(asked(1));
  {
    Peer leaves{context, PeerKind::subscriber, site.alerts()};
    leaves.subscribe("public/~provisional/");
    leaves.subscribe("partners/");
    const auto now = status_once(asked(3));
    UNSIGNED_LONGS_EQUAL(2, endpoint_of(now, site.alerts()).live);
    UNSIGNED_LONGLONGS_EQUAL(
        1, status_once([](const StatusReport& one) { return one.subscriptions_refused == 1; }).subscriptions_refused);
  }
  const auto now = status_once(asked(1));
  UNSIGNED_LONGS_EQUAL(1, endpoint_of(now, site.alerts()).live);
}
