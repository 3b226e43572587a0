// SPDX-License-Identifier: Apache-2.0
/// What: who may ask and see what; what is told before it is durable; cursors, backups, and a second daemon.
/// How: tocsind in a folder of its own, spoken to over ipc:// by plain ZeroMQ sockets.
#include <chrono>
#include <filesystem>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::wire::AlertRecord;
using tocsin::wire::ControlKind;
using tocsin::wire::ControlRequest;
using tocsin::wire::InputView;
using tocsin::wire::Refusal;

namespace {
const std::string kReplay = "clock = \"input\"";

std::vector<InputView> surge(std::uint64_t seq, tocsin::engine::Instant time) {
  return {report("mnd_daily", seq, "pla_aircraft", time, 50), report("mnd_daily", seq + 1, "plan_ships", time, 12)};
}

std::uint64_t counted(const tocsin::wire::StatusReport& status, const std::string& who, tocsin::wire::Refusal reason) {
  std::uint64_t sum = 0;
  for (const auto& one : status.refusals) sum += one.principal == who && one.reason == reason ? one.count : 0;
  return sum;
}

std::string text_of(const Bytes& bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}
}  // namespace

TEST_GROUP(Service) {
  Site site{kReplay};
  PeerContext context;

  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
  tocsin::wire::ControlReply ask(ControlKind kind, const std::string& text = {}, std::uint64_t number = 0,
                                 const std::string& consumer = {}) {
    Peer control{context, PeerKind::dealer, site.control()};
    ControlRequest request;
    request.kind = kind;
    request.text = text;
    request.number = number;
    request.consumer = consumer;
    const auto reply = control.ask(request);
    CHECK_TRUE(reply.has_value());
    return *reply;
  }
  static tocsin::wire::ControlReply ask_for_backup(Peer & control, const std::string& path) {
    ControlRequest request;
    request.kind = ControlKind::backup;
    request.text = path;
    const auto reply = control.ask(request);
    CHECK_TRUE(reply.has_value());
    return *reply;
  }
  /// Asks on one connection until it is done or failed.
  static tocsin::wire::ControlReply back_up(Peer & control, const std::string& path) {
    auto reply = ask_for_backup(control, path);
    for (int i = 0; i < 1000 && reply.ok && !reply.done; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
      reply = ask_for_backup(control, path);
    }
    return reply;
  }
  /// Has one begun by a connection that then breaks, and waits for its end.
  void leave_backup(const Tocsind& daemon, const std::string& path, const std::string& end) {
    {
      Peer gone{context, PeerKind::dealer, site.control()};
      STRCMP_EQUAL("begun", ask_for_backup(gone, path).text.c_str());
    }
    const auto line = "event=backup path=" + path + " state=" + end;
    for (int i = 0; i < 1000 && times_in(daemon.log(), line) == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    UNSIGNED_LONGS_EQUAL_TEXT(1, times_in(daemon.log(), line), daemon.log().c_str());
  }
  /// Raises strait_activity, and with the launch distraction, which is marked amber.
  void tell_story() {
    Peer feed{context, PeerKind::dealer, site.ingest()};
    CHECK_TRUE(feed.send_frame(1, surge(1, kMay)));
    CHECK_TRUE(feed.receive_ack().has_value());
    const std::vector<InputView> launches{report("launches", 1, "dprk_severe", kMay + kHour, 1, "jcs"),
                                          report("launches", 2, "dprk_severe", kMay + kHour, 1, "mod")};
    CHECK_TRUE(feed.send_frame(2, launches));
    CHECK_TRUE(feed.receive_ack().has_value());
  }
};

TEST(Service, tells_an_alert_before_it_is_durable_to_who_asks_for_that) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer siren{context, PeerKind::subscriber, site.alerts()};
  siren.subscribe("public/~provisional/");
  siren.subscribe("public/~head");
  CHECK_FALSE(siren.receive(2000).empty());
  std::this_thread::sleep_for(std::chrono::milliseconds{200});  // both subscriptions have come
  const auto boot = ask(ControlKind::status).status.value().boot;
  Peer feed{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(feed.send_frame(1, surge(1, kMay)));
  CHECK_TRUE(feed.receive_ack().has_value());
  std::vector<std::string> provisional;
  std::vector<std::string> confirmed;
  for (auto message = siren.receive(1000); message.size() == 2; message = siren.receive(300)) {
    const auto topic = text_of(message[0]);
    const auto record = tocsin::wire::decode_alert(message[1]);
    if (!record) continue;
    if (topic.starts_with("public/~provisional/")) {
      CHECK_TRUE(record->provisional && !record->number && record->boot == boot);
      provisional.push_back(record->name);
      CHECK_TRUE(confirmed.size() < provisional.size());  // it comes first
    } else {
      CHECK_TRUE(!record->provisional && record->number.has_value() && !record->boot);
      confirmed.push_back(record->name);
    }
  }
  CHECK_FALSE(provisional.empty());
  CHECK_TRUE(provisional == confirmed);
}

TEST(Service, shows_each_audience_what_it_may_see) {
  const auto partners = site.folder.endpoint("partners.sock");
  const auto strangers = site.folder.endpoint("strangers.sock");
  const std::string text = "site = \"test-site\"\nimage = \"book.tcn\"\njournal = \"journal.db\"\n" + kReplay +
                           "\n[sockets]\ningest = [\"" + site.ingest() + "\"]\nalerts = [\"" + site.alerts() +
                           "\", \"" + partners + "\", \"" + strangers + "\"]\ncontrol = \"" + site.control() +
                           "\"\n[[audience]]\nname = \"own\"\n[[audience]]\nname = \"partners\"\nceiling = \"green\"\n"
                           "[[principal]]\nname = \"friend\"\nendpoint = \"" +
                           partners + "\"\naudience = \"partners\"\n[[principal]]\nname = \"stranger\"\nendpoint = \"" +
                           strangers + "\"\nroles = [\"acknowledge\"]\n";
  (void)site.folder.write("tocsind.toml", text);
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer own{context, PeerKind::subscriber, site.alerts()};
  Peer friends{context, PeerKind::subscriber, partners};
  Peer nosy{context, PeerKind::subscriber, partners};
  nosy.subscribe("own/", true);
  Peer stranger{context, PeerKind::subscriber, strangers};
  CHECK_FALSE(own.receive(2000).empty());
  CHECK_FALSE(friends.receive(2000).empty());
  tell_story();
  const auto names = [](Peer& peer, const std::string& audience) {
    std::string all;
    for (auto message = peer.receive(1000); message.size() == 2; message = peer.receive(200)) {
      CHECK_TRUE(text_of(message[0]).starts_with(audience + "/"));
      if (const auto record = tocsin::wire::decode_alert(message[1])) all += record->name + " ";
    }
    return all;
  };
  const auto ours = names(own, "own");
  STRCMP_CONTAINS("strait_activity ", ours.c_str());
  STRCMP_CONTAINS("distraction ", ours.c_str());
  const auto theirs = names(friends, "partners");
  STRCMP_CONTAINS("strait_activity ", theirs.c_str());
  CHECK_TRUE(theirs.find("distraction") == std::string::npos);
  CHECK_TRUE(nosy.receive(100).empty());
  CHECK_TRUE(stranger.receive(100).empty());
  const auto status = ask(ControlKind::status).status.value();
  CHECK_TRUE(status.subscriptions_refused >= 2);
  CHECK_TRUE(counted(status, "friend", tocsin::wire::Refusal::not_authorised) > 0);
  CHECK_TRUE(counted(status, "stranger", tocsin::wire::Refusal::not_authorised) > 0);
}

TEST(Service, neither_status_nor_why_tells_an_audience_of_alerts_it_may_not_see) {
  site.configure(kReplay,
                 "[[audience]]\nname = \"partners\"\nceiling = \"green\"\n[[principal]]\nname = \"friend\"\n"
                 "endpoint = \"" +
                     site.control() + "\"\nroles = [\"read\"]");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  tell_story();
  const auto alerts = ask(ControlKind::status).status.value().alerts;
  CHECK_FALSE(alerts.empty());
  for (const auto& one : alerts) CHECK_TRUE(one.name != "distraction");
  Peer control{context, PeerKind::dealer, site.control()};
  ControlRequest request;
  request.kind = ControlKind::why;
  request.name = "distraction";
  const auto refused = control.ask(request);
  CHECK_TRUE(refused && !refused->ok && !refused->why);
  STRCMP_CONTAINS("may not see", refused->error.c_str());
  request.name = "strait_activity";
  const auto told = control.ask(request);
  CHECK_TRUE(told && told->ok && told->why);
}

TEST(Service, an_event_that_an_audience_may_not_see_is_none_that_it_acknowledges) {
  const auto own = site.folder.endpoint("own.sock");
  const std::string text = "image = \"book.tcn\"\njournal = \"journal.db\"\n" + kReplay + "\n[sockets]\ningest = [\"" +
                           site.ingest() + "\"]\nalerts = \"" + site.alerts() + "\"\ncontrol = [\"" + site.control() +
                           "\", \"" + own +
                           "\"]\n[[audience]]\nname = \"own\"\n[[audience]]\nname = \"partners\"\nceiling = \"green\"\n"
                           "[[principal]]\nname = \"friend\"\nendpoint = \"" +
                           site.control() + "\"\nroles = [\"read\", \"acknowledge\"]\naudience = \"partners\"\n";
  (void)site.folder.write("tocsind.toml", text);
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  tell_story();
  Peer all{context, PeerKind::dealer, own};
  ControlRequest request;
  request.kind = ControlKind::alerts_since;
  const auto events = all.ask(request);
  CHECK_TRUE(events && events->ok);
  std::uint64_t unseen = 0;
  const auto newest = events->alerts.size();
  for (std::size_t i = 0; i < newest; ++i) {
    const auto event = tocsin::wire::decode_alert(events->alerts[i]);
    const bool hidden = event->name == "distraction";
    unseen += hidden ? 1 : 0;
    const auto reply = ask(ControlKind::acknowledge, "seen", *event->number);
    CHECK_EQUAL(!hidden, reply.ok);
    const auto none =
        "there is no alert event " + std::to_string(*event->number) + "; the newest is " + std::to_string(newest);
    STRCMP_EQUAL(hidden ? none.c_str() : "", reply.error.c_str());
  }
  CHECK_TRUE(unseen > 0 && unseen < newest);
  STRCMP_EQUAL(
      ("there is no alert event " + std::to_string(newest + 1) + "; the newest is " + std::to_string(newest)).c_str(),
      ask(ControlKind::acknowledge, {}, newest + 1).error.c_str());
  UNSIGNED_LONGLONGS_EQUAL(unseen, counted(ask(ControlKind::status).status.value(), "friend", Refusal::not_authorised));
  request.kind = ControlKind::acknowledge;
  for (std::uint64_t number = 1; number <= newest; ++number) {
    request.number = number;
    const auto reply = all.ask(request);
    CHECK_TRUE(reply && reply->ok);
  }
}

TEST(Service, gives_a_principal_so_many_cursors_and_counts_what_it_refuses) {
  site.configure(kReplay,
                 "[[principal]]\nname = \"reader\"\nendpoint = \"" + site.control() + "\"\nroles = [\"read\"]");
  {
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    tell_story();
    for (int i = 0; i < 64; ++i) CHECK_TRUE(ask(ControlKind::ack_alerts, {}, 1, "c" + std::to_string(i)).ok);
    STRCMP_CONTAINS("has 64 consumers", ask(ControlKind::ack_alerts, {}, 1, "one more").error.c_str());
    CHECK_TRUE(ask(ControlKind::ack_alerts, {}, 1, "c63").ok);
    CHECK_FALSE(ask(ControlKind::shutdown).ok);
    Peer bad{context, PeerKind::dealer, site.control()};
    CHECK_TRUE(bad.send(Bytes(100, std::byte{7})));
    CHECK_FALSE(bad.receive(5000).empty());
    const auto status = ask(ControlKind::status).status.value();
    UNSIGNED_LONGLONGS_EQUAL(1, counted(status, "reader", tocsin::wire::Refusal::over_quota));
    UNSIGNED_LONGLONGS_EQUAL(1, counted(status, "reader", tocsin::wire::Refusal::not_authorised));
    UNSIGNED_LONGLONGS_EQUAL(1, counted(status, "reader", tocsin::wire::Refusal::malformed));
    daemon.signal(SIGTERM);
    LONGS_EQUAL(0, daemon.wait());
  }
  Tocsind daemon{arguments(), log()};  // they are known again after a start
  CHECK_TRUE(daemon.wait_ready());
  CHECK_FALSE(ask(ControlKind::ack_alerts, {}, 1, "one more").ok);
}

TEST(Service, lets_a_role_do_what_it_is_for) {
  site.configure(kReplay,
                 "[[principal]]\nname = \"reader\"\nendpoint = \"" + site.control() + "\"\nroles = [\"read\"]");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  CHECK_TRUE(ask(ControlKind::status).ok);
  CHECK_TRUE(ask(ControlKind::alerts_since).ok);
  for (const auto kind : {ControlKind::shutdown, ControlKind::log_level, ControlKind::backup, ControlKind::reload}) {
    const auto reply = ask(kind, "info");
    CHECK_FALSE(reply.ok);
    STRCMP_CONTAINS("\"reader\" may not ask for that: it needs the role \"reload\"", reply.error.c_str());
  }
  STRCMP_CONTAINS("the role \"acknowledge\"", ask(ControlKind::acknowledge, {}, 1).error.c_str());
}

TEST(Service, holds_a_sender_to_its_quota_and_credit) {
  site.configure(kReplay, "[[principal]]\nname = \"desk\"\nendpoint = \"" + site.ingest() +
                              "\"\nquota = { reports_per_second = 1, burst = 4, unacked = 100 }");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  for (std::uint64_t frame = 1; frame <= 3; ++frame) {
    CHECK_TRUE(feed.send_frame(frame, surge(2 * frame, kMay)));
    const auto ack = feed.receive_ack();
    CHECK_TRUE(ack.has_value());
    UNSIGNED_LONGS_EQUAL(frame < 3 ? 0 : 2, ack->refused.size());
    if (frame < 3) continue;
    CHECK_TRUE(ack->refused[0].code == Refusal::over_quota);
    CHECK_TRUE(ack->refused[0].retry);
  }
  Peer control{context, PeerKind::dealer, site.control()};
  ControlRequest hello;
  hello.feed = "mnd_daily";
  const auto reply = control.ask(hello);
  CHECK_TRUE(reply && reply->ok && reply->boot != 0);
  const auto now = ask(ControlKind::status).status.value();
  UNSIGNED_LONGLONGS_EQUAL(1, now.senders.at(0).over_quota);
  UNSIGNED_LONGS_EQUAL(100, now.senders.at(0).credit);
}

TEST(Service, lets_so_many_reports_wait_for_their_commit_and_no_more) {
  const auto other = site.folder.endpoint("other.sock");
  site.listen_also(other);
  site.configure(kReplay + "\nlinger_ms = 2000",
                 "[[principal]]\nname = \"desk\"\nendpoint = \"" + site.ingest() +
                     "\"\nquota = { unacked = 3 }\n[[principal]]\nname = \"other\"\nendpoint = \"" + other +
                     "\"\n[quota]\nunacked = 5");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer desk{context, PeerKind::dealer, site.ingest()};
  Peer rest{context, PeerKind::dealer, other};
  CHECK_TRUE(desk.send_frame(1, surge(1, kMay)));
  CHECK_TRUE(desk.send_frame(2, surge(3, kMay)));  // four of three
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  CHECK_TRUE(rest.send_frame(1, surge(5, kMay)));
  CHECK_TRUE(rest.send_frame(2, surge(7, kMay)));  // six of five
  for (Peer* const peer : {&desk, &rest}) {
    const auto ack = peer->receive_ack();
    CHECK_TRUE(ack && ack->frame == 2);
    UNSIGNED_LONGS_EQUAL(2, ack->refused.size());
    for (const auto& refused : ack->refused) {
      CHECK_TRUE(refused.frame == 2 && refused.code == Refusal::over_quota && refused.retry);
    }
  }
  CHECK_TRUE(rest.send_frame(3, surge(7, kMay)));  // the others are stored by now
  CHECK_TRUE(rest.receive_ack().value().refused.empty());
}

TEST(Service, keeps_the_cursor_of_a_consumer_over_a_restart) {
  std::uint64_t newest = 0;
  {
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    tell_story();
    newest = ask(ControlKind::status).status.value().newest_alert;
    CHECK_TRUE(newest > 2);
    CHECK_TRUE(ask(ControlKind::ack_alerts, {}, 2, "siren").ok);
    CHECK_FALSE(ask(ControlKind::ack_alerts, {}, newest + 1, "siren").ok);
    CHECK_TRUE(ask(ControlKind::acknowledge, "seen", 1).ok);
    daemon.kill();
  }
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  const auto rest = ask(ControlKind::alerts_since, {}, 0, "siren");
  UNSIGNED_LONGS_EQUAL(newest - 2, rest.alerts.size());
  UNSIGNED_LONGLONGS_EQUAL(3, tocsin::wire::decode_alert(rest.alerts[0])->number.value());
  UNSIGNED_LONGS_EQUAL(newest, ask(ControlKind::alerts_since, {}, 0, "other").alerts.size());
}

TEST(Service, takes_a_journal_that_others_may_read_out_of_their_hands) {
  const auto journal = site.folder.file("journal.db");
  {
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    STRCMP_EQUAL("", daemon.log().find("journal_rights") == std::string::npos ? "" : daemon.log().c_str());
    daemon.kill();  // its -wal stays
  }
  for (const char* suffix : {"", "-wal"}) LONGS_EQUAL(0, ::chmod((journal + suffix).c_str(), 0666));
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  for (const char* suffix : {"", "-wal"}) {
    struct stat info {};
    LONGS_EQUAL(0, ::stat((journal + suffix).c_str(), &info));
    LONGS_EQUAL(0640, info.st_mode & 0777U);
  }
  STRCMP_CONTAINS(("level=warning event=journal_rights path=" + journal + " was=0666 now=0640").c_str(),
                  daemon.log().c_str());
}

TEST(Service, makes_a_verified_copy_of_its_journal_while_it_runs) {
  const auto usual = ::umask(0);  // what it makes is not for everybody, whoever starts it
  Tocsind daemon{arguments(), log()};
  (void)::umask(usual);
  CHECK_TRUE(daemon.wait_ready());
  tell_story();
  const auto copy = site.folder.file("copy.db");
  CHECK_FALSE(ask(ControlKind::backup, "copy.db").ok);  // whose folder would that be?
  Peer control{context, PeerKind::dealer, site.control()};
  auto reply = back_up(control, copy);
  STRCMP_EQUAL("", reply.error.c_str());
  CHECK_TRUE(reply.done);
  const auto mode = [](const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
  };
  LONGS_EQUAL(0640, mode(site.folder.file("journal.db")));
  LONGS_EQUAL(0640, mode(site.folder.file("journal.db-wal")));
  LONGS_EQUAL(0640, mode(copy));
  LONGS_EQUAL(0660, mode(site.folder.file("control.sock")));  // its folder says who may open it
  const auto stored = read_stored(copy);
  STRCMP_EQUAL("", stored.error.c_str());
  UNSIGNED_LONGS_EQUAL(4, stored.reports.size());
  reply = back_up(control, copy);  // a new one: begun, and then refused since the file exists
  CHECK_FALSE(reply.ok);
  STRCMP_CONTAINS("it exists; give another name or remove it first", reply.error.c_str());
}

// Else "done" would be said of a copy that was moved away since.
TEST(Service, tells_that_a_backup_is_done_to_nobody_but_who_began_it) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  tell_story();
  const auto copy = site.folder.file("copy.db");
  leave_backup(daemon, copy, "done");
  std::filesystem::remove(copy);
  Peer control{context, PeerKind::dealer, site.control()};
  const auto reply = back_up(control, copy);
  STRCMP_EQUAL("", reply.error.c_str());
  CHECK_TRUE(reply.done);
  const auto stored = read_stored(copy);
  STRCMP_EQUAL("", stored.error.c_str());
  UNSIGNED_LONGS_EQUAL(4, stored.reports.size());
}

