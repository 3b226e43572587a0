// SPDX-License-Identifier: Apache-2.0
/// What: who asks for alert events that retention removed is told which, from where it asked or its cursor stands.
/// How: a journal that is larger than it may be, filled with alert events.
#include "alert_query.hpp"

#include <memory>
#include <span>

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using namespace tocsin::journal;

TEST_GROUP(AlertQuery) {
  TempFolder folder;
  std::unique_ptr<Journal> journal;

  void setup() override {
    JournalError error;
    OpenOptions options;
    options.max_page_count = 600;
    journal = Journal::open(folder.file("journal.db"), options, error);
    CHECK_TRUE_TEXT(journal != nullptr, error.text.c_str());
  }
  void teardown() override { journal.reset(); }

  void commit(const CommitBatch& batch) const {
    const auto outcome = journal->commit(batch);
    CHECK_FALSE_TEXT(outcome.has_value(), outcome ? outcome->text.c_str() : "");
  }
  void store(unsigned count) const {
    const Bytes body(3000, std::byte{3});
    for (unsigned i = 0; i < count; ++i) {
      tocsin::wire::JournalItem item;
      const auto number = journal->last_alert_number() + 1;
      item.clock = kMay + static_cast<tocsin::engine::Instant>(number) * kHour;
      item.input = report("analyst", number, "exercise", item.clock);
      const StoredAlert alert{number, item.clock, body};
      CommitBatch batch;
      batch.items = std::span{&item, 1};
      batch.alerts = std::span{&alert, 1};
      batch.clock = item.clock;
      batch.first_instant = kMay;
      commit(batch);
      CHECK_FALSE(journal->retain(item.clock).has_value());
      if (!journal->wants_checkpoint()) continue;
      CHECK_FALSE(journal->store_checkpoint({journal->last_batch_id(), 1, 1, Bytes(3000), 0}).has_value());
    }
  }
  AlertQuery ask(std::uint64_t since, const char* consumer = "") const {
    AlertQuery query;
    query.since = since;
    query.consumer = consumer;
    query.limit = 1;
    CHECK_FALSE(read_alerts(*journal, query).has_value());
    return query;
  }
};

TEST(AlertQuery, says_nothing_of_what_is_gone_while_all_is_there) {
  UNSIGNED_LONGLONGS_EQUAL(0, ask(0).gone_last);
  store(10);
  UNSIGNED_LONGLONGS_EQUAL(0, ask(0).gone_last);
  UNSIGNED_LONGLONGS_EQUAL(0, ask(10).gone_last);
  UNSIGNED_LONGLONGS_EQUAL(0, ask(99).gone_last);
}

TEST(AlertQuery, tells_which_of_those_asked_for_retention_removed) {
  store(2);
  CommitBatch moved;
  const Cursor cursor{"duty/siren", 2};
  moved.cursors = std::span{&cursor, 1};
  moved.clock = kMay + 2 * kHour;
  commit(moved);
  store(600);
  const auto oldest = journal->state().first_alert;
  CHECK_TRUE(oldest > 10);
  const auto all = ask(0);
  CHECK_TRUE(all.gone_first == 1 && all.gone_last == oldest - 1);
  UNSIGNED_LONGLONGS_EQUAL(oldest, all.looked_at);
  const auto late = ask(0, "duty/siren");
  CHECK_TRUE(late.gone_first == 3 && late.gone_last == oldest - 1);
  UNSIGNED_LONGLONGS_EQUAL(oldest - 1, ask(oldest - 2).gone_first);
  UNSIGNED_LONGLONGS_EQUAL(oldest - 1, journal->state().gone_alert);
  const auto in_time = ask(oldest - 1);
  CHECK_TRUE(in_time.gone_first == 0 && in_time.gone_last == 0);
}
