// SPDX-License-Identifier: Apache-2.0
/// What: SQLite stays within the memory it is given, whatever the journal does; a commit takes nothing from our heap.
/// How: the smallest arena, every malloc of the program counted; long runs with retention, large batches, checkpoints,
/// a backup and a verification.
#include "tocsin/journal/memory.hpp"

#include "tocsin/test_support/heap_guard.hpp"

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

namespace {
constexpr std::uint32_t kCachePages = 96;
/// The process has one arena: whichever test comes first makes it.
Outcome bound_once() {
  return memory_used().arena_bytes != 0 ? Outcome{} : bound_memory(kArenaBytesMin, kCachePages + 32);
}
}  // namespace

TEST_GROUP(JournalMemory) {
  TempFolder folder;
  OpenOptions options;
  std::unique_ptr<Journal> journal;
  std::uint64_t seed = 0;

  void setup() override { open(2000); }
  void open(std::uint32_t bound_pages) {
    journal.reset();
    const auto outcome = bound_once();
    CHECK_TEXT(!outcome, outcome ? outcome->text.c_str() : "");
    options.cache_pages = kCachePages;
    options.max_page_count = bound_pages;
    JournalError error;
    journal = Journal::open(folder.file("journal.db"), options, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
  }
  void must(const Outcome& outcome) { CHECK_TEXT(!outcome, outcome ? outcome->text.c_str() : ""); }
  void commit(std::size_t items) {
    const SampleBatch batch{++seed, journal->last_alert_number() + 1, items};
    must(journal->commit(batch.view()));
  }
};

TEST(JournalMemory, stays_within_its_arena_and_becomes_steady) {
  const Bytes state(700'000, std::byte{5});
  std::size_t settled = 0;
  for (int round = 0; round < 450; ++round) {
    commit(1 + static_cast<std::size_t>(round % 7) * 100);
    must(journal->retain(static_cast<engine::Instant>(seed)));
    if (round % 50 == 0 || journal->wants_checkpoint()) {
      must(journal->store_checkpoint({journal->last_batch_id(), 1, 1, state, 0}));
    }
    if (round == 250) settled = memory_used().most_used_bytes;
  }
  const auto use = memory_used();
  UNSIGNED_LONGLONGS_EQUAL(kArenaBytesMin, use.arena_bytes);
  UNSIGNED_LONGLONGS_EQUAL(0, use.refused);
  UNSIGNED_LONGLONGS_EQUAL(0, use.overflow_bytes);
  UNSIGNED_LONGLONGS_EQUAL(settled, use.most_used_bytes);
  CHECK_TRUE(journal->state().first_batch > 1);
  CHECK_TRUE(journal->state().pages <= 2000);
}

TEST(JournalMemory, has_room_for_a_backup_and_a_verification) {
  for (int round = 0; round < 60; ++round) commit(300);
  must(journal->store_checkpoint({journal->last_batch_id(), 1, 1, Bytes(700'000), 0}));
  must(journal->backup_begin(folder.file("copy.db")));
  auto step = journal->backup_step(50);
  while (step.state == BackupState::more) {
    commit(1);
    step = journal->backup_step(50);
  }
  CHECK_TEXT(step.state == BackupState::done, step.error.text.c_str());
  UNSIGNED_LONGLONGS_EQUAL(0, memory_used().refused);
}

TEST(JournalMemory, commits_without_our_heap) {
  open(0);
  std::vector<std::unique_ptr<SampleBatch>> batches;
  std::uint64_t number = 0;
  for (std::uint64_t n = 1; n <= 400; ++n) {
    batches.push_back(std::make_unique<SampleBatch>(n % 20 + 1, number + 1, n % 5 == 0 ? 400 : 1 + n % 9));
    number += batches.back()->alerts().size();
  }
  const Cursor cursor{"console", 3};
  const Act act{1, "officer", "acknowledge", "seen"};
  const Gap gap{1, "launches", 4, 9, GapKind::broadcast};
  std::uint64_t counted = 0;
  for (std::size_t index = 0; index < batches.size(); ++index) {
    auto view = batches[index]->view();
    view.cursors = {&cursor, 1};
    view.acts = {&act, 1};
    view.gaps = {&gap, 1};
    const auto before = test_support::heap_allocations();
    const auto outcome = journal->commit(view);
    const auto taken = test_support::heap_allocations() - before;
    must(outcome);
    if (index >= 100) counted += taken;
  }
  UNSIGNED_LONGLONGS_EQUAL(0, counted);
}

TEST(JournalMemory, is_bounded_once_and_before_the_first_journal) {
  CHECK_TRUE(bound_memory(kArenaBytesMin, 10).has_value());
  CHECK_TRUE(bound_memory(1000, 10).has_value());
}
