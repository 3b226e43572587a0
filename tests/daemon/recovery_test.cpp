// SPDX-License-Identifier: Apache-2.0
/// What: a daemon that starts again goes on as if nothing had happened, with and without a checkpoint; a new book rules
/// from where it starts; exercises stay apart from the real thing.
/// How: a story is told to a core that is thrown away now and then; the journal must equal that of an undisturbed run.
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/test_support/sample_image.hpp"

#include "alarms.hpp"
#include "book_hash.hpp"
#include "fixture.hpp"
#include "reload.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::wire::InputView;

TEST_GROUP(Recovery) {
  FakeClock clock;

  std::unique_ptr<Core> open(const Site& site) {
    auto core = std::make_unique<Core>(site.config(), clock);
    const auto error = core->open();
    STRCMP_EQUAL("", error.c_str());
    return core;
  }
  static void tell(Core & core, std::span<const InputView> lines) {
    const auto desk = core.principal("desk");
    for (std::size_t i = 0; i < lines.size(); i += 8) {
      UNSIGNED_LONGS_EQUAL(0, take(core, desk, lines.subspan(i, std::min<std::size_t>(8, lines.size() - i))).size());
      (void)core.commit();
      core.clear_batch();
    }
  }
  static void check_complete(const Stored& stored, std::span<const InputView> lines, const Config& config) {
    STRCMP_EQUAL("", stored.error.c_str());
    CHECK_TRUE(stored.reports == reports_of(lines));
    STRCMP_EQUAL("", compare_alerts(stored, undisturbed_alerts(lines, config)).c_str());
  }
  /// The sample book with another hash, as an edit would give it.
  static Bytes other_book() {
    const auto image = tocsin::test_support::sample_image();
    Bytes bytes(image.begin(), image.end());
    const auto hash = tocsin::test_support::sample_book().book_hash;
    for (std::size_t i = 0; i + sizeof hash <= bytes.size(); i += 4) {
      if (std::memcmp(bytes.data() + i, &hash, sizeof hash) != 0) continue;
      bytes[i] ^= std::byte{1};
      return bytes;
    }
    return {};
  }
};

TEST(Recovery, goes_on_from_the_journal_alone) {
  Site site{"clock = \"input\""};
  const auto lines = story(1, 40);
  const std::span<const InputView> all{lines};
  for (std::size_t part = 0; part < 4; ++part) {
    auto core = open(site);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
    CHECK_FALSE(core->recovery().from_checkpoint);
    CHECK_EQUAL(part == 0, core->recovery().fresh);
    tell(*core, all.subspan(part * all.size() / 4, (part + 1) * all.size() / 4 - part * all.size() / 4));
  }
  check_complete(read_stored(site.journal_file()), all, site.config());
}

TEST(Recovery, goes_on_from_a_checkpoint_and_the_tail_after_it) {
  Site site{"clock = \"input\""};
  const auto lines = story(2, 40);
  const std::span<const InputView> all{lines};
  {
    auto core = open(site);
    tell(*core, all.first(200));
    STRCMP_EQUAL("", core->store_checkpoint().c_str());
    tell(*core, all.subspan(200, 100));
  }
  {
    auto core = open(site);
    CHECK_TRUE(core->recovery().from_checkpoint);
    CHECK_TRUE(core->recovery().items >= 99 && core->recovery().items <= 100);
    CHECK_TRUE(core->recovery().events > 0);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
    tell(*core, all.subspan(300));
  }
  check_complete(read_stored(site.journal_file()), all, site.config());
}

TEST(Recovery, knows_the_marks_of_feeds_again) {
  Site site{"clock = \"input\""};
  const auto lines = story(4, 10);
  std::uint64_t mark = 0;
  for (const auto& line : lines) {
    if (line.feed == "mnd_daily" && line.seq) mark = std::max(mark, *line.seq);
  }
  {
    auto core = open(site);
    tell(*core, lines);
  }
  auto core = open(site);
  const auto hello = core->hello("mnd_daily");
  CHECK_TRUE(hello && hello->any);
  UNSIGNED_LONGLONGS_EQUAL(mark, hello->mark);
}

TEST(Recovery, takes_everything_sent_again_as_duplicates) {
  Site site{"clock = \"input\""};
  const auto lines = story(5, 10);
  {
    auto core = open(site);
    tell(*core, lines);
  }
  auto core = open(site);
  const auto desk = core->principal("desk");
  for (const auto& line : lines) {
    // A heartbeat has no number to know it by; hearing it twice changes nothing.
    if (line.kind != tocsin::engine::InputKind::heartbeat)
      UNSIGNED_LONGS_EQUAL(0, take(*core, desk, std::span{&line, 1}).size());
  }
  for (const auto& item : core->batch().items()) CHECK_TRUE(item.disposition == tocsin::engine::Disposition::stale);
  CHECK_TRUE(core->batch().alerts().empty());
  check_complete(read_stored(core->journal()), lines, site.config());
}

