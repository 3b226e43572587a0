// SPDX-License-Identifier: Apache-2.0
/// What: another book takes over while the daemon runs, or at a start: unchanged rules go on as if nothing had
/// happened, what is no longer raised is cleared by the book, the past is told as history, what does not fit is refused
/// and the old book kept; and a power cut at any moment of it leaves one or the other, with nothing said twice.
/// How: a story is told to a core that gets an edited sample book in the middle, beside one that does not.
#include "reload.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::test_support::PowercutVfs;
using tocsin::wire::AlertRecord;
using tocsin::wire::InputView;
namespace engine = tocsin::engine;

namespace {
std::vector<AlertRecord> alerts_of(Core& core) {
  std::vector<AlertRecord> records;
  for (const auto& bytes : read_stored(core.journal()).alerts) {
    const auto record = tocsin::wire::decode_alert(bytes);
    CHECK_TRUE(record.has_value());
    records.push_back(*record);
  }
  return records;
}

bool same_words(const AlertRecord& a, const AlertRecord& b) {
  return a.kind == b.kind && a.name == b.name && a.level == b.level && a.raised_at == b.raised_at && a.at == b.at &&
         a.detected_at == b.detected_at && a.rev == b.rev && a.number == b.number && a.history == b.history &&
         a.by_book == b.by_book && a.evidence.size() == b.evidence.size();
}
}  // namespace

TEST_GROUP(Reload) {
  FakeClock clock;

  std::unique_ptr<Core> open(const Site& site, const char* vfs = "") {
    auto core = std::make_unique<Core>(site.config(), clock);
    STRCMP_EQUAL("", core->open(vfs).c_str());
    return core;
  }
  /// After a power cut, and another one in the midst of the recovery. @param n  says when.
  std::unique_ptr<Core> recovered(const Site& site, PowercutVfs& disk, const char* vfs, std::uint64_t n) {
    disk.power_on();
    disk.cut_at(1 + n % 23, n * 131);
    {
      Core core{site.config(), clock};
      (void)core.open(vfs);
    }
    disk.power_on();
    return open(site, vfs);
  }
  static void tell(Core & core, std::span<const InputView> lines) {
    const auto desk = core.principal("desk");
    for (std::size_t i = 0; i < lines.size(); i += 8) {
      UNSIGNED_LONGS_EQUAL(0, take(core, desk, lines.subspan(i, std::min<std::size_t>(8, lines.size() - i))).size());
      (void)core.commit();
      core.clear_batch();
    }
  }
  static BookChange change_to(Core & core, const Bytes& book) {
    Successor next{engine::Status::test};
    STRCMP_EQUAL("", next.load(book, "new book").c_str());
    while (next.warm(core.journal(), 50) == Successor::Progress::more) continue;
    BookChange change;
    STRCMP_EQUAL("", core.change_book(next, "operator", change).c_str());
    return change;
  }
  /// How many of the story's lines come before an alert is up.
  std::size_t lines_until_raised(std::span<const InputView> lines) {
    Site site{"clock = \"input\"\nstatus = \"test\""};
    auto core = open(site);
    for (std::size_t i = 0; i + 8 <= lines.size(); i += 8) {
      tell(*core, lines.subspan(i, 8));
      if (i > 60 && core->engine().alert_state(1).raised) return i + 8;
    }
    FAIL("the story raises nothing");
    return 0;
  }
};

TEST(Reload, lets_rules_that_both_books_have_go_on_as_if_nothing_had_happened) {
  Site with{"clock = \"input\"\nstatus = \"test\""};
  Site without{"clock = \"input\"\nstatus = \"test\""};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto lines = story(seed, 30);
    const std::span<const InputView> all{lines};
    const auto cut = all.size() / 2 / 8 * 8;
    (void)std::remove(with.journal_file().c_str());
    (void)std::remove(without.journal_file().c_str());
    auto changed = open(with);
    auto plain = open(without);
    tell(*changed, all.first(cut));
    tell(*plain, all.first(cut));
    const auto change = change_to(*changed, book_with(45, 1));
    CHECK_TRUE(change.told.empty());
    CHECK_TRUE(changed->image().book_hash == change.new_hash && change.new_hash != change.old_hash);
    CHECK_TRUE(changed->rules_from_journal());
    tell(*changed, all.subspan(cut));
    tell(*plain, all.subspan(cut));
    const auto a = alerts_of(*changed);
    const auto b = alerts_of(*plain);
    CHECK_TRUE(a.size() > 3);
    CHECK_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end(), same_words));
    changed.reset();
    plain.reset();
    for (const auto* site : {&with, &without}) {
      for (const char* tail : {"", "-wal", "-shm", ".key"}) (void)std::remove((site->journal_file() + tail).c_str());
    }
  }
}

