// SPDX-License-Identifier: Apache-2.0
/// What: when the n-th input or output fails, or the disk is full, the caller is told, nothing that was committed is
/// lost, what failed leaves no trace unless a sync failed, and a mended disk is used on.
/// How: the same work with a fault at n = 1, 2, ... until it is done without meeting one; a model says what must be
/// found.
#include "tocsin/test_support/powercut_vfs.hpp"

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;
using tocsin::test_support::PowercutVfs;
using Operation = PowercutVfs::Operation;
using Repeat = PowercutVfs::Repeat;

namespace {
constexpr const char* kVfs = "faulty-journal";
constexpr const char* kPath = "journal.db";
}  // namespace

TEST_GROUP(JournalDiskFault) {
  PowercutVfs disk{kVfs};
  std::unique_ptr<Journal> journal;
  KeyFile keys;
  OpenOptions options;
  JournalError error;
  Model model;
  std::optional<Model> doubtful;
  std::uint64_t seed = 0;
  std::string label;

  void setup() override {
    options.vfs = kVfs;
    options.keys = keys.path();
    options.wal_pages_max = 12;
  }
  void teardown() override { journal.reset(); }
  void open() { journal = Journal::open(kPath, options, error); }

  /// One batch; a failed one must be gone unless the failure was fatal.
  Outcome commit_one() {
    const SampleBatch batch{++seed, journal->last_alert_number() + 1};
    Model with = model;
    with.add(batch);
    auto outcome = journal->commit(batch.view());
    if (!outcome) {
      model = with;
    } else if (outcome->fatal) {
      doubtful = with;
    }
    return outcome;
  }

  /// Open, write, close, open, write. Goes on after errors as the daemon does: ends after a fatal one.
  void work() {
    for (int session = 0; session < 2; ++session) {
      open();
      if (journal == nullptr) continue;
      for (int i = 0; i < 8; ++i) {
        const auto outcome = commit_one();
        if (outcome) CHECK_FALSE_TEXT(outcome->text.empty(), label.c_str());
        if (outcome && outcome->fatal) return check_is_dead();
        if (i == 4) (void)journal->store_checkpoint({journal->last_batch_id(), 5, 1, Bytes(9000, std::byte{5})});
      }
      journal.reset();
    }
  }
  void check_is_dead() {
    const SampleBatch batch{++seed, journal->last_alert_number() + 1};
    const auto outcome = journal->commit(batch.view());
    CHECK_TEXT(outcome && outcome->fatal, label.c_str());
    CHECK_TEXT(journal->store_checkpoint({0, 1, 1, Bytes(9)}).has_value(), label.c_str());
  }

  void examine() {
    STRCMP_EQUAL_TEXT("ok", integrity_of(kPath, kVfs).c_str(), label.c_str());
    open();
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    if (doubtful && journal->last_batch_id() == doubtful->batches.size()) model = *doubtful;
    doubtful.reset();
    STRCMP_EQUAL_TEXT("", difference(*journal, model).c_str(), label.c_str());
    CHECK_FALSE_TEXT(commit_one().has_value(), label.c_str());
    STRCMP_EQUAL_TEXT("", difference(*journal, model).c_str(), label.c_str());
    for (const auto& checkpoint : journal->checkpoints()) CHECK_TRUE(checkpoint.bytes == Bytes(9000, std::byte{5}));
  }

  void fail_each(Operation operation, Repeat repeat, int code, bool cut_after) {
    bool met = true;
    std::uint64_t n = 1;
    for (; met; n += TOCSIN_FAULT_STRIDE) {
      label = numbered("n = ", n);
      disk.format();
      model = {};
      doubtful.reset();
      disk.fail_at(operation, n, repeat, code);
      work();
      if (cut_after) {
        disk.cut(n);
        journal.reset();
        disk.power_on();
      }
      journal.reset();
      met = disk.mend();
      examine();
      journal.reset();
    }
    CHECK_TRUE(n > 10);  // or the work does not do what it should
  }
};

