// SPDX-License-Identifier: Apache-2.0
/// What: the program as its users meet it: acknowledgements, alerts, control, broadcast, signals, exit status, memory.
/// How: tocsind in a folder of its own, spoken to over ipc:// by plain ZeroMQ sockets.
#include "process.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::wire::ControlKind;
using tocsin::wire::ControlRequest;
using tocsin::wire::InputView;
using tocsin::wire::Refusal;

namespace {
const std::string kReplay = "clock = \"input\"";

std::vector<InputView> surge(std::uint64_t seq, tocsin::engine::Instant time) {
  return {report("mnd_daily", seq, "pla_aircraft", time, 50), report("mnd_daily", seq + 1, "plan_ships", time, 12)};
}

std::string text_of(const Bytes& bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

ControlRequest request(ControlKind kind) {
  ControlRequest one;
  one.kind = kind;
  one.id = 77;
  return one;
}
}  // namespace

TEST_GROUP(Tocsind) {
  Site site{kReplay};
  PeerContext context;

  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
  tocsin::wire::StatusReport status() {
    Peer control{context, PeerKind::dealer, site.control()};
    const auto reply = control.ask(request(ControlKind::status));
    CHECK_TRUE(reply && reply->ok && reply->status);
    UNSIGNED_LONGLONGS_EQUAL(77, reply->id);
    return *reply->status;
  }
};

TEST(Tocsind, acknowledges_when_it_is_durable_and_publishes_what_it_raises) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer watcher{context, PeerKind::subscriber, site.alerts()};
  const auto head = watcher.receive(2000);  // comes at once to a new subscriber
  UNSIGNED_LONGS_EQUAL(2, head.size());
  STRCMP_EQUAL("public/~head", text_of(head[0]).c_str());
  STRCMP_EQUAL("0", text_of(head[1]).c_str());

  Peer feed{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(feed.send_frame(1, surge(1, kMay)));
  const auto ack = feed.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGLONGS_EQUAL(1, ack->frame);
  UNSIGNED_LONGS_EQUAL(0, ack->refused.size());

  std::string topics;
  std::uint64_t number = 0;
  for (auto message = watcher.receive(2000); message.size() == 2; message = watcher.receive(2000)) {
    topics += text_of(message[0]) + " ";
    if (text_of(message[0]) == "public/~head") break;
    const auto record = tocsin::wire::decode_alert(message[1]);
    CHECK_TRUE(record.has_value());
    UNSIGNED_LONGLONGS_EQUAL(++number, record->number.value());
    CHECK_TRUE(record->status == tocsin::engine::Status::test);
  }
  STRCMP_CONTAINS("public/elevated/strait_activity ", topics.c_str());

  daemon.kill();  // no clean stop: what was acknowledged must be in the file as it is
  const auto stored = read_stored(site.journal_file());
  STRCMP_EQUAL("", stored.error.c_str());
  UNSIGNED_LONGS_EQUAL(2, stored.reports.size());
  UNSIGNED_LONGS_EQUAL(number, stored.alerts.size());
}

TEST(Tocsind, refuses_the_bad_and_takes_the_rest_of_a_frame) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  std::vector<InputView> items = surge(1, kMay);
  items.insert(items.begin() + 1, report("mnd_daily", 3, "plan_shipz", kMay));
  CHECK_TRUE(feed.send_frame(1, items));
  const auto ack = feed.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGS_EQUAL(1, ack->refused.size());
  UNSIGNED_LONGLONGS_EQUAL(1, ack->refused[0].frame);
  UNSIGNED_LONGS_EQUAL(1, ack->refused[0].index);
  CHECK_TRUE(ack->refused[0].code == Refusal::unknown_indicator);

  const Bytes garbage(64, std::byte{0x5A});
  CHECK_TRUE(feed.send(garbage));
  const auto refused = feed.receive_ack();
  CHECK_TRUE(refused.has_value());
  UNSIGNED_LONGLONGS_EQUAL(2, refused->frame);
  // All that a frame may hold: no sender may think that anything of it was taken.
  UNSIGNED_LONGS_EQUAL(tocsin::wire::kFrameItemsMax, refused->refused.size());
  CHECK_TRUE(refused->refused[0].code == Refusal::malformed);

  CHECK_TRUE(feed.send("two", garbage));  // one message is one frame
  CHECK_TRUE(feed.receive_ack().has_value());
  CHECK_TRUE(feed.send_frame(4, surge(11, kMay + kHour)));
  const auto last = feed.receive_ack();
  CHECK_TRUE(last.has_value());
  UNSIGNED_LONGLONGS_EQUAL(4, last->frame);