// As it is under traffic: the journal's thread warms it, and more is stored before it rules.
TEST(Reload, knows_what_was_stored_after_it_was_warm) {
  Site early{"clock = \"input\"\nstatus = \"test\""};
  Site late{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(1, 30);
  const std::span<const InputView> all{lines};
  const auto cut = lines_until_raised(all);
  auto core = open(early);
  tell(*core, all.first(cut - 16));
  Successor next{engine::Status::test};
  STRCMP_EQUAL("", next.load(book_with(40, 1), "new book").c_str());
  while (next.warm(core->journal(), 50) == Successor::Progress::more) continue;
  const auto warm = next.items();
  tell(*core, all.subspan(cut - 16, 16));
  BookChange change;
  STRCMP_EQUAL("", core->change_book(next, "operator", change).c_str());
  UNSIGNED_LONGLONGS_EQUAL(cut - 16, warm);
  UNSIGNED_LONGLONGS_EQUAL(cut, next.items());

  auto other = open(late);
  tell(*other, all.first(cut));
  const auto expected = change_to(*other, book_with(40, 1));
  UNSIGNED_LONGS_EQUAL(expected.told.size(), change.told.size());
  UNSIGNED_LONGS_EQUAL(expected.history, change.history);
  tell(*core, all.subspan(cut));
  tell(*other, all.subspan(cut));
  const auto a = alerts_of(*core);
  const auto b = alerts_of(*other);
  CHECK_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end(), same_words));
}

TEST(Reload, clears_by_book_what_the_new_one_does_not_raise_and_stores_that) {
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(1, 30);
  const std::span<const InputView> all{lines};
  const auto cut = lines_until_raised(all);
  auto core = open(site);
  tell(*core, all.first(cut));
  const auto raised_at = core->engine().alert_state(1).raised_at;
  const auto clock_before = core->engine().clock();
  const auto newest = core->newest_alert();
  const auto change = change_to(*core, book_with(1e6, 1));
  UNSIGNED_LONGS_EQUAL(1, change.cleared);
  CHECK_TRUE(change.told.at(0).notify);
  STRCMP_EQUAL("strait_activity", change.told.at(0).name.c_str());
  UNSIGNED_LONGLONGS_EQUAL(newest + 1, change.told.at(0).number);
  UNSIGNED_LONGLONGS_EQUAL(newest + change.told.size(), core->newest_alert());
  const auto stored = alerts_of(*core);
  const auto& clear = stored.at(stored.size() - change.told.size());
  CHECK_TRUE(clear.by_book && !clear.history && clear.kind == engine::EventKind::cleared);
  LONGLONGS_EQUAL(raised_at, clear.raised_at);
  LONGLONGS_EQUAL(clock_before, clear.at);
  CHECK_FALSE(core->engine().alert_state(1).raised);
  UNSIGNED_LONGLONGS_EQUAL(tocsin::test_support::sample_book().book_hash, clear.book);
  // And the other way: the old book back again tells its raise as history.
  const auto back = change_to(*core, book_with(45, 2));
  UNSIGNED_LONGS_EQUAL(0, back.cleared);
  CHECK_TRUE(back.history > 0);
  for (const auto& told : back.told) {
    const auto record = tocsin::wire::decode_alert(told.bytes());
    CHECK_TRUE(record && record->history && !told.notify);
  }
  CHECK_TRUE(core->engine().alert_state(1).raised);
  LONGLONGS_EQUAL(raised_at, core->engine().alert_state(1).raised_at);
}

