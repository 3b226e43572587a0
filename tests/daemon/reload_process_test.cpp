// SPDX-License-Identifier: Apache-2.0
/// What: the running program takes another book by control and by signal, in the midst of traffic, says so, keeps the
/// old one when the new one is no good, and rules by it after kill -9.
/// How: tocsind in a folder of its own, spoken to over ipc:// by plain ZeroMQ sockets.
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::wire::ControlKind;
using tocsin::wire::ControlRequest;

namespace {
std::string text_of(const Bytes& bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}
}  // namespace

TEST_GROUP(ReloadProcess) {
  Site site{"clock = \"input\""};
  PeerContext context;

  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
  tocsin::wire::StatusReport status() { return status(site); }
  tocsin::wire::StatusReport status(const Site& of) {
    Peer control{context, PeerKind::dealer, of.control()};
    ControlRequest request;
    request.kind = ControlKind::status;
    const auto reply = control.ask(request);
    CHECK_TRUE(reply && reply->ok && reply->status);
    return *reply->status;
  }
  tocsin::wire::ControlReply reload(const Bytes& image) { return reload(image, site); }
  tocsin::wire::ControlReply reload(const Bytes& image, const Site& of) {
    Peer control{context, PeerKind::dealer, of.control()};
    ControlRequest request;
    request.kind = ControlKind::reload;
    request.image = image;
    const auto reply = control.ask(request);
    CHECK_TRUE(reply.has_value());
    return *reply;
  }
  bool alarm(const std::string& name) {
    for (const auto& one : status().alarms) {
      if (one.name == name) return one.raised;
    }
    return false;
  }
  static void wait_for(const auto& what) {
    for (int i = 0; i < 500 && !what(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK_TRUE(what());
  }
  static constexpr rlim_t kAll = 0;
  /// No file can be made longer than so many pages from now on.
  static void allow_writes(const Tocsind& daemon, rlim_t pages) {
    const rlimit room{pages == kAll ? RLIM_INFINITY : pages * 4096, RLIM_INFINITY};
    LONGS_EQUAL(0, ::prlimit(daemon.pid(), RLIMIT_FSIZE, &room, nullptr));
  }
  /// Before the daemon is there.
  void fill_journal(std::uint64_t reports) {
    FakeClock clock;
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    const auto desk = core.principal("desk");
    for (std::uint64_t seq = 1; seq <= reports;) {
      std::vector<tocsin::wire::InputView> lines;
      for (; lines.size() < 64; ++seq) {
        lines.push_back(report("mnd_daily", seq, "plan_ships", kMay + static_cast<std::int64_t>(seq) * kMinute, 12));
      }
      UNSIGNED_LONGS_EQUAL(0, take(core, desk, lines).size());
      if (seq % 512 == 1) CHECK_TRUE(core.commit() == CommitResult::done);
    }
    STRCMP_EQUAL("", core.store_checkpoint().c_str());
  }
  /// The journal fails with this report, and `meanwhile` is done before it heals.
  void fail_and_heal(const Tocsind& daemon, std::uint64_t seq, const auto& meanwhile) {
    allow_writes(daemon, 1);
    Peer feed{context, PeerKind::dealer, site.ingest()};
    CHECK_TRUE(feed.send_frame(1, std::vector{report("mnd_daily", seq, "plan_ships", kMay, 12)}));
    wait_for([&] { return !status().journal_ok; });
    meanwhile();
    allow_writes(daemon, kAll);
    wait_for([&] { return status().journal_ok; });
  }
  static std::uint64_t hash_of(const Bytes& image) {
    std::vector<std::uint64_t> words((image.size() + 7) / 8);
    std::memcpy(words.data(), image.data(), image.size());
    tocsin::engine::Image book;
    CHECK_TRUE(tocsin::engine::load_image(std::as_bytes(std::span{words}).first(image.size()), book) ==
               tocsin::engine::ImageError::none);
    return book.book_hash;
  }
};

TEST(ReloadProcess, by_control_clears_by_book_and_rules_on_after_kill_9) {
  const auto never = book_with(1e6, 1);
  {
    Tocsind daemon{arguments(), log()};
    CHECK_TRUE(daemon.wait_ready());
    Peer feed{context, PeerKind::dealer, site.ingest()};
    CHECK_TRUE(feed.send_frame(1, std::vector{report("mnd_daily", 1, "pla_aircraft", kMay, 50),
                                              report("mnd_daily", 2, "plan_ships", kMay, 12)}));
    CHECK_TRUE(feed.receive_ack().has_value());
    Peer watcher{context, PeerKind::subscriber, site.alerts()};
    CHECK_FALSE(watcher.receive(2000).empty());
    const auto reply = reload(never);
    CHECK_TEXT(reply.ok, reply.error.c_str());
    STRCMP_CONTAINS("1 alerts cleared", reply.text.c_str());
    bool cleared = false;
    for (int i = 0; i < 5 && !cleared; ++i) {
      const auto message = watcher.receive(2000);
      if (message.size() != 2 || text_of(message[0]).find("strait_activity") == std::string::npos) continue;
      const auto record = tocsin::wire::decode_alert(message[1]);
      cleared = record && record->by_book && record->kind == tocsin::engine::EventKind::cleared;
    }
    CHECK_TRUE(cleared);
    UNSIGNED_LONGLONGS_EQUAL(hash_of(never), status().book_hash);
    CHECK_TRUE(alarm("book"));
    STRCMP_CONTAINS("rules already", reload(never).text.c_str());
    CHECK_TRUE(alarm("book"));
    daemon.kill();
  }
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  UNSIGNED_LONGLONGS_EQUAL(hash_of(never), status().book_hash);
  CHECK_TRUE(alarm("book"));
  STRCMP_CONTAINS("differences=0", daemon.log().c_str());
  (void)site.folder.write("book.tcn", never);  // the operator puts it in its place
  STRCMP_CONTAINS("rules already", reload({}).text.c_str());
  CHECK_FALSE(alarm("book"));
}

TEST(ReloadProcess, by_signal_reads_the_image_file_again) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  const auto other = book_with(40, 2);
  (void)site.folder.write("book.tcn", other);
  daemon.signal(SIGHUP);
  for (int i = 0; i < 100 && status().book_hash != hash_of(other); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  UNSIGNED_LONGLONGS_EQUAL(hash_of(other), status().book_hash);
  CHECK_FALSE(alarm("book"));
  (void)site.folder.write("book.tcn", "this is no book");
  daemon.signal(SIGHUP);
  UNSIGNED_LONGLONGS_EQUAL(hash_of(other), status().book_hash);
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
  STRCMP_CONTAINS("no usable rule image", daemon.log().c_str());
}

TEST(ReloadProcess, that_the_file_has_no_book_is_not_over_when_the_journal_heals) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  (void)site.folder.write("book.tcn", "this is no book");
  daemon.signal(SIGHUP);
  wait_for([&] { return alarm("book"); });
  fail_and_heal(daemon, 1, [] {});
  CHECK_TRUE(alarm("book"));
  const auto other = book_with(40, 2);
  (void)site.folder.write("book.tcn", other);
  daemon.signal(SIGHUP);
  wait_for([&] { return !alarm("book"); });
  UNSIGNED_LONGLONGS_EQUAL(hash_of(other), status().book_hash);
}

TEST(ReloadProcess, that_a_book_was_refused_while_the_journal_failed_is_not_over_when_it_heals) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  const auto before = status().book_hash;
  const auto other = book_with(40, 2);
  fail_and_heal(daemon, 1, [&] {
    (void)site.folder.write("book.tcn", other);
    daemon.signal(SIGHUP);
    wait_for([&] { return alarm("book"); });
  });
  UNSIGNED_LONGLONGS_EQUAL(before, status().book_hash);
  CHECK_TRUE(alarm("book"));
  daemon.signal(SIGHUP);
  wait_for([&] { return !alarm("book"); });
  UNSIGNED_LONGLONGS_EQUAL(hash_of(other), status().book_hash);
}

