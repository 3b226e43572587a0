// SPDX-License-Identifier: Apache-2.0
/// What: a backup taken while commits go on is a whole journal; one that fails leaves nothing behind.
/// How: real files; faults by a path that cannot be written and by a journal that is damaged.
#include <unistd.h>

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

TEST_GROUP(JournalBackup) {
  TempFolder folder;
  std::string path = folder.file("journal.db");
  std::string copy = folder.file("copy.db");
  std::unique_ptr<Journal> journal;
  JournalError error;
  Model model;
  std::uint64_t seed = 0;

  void setup() override {
    journal = Journal::open(path, {}, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    for (int i = 0; i < 40; ++i) commit();
  }
  void commit() {
    const SampleBatch batch{++seed, journal->last_alert_number() + 1};
    CHECK_FALSE(journal->commit(batch.view()).has_value());
    model.add(batch);
  }
  BackupStep finish(std::uint32_t pages) {
    auto step = journal->backup_step(pages);
    while (step.state == BackupState::more) step = journal->backup_step(pages);
    return step;
  }
  std::unique_ptr<Journal> open_copy() {
    OpenOptions options;
    options.keys = path + ".key";
    return Journal::open(copy, options, error);
  }
};

TEST(JournalBackup, is_a_journal_like_the_first) {
  CHECK_FALSE(journal->backup_begin(copy).has_value());
  const auto end = finish(9);
  CHECK_TEXT(end.state == BackupState::done, end.error.text.c_str());
  CHECK_FALSE(std::filesystem::exists(copy + "-wal"));
  CHECK_FALSE(std::filesystem::exists(copy + ".part"));
  const auto again = open_copy();
  CHECK_TEXT(again != nullptr, error.text.c_str());
  STRCMP_EQUAL("", difference(*again, model).c_str());
  STRCMP_EQUAL("", faults_of(*again).c_str());
}

TEST(JournalBackup, holds_what_was_committed_before_its_last_page) {
  CHECK_FALSE(journal->backup_begin(copy).has_value());
  Model copied;
  auto step = journal->backup_step(5);
  for (; step.state == BackupState::more; step = journal->backup_step(5)) {
    copied = model;
    commit();
  }
  CHECK_TEXT(step.state == BackupState::done, step.error.text.c_str());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
  const auto again = open_copy();
  CHECK_TEXT(again != nullptr, error.text.c_str());
  CHECK_TRUE(again->last_batch_id() > 40);
  CHECK_TRUE(again->last_batch_id() <= copied.batches.size());
  STRCMP_EQUAL("", faults_of(*again).c_str());
}

TEST(JournalBackup, overwrites_nothing_and_is_alone) {
  std::ofstream{copy} << "dear";
  CHECK_TRUE(journal->backup_begin(copy).has_value());
  CHECK_FALSE(journal->backup_begin(folder.file("b.db")).has_value());
  STRCMP_CONTAINS("under way", journal->backup_begin(folder.file("c.db"))->text.c_str());
  journal->backup_abort();
  CHECK_FALSE(std::filesystem::exists(folder.file("b.db")));
  CHECK_FALSE(std::filesystem::exists(folder.file("b.db.part")));
  ENUMS_EQUAL_INT(BackupState::failed, journal->backup_step(5).state);
}

TEST(JournalBackup, leaves_nothing_when_it_fails) {
  const auto outcome = journal->backup_begin(folder.file("nowhere/copy.db"));
  CHECK_TRUE(outcome.has_value());
  STRCMP_CONTAINS("check that its folder exists", outcome->text.c_str());
  CHECK_FALSE(journal->backup_begin(copy).has_value());
  commit();
  journal->backup_abort();
  CHECK_FALSE(std::filesystem::exists(copy + ".part"));
  STRCMP_EQUAL("", difference(*journal, model).c_str());
}

TEST(JournalBackup, of_a_damaged_journal_fails_and_says_what_is_wrong) {
  journal.reset();
  LONGS_EQUAL(SQLITE_OK, run_sql(path, "UPDATE batch SET clock = 1 WHERE id = 9"));
  journal = Journal::open(path, {}, error);
  CHECK_FALSE(journal->backup_begin(copy).has_value());
  const auto end = finish(100);
  ENUMS_EQUAL_INT(BackupState::failed, end.state);
  STRCMP_CONTAINS("batch 9 is damaged", end.error.text.c_str());
  CHECK_FALSE(end.error.fatal);
  CHECK_FALSE(std::filesystem::exists(copy));
  CHECK_FALSE(std::filesystem::exists(copy + ".part"));
}