// Else what was in its way would be said to be there still.
TEST(Service, tells_that_a_backup_failed_to_nobody_but_who_began_it) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  tell_story();
  const auto copy = site.folder.file("later/copy.db");
  leave_backup(daemon, copy, "failed");
  std::filesystem::create_directory(site.folder.file("later"));
  Peer control{context, PeerKind::dealer, site.control()};
  const auto reply = back_up(control, copy);
  STRCMP_EQUAL("", reply.error.c_str());
  CHECK_TRUE(reply.done);
  STRCMP_EQUAL("", read_stored(copy).error.c_str());
}

TEST(Service, makes_one_backup_at_a_time) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  tell_story();
  Peer first{context, PeerKind::dealer, site.control()};
  Peer second{context, PeerKind::dealer, site.control()};
  std::string refused;
  for (int i = 0; i < 50 && refused.empty(); ++i) {  // now and then it is done before the second has asked
    const auto copy = site.folder.file("copy" + std::to_string(i) + ".db");
    STRCMP_EQUAL("begun", ask_for_backup(first, copy).text.c_str());
    refused = ask_for_backup(second, copy).error;
    (void)back_up(second, copy);
    const auto told = back_up(first, copy);
    if (!refused.empty()) STRCMP_EQUAL("", told.error.c_str());
  }
  STRCMP_CONTAINS("is under way; ask again when it is done", refused.c_str());
}