// To know all that is stored takes a while, and who reads the journal keeps it from healing.
TEST(ReloadProcess, a_book_that_warms_is_given_up_as_soon_as_the_journal_fails) {
  constexpr std::uint64_t kReports = 131'072;
  fill_journal(kReports);
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer control{context, PeerKind::dealer, site.control()};
  Peer feed{context, PeerKind::dealer, site.ingest()};
  CHECK_TRUE(status().journal_ok);
  allow_writes(daemon, 1);
  ControlRequest request;
  request.kind = ControlKind::reload;
  request.image = book_with(40, 1);
  const auto asked = std::vector{report("mnd_daily", kReports + 1, "plan_ships", kMay + kReports * kMinute, 12)};
  CHECK_TRUE(control.send(tocsin::wire::encode_request(request)));
  CHECK_TRUE(feed.send_frame(1, asked));
  const auto answer = control.receive(10'000);
  CHECK_FALSE(answer.empty());
  const auto reply = tocsin::wire::decode_reply(answer.back());
  CHECK_TRUE(reply && !reply->ok);
  STRCMP_CONTAINS("the journal failed while the book was made ready", reply->error.c_str());
  allow_writes(daemon, kAll);
  wait_for([&] { return status().journal_ok; });
}

TEST(ReloadProcess, refuses_junk_and_keeps_the_old_book) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  const auto before = status().book_hash;
  auto half = book_with(40, 1);
  half.resize(half.size() / 2);
  const auto reply = reload(half);
  CHECK_FALSE(reply.ok);
  STRCMP_CONTAINS("no usable rule image", reply.error.c_str());
  UNSIGNED_LONGLONGS_EQUAL(before, status().book_hash);
}