  const auto now = status();
  UNSIGNED_LONGLONGS_EQUAL(4, now.taken);
  UNSIGNED_LONGS_EQUAL(2, now.refusals.size());
  STRCMP_EQUAL(site.ingest().c_str(), now.refusals[0].principal.c_str());
  UNSIGNED_LONGLONGS_EQUAL(1, now.refusals[0].count);
  STRCMP_CONTAINS("indicator=plan_shipz", now.refusals[0].sample.c_str());
  UNSIGNED_LONGLONGS_EQUAL(2, now.refusals[1].count);
}

TEST(Tocsind, acknowledges_nothing_after_a_gap_in_frame_numbers) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  // As a sender that reconnected by itself would go on: frames 1 to 3 died with the old connection.
  CHECK_TRUE(feed.send_frame(4, surge(1, kMay)));
  const auto ack = feed.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGLONGS_EQUAL(0, ack->frame);
  UNSIGNED_LONGS_EQUAL(2, ack->refused.size());
  CHECK_TRUE(ack->refused[0].retry);
  STRCMP_CONTAINS("connect anew", ack->refused[0].text.c_str());
  UNSIGNED_LONGLONGS_EQUAL(0, status().taken);
  CHECK_TRUE(feed.send_frame(1, surge(1, kMay)));
  const auto first = feed.receive_ack();
  CHECK_TRUE(first.has_value());
  UNSIGNED_LONGLONGS_EQUAL(1, first->frame);
}

TEST(Tocsind, sees_a_gap_after_a_peer_began_anew) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  std::uint64_t seq = 1;
  // It counts 1 to 3, then from 1 again, and then one frame was lost.
  for (const std::uint64_t frame : {1U, 2U, 3U, 1U}) {
    CHECK_TRUE(feed.send_frame(frame, surge(seq, kMay)));
    seq += 2;
    const auto ack = feed.receive_ack();
    CHECK_TRUE(ack.has_value());
    UNSIGNED_LONGLONGS_EQUAL(frame, ack->frame);
  }
  CHECK_TRUE(feed.send_frame(3, surge(seq, kMay)));
  const auto ack = feed.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGLONGS_EQUAL(1, ack->frame);
  UNSIGNED_LONGS_EQUAL(2, ack->refused.size());
  CHECK_TRUE(ack->refused[0].retry);
}

// What was on its way to the connection before could reach this one: an acknowledgement of another frame 1.
TEST(Tocsind, refuses_a_peer_that_chose_its_routing_id) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  for (const std::string_view name : {std::string_view{"feed"}, std::string_view{"\0desk-1", 7}}) {
    Peer feed{context, PeerKind::dealer, site.ingest(), nullptr, name};
    CHECK_TRUE(feed.send_frame(1, surge(1, kMay)));
    const auto ack = feed.receive_ack();
    CHECK_TRUE(ack.has_value());
    UNSIGNED_LONGLONGS_EQUAL(0, ack->frame);
    UNSIGNED_LONGS_EQUAL(1, ack->refused.size());
    UNSIGNED_LONGLONGS_EQUAL(1, ack->refused[0].frame);
    CHECK_FALSE(ack->refused[0].retry);
    STRCMP_CONTAINS("leave the routing id (ZMQ_ROUTING_ID) unset", ack->refused[0].text.c_str());
  }
  Peer control{context, PeerKind::dealer, site.control(), nullptr, "desk"};
  const auto reply = control.ask(request(ControlKind::status));
  CHECK_TRUE(reply && !reply->ok && !reply->status);
  STRCMP_CONTAINS("leave the routing id (ZMQ_ROUTING_ID) unset", reply->error.c_str());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(feed.send_frame(1, surge(1, kMay)));
  CHECK_TRUE(feed.receive_ack().has_value());
  const auto now = status();
  UNSIGNED_LONGLONGS_EQUAL(2, now.taken);
  UNSIGNED_LONGS_EQUAL(2, now.refusals.size());
  UNSIGNED_LONGLONGS_EQUAL(3, now.refusals[0].count + now.refusals[1].count);
}