TEST(Reload, of_a_changed_rule_that_is_raised_all_along_says_nothing) {
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(1, 30);
  const std::span<const InputView> all{lines};
  const auto cut = lines_until_raised(all);
  auto core = open(site);
  tell(*core, all.first(cut));
  const auto before = core->engine().alert_state(1);
  const auto change = change_to(*core, book_with(44.5, 1));
  const auto after = core->engine().alert_state(1);
  CHECK_TRUE(after.raised);
  if (after.raised_at == before.raised_at) UNSIGNED_LONGS_EQUAL(0, change.cleared);
}

TEST(Reload, refuses_what_is_no_book_and_what_the_config_does_not_fit) {
  Site site;
  auto core = open(site);
  Successor next{engine::Status::actual};
  CHECK_FALSE(next.load(Bytes(100), "junk").empty());
  Bytes cut = book_with(45, 1);
  cut.resize(cut.size() / 2);
  STRCMP_CONTAINS("no usable rule image", next.load(cut, "half a book").c_str());
  STRCMP_CONTAINS("cannot be read", next.load(site.folder.file("nothing.tcn")).c_str());
  STRCMP_EQUAL("", next.load(book_with(45, 1), "a book").c_str());
  STRCMP_EQUAL("", next.lacks(site.config()).c_str());
  CHECK_TRUE(core->image().book_hash == tocsin::test_support::sample_book().book_hash);
}

TEST(Reload, rules_on_after_a_restart_until_the_image_file_changes) {
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(3, 20);
  const std::span<const InputView> all{lines};
  {
    auto core = open(site);
    tell(*core, all.first(80));
    (void)change_to(*core, book_with(50, 1));
    tell(*core, all.subspan(80, 40));
  }
  std::uint64_t newest = 0;
  {
    auto core = open(site);
    CHECK_TRUE(core->rules_from_journal());
    CHECK_FALSE(core->recovery().book_changed);
    CHECK_TRUE(core->recovery().from_checkpoint);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
    tell(*core, all.subspan(120, 40));
    newest = core->newest_alert();
  }
  (void)site.folder.write("book.tcn", book_with(50, 4));
  {
    auto core = open(site);
    CHECK_FALSE(core->rules_from_journal());
    CHECK_TRUE(core->recovery().book_changed);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
    UNSIGNED_LONGLONGS_EQUAL(newest, core->newest_alert());  // the same rules: nothing to say
  }
}

// Retention may remove the note of the change, so it is not that which decides: here the newest says otherwise.
TEST(Reload, rules_on_after_a_restart_whatever_became_of_the_note_that_it_came) {
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(3, 20);
  std::uint64_t hash = 0;
  {
    auto core = open(site);
    tell(*core, std::span{lines}.first(80));
    (void)change_to(*core, book_with(50, 1));
    hash = core->image().book_hash;
    CHECK_TRUE(core->keep(tocsin::journal::Act{0, "duty", "reload", "book=1 was=2 file=3"}));
    CHECK_TRUE(core->commit() == CommitResult::done);
  }
  auto core = open(site);
  CHECK_TRUE(core->image().book_hash == hash);
  CHECK_TRUE(core->rules_from_journal());
}

TEST(Reload, at_a_start_clears_by_book_as_at_any_time) {
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(1, 30);
  const std::span<const InputView> all{lines};
  const auto cut = lines_until_raised(all);
  {
    auto core = open(site);
    tell(*core, all.first(cut));
  }
  (void)site.folder.write("book.tcn", book_with(1e6, 1));
  auto core = open(site);
  CHECK_TRUE(core->recovery().book_changed);
  const auto stored = alerts_of(*core);
  CHECK_TRUE(std::any_of(stored.begin(), stored.end(), [](const AlertRecord& one) { return one.by_book; }));
  const auto count = stored.size();
  core.reset();
  core = open(site);
  UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
  UNSIGNED_LONGS_EQUAL(count, alerts_of(*core).size());
}

