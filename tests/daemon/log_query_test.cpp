// SPDX-License-Identifier: Apache-2.0
/// What: pages of a journal for one who may see all of it, some of it or nothing: bounded, dense, none left out.
/// How: a journal in a temporary folder, filled by hand.
#include "log_query.hpp"

#include <memory>
#include <string>
#include <vector>

#include "tocsin/wire/batch_codec.hpp"

#include "alert_query.hpp"
#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::journal::Act;
using tocsin::journal::CommitBatch;
using tocsin::journal::Gap;
using tocsin::journal::Journal;
using tocsin::wire::JournalItem;

TEST_GROUP(LogQuery) {
  TempFolder folder;
  std::unique_ptr<Journal> journal;
  AudienceConfig partners;

  void setup() override {
    tocsin::journal::JournalError error;
    journal = Journal::open(folder.file("journal.db"), {}, error);
    CHECK_TRUE_TEXT(journal != nullptr, error.text.c_str());
    partners.ceiling = tocsin::engine::Marking::green;
  }
  void teardown() override { journal.reset(); }

  void store(const CommitBatch& batch) const {
    const auto outcome = journal->commit(batch);
    CHECK_FALSE_TEXT(outcome.has_value(), outcome ? outcome->text.c_str() : "");
  }
  static JournalItem item(std::uint64_t seq, tocsin::wire::Marking marking, std::string_view note = {}) {
    JournalItem out;
    out.input = report("analyst", seq, "exercise", kMay);
    out.input.marking = marking;
    out.input.note = note;
    out.clock = kMay;
    return out;
  }
  void store_items(const std::vector<JournalItem>& items) const {
    CommitBatch batch;
    batch.items = items;
    batch.clock = kMay;
    store(batch);
  }
  void store_act(std::string_view kind, std::string_view text) const {
    const Act act{kMay, "duty", kind, text};
    CommitBatch batch;
    batch.acts = std::span{&act, 1};
    batch.clock = kMay;
    store(batch);
  }
  /// One page.
  LogQuery ask(LogWhat what, std::uint64_t since = 0, const AudienceConfig* audience = nullptr, std::size_t limit = 0)
      const {
    LogQuery query;
    query.what = what;
    query.since = since;
    query.audience = audience;
    query.limit = limit;
    query.alerts = {"strait_activity"};
    const auto outcome = read_log(*journal, query);
    CHECK_FALSE_TEXT(outcome.has_value(), outcome ? outcome->text.c_str() : "");
    return query;
  }
  static std::string numbers(const tocsin::wire::LogAnswer::Batch& batch) {
    std::string out;
    tocsin::wire::JournalBatchReader reader;
    CHECK_TRUE(reader.open(batch.bytes));
    for (std::size_t i = 0; i < reader.count(); ++i) {
      JournalItem one;
      CHECK_TRUE(reader.next(one));
      out += std::to_string(*one.input.seq) + " ";
    }
    return out;
  }
};

TEST(LogQuery, pages_are_bounded_by_number_and_follow_one_another) {
  constexpr std::uint64_t kBatches = 2 * kLogBatchesMax + 3;
  for (std::uint64_t i = 1; i <= kBatches; ++i) store_items({item(i, tocsin::wire::Marking::clear)});
  std::uint64_t since = 0;
  std::uint64_t expected = 1;
  bool more = true;
  for (int page = 0; more; ++page) {
    CHECK_TRUE(page < 3);
    auto query = ask(LogWhat::batches, since);
    CHECK_TRUE(query.answer.batches.size() <= kLogBatchesMax);
    UNSIGNED_LONGLONGS_EQUAL(kBatches, query.answer.newest);
    for (const auto& batch : query.answer.batches) UNSIGNED_LONGLONGS_EQUAL(expected++, batch.id);
    since = query.looked_at;
    more = query.more;
  }
  UNSIGNED_LONGLONGS_EQUAL(kBatches + 1, expected);
  UNSIGNED_LONGS_EQUAL(2, ask(LogWhat::batches, 5, nullptr, 2).answer.batches.size());
  CHECK_TRUE(ask(LogWhat::batches, kBatches).answer.batches.empty());
  CHECK_FALSE(ask(LogWhat::batches, kBatches).more);
}