TEST(Tocsind, answers_control_requests_and_refuses_what_is_none) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(feed.send_frame(1, surge(41, kMay)));
  CHECK_TRUE(feed.receive_ack().has_value());

  Peer control{context, PeerKind::request, site.control()};  // a plain REQ socket is served too
  auto hello = request(ControlKind::hello);
  hello.feed = "mnd_daily";
  auto reply = control.ask(hello);
  CHECK_TRUE(reply && reply->ok && reply->has_mark);
  UNSIGNED_LONGLONGS_EQUAL(42, reply->mark);
  hello.feed = "mnd_dayly";
  reply = control.ask(hello);
  CHECK_TRUE(reply && !reply->ok);
  STRCMP_CONTAINS("did you mean \"mnd_daily\"", reply->error.c_str());

  auto since = request(ControlKind::alerts_since);
  since.limit = 1;
  reply = control.ask(since);
  CHECK_TRUE(reply && reply->ok && reply->more);
  UNSIGNED_LONGS_EQUAL(1, reply->alerts.size());

  const Bytes garbage(40, std::byte{1});
  CHECK_TRUE(control.send(garbage));
  const auto frames = control.receive(2000);
  UNSIGNED_LONGS_EQUAL(1, frames.size());
  reply = tocsin::wire::decode_reply(frames[0]);
  CHECK_TRUE(reply && !reply->ok);
  STRCMP_CONTAINS("no control request", reply->error.c_str());

  const auto now = status();
  STRCMP_EQUAL("test-site", now.site.c_str());
  UNSIGNED_LONGLONGS_EQUAL(static_cast<std::uint64_t>(daemon.pid()), now.pid);
  CHECK_TRUE(now.journal_ok);
  CHECK_TRUE(now.resident_bytes > 1'000'000);
  LONGLONGS_EQUAL(kMay, now.first_instant);
  UNSIGNED_LONGS_EQUAL(4, now.feeds.size());

  reply = control.ask(request(ControlKind::shutdown));
  CHECK_TRUE(reply && reply->ok);
  LONGS_EQUAL(0, daemon.wait());
}

TEST(Tocsind, stops_cleanly_on_sigterm_and_goes_on_from_its_checkpoint) {
  for (int start = 0; start < 3; ++start) {
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    const bool from_checkpoint = daemon.log().find(" event=recovered checkpoint=yes ") != std::string::npos;
    CHECK_EQUAL(start > 0, from_checkpoint);
    Peer feed{context, PeerKind::dealer, site.ingest()};
    CHECK_TRUE(feed.send_frame(1, surge(static_cast<std::uint64_t>(start) * 2 + 1, kMay + start * kDay)));
    CHECK_TRUE(feed.receive_ack().has_value());
    daemon.signal(start == 1 ? SIGINT : SIGTERM);
    LONGS_EQUAL(0, daemon.wait());
    STRCMP_CONTAINS(" event=stop exit=0 ", daemon.log().c_str());
  }
  UNSIGNED_LONGS_EQUAL(6, read_stored(site.journal_file()).reports.size());
}