TEST(Service, cannot_lose_its_sockets_to_a_second_daemon) {
  Tocsind first{arguments(), log()};
  CHECK_TRUE(first.wait_ready());
  const auto pid = ask(ControlKind::status).status.value().pid;
  const std::string text = "image = \"book.tcn\"\njournal = \"other.db\"\n" + kReplay + "\n[sockets]\ningest = [\"" +
                           site.ingest() + "\"]\nalerts = \"" + site.alerts() + "\"\ncontrol = \"" + site.control() +
                           "\"\n";
  (void)site.folder.write("other.toml", text);
  Tocsind second{{"--config", site.folder.file("other.toml")}, site.folder.file("log2")};
  LONGS_EQUAL(1, second.wait());
  STRCMP_CONTAINS("another daemon has the endpoint", second.log().c_str());
  UNSIGNED_LONGLONGS_EQUAL(pid, ask(ControlKind::status).status.value().pid);
}

TEST(Service, is_told_of_places_it_cannot_use_before_it_starts) {
  const auto missing = site.folder.file("no/such/folder");
  const std::string text = "image = \"book.tcn\"\njournal = \"" + missing +
                           "/journal.db\"\n[sockets]\ningest = [\"ipc://" + missing + "/ingest.sock\"]\nalerts = \"" +
                           site.alerts() + "\"\ncontrol = \"" + site.control() + "\"\n";
  (void)site.folder.write("bad.toml", text);
  for (const bool check_only : {true, false}) {
    std::vector<std::string> words{"--config", site.folder.file("bad.toml")};
    if (check_only) words.emplace_back("--check-config");
    Tocsind daemon{words, site.folder.file(check_only ? "log2" : "log3")};
    LONGS_EQUAL(2, daemon.wait());
    STRCMP_CONTAINS("error: the journal: there is no folder", daemon.log().c_str());
    STRCMP_CONTAINS("/ingest.sock: there is no folder", daemon.log().c_str());
  }
}

TEST(Service, changes_what_it_logs) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  CHECK_FALSE(ask(ControlKind::log_level, "chatty").ok);
  CHECK_TRUE(ask(ControlKind::log_level, "error").ok);
  tell_story();
  STRCMP_EQUAL("error", ask(ControlKind::status).status.value().log_level.c_str());
  CHECK_TRUE(daemon.log().find("event=alert ") == std::string::npos);
  CHECK_TRUE(ask(ControlKind::log_level, "info").ok);
}