TEST(LogQuery, pages_are_bounded_by_bytes_but_take_one_batch_at_least) {
  const std::string note(1000, 'x');
  std::vector<JournalItem> items;
  for (std::uint64_t i = 1; i <= 100; ++i) items.push_back(item(i, tocsin::wire::Marking::clear, note));
  for (int i = 0; i < 8; ++i) store_items(items);
  std::uint64_t since = 0;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const auto query = ask(LogWhat::batches, since);
    CHECK_FALSE(query.answer.batches.empty());
    std::size_t bytes = 0;
    for (const auto& batch : query.answer.batches) bytes += batch.bytes.size();
    CHECK_TRUE(bytes <= kAnswerBytesMax);
    since = query.looked_at;
    more = query.more;
  }
  CHECK_TRUE(pages >= 4);
  UNSIGNED_LONGLONGS_EQUAL(8, since);
}

TEST(LogQuery, of_a_batch_only_what_the_audience_may_see) {
  using tocsin::wire::Marking;
  auto released = item(4, Marking::green);
  released.input.release.items[0] = "USA";
  released.input.release.size = 1;
  store_items({item(1, Marking::clear), item(2, Marking::amber), item(3, Marking::green), released});
  store_items({item(5, Marking::red)});
  const auto all = ask(LogWhat::batches);
  STRCMP_EQUAL("1 2 3 4 ", numbers(all.answer.batches.at(0)).c_str());
  partners.all_releases = false;
  partners.release = {"JPN"};
  const auto some = ask(LogWhat::batches, 0, &partners);
  STRCMP_EQUAL("1 3 ", numbers(some.answer.batches.at(0)).c_str());
  STRCMP_EQUAL("", numbers(some.answer.batches.at(1)).c_str());
  UNSIGNED_LONGLONGS_EQUAL(2, some.looked_at);
  partners.release = {"USA"};
  STRCMP_EQUAL("1 3 4 ", numbers(ask(LogWhat::batches, 0, &partners).answer.batches.at(0)).c_str());
}

TEST(LogQuery, what_an_audience_may_see_all_of_is_given_as_it_is_stored) {
  store_items({item(1, tocsin::wire::Marking::clear)});
  std::vector<std::byte> stored;
  CHECK_FALSE(journal
                  ->read_batches(0,
                                 [&](const tocsin::journal::StoredBatch& batch) {
                                   stored = batch.bytes;
                                   return true;
                                 })
                  .has_value());
  CHECK_TRUE(stored == ask(LogWhat::batches).answer.batches.at(0).bytes);
  CHECK_TRUE(stored == ask(LogWhat::batches, 0, &partners).answer.batches.at(0).bytes);
}

TEST(LogQuery, acts_on_alerts_are_for_who_may_see_the_alert) {
  store_act("shelve", "strait_activity until=2024-05-01T08:00:00Z level=high why=x");
  store_act("shelve", "distraction until=2024-05-01T08:00:00Z level=high why=secret");
  store_act("unshelve", "distraction end=time");
  store_act("acknowledge", "7 secret");  // an event that is not there
  store_act("believe", "away_ms=1");
  UNSIGNED_LONGS_EQUAL(5, ask(LogWhat::acts).answer.acts.size());
  const auto some = ask(LogWhat::acts, 0, &partners);
  UNSIGNED_LONGS_EQUAL(2, some.answer.acts.size());
  STRCMP_CONTAINS("strait_activity", some.answer.acts[0].text.c_str());
  STRCMP_EQUAL("believe", some.answer.acts[1].kind.c_str());
  UNSIGNED_LONGLONGS_EQUAL(5, some.looked_at);
  CHECK_FALSE(some.more);
}

