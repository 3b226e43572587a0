// SPDX-License-Identifier: Apache-2.0
/// What: what goes in comes out, also after closing; numbers, marks, counts, checkpoints and images.
/// How: a real file in a temporary folder; damage is done with SQL while the journal is closed.
#include "tocsin/journal/journal.hpp"

#include "tocsin/wire/input_view.hpp"

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

TEST_GROUP(Journal) {
  TempFolder folder;
  std::string path = folder.file("journal.db");
  std::unique_ptr<Journal> journal;
  Model model;
  std::uint64_t seed = 1;

  void setup() override { reopen(); }
  void reopen(const OpenOptions& options = {}) {
    journal.reset();
    JournalError error;
    journal = Journal::open(path, options, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
  }
  void must(const Outcome& outcome) { CHECK_TEXT(!outcome, outcome ? outcome->text.c_str() : ""); }
  void commit_some(int count) {
    for (int i = 0; i < count; ++i) {
      const SampleBatch batch{seed++, journal->last_alert_number() + 1};
      must(journal->commit(batch.view()));
      model.add(batch);
    }
  }
  void check_same() { STRCMP_EQUAL("", difference(*journal, model).c_str()); }
  void damage(const std::string& sql) {
    journal.reset();
    LONGS_EQUAL(SQLITE_OK, run_sql(path, sql));
    reopen();
  }
};

TEST(Journal, is_empty_when_new) {
  UNSIGNED_LONGLONGS_EQUAL(0, journal->last_batch_id());
  UNSIGNED_LONGLONGS_EQUAL(0, journal->last_alert_number());
  LONGLONGS_EQUAL(engine::kNever, journal->last_clock());
  LONGLONGS_EQUAL(engine::kNever, journal->first_instant());
  CHECK_TRUE(journal->checkpoints().empty());
  CHECK_TRUE(journal->feed_marks().empty());
  CHECK_TRUE(journal->rejections().empty());
  check_same();
}

TEST(Journal, gives_back_what_was_committed) {
  commit_some(30);
  check_same();
}

TEST(Journal, gives_back_what_was_committed_after_reopening) {
  commit_some(30);
  reopen();
  check_same();
  commit_some(5);
  reopen();
  check_same();
  STRCMP_EQUAL("ok", (journal.reset(), integrity_of(path)).c_str());
}

TEST(Journal, keeps_each_input_with_its_disposition_and_principal) {
  wire::JournalItem item;
  item.input.feed = "mnd";
  item.input.indicator = "strait.crossings";
  item.input.seq = 7;
  item.input.value = 62.0;
  item.input.time = 1'716'422'400'000;
  item.clock = 1'716'430'000'000;
  item.disposition = engine::Disposition::stale;
  item.principal = journal->principal_id("hub");
  must(journal->commit(commit_of({&item, 1}, {}, {}, item.clock)));
  reopen();

  Bytes bytes;
  must(journal->read_batches(0, [&](const StoredBatch& batch) {
    UNSIGNED_LONGS_EQUAL(1, batch.items);
    LONGLONGS_EQUAL(item.clock, batch.clock);
    bytes = batch.bytes;
    return true;
  }));
  wire::JournalBatchReader reader;
  wire::JournalItem read;
  CHECK_TRUE(reader.open(bytes));
  LONGS_EQUAL(1, reader.count());
  CHECK_TRUE(reader.next(read));
  CHECK_TRUE(read.input.feed == "mnd");
  CHECK_TRUE(read.input.indicator == "strait.crossings");
  CHECK_TRUE(read.input.seq == 7U);
  LONGLONGS_EQUAL(item.input.time, read.input.time);
  LONGLONGS_EQUAL(item.clock, read.clock);
  ENUMS_EQUAL_INT(engine::Disposition::stale, read.disposition);
  CHECK_TRUE(journal->principal_name(read.principal) == "hub");
}

TEST(Journal, reads_from_after_a_number_and_stops_when_told) {
  commit_some(10);
  std::vector<std::uint64_t> ids;
  must(journal->read_batches(4, [&](const StoredBatch& batch) {
    ids.push_back(batch.id);
    return ids.size() < 3;
  }));
  CHECK_TRUE(ids == (std::vector<std::uint64_t>{5, 6, 7}));
  must(journal->read_batches(10, [](const StoredBatch&) {
    FAIL("nothing comes after the last");
    return true;
  }));
}

TEST(Journal, stores_alerts_without_inputs_and_inputs_without_alerts) {
  const Bytes body(3, std::byte{9});
  const StoredAlert own{1, 5, body};
  must(journal->commit(commit_of({}, {&own, 1}, {}, 5)));
  UNSIGNED_LONGLONGS_EQUAL(1, journal->last_batch_id());
  UNSIGNED_LONGLONGS_EQUAL(1, journal->last_alert_number());
  const SampleBatch quiet{99, 0, 3};
  must(journal->commit(commit_of(quiet.items(), {}, {}, 6)));
  reopen();
  UNSIGNED_LONGLONGS_EQUAL(2, journal->last_batch_id());
  UNSIGNED_LONGLONGS_EQUAL(1, journal->last_alert_number());
  LONGLONGS_EQUAL(6, journal->last_clock());
}

TEST(Journal, makes_no_batch_of_nothing_and_none_of_counts_alone) {
  must(journal->commit(commit_of({}, {}, {}, 5)));
  const RejectionRow row{"hub", 2, 4, "bad", 0};
  must(journal->commit(commit_of({}, {}, {&row, 1}, 6)));
  reopen();
  UNSIGNED_LONGLONGS_EQUAL(0, journal->last_batch_id());
  LONGLONGS_EQUAL(engine::kNever, journal->last_clock());
  LONGS_EQUAL(1, journal->rejections().size());
}

TEST(Journal, refuses_alert_numbers_that_leave_a_gap_or_repeat) {
  struct Row {
    const char* why;
    std::uint64_t first, second;
  };
  constexpr Row kRows[] = {
      {"starts late", 2, 3}, {"starts at zero", 0, 1}, {"a gap inside", 1, 3}, {"twice the same", 1, 1}};
  for (const auto& row : kRows) {
    const Bytes body(4);
    const StoredAlert alerts[] = {{row.first, 1, body}, {row.second, 1, body}};
    const SampleBatch batch{seed, 1, 2};
    const auto outcome = journal->commit(commit_of(batch.items(), alerts, {}, 1));
    CHECK_TEXT(outcome.has_value(), row.why);
    CHECK_FALSE_TEXT(outcome->fatal, row.why);
    UNSIGNED_LONGLONGS_EQUAL_TEXT(0, journal->last_batch_id(), row.why);
  }
  reopen();
  check_same();
  commit_some(3);
  check_same();
}

TEST(Journal, marks_the_highest_seq_of_each_feed_but_not_of_inputs_refused_as_full) {
  const auto item = [](const char* feed, std::uint64_t seq, engine::Disposition disposition) {
    wire::JournalItem made;
    made.input.feed = feed;
    made.input.indicator = "i";
    made.input.seq = seq;
    made.disposition = disposition;
    return made;
  };
  std::vector<wire::JournalItem> items = {
      item("b", 8, engine::Disposition::taken), item("a", 3, engine::Disposition::taken),
      item("a", 2, engine::Disposition::taken), item("a", 9, engine::Disposition::full),
      item("a", 5, engine::Disposition::stale)};
  wire::JournalItem heartbeat;
  heartbeat.input.kind = engine::InputKind::heartbeat;
  heartbeat.input.feed = "c";
  items.push_back(heartbeat);
  must(journal->commit(commit_of(items, {}, {}, 1)));
  reopen();
  const auto marks = journal->feed_marks();
  LONGS_EQUAL(2, marks.size());
  STRCMP_EQUAL("a", marks[0].feed.c_str());
  UNSIGNED_LONGLONGS_EQUAL(5, marks[0].mark);
  UNSIGNED_LONGLONGS_EQUAL(2, marks[0].reports);
  STRCMP_EQUAL("b", marks[1].feed.c_str());
  UNSIGNED_LONGLONGS_EQUAL(8, marks[1].mark);
}

TEST(Journal, adds_rejections_up_and_keeps_the_first_sample) {
  const RejectionRow first[] = {{"hub", 2, 3, "first", 0}, {"hub", 2, 1, "same commit", 0}, {"pier", 2, 1, "", 0}};
  const RejectionRow second[] = {{"hub", 2, 10, "later", 0}, {"hub", 7, 1, std::string(999, 'x'), 0}};
  must(journal->commit(commit_of({}, {}, first, 100)));
  must(journal->commit(commit_of({}, {}, second, 200)));
  for (int round = 0; round < 2; ++round) {
    const auto rows = journal->rejections();
    LONGS_EQUAL(3, rows.size());
    STRCMP_EQUAL("hub", rows[0].principal.c_str());
    UNSIGNED_LONGLONGS_EQUAL(14, rows[0].count);
    STRCMP_EQUAL("first", rows[0].sample.c_str());
    LONGLONGS_EQUAL(100, rows[0].first_at);
    LONGS_EQUAL(7, rows[1].reason);
    LONGS_EQUAL(kSampleBytesMax, rows[1].sample.size());
    LONGLONGS_EQUAL(200, rows[1].first_at);
    STRCMP_EQUAL("pier", rows[2].principal.c_str());
    reopen();
  }
}

TEST(Journal, gives_each_principal_one_number_for_ever) {
  LONGS_EQUAL(0, journal->principal_id(""));
  const auto hub = journal->principal_id("hub");
  const auto pier = journal->principal_id("pier");
  CHECK_TRUE(hub != 0 && pier != 0 && hub != pier);
  LONGS_EQUAL(hub, journal->principal_id("hub"));
  commit_some(1);
  reopen();
  LONGS_EQUAL(pier, journal->principal_id("pier"));
  LONGS_EQUAL(hub, journal->principal_id("hub"));
  CHECK_TRUE(journal->principal_name(hub) == "hub");
  CHECK_TRUE(journal->principal_name(0).empty());
  CHECK_TRUE(journal->principal_name(999).empty());
}

TEST(Journal, keeps_the_two_newest_checkpoints) {
  for (std::uint64_t batch = 1; batch <= 5; ++batch) {
    commit_some(1);
    must(journal->store_checkpoint({batch, batch * 1000, 3, Bytes(5000, static_cast<std::byte>(batch))}));
    if (batch == 3) reopen();
  }
  for (int round = 0; round < 2; ++round) {
    const auto found = journal->checkpoints();
    LONGS_EQUAL(2, found.size());
    UNSIGNED_LONGLONGS_EQUAL(5, found[0].batch_id);
    UNSIGNED_LONGLONGS_EQUAL(5000, found[0].image_hash);
    UNSIGNED_LONGS_EQUAL(3, found[0].engine_version);
    CHECK_TRUE(found[0].bytes == Bytes(5000, std::byte{5}));
    UNSIGNED_LONGLONGS_EQUAL(4, found[1].batch_id);
    reopen();
  }
}

TEST(Journal, orders_checkpoints_of_one_batch_by_when_they_were_stored) {
  commit_some(1);
  for (std::uint64_t hash = 1; hash <= 3; ++hash) must(journal->store_checkpoint({1, hash, 1, Bytes(10)}));
  reopen();
  UNSIGNED_LONGLONGS_EQUAL(3, journal->checkpoints()[0].image_hash);
  UNSIGNED_LONGLONGS_EQUAL(2, journal->checkpoints()[1].image_hash);
}

TEST(Journal, skips_a_damaged_checkpoint_and_overwrites_it_first) {
  commit_some(2);
  must(journal->store_checkpoint({1, 11, 1, Bytes(3000, std::byte{1})}));
  must(journal->store_checkpoint({2, 22, 1, Bytes(3000, std::byte{2})}));
  damage("UPDATE checkpoint SET state = zeroblob(3000) WHERE batch_id = 2");
  LONGS_EQUAL(1, journal->checkpoints().size());
  UNSIGNED_LONGLONGS_EQUAL(1, journal->checkpoints()[0].batch_id);
  must(journal->store_checkpoint({2, 33, 1, Bytes(3000, std::byte{3})}));
  LONGS_EQUAL(2, journal->checkpoints().size());
  UNSIGNED_LONGLONGS_EQUAL(33, journal->checkpoints()[0].image_hash);
  UNSIGNED_LONGLONGS_EQUAL(11, journal->checkpoints()[1].image_hash);
}

TEST(Journal, refuses_a_checkpoint_of_a_batch_to_come) {
  commit_some(1);
  CHECK_TRUE(journal->store_checkpoint({2, 1, 1, Bytes(10)}).has_value());
  CHECK_TRUE(journal->checkpoints().empty());
}

TEST(Journal, names_a_damaged_batch_and_shows_those_before_it) {
  commit_some(5);
  damage("UPDATE batch SET inputs = CAST(substr(inputs, 1, length(inputs) - 1) || x'5a' AS BLOB) WHERE id = 3");
  std::uint64_t last = 0;
  const auto outcome = journal->read_batches(0, [&](const StoredBatch& batch) {
    last = batch.id;
    return true;
  });
  CHECK_TRUE(outcome.has_value());
  STRCMP_CONTAINS("batch 3", outcome->text.c_str());
  STRCMP_CONTAINS(path.c_str(), outcome->text.c_str());
  UNSIGNED_LONGLONGS_EQUAL(2, last);
  CHECK_FALSE(journal->read_batches(3, [](const StoredBatch&) { return true; }).has_value());
}

TEST(Journal, names_a_batch_whose_clock_was_changed_or_that_is_missing) {
  commit_some(6);
  damage("UPDATE batch SET clock = clock + 1 WHERE id = 5");
  STRCMP_CONTAINS("batch 5", journal->read_batches(0, [](const StoredBatch&) { return true; })->text.c_str());
  damage("DELETE FROM batch WHERE id = 4");
  STRCMP_CONTAINS("batch 4", journal->read_batches(0, [](const StoredBatch&) { return true; })->text.c_str());
}

TEST(Journal, names_a_damaged_alert_event) {
  const Bytes body(50);
  const StoredAlert alerts[] = {{1, 1, body}, {2, 1, body}};
  must(journal->commit(commit_of({}, alerts, {}, 1)));
  damage("UPDATE alert SET body = zeroblob(49) WHERE number = 2");
  STRCMP_CONTAINS("alert event 2", journal->read_alerts(0, [](const StoredAlert&) { return true; })->text.c_str());
}

TEST(Journal, stores_an_image_once_and_again_after_another_ruled) {
  const Bytes one(100, std::byte{1});
  const Bytes two(100, std::byte{2});
  must(journal->store_image(1, one));
  must(journal->store_image(1, one));
  commit_some(2);
  reopen();
  must(journal->store_image(1, one));
  must(journal->store_image(2, two));
  commit_some(1);
  must(journal->store_image(1, one));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  must(journal->read_images([&](const StoredImage& image) {
    CHECK_TRUE(image.bytes == (image.image_hash == 1 ? one : two));
    found.emplace_back(image.image_hash, image.from_batch);
    return true;
  }));
  CHECK_TRUE(found == (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 1}, {2, 3}, {1, 4}}));
  damage("UPDATE image SET body = zeroblob(100) WHERE id = 2");
  STRCMP_CONTAINS("batch 3", journal->read_images([](const StoredImage&) { return true; })->text.c_str());
}

TEST(Journal, sets_its_first_instant_once) {
  CommitBatch batch;
  batch.first_instant = -5;
  must(journal->commit(batch));
  must(journal->commit(batch));
  batch.first_instant = 6;
  CHECK_TRUE(journal->commit(batch).has_value());
  reopen();
  LONGLONGS_EQUAL(-5, journal->first_instant());
  UNSIGNED_LONGLONGS_EQUAL(0, journal->last_batch_id());
}

TEST(Journal, moves_the_wal_into_the_file_when_it_is_full) {
  OpenOptions options;
  options.wal_pages_max = 20;
  reopen(options);
  commit_some(200);
  check_same();
  CHECK_TRUE(std::filesystem::file_size(path) > 100'000);
  CHECK_TRUE(std::filesystem::file_size(path + "-wal") < 40 * 4120);
}

TEST(Journal, removes_the_wal_when_it_closes) {
  commit_some(3);
  CHECK_TRUE(std::filesystem::exists(path + "-wal"));
  journal.reset();
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
}