// A book came by control; then the file got it, too. What was in the file before is a new file when it comes back.
TEST(Reload, a_file_that_comes_back_is_a_new_one) {
  for (const bool restarts : {true, false}) {
    Site site{"clock = \"input\"\nstatus = \"test\""};
    const auto lines = story(3, 20);
    const auto old_file = book_with(45, 7);
    const auto book = book_with(50, 1);
    (void)site.folder.write("book.tcn", old_file);
    std::uint64_t hash = 0;
    {
      auto core = open(site);
      hash = core->image().book_hash;
      tell(*core, std::span{lines}.first(80));
      (void)change_to(*core, book);
      (void)site.folder.write("book.tcn", book);
      if (!restarts) {  // SIGHUP finds it there
        CHECK_TRUE(core->found_in_file());
        CHECK_TRUE(core->commit() == CommitResult::done);
      }
    }
    for (int i = 0; restarts && i < 2; ++i) {
      auto core = open(site);
      CHECK_FALSE(core->rules_from_journal());
      CHECK_TRUE(core->image().book_hash != hash);
    }
    (void)site.folder.write("book.tcn", old_file);
    auto core = open(site);
    CHECK_FALSE(core->rules_from_journal());
    CHECK_TRUE(core->image().book_hash == hash);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
  }
}

/// How long input waits while the book changes, with as much history as lies between two checkpoints.
TEST(Reload, stands_still_for_a_moment_only) {
  Site site{"clock = \"input\"\nstatus = \"test\""};
#if defined(__x86_64__) && defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
  constexpr std::size_t kReports = 65'536;
#else
  constexpr std::size_t kReports = 4'096;
#endif
  auto core = open(site);
  const auto desk = core->principal("desk");
  std::vector<InputView> lines;
  for (std::size_t i = 0; i < kReports; ++i) {
    const auto at = kMay + static_cast<engine::Instant>(i) * kMinute;
    const bool ships = i % 3 == 0;
    lines.push_back(report("mnd_daily", i + 1, ships ? "plan_ships" : "pla_aircraft", at, ships ? 12 : 4));
  }
  const std::span<const InputView> all{lines};
  for (std::size_t i = 0; i < all.size(); i += 64) {
    UNSIGNED_LONGS_EQUAL(0, take(*core, desk, all.subspan(i, 64)).size());
    if (i % 256 == 192) (void)core->commit();
  }
  Successor next{engine::Status::test};
  STRCMP_EQUAL("", next.load(book_with(46, 1), "new book").c_str());
  using std::chrono::steady_clock;
  const auto us_since = [](steady_clock::time_point begin) {
    return static_cast<long long>(
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin).count());
  };
  long long longest = 0;
  auto begin = steady_clock::now();
  const auto warming = begin;
  for (;; begin = steady_clock::now()) {
    const auto progress = next.warm(core->journal(), 2048);
    longest = std::max(longest, us_since(begin));
    if (progress == Successor::Progress::level) break;
    CHECK_TRUE(progress == Successor::Progress::more);
  }
  const auto warmed = us_since(warming);
  begin = steady_clock::now();
  BookChange change;
  STRCMP_EQUAL("", core->change_book(next, "operator", change).c_str());
  const auto stood = us_since(begin);
  std::printf("[%zu reports warmed in %lld ms, a stride at most %lld us, stood still %lld us] ", kReports,
              warmed / 1000, longest, stood);
  CHECK_TRUE(stood < 1'000'000);
}

// Which of its syncs fails: the image's, or that of the change itself.
TEST(Reload, that_a_sync_fails_in_is_the_end_and_told_in_the_log) {
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(1, 2);
  std::size_t ends = 0;
  for (std::uint64_t n = 1; n < 20; ++n) {
    PowercutVfs disk{"daemon-reload-sync"};
    auto core = open(site, "daemon-reload-sync");
    tell(*core, lines);
    Successor next{engine::Status::test};
    STRCMP_EQUAL("", next.load(book_with(40, 1), "new book").c_str());
    std::string error;
    BookChange change;
    disk.fail_at(PowercutVfs::Operation::sync, n, PowercutVfs::Repeat::once);
    const auto log = logged([&] { error = core->change_book(next, "operator", change); });
    if (!disk.mend()) break;
    if (log.find("event=checkpoint") != std::string::npos) continue;  // the change is stored
    ++ends;
    CHECK_TRUE(core->in_trouble());
    CHECK_TRUE(core->commit() == CommitResult::fatal);
    STRCMP_CONTAINS("event=journal fatal=true code=1034 error=\"cannot store a", log.c_str());
  }
  CHECK_TRUE(ends >= 2);
}

