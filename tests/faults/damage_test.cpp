// SPDX-License-Identifier: Apache-2.0
/// What: a journal that is cut or flipped at any byte is refused with a clear message, or serves what is left of it and
/// says what is damaged; it is never taken for another, and what is missing is never passed over in silence.
/// How: a small journal, as a killed and as a stopped daemon leave it, with one byte changed or the rest cut off, for
/// many places; a core is started on each, everything is read back and verified, and one more report is taken.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tocsin/test_support/prng.hpp"

#include "damaged_journal.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::faults;

namespace {
constexpr std::size_t kStride = TOCSIN_DAMAGE_STRIDE;

/// Tests in memory are many times faster than on a disk that syncs.
void use_memory() { (void)::setenv("TMPDIR", "/dev/shm", 0); }
}  // namespace

TEST_GROUP(Damage) {
  std::size_t starts = 0;
  std::size_t refused = 0;
  std::size_t told = 0;
  std::size_t lost = 0;

  void setup() override { use_memory(); }
  /// @param may_lose  so many of the newest batches may be gone without a word: the files alone cannot tell.
  void check(DamagedJournal & journal, const JournalFiles& files, std::size_t may_lose, const std::string& what) {
    const auto start = journal.start(files);
    ++starts;
    refused += start.serves ? 0U : 1U;
    told += start.serves && start.told ? 1U : 0U;
    lost += start.lost_batches > 0 && !start.told ? 1U : 0U;
    if (!start.wrong.empty()) FAIL((what + ": " + start.wrong).c_str());
    if (start.serves && start.lost_batches > may_lose && !start.told)
      FAIL((what + ": " + std::to_string(start.lost_batches) + " batches are gone and nobody says so").c_str());
  }
  void print() const { std::printf("[%zu starts: %zu refused, %zu served and told] ", starts, refused, told); }
};

TEST(Damage, of_a_byte_of_the_file_is_told_or_harmless) {
  DamagedJournal journal;
  for (std::size_t at = 0; at < journal.stopped().main.size(); at += kStride) {
    auto files = journal.stopped();
    files.main[at] ^= std::byte{0x40};
    check(journal, files, 0, "byte " + std::to_string(at));
  }
  print();
  CHECK_TRUE(refused > 0 && told > 0);
}

TEST(Damage, that_cuts_the_file_off_is_told) {
  DamagedJournal journal;
  for (std::size_t size = 1; size < journal.stopped().main.size(); size += 8 * kStride) {
    auto files = journal.stopped();
    files.main.resize(size);
    check(journal, files, 0, "cut to " + std::to_string(size));
  }
  print();
  UNSIGNED_LONGS_EQUAL(starts, refused + told);
}

TEST(Damage, of_a_byte_of_the_wal_is_told_unless_it_is_in_the_newest_batch) {
  DamagedJournal journal;
  for (std::size_t at = 0; at < journal.files().wal.size(); at += 2 * kStride) {
    auto files = journal.files();
    files.wal[at] ^= std::byte{0x40};
    check(journal, files, 1, "byte " + std::to_string(at));
  }
  print();
  CHECK_TRUE(told > 0);
}

// Where a WAL ends nothing else says, so what is cut off at its end is as if it had never been written.
TEST(Damage, that_cuts_the_wal_off_leaves_all_that_was_before) {
  DamagedJournal journal;
  for (std::size_t size = 0; size < journal.files().wal.size(); size += 8 * kStride) {
    auto files = journal.files();
    files.wal.resize(size);
    check(journal, files, SIZE_MAX, "cut to " + std::to_string(size));
  }
  print();
  CHECK_TRUE(lost > 0);
}

TEST(Damage, of_both_files_at_random_is_survived) {
  DamagedJournal journal;
  tocsin::test_support::Prng random{3};
  for (std::size_t run = 0; run < 40'000 / kStride; ++run) {
    std::vector<std::byte> script(8 * (1 + random.index(4)));
    for (auto& byte : script) byte = static_cast<std::byte>(random.below(256));
    const auto files = damaged(run % 2 == 0 ? journal.files() : journal.stopped(), script);
    check(journal, files, SIZE_MAX, "run " + std::to_string(run));
  }
  print();
}