TEST(ReloadProcess, in_the_midst_of_traffic_loses_no_line) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  Peer control{context, PeerKind::dealer, site.control()};
  constexpr std::uint64_t kFrames = 400;
  std::uint64_t acknowledged = 0;
  std::size_t replies = 0;
  for (std::uint64_t i = 1; i <= kFrames; ++i) {
    const auto at = kMay + static_cast<tocsin::engine::Instant>(i) * kMinute;
    const std::vector lines{report("mnd_daily", 2 * i, "pla_aircraft", at, static_cast<double>(i % 60)),
                            report("mnd_daily", 2 * i + 1, "plan_ships", at, 12)};
    while (!feed.send_frame(i, lines)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (i % 100 == 50) {
      ControlRequest request;
      request.kind = ControlKind::reload;
      request.image = book_with(45, static_cast<std::uint8_t>(1 + i / 100));
      const auto reply = control.ask(request, 10'000);
      CHECK_TRUE(reply.has_value());
      CHECK_TEXT(reply->ok, reply->error.c_str());
      ++replies;
    }
  }
  while (acknowledged < kFrames) {
    const auto ack = feed.receive_ack();
    CHECK_TRUE(ack.has_value());
    UNSIGNED_LONGS_EQUAL(0, ack->refused.size());
    acknowledged = ack->frame;
  }
  UNSIGNED_LONGS_EQUAL(4, replies);
  UNSIGNED_LONGLONGS_EQUAL(2 * kFrames, status().taken);
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
  const auto stored = read_stored(site.journal_file());
  STRCMP_EQUAL("", stored.error.c_str());
  UNSIGNED_LONGS_EQUAL(2 * kFrames, stored.reports.size());
}

// The room that a change needs is found by trying: one page more each time. From the file's book to one by control, and
// back to the file's from one by control.
TEST(ReloadProcess, does_not_say_that_the_book_changed_before_that_is_stored) {
  for (const bool back : {false, true}) {
    Site here{"clock = \"input\""};
    const std::vector<std::string> words{"--config", here.config_file()};
    Tocsind daemon{words, here.folder.file("log")};
    CHECK_TRUE(daemon.wait_ready());
    const auto files = status(here).book_hash;
    const auto book = book_with(50, 1);
    if (back) CHECK_TRUE(reload(book, here).ok);
    const auto before = status(here).book_hash;
    const auto after = back ? files : hash_of(book);
    tocsin::wire::ControlReply reply;
    for (rlim_t pages = 1; pages < 500; ++pages) {
      allow_writes(daemon, pages);
      reply = reload(back ? Bytes{} : book, here);
      if (reply.ok || reply.error.find("cannot be stored") == std::string::npos) break;
      CHECK_TRUE(status(here).book_hash == before);
    }
    CHECK_FALSE(reply.ok);
    STRCMP_CONTAINS("the new book rules, but that is not stored", reply.error.c_str());
    STRCMP_CONTAINS("a restart before that loses it", reply.error.c_str());
    CHECK_TRUE(status(here).book_hash == after);
    CHECK_FALSE(status(here).journal_ok);

    allow_writes(daemon, kAll);
    wait_for([&] { return status(here).journal_ok; });
    CHECK_TRUE(status(here).book_hash == after);
    STRCMP_EQUAL("this book rules already", reload(back ? Bytes{} : book, here).text.c_str());
    daemon.kill();
    Tocsind again{words, here.folder.file("log")};
    CHECK_TRUE(again.wait_ready());
    CHECK_TRUE(status(here).book_hash == after);
  }
}