TEST(JournalDiskFault, survives_one_failed_write) { fail_each(Operation::write, Repeat::once, 0, false); }
TEST(JournalDiskFault, survives_writes_that_fail_for_ever) { fail_each(Operation::write, Repeat::for_ever, 0, false); }
TEST(JournalDiskFault, survives_one_failed_sync) { fail_each(Operation::sync, Repeat::once, 0, false); }
TEST(JournalDiskFault, survives_a_failed_sync_and_then_a_power_cut) {
  fail_each(Operation::sync, Repeat::once, 0, true);
}
TEST(JournalDiskFault, survives_syncs_that_fail_for_ever) { fail_each(Operation::sync, Repeat::for_ever, 0, true); }
TEST(JournalDiskFault, survives_one_failed_read) { fail_each(Operation::read, Repeat::once, 0, false); }
TEST(JournalDiskFault, survives_reads_that_fail_for_ever) { fail_each(Operation::read, Repeat::for_ever, 0, false); }
TEST(JournalDiskFault, survives_anything_failing_once) { fail_each(Operation::any, Repeat::once, 0, false); }
TEST(JournalDiskFault, survives_anything_failing_for_ever_and_then_a_power_cut) {
  fail_each(Operation::any, Repeat::for_ever, 0, true);
}
TEST(JournalDiskFault, survives_a_disk_that_fills_up_at_any_write) {
  fail_each(Operation::write, Repeat::for_ever, SQLITE_FULL, false);
}

TEST(JournalDiskFault, goes_on_by_itself_when_a_full_disk_has_room_again) {
  open();
  for (int i = 0; i < 5; ++i) CHECK_FALSE(commit_one().has_value());
  disk.fail_at(Operation::write, 1, Repeat::for_ever, SQLITE_FULL);
  const auto outcome = commit_one();
  CHECK_TRUE(outcome.has_value());
  CHECK_FALSE(outcome->fatal);
  LONGS_EQUAL(SQLITE_FULL, outcome->code);
  STRCMP_CONTAINS("free space", outcome->text.c_str());
  CHECK_TRUE(commit_one().has_value());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
  CHECK_TRUE(disk.mend());
  for (int i = 0; i < 5; ++i) CHECK_FALSE(commit_one().has_value());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
}

TEST(JournalDiskFault, stops_at_its_bound_and_goes_on_when_the_bound_is_raised) {
  options.max_page_count = 40;
  open();
  Outcome outcome;
  int stored = 0;
  for (; !outcome && stored < 500; ++stored) outcome = commit_one();
  CHECK_TRUE(outcome.has_value());
  CHECK_TRUE(stored > 5);
  LONGS_EQUAL(SQLITE_FULL, outcome->code);
  CHECK_FALSE(outcome->fatal);
  STRCMP_EQUAL("", difference(*journal, model).c_str());
  options.max_page_count = 400;
  journal.reset();
  open();
  CHECK_FALSE(commit_one().has_value());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
  journal.reset();
  STRCMP_EQUAL("ok", integrity_of(kPath, kVfs).c_str());
}

TEST(JournalDiskFault, calls_a_failed_sync_fatal_and_says_to_start_again) {
  open();
  CHECK_FALSE(commit_one().has_value());
  disk.fail_at(Operation::sync, 1, Repeat::once);
  const auto outcome = commit_one();
  CHECK_TRUE(outcome && outcome->fatal);
  LONGS_EQUAL(SQLITE_IOERR_FSYNC, outcome->code);
  STRCMP_CONTAINS("start again", outcome->text.c_str());
}

TEST(JournalDiskFault, acknowledges_the_commit_before_a_failed_move_of_the_wal_and_then_stops) {
  options.wal_pages_max = 1;  // every commit moves
  for (const std::uint64_t n :
       {3U, 4U}) {  // syncs of a commit: the WAL's new head, the batch; then of the move: WAL, file
    label = numbered("n = ", n);
    disk.format();
    model = {};
    open();
    CHECK_FALSE(commit_one().has_value());
    disk.fail_at(Operation::sync, n, Repeat::once);
    CHECK_FALSE_TEXT(commit_one().has_value(), label.c_str());
    CHECK_TRUE_TEXT(disk.mend(), label.c_str());
    const auto outcome = commit_one();
    CHECK_TEXT(outcome && outcome->fatal, label.c_str());
    doubtful.reset();  // it was refused before anything was written
    disk.cut(n);
    journal.reset();
    disk.power_on();
    examine();
    journal.reset();
  }
}