TEST(Tocsind, reads_the_book_again_on_sighup_and_keeps_the_old_one_when_that_is_none) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  daemon.signal(SIGHUP);
  for (int i = 0; i < 100 && daemon.log().find("event=reload by=SIGHUP cleared=0") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  STRCMP_CONTAINS("event=reload by=SIGHUP cleared=0", daemon.log().c_str());
  (void)site.folder.write("book.tcn", std::string_view{"this is no rule image at all, though it is long enough"});
  daemon.signal(SIGHUP);
  for (int i = 0; i < 100 && status().alarms.empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto now = status();
  STRCMP_EQUAL("book", now.alarms.at(0).name.c_str());
  CHECK_TRUE(now.alarms.at(0).raised);
  Peer feed{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(feed.send_frame(1, surge(1, kMay)));
  CHECK_TRUE(feed.receive_ack().has_value());
}

TEST(Tocsind, starts_no_second_daemon_on_the_same_journal) {
  Tocsind first{arguments(), log()};
  CHECK_TRUE(first.wait_ready());
  Tocsind second{arguments(), site.folder.file("log2")};
  LONGS_EQUAL(1, second.wait());
  STRCMP_CONTAINS("held by another process", second.log().c_str());
  CHECK_TRUE(status().pid == static_cast<std::uint64_t>(first.pid()));  // the sockets are still the first one's
}

TEST(Tocsind, checks_a_config_without_starting) {
  {
    Tocsind daemon{{"--config", site.config_file(), "--check-config"}, log()};
    LONGS_EQUAL(0, daemon.wait());
  }
  (void)site.folder.write("bad.toml", std::string_view{"image = \"nothing.tcn\"\nsiet = 1\n"});
  Tocsind daemon{{"--config", site.folder.file("bad.toml"), "--check-config"}, site.folder.file("log2")};
  LONGS_EQUAL(2, daemon.wait());
  const auto told = daemon.log();
  STRCMP_CONTAINS("bad.toml:1:9: error: the rule image", told.c_str());
  STRCMP_CONTAINS("bad.toml:2:1: error: unknown key \"siet\"; did you mean \"site\"?", told.c_str());
  STRCMP_CONTAINS("error: no \"journal\"", told.c_str());
}

TEST(Tocsind, ends_with_2_when_it_is_used_wrongly) {
  Tocsind none{{}, log()};
  LONGS_EQUAL(2, none.wait());
  STRCMP_CONTAINS("no config given", none.log().c_str());
  Tocsind unknown{{"--verbose"}, site.folder.file("log2")};
  LONGS_EQUAL(2, unknown.wait());
  STRCMP_CONTAINS("unknown argument '--verbose'", unknown.log().c_str());
}

TEST(Tocsind, counts_what_a_broadcast_lost) {
  const auto endpoint = site.folder.endpoint("publisher.sock");
  Peer publisher{context, PeerKind::publisher, endpoint};
  Site listening{kReplay};
  const std::string text = "image = \"book.tcn\"\njournal = \"journal.db\"\n" + kReplay +
                           "\n[sockets]\nbroadcast = [{ endpoint = \"" + endpoint +
                           "\", principal = \"pub\" }]\nalerts = \"" + listening.alerts() + "\"\ncontrol = \"" +
                           listening.control() + "\"\n[principals.pub]\nfeeds = [\"analyst\"]\n";
  (void)listening.folder.write("tocsind.toml", text);
  Tocsind daemon{{"--config", listening.config_file()}, listening.folder.file("log")};
  CHECK_TRUE(daemon.wait_ready());
  Peer control{context, PeerKind::dealer, listening.control()};
  const auto ask_status = [&] {
    const auto reply = control.ask(request(ControlKind::status));
    CHECK_TRUE(reply && reply->status);
    return *reply->status;
  };
  // Until the subscription has reached us what we publish is lost to it, so publish until something came through.
  std::uint64_t frame = 0;
  while (ask_status().taken == 0 && frame < 500) {
    const std::vector<InputView> items{report("analyst", ++frame, "exercise", kMay)};
    CHECK_TRUE(publisher.send(tocsin::wire::encode_batch(frame, items)));
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  const auto before = ask_status();
  UNSIGNED_LONGLONGS_EQUAL(0, before.lost_broadcast);
  const std::vector<InputView> after_gap{report("analyst", frame + 10, "exercise", kMay),
                                         report("airspace", 1, "closure", kMay)};
  CHECK_TRUE(publisher.send("topic", tocsin::wire::encode_batch(frame + 4, after_gap)));
  tocsin::wire::StatusReport now;
  for (int i = 0; i < 200 && now.lost_broadcast == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    now = ask_status();
  }
  UNSIGNED_LONGLONGS_EQUAL(3, now.lost_broadcast);
  UNSIGNED_LONGLONGS_EQUAL(before.taken + 1, now.taken);
  UNSIGNED_LONGS_EQUAL(1, now.refusals.size());
  STRCMP_EQUAL("pub", now.refusals[0].principal.c_str());
  CHECK_TRUE(now.refusals[0].reason == Refusal::not_authorised);
  STRCMP_CONTAINS("event=broadcast_gap principal=pub lost=3", daemon.log().c_str());
}

TEST(Tocsind, shares_a_commit_when_told_to_linger) {
  site.configure(kReplay + "\nlinger_ms = 300");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  for (std::uint64_t frame = 1; frame <= 5; ++frame) {
    const auto view = report("analyst", frame, "exercise", kMay);
    CHECK_TRUE(feed.send_frame(frame, std::span{&view, 1}));
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  const auto ack = feed.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGLONGS_EQUAL(5, ack->frame);
  UNSIGNED_LONGLONGS_EQUAL(1, status().batches);
}

TEST(Tocsind, commits_heartbeats_with_the_next_report) {
  site.configure(kReplay + "\nheartbeat_linger_ms = 60000");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  auto view = report("analyst", 1, "exercise", kMay);
  CHECK_TRUE(feed.send_frame(1, std::span{&view, 1}));
  CHECK_TRUE(feed.receive_ack().has_value());
  Peer quiet{context, PeerKind::dealer, site.ingest()};
  for (std::uint64_t frame = 1; frame <= 3; ++frame) {
    const auto beat = heartbeat("analyst", kMay + static_cast<std::int64_t>(frame));
    CHECK_TRUE(quiet.send_frame(frame, std::span{&beat, 1}));
  }
  CHECK_FALSE(quiet.receive_ack(300).has_value());
  UNSIGNED_LONGLONGS_EQUAL(1, status().batches);
  view = report("analyst", 2, "exercise", kMay + 10);
  CHECK_TRUE(feed.send_frame(2, std::span{&view, 1}));
  CHECK_TRUE(feed.receive_ack().has_value());
  const auto ack = quiet.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGLONGS_EQUAL(3, ack->frame);
  UNSIGNED_LONGLONGS_EQUAL(2, status().batches);
}

TEST(Tocsind, commits_heartbeats_alone_when_no_report_comes) {
  site.configure(kReplay + "\nheartbeat_linger_ms = 200");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer quiet{context, PeerKind::dealer, site.ingest()};
  const auto beat = heartbeat("analyst", kMay);
  CHECK_TRUE(quiet.send_frame(1, std::span{&beat, 1}));
  CHECK_TRUE(quiet.receive_ack().has_value());
  UNSIGNED_LONGLONGS_EQUAL(1, status().batches);
}

TEST(Tocsind, forgets_the_oldest_peer_and_loses_nothing_of_it) {
  site.configure(kReplay, "[bounds]\npeers = 2");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer first{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(first.send_frame(1, surge(1, kMay)));
  CHECK_TRUE(first.receive_ack().has_value());
  for (std::uint64_t i = 1; i <= 2; ++i) {
    bool told = false;
    for (int attempt = 0; attempt < 50 && !told; ++attempt) {  // refused until it is known that the one before has left
      Peer other{context, PeerKind::dealer, site.ingest()};
      const auto view = report("analyst", i, "exercise", kMay);
      CHECK_TRUE(other.send_frame(1, std::span{&view, 1}));
      told = other.receive_ack(500).has_value();
    }
    CHECK_TRUE(told);
  }
  CHECK_TRUE(first.send_frame(2, surge(3, kMay)));
  const auto ack = first.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGLONGS_EQUAL(0, ack->frame);  // not known any more: told to connect anew
  CHECK_TRUE(!ack->refused.empty() && ack->refused[0].retry);
}

TEST(Tocsind, tells_the_service_manager_how_it_is) {
  const auto path = site.folder.file("notify");
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (void)path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  LONGS_EQUAL(0, ::bind(fd, generic, sizeof address));
  const timeval patience{5, 0};
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const auto heard = [fd] {
    std::array<char, 64> buffer{};
    const auto size = ::recv(fd, buffer.data(), buffer.size(), 0);
    return std::string(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  };
  (void)::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  (void)::setenv("WATCHDOG_USEC", "400000", 1);
  Tocsind daemon{arguments(), log()};
  (void)::unsetenv("NOTIFY_SOCKET");
  (void)::unsetenv("WATCHDOG_USEC");
  STRCMP_EQUAL("EXTEND_TIMEOUT_USEC=600000000\nWATCHDOG=1", heard().c_str());  // a start may take long
  STRCMP_EQUAL("READY=1", heard().c_str());
  STRCMP_EQUAL("WATCHDOG=1", heard().c_str());
  STRCMP_EQUAL("WATCHDOG=1", heard().c_str());
  daemon.signal(SIGTERM);
  std::string last = heard();
  while (last == "WATCHDOG=1") last = heard();
  STRCMP_EQUAL("STOPPING=1", last.c_str());
  LONGS_EQUAL(0, daemon.wait());
  (void)::close(fd);
}

TEST(Tocsind, uses_the_machines_clock_when_told_so) {
  site.configure("");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  const auto wall =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const auto now = status();
  CHECK_TRUE(now.clock > wall - 5000 && now.clock < wall + 5000);
  Peer feed{context, PeerKind::dealer, site.ingest()};
  const std::vector<InputView> items{report("analyst", 1, "exercise", now.clock),
                                     report("analyst", 2, "exercise", now.clock + kHour)};
  CHECK_TRUE(feed.send_frame(1, items));
  const auto ack = feed.receive_ack();
  CHECK_TRUE(ack.has_value());
  UNSIGNED_LONGS_EQUAL(1, ack->refused.size());
  CHECK_TRUE(ack->refused[0].code == Refusal::too_far_ahead && ack->refused[0].retry);
}
