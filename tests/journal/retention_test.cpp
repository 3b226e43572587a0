// SPDX-License-Identifier: Apache-2.0
/// What: retention removes the oldest inputs by age, size and bound, in strides, never what a checkpoint needs, alert
/// events last; what is left is verified like any other journal; a full disk heals.
/// How: small journals with small bounds; a disk in memory for those that fill up, and a real one (tmpfs) when root.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

namespace {
constexpr engine::Span kHour = 3'600'000;
}

TEST_GROUP(JournalRetention) {
  TempFolder folder;
  std::string path = folder.file("journal.db");
  OpenOptions options;
  std::unique_ptr<Journal> journal;
  JournalError error;
  std::uint64_t seed = 0;
  engine::Instant now = 0;

  void open() {
    journal.reset();
    journal = Journal::open(path, options, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
  }
  void must(const Outcome& outcome) { CHECK_TEXT(!outcome, outcome ? outcome->text.c_str() : ""); }
  Outcome commit(std::size_t items, std::size_t alert_bytes = 0) {
    SampleBatch batch{++seed, 1, items};
    const Bytes body(alert_bytes, std::byte{3});
    now += kHour;
    const StoredAlert alert{journal->last_alert_number() + 1, now, body};
    return journal->commit(commit_of(batch.items(), {&alert, alert_bytes > 0 ? 1U : 0U}, {}, now));
  }
  void checkpoint(std::uint64_t first_needed = 0) {
    must(journal->store_checkpoint({journal->last_batch_id(), 1, 1, Bytes(3000), first_needed}));
  }
  /// As the daemon does.
  void tend() {
    must(journal->retain(now));
    if (journal->wants_checkpoint()) checkpoint();
  }
  void check_whole() {
    STRCMP_EQUAL("", faults_of(*journal).c_str());
    std::uint64_t next = journal->state().first_batch;
    must(journal->read_batches(0, [&](const StoredBatch& batch) { return batch.id == next++; }));
    UNSIGNED_LONGLONGS_EQUAL(journal->last_batch_id() + 1, next);
  }
};

TEST(JournalRetention, removes_nothing_unless_it_is_told_to) {
  open();
  for (int i = 0; i < 50; ++i) must(commit(50));
  checkpoint();
  checkpoint();
  must(journal->retain(now));
  UNSIGNED_LONGLONGS_EQUAL(1, journal->state().first_batch);
}

TEST(JournalRetention, removes_inputs_by_age_and_keeps_alert_events) {
  options.retain_age_ms = 100 * kHour;
  open();
  for (int i = 0; i < 600; ++i) {
    must(commit(5, i % 10 == 0 ? 300 : 0));
    tend();
  }
  const auto first = journal->state().first_batch;
  CHECK_TRUE(first > 400);  // 500 are too old; the last checkpoint but one may be some batches back
  CHECK_TRUE(first <= 501);
  UNSIGNED_LONGLONGS_EQUAL(1, journal->state().first_alert);
  check_whole();
  open();
  UNSIGNED_LONGLONGS_EQUAL(first, journal->state().first_batch);
  UNSIGNED_LONGLONGS_EQUAL(600, journal->last_batch_id());
  UNSIGNED_LONGLONGS_EQUAL(0, journal->state().shed_batches);
  check_whole();
}

TEST(JournalRetention, never_removes_what_the_older_checkpoint_needs) {
  options.retain_age_ms = kHour;
  open();
  for (int i = 0; i < 20; ++i) must(commit(5));
  must(journal->retain(now));
  UNSIGNED_LONGLONGS_EQUAL(1, journal->state().first_batch);
  CHECK_TRUE(journal->wants_checkpoint());
  checkpoint(7);
  for (int i = 0; i < 20; ++i) must(commit(5));
  checkpoint();
  for (int i = 0; i < 50; ++i) {
    now += 2 * kHour;
    must(journal->retain(now));
  }
  UNSIGNED_LONGLONGS_EQUAL(7, journal->state().first_batch);
  checkpoint();
  now += 2 * kHour;
  must(journal->retain(now));
  CHECK_TRUE(journal->state().first_batch > 7);
  check_whole();
}

TEST(JournalRetention, keeps_within_its_size) {
  options.retain_bytes = 2'000'000;
  open();
  for (int i = 0; i < 400; ++i) {
    must(commit(100));
    tend();
    const auto state = journal->state();
    CHECK_TRUE((state.pages - state.free_pages) * 4096 < options.retain_bytes + 500'000);
  }
  CHECK_TRUE(journal->state().first_batch > 200);
  check_whole();
}

TEST(JournalRetention, keeps_within_its_bound_and_tells_what_it_shed) {
  options.max_page_count = 600;
  open();
  for (int i = 0; i < 500; ++i) {
    must(commit(100));
    tend();
  }
  const auto state = journal->state();
  CHECK_TRUE(state.pages <= 600);
  CHECK_TRUE(state.first_batch > 150);
  UNSIGNED_LONGLONGS_EQUAL(state.first_batch - 1, state.shed_batches);
  std::vector<Gap> gaps;
  must(journal->read_gaps([&](const Gap& gap) {
    gaps.push_back(gap);
    return true;
  }));
  LONGS_EQUAL(1, gaps.size());
  ENUMS_EQUAL_INT(GapKind::shed, gaps[0].kind);
  UNSIGNED_LONGLONGS_EQUAL(1, gaps[0].first);
  UNSIGNED_LONGLONGS_EQUAL(state.first_batch - 1, gaps[0].last);
  check_whole();
}

TEST(JournalRetention, removes_the_oldest_alert_events_when_nothing_else_is_left) {
  options.max_page_count = 600;
  open();
  for (int i = 0; i < 600; ++i) {
    must(commit(1, 3000));
    tend();
  }
  const auto state = journal->state();
  CHECK_TRUE(state.pages <= 600);
  CHECK_TRUE(state.first_alert > 100);
  CHECK_TRUE(state.first_alert <= state.first_batch);
  UNSIGNED_LONGLONGS_EQUAL(600, journal->last_alert_number());
  check_whole();
  open();
  UNSIGNED_LONGLONGS_EQUAL(600, journal->last_alert_number());
  UNSIGNED_LONGLONGS_EQUAL(state.first_alert, journal->state().first_alert);
  check_whole();
}

TEST(JournalRetention, forgets_the_images_of_rules_that_no_input_left_was_under) {
  options.retain_age_ms = kHour;
  open();
  for (std::uint64_t rule = 1; rule <= 4; ++rule) {
    must(journal->store_image(rule, Bytes(50, static_cast<std::byte>(rule))));
    for (int i = 0; i < 10; ++i) must(commit(2));
  }
  checkpoint(26);
  checkpoint(26);
  for (int i = 0; i < 50; ++i) {
    now += 2 * kHour;
    must(journal->retain(now));
  }
  UNSIGNED_LONGLONGS_EQUAL(26, journal->state().first_batch);
  std::vector<std::uint64_t> left;
  must(journal->read_images([&](const StoredImage& image) {
    left.push_back(image.image_hash);
    return true;
  }));
  CHECK_TRUE(left == (std::vector<std::uint64_t>{3, 4}));
}

TEST(JournalRetention, goes_on_after_it_was_full) {
  options.max_page_count = 300;
  open();
  checkpoint();
  Outcome outcome;
  for (int i = 0; i < 2000 && !outcome; ++i) {
    outcome = commit(40);
    if (i == 20) {
      checkpoint();
      checkpoint();
    }
  }
  CHECK_TRUE(outcome.has_value());
  LONGS_EQUAL(SQLITE_FULL, outcome->code);
  CHECK_FALSE(outcome->fatal);
  for (int i = 0; i < 30 && journal->probe().has_value(); ++i) {
  }
  must(journal->probe());
  must(commit(40));
  check_whole();
}

// A real file system without space. Its own bound is larger than the disk, as if something else had filled it.
TEST(JournalRetention, goes_on_when_a_full_disk_has_space_again) {
  if (::geteuid() != 0 || ::mount("tocsin", folder.file("").c_str(), "tmpfs", 0, "size=3m") != 0) {
    UT_PRINT("skipped: mounting a small tmpfs needs root");
    return;
  }
  open();
  const auto ballast = folder.file("ballast");
  {
    const int file = ::open(ballast.c_str(), O_CREAT | O_WRONLY, 0600);
    const Bytes zeros(1'500'000);
    CHECK_TRUE(::write(file, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size()));
    ::close(file);
  }
  Outcome outcome;
  std::uint64_t stored = 0;
  for (; !outcome && stored < 2000; ++stored) outcome = commit(60);
  CHECK_TRUE(outcome.has_value());
  CHECK_FALSE(outcome->fatal);
  CHECK_TRUE(journal->probe().has_value() || commit(60).has_value());
  UNSIGNED_LONGLONGS_EQUAL(stored - 1, journal->last_batch_id());
  CHECK_TRUE(::unlink(ballast.c_str()) == 0);
  must(journal->probe());
  must(commit(60));
  check_whole();
  open();
  check_whole();
  UNSIGNED_LONGLONGS_EQUAL(stored, journal->last_batch_id());
  journal.reset();
  LONGS_EQUAL(0, ::umount2(folder.file("").c_str(), MNT_DETACH));
}
