// SPDX-License-Identifier: Apache-2.0
/// What: a journal of schema version 1 or 2 keeps all it held when this program takes it over, and is then verified
/// like any other; one of version 2 is read as it is.
///
/// How: golden/version-1.db and -2.db, written by the programs of those versions: sample batches 1 to 12 from the
/// fixture; in the first an image and two checkpoints, too.
#include <fstream>
#include <sstream>

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

TEST_GROUP(JournalMigration) {
  TempFolder folder;
  std::string path = folder.file("journal.db");
  JournalError error;
  Model model;

  void setup() override {
    std::filesystem::copy_file(std::string{TOCSIN_SOURCE_DIR} + "/tests/journal/golden/version-1.db", path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    std::uint64_t number = 1;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      const SampleBatch batch{seed, number};
      model.add(batch);
      number += batch.alerts().size();
    }
  }
  /// Commits batches 13 to 20 and looks at everything.
  void go_on(Journal & journal) {
    for (std::uint64_t seed = 13; seed <= 20; ++seed) {
      const SampleBatch batch{seed, journal.last_alert_number() + 1};
      CHECK_FALSE(journal.commit(batch.view()).has_value());
      model.add(batch);
    }
    STRCMP_EQUAL("", difference(journal, model).c_str());
    STRCMP_EQUAL("", faults_of(journal).c_str());
  }
  /// Puts the journal of version 2, whose rows are tables, in the place of the one of version 1.
  void take_version_2() const {
    namespace fs = std::filesystem;
    const auto golden = std::string{TOCSIN_SOURCE_DIR} + "/tests/journal/golden/version-2.db";
    fs::copy_file(golden, path, fs::copy_options::overwrite_existing);
    fs::copy_file(golden + ".key", path + ".key");
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    fs::permissions(path + ".key", fs::perms::owner_read);
  }
  std::unique_ptr<Journal> open(bool read_only = false) {
    OpenOptions options;
    options.read_only = read_only;
    return Journal::open(path, options, error);
  }
};

TEST(JournalMigration, keeps_all_that_version_1_held) {
  auto journal = open();
  CHECK_TEXT(journal != nullptr, error.text.c_str());
  for (int round = 0; round < 2; ++round) {
    STRCMP_EQUAL("", difference(*journal, model).c_str());
    LONGLONGS_EQUAL(1'600'000'000'000, journal->first_instant());
    const auto checkpoints = journal->checkpoints();
    LONGS_EQUAL(2, checkpoints.size());
    UNSIGNED_LONGLONGS_EQUAL(12, checkpoints[0].batch_id);
    CHECK_TRUE(checkpoints[1].bytes == Bytes(600, std::byte{8}));
    std::uint64_t images = 0;
    CHECK_FALSE(journal->read_images([&](const StoredImage& image) {
      images += image.bytes == Bytes(900, std::byte{7}) ? 1U : 0U;
      return true;
    }));
    UNSIGNED_LONGLONGS_EQUAL(1, images);
    STRCMP_EQUAL("", faults_of(*journal).c_str());
    journal.reset();
    STRCMP_EQUAL("ok", integrity_of(path).c_str());
    journal = open();
  }
}

TEST(JournalMigration, goes_on_where_version_1_ended) {
  auto journal = open();
  go_on(*journal);
}

TEST(JournalMigration, is_refused_when_reading_only) {
  CHECK_TRUE(open(true) == nullptr);
  STRCMP_CONTAINS("start tocsind once", error.text.c_str());
}

TEST(JournalMigration, keeps_a_damaged_row_damaged) {
  LONGS_EQUAL(SQLITE_OK, run_sql(path, "UPDATE batch SET clock = clock + 1 WHERE id = 5"));
  const auto journal = open();
  CHECK_TEXT(journal != nullptr, error.text.c_str());
  STRCMP_CONTAINS("batch 5 is damaged", faults_of(*journal).c_str());
}

namespace {
Bytes bytes_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  const std::string text = content.str();
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}
}  // namespace

TEST(JournalMigration, reads_and_verifies_version_2_without_a_change) {
  take_version_2();
  const Bytes before = bytes_in(path);
  auto journal = open(true);
  CHECK_TEXT(journal != nullptr, error.text.c_str());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
  STRCMP_EQUAL("", faults_of(*journal).c_str());
  journal.reset();
  CHECK_TRUE(before == bytes_in(path));
}

TEST(JournalMigration, goes_on_from_version_2_with_rows_of_both_forms) {
  take_version_2();
  auto journal = open();
  CHECK_TEXT(journal != nullptr, error.text.c_str());
  go_on(*journal);
  std::vector<bool> packed;
  CHECK_FALSE(journal->read_batches(0, [&](const StoredBatch& batch) {
    packed.push_back(batch.bytes[3] == std::byte{'2'});
    return true;
  }));
  LONGS_EQUAL(20, packed.size());
  CHECK_FALSE(packed[11]);
  CHECK_TRUE(packed[12]);
  journal.reset();
  STRCMP_EQUAL("ok", integrity_of(path).c_str());
}