/// The power fails at each change that a reload makes on the disk, and once more in the recovery.
TEST(Reload, cut_at_any_moment_leaves_one_book_or_the_other_and_says_nothing_twice) {
  constexpr const char* kDisk = "daemon-reload";
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(1, 12);
  const std::span<const InputView> all{lines};
  const auto cut = lines_until_raised(all);
  const auto book = book_with(1e6, 1);
  const auto live = [&](Core& core, PowercutVfs& disk) {
    if (core.image().book_hash == tocsin::test_support::sample_book().book_hash) {
      Successor next{engine::Status::test};
      CHECK_TRUE(next.load(book, "new book").empty());
      BookChange change;
      (void)core.change_book(next, "operator", change);
    }
    if (!disk.is_cut() && !core.in_trouble()) tell(core, all.subspan(cut));
  };
  std::vector<Bytes> expected;
  std::uint64_t changes = 0;
  for (std::uint64_t n = 0; n <= changes; ++n) {
    PowercutVfs disk{kDisk};
    {
      auto core = open(site, kDisk);
      tell(*core, all.first(cut));
      const auto before = disk.changes();
      if (n > 0) disk.cut_at(n, n * 77);
      live(*core, disk);
      if (n == 0) {
        changes = disk.changes() - before;
        expected = read_stored(core->journal()).alerts;
        CHECK_TRUE(changes > 10);
        continue;
      }
    }
    auto core = recovered(site, disk, kDisk, n);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
    live(*core, disk);
    const auto stored = read_stored(core->journal());
    if (stored.alerts != expected) FAIL(("cut at change " + std::to_string(n)).c_str());
  }
  std::printf("[%llu cuts] ", static_cast<unsigned long long>(changes));
}

/// A second book comes by control after a first: its image is stored before the change to it is, and until then the
/// first one rules.
TEST(Reload, cut_while_a_second_book_comes_leaves_the_first_or_the_second_and_never_the_files) {
  constexpr const char* kDisk = "daemon-reload-again";
  Site site{"clock = \"input\"\nstatus = \"test\""};
  const auto lines = story(1, 12);
  const std::span<const InputView> all{lines};
  const auto cut = lines_until_raised(all);
  const auto first = book_with(40, 1);
  const auto second = book_with(1e6, 2);
  const auto change = [](Core& core, const Bytes& book) {
    Successor next{engine::Status::test};
    CHECK_TRUE(next.load(book, "new book").empty());
    BookChange told;
    (void)core.change_book(next, "operator", told);
  };
  std::vector<Bytes> expected;
  std::size_t firsts = 0;
  std::uint64_t changes = 0;
  std::uint64_t hash = 0;
  for (std::uint64_t n = 0; n <= changes; ++n) {
    PowercutVfs disk{kDisk};
    {
      auto core = open(site, kDisk);
      tell(*core, all.first(cut));
      change(*core, first);
      hash = core->image().book_hash;
      const auto before = disk.changes();
      if (n > 0) disk.cut_at(n, n * 77);
      change(*core, second);
      if (n == 0) {
        changes = disk.changes() - before;
        tell(*core, all.subspan(cut));
        expected = read_stored(core->journal()).alerts;
        CHECK_TRUE(changes > 10);
        continue;
      }
    }
    auto core = recovered(site, disk, kDisk, n);
    const auto where = "cut at change " + std::to_string(n);
    UNSIGNED_LONGLONGS_EQUAL(0, core->recovery().differences);
    if (!core->rules_from_journal()) FAIL((where + " leaves the file's book").c_str());
    if (core->image().book_hash == hash) {
      ++firsts;
      change(*core, second);
    }
    tell(*core, all.subspan(cut));
    if (read_stored(core->journal()).alerts != expected) FAIL(where.c_str());
  }
  std::printf("[%llu cuts, %zu before the change] ", static_cast<unsigned long long>(changes), firsts);
  CHECK_TRUE(firsts > 0 && firsts < changes);
}