TEST(Recovery, decides_what_time_brought_while_it_was_away) {
  Site site;
  {
    auto core = open(site);
    const auto desk = core->principal("desk");
    const std::vector<InputView> items{report("mnd_daily", 1, "pla_aircraft", kMay, 50),
                                       report("mnd_daily", 2, "plan_ships", kMay, 12)};
    (void)take(*core, desk, items);
    CHECK_TRUE(core->commit() == CommitResult::done);
    core->clear_batch();
  }
  clock.pass(10 * kDay);
  auto core = open(site);
  const auto before = core->newest_alert();
  core->advance();
  CHECK_TRUE(core->commit() == CommitResult::done);
  core->clear_batch();
  CHECK_TRUE(core->newest_alert() > before);  // the surge's window emptied a day after it
  const auto newest = core->newest_alert();
  core.reset();
  core = open(site);
  UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
  core->advance();
  CHECK_TRUE(core->batch().empty());
  UNSIGNED_LONGLONGS_EQUAL(newest, core->newest_alert());
}

TEST(Recovery, does_not_go_back_in_time_when_the_wall_clock_did) {
  Site site;
  {
    auto core = open(site);
    clock.pass(kHour);
    const auto view = report("analyst", 1, "exercise", kMay);
    (void)take(*core, core->principal("desk"), std::span{&view, 1});
    CHECK_TRUE(core->commit() == CommitResult::done);
  }
  clock.wall = kMay - 20 * kDay;
  auto core = open(site);
  clock.pass(kMinute);
  core->advance();
  tocsin::wire::StatusReport status;
  core->fill_status(status);
  LONGLONGS_EQUAL(kMay + kHour + kMinute * 9 / 10, status.clock);  // it waits for the wall clock, a tenth slower
}

// The image is stored before the change that makes it rule.
TEST(Recovery, tells_of_a_change_of_book_that_was_not_stored) {
  Site site{"clock = \"input\""};
  const auto lines = story(6, 10);
  Successor next{tocsin::engine::Status::actual};
  const auto other = other_book();
  STRCMP_EQUAL("", next.load(other, "other book").c_str());
  std::uint64_t hash = 0;
  {
    auto core = open(site);
    tell(*core, lines);
    hash = core->image().book_hash;
    CHECK_FALSE(core->journal().store_image(next.image().book_hash, other).has_value());
  }
  for (int start = 0; start < 2; ++start) {
    std::unique_ptr<Core> core;
    const auto log = logged([&] { core = open(site); });
    const auto told = "event=reload error=\"the change to book " + book_hex(next.image().book_hash) +
                      " was not stored before the daemon ended; " + book_hex(hash) + " rules";
    CHECK_EQUAL(start == 0, log.find(told) != std::string::npos);
    CHECK_TRUE(core->image().book_hash == hash);
  }
  (void)site.folder.write("book.tcn", other);
  const auto log = logged([&] { (void)open(site); });
  CHECK_TRUE_TEXT(log.find("event=reload") == std::string::npos, log.c_str());
}

TEST(Recovery, lets_a_new_book_rule_from_here_and_leaves_old_alert_events_alone) {
  Site site{"clock = \"input\""};
  const auto lines = story(6, 30);
  const std::span<const InputView> all{lines};
  std::uint64_t newest = 0;
  {
    auto core = open(site);
    tell(*core, all.first(150));
    newest = core->newest_alert();
  }
  (void)site.folder.write("book.tcn", other_book());
  for (int start = 0; start < 2; ++start) {
    auto core = open(site);
    CHECK_EQUAL(start == 0, core->recovery().book_changed);
    CHECK_EQUAL(start == 1, core->recovery().from_checkpoint);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
    UNSIGNED_LONGLONGS_EQUAL(newest, core->newest_alert());
  }
  auto core = open(site);
  tell(*core, all.subspan(150));
  const auto stored = read_stored(core->journal());
  CHECK_TRUE(stored.reports == reports_of(all));
  UNSIGNED_LONGLONGS_EQUAL(stored.numbers.size(), core->newest_alert());
  CHECK_TRUE(core->newest_alert() > newest);
}