TEST(LogQuery, samples_of_what_others_had_refused_are_for_who_may_see_all) {
  tocsin::journal::RejectionRow own;
  own.principal = "guest";
  own.reason = 1;
  own.count = 2;
  own.sample = "kind=report feed=own";
  auto other = own;
  other.principal = "hub";
  other.sample = "kind=report feed=secret";
  const std::vector<tocsin::journal::RejectionRow> rows{own, other};
  CommitBatch batch;
  batch.rejections = rows;
  batch.clock = kMay;
  store(batch);
  const auto samples = [this](const AudienceConfig* audience) {
    LogQuery query;
    query.what = LogWhat::rejections;
    query.audience = audience;
    query.principal = "guest";
    CHECK_FALSE(read_log(*journal, query).has_value());
    std::string all;
    for (const auto& one : query.answer.rejections) {
      UNSIGNED_LONGLONGS_EQUAL(2, one.count);
      all += one.principal + ": " + one.sample + "; ";
    }
    return all;
  };
  STRCMP_EQUAL("guest: kind=report feed=own; hub: kind=report feed=secret; ", samples(nullptr).c_str());
  STRCMP_EQUAL("guest: kind=report feed=own; hub: ; ", samples(&partners).c_str());
  partners.ceiling = tocsin::engine::Marking::red;  // and all releases
  STRCMP_EQUAL(samples(nullptr).c_str(), samples(&partners).c_str());
}

TEST(LogQuery, acts_and_gaps_share_one_count_and_are_given_apart) {
  store_act("believe", "away_ms=1");
  const Gap gap{kMay, "radar", 5, 9};
  CommitBatch batch;
  batch.gaps = std::span{&gap, 1};
  batch.clock = kMay;
  store(batch);
  store_act("believe", "away_ms=2");
  const auto acts = ask(LogWhat::acts);
  UNSIGNED_LONGS_EQUAL(2, acts.answer.acts.size());
  UNSIGNED_LONGLONGS_EQUAL(3, acts.answer.newest);
  UNSIGNED_LONGLONGS_EQUAL(3, acts.answer.acts[1].number);
  const auto gaps = ask(LogWhat::gaps);
  UNSIGNED_LONGS_EQUAL(1, gaps.answer.gaps.size());
  UNSIGNED_LONGLONGS_EQUAL(2, gaps.answer.gaps[0].number);
  STRCMP_EQUAL("radar", gaps.answer.gaps[0].source.c_str());
  UNSIGNED_LONGLONGS_EQUAL(9, gaps.answer.gaps[0].last);
  const auto page = ask(LogWhat::acts, 0, nullptr, 2);
  UNSIGNED_LONGS_EQUAL(1, page.answer.acts.size());
  CHECK_TRUE(page.more);
  UNSIGNED_LONGLONGS_EQUAL(2, page.looked_at);
  UNSIGNED_LONGS_EQUAL(1, ask(LogWhat::acts, page.looked_at).answer.acts.size());
}

TEST(LogQuery, the_newest_signed_head_is_the_journals) {
  store_items({item(1, tocsin::wire::Marking::clear)});
  CHECK_FALSE(journal->sign_head().has_value());
  const auto head = ask(LogWhat::head, 0, &partners).answer.head.value();
  UNSIGNED_LONGLONGS_EQUAL(1, head.batch);
  tocsin::journal::SignedHead expected;
  CHECK_FALSE(journal->head(expected).has_value());
  STRCMP_EQUAL(expected.chain.c_str(), head.chain.c_str());
  STRCMP_EQUAL(expected.signature.c_str(), head.signature.c_str());
  STRCMP_EQUAL(expected.public_key.c_str(), head.public_key.c_str());
  STRCMP_EQUAL(expected.journal.c_str(), head.journal.c_str());
  CHECK_FALSE(ask(LogWhat::acts).answer.head.has_value());
}

TEST(LogQuery, a_journal_holds_five_things) {
  CHECK_TRUE(log_what("batches") == LogWhat::batches && log_what("acts") == LogWhat::acts);
  CHECK_TRUE(log_what("gaps") == LogWhat::gaps && log_what("rejections") == LogWhat::rejections);
  CHECK_TRUE(log_what("head") == LogWhat::head);
  CHECK_FALSE(log_what("").has_value());
  CHECK_FALSE(log_what("alerts").has_value());
}