TEST(Recovery, keeps_the_stored_events_when_a_replay_says_otherwise) {
  Site site{"clock = \"input\""};
  const auto lines = story(7, 10);
  {
    auto core = open(site);
    tell(*core, lines);
  }
  std::uint64_t newest = 0;
  {  // A batch that some other program wrote: a surge, but no alert event.
    tocsin::journal::JournalError error;
    const auto journal = tocsin::journal::Journal::open(site.journal_file(), {}, error);
    CHECK_TRUE(journal != nullptr);
    newest = journal->last_alert_number();
    std::vector<tocsin::wire::JournalItem> items(2);
    items[0].input = report("mnd_daily", 100'001, "pla_aircraft", kMay + 20 * kDay, 70);
    items[1].input = report("mnd_daily", 100'002, "plan_ships", kMay + 20 * kDay, 20);
    for (auto& item : items) item.clock = kMay + 20 * kDay;
    tocsin::journal::CommitBatch batch;
    batch.items = items;
    batch.clock = kMay + 20 * kDay;
    CHECK_FALSE(journal->commit(batch).has_value());
  }
  {
    Config strict = site.config();
    strict.strict = true;
    Core core{strict, clock};
    STRCMP_CONTAINS("the self-check found", core.open().c_str());
  }
  auto core = open(site);
  CHECK_TRUE(core->recovery().differences > 0);
  CHECK_TRUE(core->alarms().raised("self_check"));
  UNSIGNED_LONGLONGS_EQUAL(newest, core->newest_alert());
  const auto more = report("mnd_daily", 100'003, "pla_aircraft", kMay + 21 * kDay, 1);
  UNSIGNED_LONGS_EQUAL(0, take(*core, core->principal("desk"), std::span{&more, 1}).size());
  CHECK_TRUE(core->commit() == CommitResult::done);
}

TEST(Recovery, keeps_exercises_and_the_real_thing_in_journals_of_their_own) {
  Site site{"clock = \"input\"\nstatus = \"exercise\""};
  {
    auto core = open(site);
    tell(*core, story(8, 10));
  }
  {
    site.configure("");
    Core real{site.config(), clock};
    STRCMP_CONTAINS("whose alerts have status exercise, and the config asks for status actual", real.open().c_str());
  }
  site.configure("clock = \"input\"\nstatus = \"test\"");
  Core other{site.config(), clock};
  STRCMP_CONTAINS("give this daemon a journal of its own", other.open().c_str());
}

/// As many reports as may lie between two checkpoints. The bound holds on a quiet machine; what is asserted leaves room
/// for a busy one and for emulation.
TEST(Recovery, of_as_many_reports_as_lie_between_two_checkpoints_is_quick) {
  Site site{"clock = \"input\""};
#if defined(__x86_64__) && defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
  constexpr std::size_t kReports = 65'536;
#else
  constexpr std::size_t kReports = 8'192;
#endif
  std::vector<InputView> lines;
  for (std::size_t i = 0; i < kReports; ++i) {
    const auto at = kMay + static_cast<tocsin::engine::Instant>(i) * kMinute;
    const bool ships = i % 3 == 0;
    lines.push_back(report("mnd_daily", i + 1, ships ? "plan_ships" : "pla_aircraft", at, ships ? 12 : 4));
  }
  const std::span<const InputView> all{lines};
  {
    auto core = open(site);
    STRCMP_EQUAL("", core->store_checkpoint().c_str());
    const auto desk = core->principal("desk");
    for (std::size_t i = 0; i < all.size(); i += 64) {
      UNSIGNED_LONGS_EQUAL(0, take(*core, desk, all.subspan(i, 64)).size());
      if (i % 256 == 192) (void)core->commit();
    }
    (void)core->commit();
  }
  using std::chrono::steady_clock;
  const auto ms_since = [](steady_clock::time_point begin) {
    return static_cast<long long>(
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin).count());
  };
  auto begin = steady_clock::now();
  auto core = open(site);
  const auto tail_ms = ms_since(begin);
  UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
  UNSIGNED_LONGLONGS_EQUAL(kReports, core->recovery().items);
  STRCMP_EQUAL("", core->store_checkpoint().c_str());
  core.reset();
  begin = steady_clock::now();
  core = open(site);
  const auto restart_ms = ms_since(begin);
  CHECK_TRUE(core->recovery().from_checkpoint);
  UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().items);
  std::printf("[%zu reports in %lld ms, restart in %lld ms] ", kReports, tail_ms, restart_ms);
  CHECK_TRUE(tail_ms < 10'000);
  CHECK_TRUE(restart_ms < 3'000);
}
