// SPDX-License-Identifier: Apache-2.0
/// What: which inputs the daemon takes, refuses and counts; that nothing is half stored; that time alone raises alerts.
/// How: a core without sockets, the sample book, a clock turned by hand; the journal is a file, or a disk that fails.
#include "tocsin/daemon/core.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::test_support::PowercutVfs;
using tocsin::wire::InputView;
using tocsin::wire::Refusal;

TEST_GROUP(Core) {
  Site site;
  FakeClock clock;

  static Refusal refusal(Core & core, const Principal& principal, const InputView& view) {
    const auto refused = take(core, principal, std::span{&view, 1});
    return refused.empty() ? Refusal::none : refused[0].code;
  }
  static void commit(Core & core) {
    CHECK_TRUE(core.commit() == CommitResult::done);
    core.clear_batch();
  }
  static tocsin::wire::StatusReport status(Core & core) {
    tocsin::wire::StatusReport report;
    core.fill_status(report);
    return report;
  }
};

TEST(Core, refuses_only_the_bad_items_of_a_frame_and_says_which_and_why) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  std::vector<InputView> items{
      report("mnd_daily", 1, "pla_aircraft", kMay, 10),
      report("mnd_dialy", 1, "pla_aircraft", kMay, 10),
      report("mnd_daily", 2, "no_such_thing", kMay, 10),
      report("mnd_daily", 3, "exercise", kMay, 10),
      report("mnd_daily", 4, "pla_aircraft", kMay, std::numeric_limits<double>::infinity()),
      report("mnd_daily", 5, "pla_aircraft", -1, 10),
      report("launches", 6, "dprk_severe", kMay),
      report("launches", 7, "dprk_severe", kMay, 1, "mnd"),
      report("mnd_daily", 8, "plan_ships", kMay, 3),
  };
  static constexpr Refusal kExpected[] = {Refusal::unknown_feed,  Refusal::unknown_indicator, Refusal::feed_not_allowed,
                                          Refusal::bad_value,     Refusal::bad_time,          Refusal::origin_missing,
                                          Refusal::unknown_origin};
  const auto refused = take(core, desk, items);
  UNSIGNED_LONGS_EQUAL(7, refused.size());
  for (std::size_t i = 0; i < refused.size(); ++i) {
    UNSIGNED_LONGS_EQUAL(i + 1, refused[i].index);
    ENUMS_EQUAL_INT(kExpected[i], refused[i].code);
    CHECK_FALSE(refused[i].retry);
    CHECK_FALSE(refused[i].text.empty());
  }
  STRCMP_CONTAINS("feed \"mnd_dialy\"", refused[0].text.c_str());
  commit(core);
  UNSIGNED_LONGLONGS_EQUAL(2, status(core).taken);
  const auto stored = read_stored(core.journal());
  UNSIGNED_LONGS_EQUAL(2, stored.reports.size());
}

TEST(Core, counts_refusals_by_principal_and_reason_with_one_sample_and_journals_them) {
  {
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    const auto desk = core.principal("desk");
    const auto hub = core.principal("hub");
    for (int i = 0; i < 3; ++i) (void)refusal(core, desk, report("nobody", 7, "x", kMay));
    (void)refusal(core, hub, report("nobody", 8, "x", kMay));
    CHECK_TRUE(core.batch().empty());
    CHECK_TRUE(core.has_uncommitted_refusals());
    commit(core);
    CHECK_FALSE(core.has_uncommitted_refusals());
  }
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto counts = status(core).refusals;
  UNSIGNED_LONGS_EQUAL(2, counts.size());
  STRCMP_EQUAL("desk", counts[0].principal.c_str());
  UNSIGNED_LONGLONGS_EQUAL(3, counts[0].count);
  CHECK_TRUE(counts[0].reason == Refusal::unknown_feed);
  STRCMP_CONTAINS("feed=nobody seq=7", counts[0].sample.c_str());
  UNSIGNED_LONGLONGS_EQUAL(1, counts[1].count);
}

TEST(Core, counts_a_frame_that_is_no_batch) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  tocsin::wire::BatchReader reader;
  const Bytes garbage(100, std::byte{0xAB});
  CHECK_FALSE(core.read_frame(garbage, desk, reader));
  CHECK_FALSE(core.read_frame({}, desk, reader));
  const Bytes huge(tocsin::wire::kFrameBytesMax + 1);
  CHECK_FALSE(core.read_frame(huge, desk, reader));
  const auto counts = status(core).refusals;
  UNSIGNED_LONGS_EQUAL(1, counts.size());
  UNSIGNED_LONGLONGS_EQUAL(3, counts[0].count);
  STRCMP_CONTAINS("size=65537 starts=0000", counts[0].sample.c_str());
}

TEST(Core, lets_a_principal_speak_only_for_what_the_config_says) {
  site.configure("", "[principals.desk]\nendpoint = \"" + site.ingest() +
                         "\"\nfeeds = [\"analyst\", \"mnd_daily\"]\nindicators = [\"exercise\"]");
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  CHECK_TRUE(refusal(core, desk, report("analyst", 1, "exercise", kMay)) == Refusal::none);
  CHECK_TRUE(refusal(core, desk, report("analyst", 2, "dprk_severe", kMay)) == Refusal::not_authorised);
  CHECK_TRUE(refusal(core, desk, report("airspace", 1, "closure", kMay)) == Refusal::not_authorised);
  CHECK_TRUE(refusal(core, desk, heartbeat("launches", kMay)) == Refusal::not_authorised);
  CHECK_TRUE(refusal(core, desk, heartbeat("mnd_daily", kMay)) == Refusal::none);
}

TEST(Core, refuses_what_is_too_far_ahead_only_for_now) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  const auto view = report("analyst", 1, "exercise", kMay + kMinute + 1);
  const auto refused = take(core, desk, std::span{&view, 1});
  UNSIGNED_LONGS_EQUAL(1, refused.size());
  CHECK_TRUE(refused[0].code == Refusal::too_far_ahead);
  CHECK_TRUE(refused[0].retry);
  clock.pass(1);
  CHECK_TRUE(refusal(core, desk, view) == Refusal::none);
}

TEST(Core, takes_clock_lines_only_where_the_input_gives_the_clock) {
  {
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    CHECK_TRUE(refusal(core, core.principal("desk"), clock_line(kMay + kHour)) == Refusal::bad_field);
  }
  Site replay{"clock = \"input\""};
  Core core{replay.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  CHECK_TRUE(refusal(core, core.principal("desk"), clock_line(kMay + kDay)) == Refusal::none);
  LONGLONGS_EQUAL(kMay + kDay, core.engine().first_instant());
  // Much later than now and than max_skew: with this clock time is what the lines say.
  CHECK_TRUE(refusal(core, core.principal("desk"), report("analyst", 1, "exercise", kMay + 30 * kDay)) ==
             Refusal::none);
  LONGLONGS_EQUAL(kMay + 30 * kDay, core.engine().clock());
}

TEST(Core, starts_a_replay_at_its_first_line) {
  Site replay{"clock = \"input\""};
  Core core{replay.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto before = status(core);
  CHECK_TRUE(before.theaters.at(0).level == tocsin::engine::Level::unknown);
  CHECK_TRUE(refusal(core, core.principal("desk"), report("analyst", 1, "exercise", kMay - kDay)) == Refusal::none);
  LONGLONGS_EQUAL(kMay - kDay, core.engine().first_instant());
}

TEST(Core, acknowledges_a_duplicate_and_refuses_other_content_under_the_same_number) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  const auto view = report("mnd_daily", 5, "pla_aircraft", kMay, 10);
  CHECK_TRUE(refusal(core, desk, view) == Refusal::none);
  CHECK_TRUE(refusal(core, desk, view) == Refusal::none);
  CHECK_TRUE(refusal(core, desk, report("mnd_daily", 5, "pla_aircraft", kMay, 11)) == Refusal::reused_seq);
  commit(core);
  CHECK_TRUE(refusal(core, desk, view) == Refusal::none);
  CHECK_TRUE(core.batch().empty());
  const auto stored = read_stored(core.journal());
  UNSIGNED_LONGS_EQUAL(1, stored.reports.size());
  const auto now = status(core);
  UNSIGNED_LONGLONGS_EQUAL(1, now.taken);
  UNSIGNED_LONGLONGS_EQUAL(2, now.duplicate);
  UNSIGNED_LONGLONGS_EQUAL(1, now.reused);
}

TEST(Core, journals_stale_news_and_does_not_refuse_it) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  CHECK_TRUE(refusal(core, core.principal("desk"), report("analyst", 1, "exercise", kMay - kDay)) == Refusal::none);
  commit(core);
  UNSIGNED_LONGLONGS_EQUAL(1, status(core).stale);
  UNSIGNED_LONGS_EQUAL(1, read_stored(core.journal()).reports.size());
}

TEST(Core, wants_a_hello_before_a_great_jump_of_sequence_numbers) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  constexpr std::uint64_t kJump = 1ULL << 20U;
  CHECK_TRUE(refusal(core, desk, report("analyst", 7, "exercise", kMay)) == Refusal::none);
  CHECK_TRUE(refusal(core, desk, report("analyst", 7 + kJump, "exercise", kMay)) == Refusal::none);
  CHECK_TRUE(refusal(core, desk, report("analyst", 8 + 2 * kJump, "exercise", kMay)) == Refusal::seq_jump);
  const auto hello = core.hello("analyst");
  CHECK_TRUE(hello.has_value());
  UNSIGNED_LONGLONGS_EQUAL(7 + kJump, hello->mark);
  CHECK_TRUE(refusal(core, desk, report("analyst", 8 + 2 * kJump, "exercise", kMay)) == Refusal::none);
  CHECK_TRUE(refusal(core, desk, report("analyst", 9 + 3 * kJump, "exercise", kMay)) == Refusal::seq_jump);
  CHECK_FALSE(core.hello("nobody").has_value());
}

TEST(Core, rings_and_numbers_what_it_says) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  const std::vector<InputView> items{report("mnd_daily", 1, "pla_aircraft", kMay, 50),
                                     report("mnd_daily", 2, "plan_ships", kMay, 12)};
  UNSIGNED_LONGS_EQUAL(0, take(core, desk, items).size());
  CHECK_FALSE(core.batch().alerts().empty());
  tocsin::wire::ControlReply none;
  STRCMP_EQUAL("", core.alerts_since(0, 10, none).c_str());
  UNSIGNED_LONGS_EQUAL(0, none.alerts.size());  // not committed yet
  commit(core);
  tocsin::wire::ControlReply reply;
  STRCMP_EQUAL("", core.alerts_since(0, 10, reply).c_str());
  bool raised = false;
  for (std::size_t i = 0; i < reply.alerts.size(); ++i) {
    const auto record = tocsin::wire::decode_alert(reply.alerts[i]);
    CHECK_TRUE(record.has_value());
    UNSIGNED_LONGLONGS_EQUAL(i + 1, record->number.value());
    STRCMP_EQUAL("test-site", record->site.c_str());
    raised = raised || (record->name == "strait_activity" && record->kind == tocsin::engine::EventKind::raised);
  }
  CHECK_TRUE(raised);
  CHECK_TRUE(status(core).alerts.at(1).raised);
}

TEST(Core, gives_alert_events_in_pages) {
  Site replay{"clock = \"input\""};
  Core core{replay.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  for (const auto& view : story(3, 30)) {
    (void)refusal(core, desk, view);
    (void)core.commit();
    core.clear_batch();
  }
  const auto newest = core.newest_alert();
  CHECK_TRUE(newest > 10);
  std::uint64_t since = 0;
  bool more = true;
  while (more) {
    tocsin::wire::ControlReply page;
    STRCMP_EQUAL("", core.alerts_since(since, 4, page).c_str());
    CHECK_TRUE(page.alerts.size() <= 4);
    since += page.alerts.size();
    more = page.more;
    CHECK_EQUAL(since < newest, more);
  }
  UNSIGNED_LONGLONGS_EQUAL(newest, since);
}

TEST(Core, notices_silence_at_its_exact_instant_without_any_input) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  (void)refusal(core, core.principal("desk"), report("mnd_daily", 1, "pla_aircraft", kMay, 10));
  (void)refusal(core, core.principal("desk"), report("mnd_daily", 2, "plan_ships", kMay, 1));
  (void)refusal(core, core.principal("desk"), heartbeat("launches", kMay));
  commit(core);
  const auto newest = core.newest_alert();
  clock.pass(36 * kHour - 1);
  core.advance();
  const auto events_before = core.batch().alerts().size();
  CHECK_FALSE(status(core).feeds.at(3).overdue);
  CHECK_TRUE(core.until_due(kDay) <= 1);
  clock.pass(1);
  core.advance();
  CHECK_TRUE(status(core).feeds.at(3).overdue);
  CHECK_TRUE(core.batch().alerts().size() > events_before);
  LONGLONGS_EQUAL(kMay + 36 * kHour, core.batch().alerts().back().at);
  // What time alone raised is journaled as a clock line of nobody's.
  CHECK_TRUE(core.batch().items().back().input.kind == tocsin::engine::InputKind::clock);
  UNSIGNED_LONGS_EQUAL(0, core.batch().items().back().principal);
  commit(core);
  CHECK_TRUE(core.newest_alert() > newest);
  core.advance();
  CHECK_TRUE(core.batch().empty());
}

TEST(Core, says_why_it_cannot_start) {
  Site other;
  (void)other.folder.write("book.tcn", std::string_view{"this is no rule image at all, though it is long enough"});
  Core bad_image{other.config(), clock};
  STRCMP_CONTAINS("is no usable rule image", bad_image.open().c_str());

  Core first{site.config(), clock};
  STRCMP_EQUAL("", first.open().c_str());
  Core second{site.config(), clock};
  STRCMP_CONTAINS("held by another process", second.open().c_str());
}

namespace {
/// What was told without being journaled.
class Listener final : public AlertListener {
 public:
  void decided(const tocsin::engine::AlertEvent& /*event*/, const tocsin::wire::AlertContext& /*context*/) override {
    ++decided_events;
  }
  void unjournaled(const Announcement& announcement) override {
    const auto record = tocsin::wire::decode_alert(announcement.unjournaled);
    CHECK_TRUE(record.has_value());
    CHECK_TRUE(record->not_journaled);
    CHECK_FALSE(record->number.has_value());
    told.push_back(record->name);
  }
  unsigned decided_events = 0;
  std::vector<std::string> told;
};
constexpr int kFull = 13;  // SQLITE_FULL
}  // namespace

TEST(Core, rings_on_without_a_journal_and_goes_on_from_it_when_the_disk_heals) {
  PowercutVfs disk{"daemon-core-heal"};
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open("daemon-core-heal").c_str());
  Listener listener;
  core.listen(&listener);
  const auto desk = core.principal("desk");
  CHECK_TRUE(refusal(core, desk, report("analyst", 1, "exercise", kMay)) == Refusal::none);
  commit(core);
  const std::vector<InputView> surge{report("mnd_daily", 1, "pla_aircraft", kMay, 50),
                                     report("mnd_daily", 2, "plan_ships", kMay, 12)};
  disk.fail_at(PowercutVfs::Operation::write, 1, PowercutVfs::Repeat::for_ever, kFull);
  const auto before = listener.decided_events;
  (void)take(core, desk, surge);
  const auto decided_events = listener.decided_events - before;
  CHECK_TRUE(decided_events > 0);
  CHECK_TRUE(core.commit() == CommitResult::trouble);
  CHECK_TRUE(core.in_trouble());
  UNSIGNED_LONGS_EQUAL(decided_events, listener.told.size());  // what could not be stored rings all the same
  const auto sick = status(core);
  CHECK_FALSE(sick.journal_ok);
  STRCMP_CONTAINS("full", sick.journal_error.c_str());

  // In trouble it takes and rings on; nothing fills, nothing gets a number.
  CHECK_TRUE(core.commit() == CommitResult::trouble);
  CHECK_TRUE(refusal(core, desk, report("launches", 1, "dprk_severe", kMay, 1, "jcs")) == Refusal::none);
  CHECK_TRUE(core.batch().empty());
  clock.pass(36 * kHour);
  core.advance();
  CHECK_TRUE(listener.told.size() > decided_events);
  UNSIGNED_LONGLONGS_EQUAL(before, core.newest_alert());

  CHECK_TRUE(disk.mend());
  CHECK_FALSE(core.journal().probe().has_value());
  STRCMP_EQUAL("", core.recover_again().c_str());
  CHECK_FALSE(core.in_trouble());
  CHECK_TRUE(status(core).journal_ok);
  UNSIGNED_LONGLONGS_EQUAL(1, status(core).taken);  // what was in memory only is forgotten: senders say it again
  CHECK_TRUE(refusal(core, desk, surge[0]) == Refusal::none);
  CHECK_TRUE(refusal(core, desk, report("analyst", 1, "exercise", kMay)) == Refusal::none);  // a duplicate
  commit(core);
  UNSIGNED_LONGS_EQUAL(2, read_stored(core.journal()).reports.size());
}

TEST(Core, stores_no_checkpoint_of_what_it_threw_away) {
  Site replay{"clock = \"input\""};
  PowercutVfs disk{"daemon-core-thrown-away"};
  Core core{replay.config(), clock};
  STRCMP_EQUAL("", core.open("daemon-core-thrown-away").c_str());
  const auto line = report("analyst", 1, "exercise", kMay);
  disk.fail_at(PowercutVfs::Operation::write, 1, PowercutVfs::Repeat::for_ever, kFull);
  CHECK_TRUE(refusal(core, core.principal("desk"), line) == Refusal::none);
  CHECK_TRUE(core.commit() == CommitResult::trouble);
  CHECK_TRUE(disk.mend());
  CHECK_FALSE(core.journal().probe().has_value());
  STRCMP_EQUAL("", core.recover_again().c_str());
  core.want_checkpoint();  // as retention does
  CHECK_FALSE(core.checkpoint_due());
  STRCMP_EQUAL("", core.store_checkpoint().c_str());
  CHECK_TRUE(core.journal().checkpoints().empty());
  CHECK_TRUE(refusal(core, core.principal("desk"), line) == Refusal::none);
  commit(core);
  UNSIGNED_LONGS_EQUAL(1, read_stored(core.journal()).reports.size());
  CHECK_TRUE(core.checkpoint_due());
}

// Nothing may have come for long: messages may be missing up to now.
TEST(Core, dates_a_gap_by_the_clock_as_it_runs) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto before = core.wall();
  clock.pass(2 * kHour);
  core.lose(core.principal("desk"), {0, 5, 7, 3});
  commit(core);
  tocsin::engine::Instant at = 0;
  const auto outcome = core.journal().read_gaps([&at](const tocsin::journal::Gap& gap) {
    at = gap.at;
    return true;
  });
  CHECK_FALSE(outcome.has_value());
  LONGLONGS_EQUAL(before + 2 * kHour, at);
}

TEST(Core, stores_nothing_when_its_healing_was_ended) {
  Site replay{"clock = \"input\""};
  PowercutVfs disk{"daemon-core-ended"};
  Core core{replay.config(), clock};
  STRCMP_EQUAL("", core.open("daemon-core-ended").c_str());
  const auto desk = core.principal("desk");
  CHECK_TRUE(refusal(core, desk, report("analyst", 1, "exercise", kMay)) == Refusal::none);
  commit(core);
  disk.fail_at(PowercutVfs::Operation::write, 1, PowercutVfs::Repeat::for_ever, kFull);
  CHECK_TRUE(refusal(core, desk, report("analyst", 2, "exercise", kMay)) == Refusal::none);
  CHECK_TRUE(core.commit() == CommitResult::trouble);
  CHECK_TRUE(disk.mend());
  CHECK_FALSE(core.journal().probe().has_value());
  int asked = 0;
  CHECK_FALSE(core.recover_again([&asked] { return ++asked < 1; }).empty());
  LONGS_EQUAL(1, asked);
  CHECK_TRUE(core.in_trouble() && !core.has_uncommitted());
}

TEST(Core, fills_one_batch_while_the_other_is_stored) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  const std::vector<InputView> surge{report("mnd_daily", 1, "pla_aircraft", kMay, 50),
                                     report("mnd_daily", 2, "plan_ships", kMay, 12)};
  (void)take(core, desk, surge);
  const auto raised = core.batch().alerts().size();
  CHECK_TRUE(raised > 0);
  tocsin::journal::CommitBatch first;
  CHECK_TRUE(core.seal(first));
  CHECK_TRUE(core.in_flight());
  CHECK_TRUE(core.batch().empty());
  (void)take(core, desk, std::vector<InputView>{report("analyst", 1, "exercise", kMay)});
  UNSIGNED_LONGS_EQUAL(1, core.batch().items().size());
  UNSIGNED_LONGS_EQUAL(2, first.items.size());  // as it was, wherever the next one fills
  STRCMP_EQUAL("mnd_daily", std::string{first.items[0].input.feed}.c_str());
  UNSIGNED_LONGLONGS_EQUAL(0, core.newest_alert());
  const auto outcome = core.journal().commit(first);
  CHECK_TRUE(core.settle(outcome, core.journal().last_batch_id()) == CommitResult::done);
  UNSIGNED_LONGLONGS_EQUAL(raised, core.newest_alert());
  UNSIGNED_LONGS_EQUAL(raised, core.sealed().alerts().size());
  core.release();
  commit(core);
  UNSIGNED_LONGS_EQUAL(3, read_stored(core.journal()).reports.size());
}

TEST(Core, keeps_the_newest_sample_of_what_it_refused) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto desk = core.principal("desk");
  for (const std::uint64_t seq : {7U, 8U, 9U}) (void)refusal(core, desk, report("nobody", seq, "x", kMay));
  STRCMP_CONTAINS("feed=nobody seq=9", status(core).refusals.at(0).sample.c_str());
}

TEST(Core, gives_up_when_a_sync_fails) {
  PowercutVfs disk{"daemon-core-sync"};
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open("daemon-core-sync").c_str());
  (void)refusal(core, core.principal("desk"), report("analyst", 1, "exercise", kMay));
  disk.fail_at(PowercutVfs::Operation::sync, 1, PowercutVfs::Repeat::once);
  CHECK_TRUE(core.commit() == CommitResult::fatal);
  CHECK_TRUE(disk.mend());
  CHECK_TRUE(core.commit() == CommitResult::fatal);
}

namespace {
tocsin::wire::ControlRequest why_request(const char* name) {
  tocsin::wire::ControlRequest request;
  request.kind = tocsin::wire::ControlKind::why;
  request.name = name;
  return request;
}
}  // namespace

TEST(Core, says_what_a_rule_rests_on_now_with_the_book_to_read_it) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const std::vector<InputView> items{report("mnd_daily", 1, "pla_aircraft", kMay, 49)};
  LONGS_EQUAL(0, take(core, core.principal("desk"), items).size());
  commit(core);
  clock.pass(3'600'000);
  tocsin::wire::ControlReply reply;
  STRCMP_EQUAL("", core.why(why_request("strait_activity"), reply).c_str());
  CHECK_TRUE(reply.why.has_value());
  const auto& why = reply.why->report;
  LONGLONGS_EQUAL(kMay + 3'600'000, why.at);  // nothing was due, yet the answer is of now
  CHECK_TRUE(tocsin::wire::fits(why, core.image()));
  CHECK_FALSE(why.state.raised);
  const auto& alert = core.image().alerts[core.image().find_alert("strait_activity")];
  const auto& surge = core.image().nodes[alert.when];
  ENUMS_EQUAL_INT(tocsin::engine::Truth::yes, why.find(surge.a)->truth);
  ENUMS_EQUAL_INT(tocsin::engine::Truth::no, why.find(surge.b)->truth);
  const auto* sum = why.find(core.image().nodes[surge.a].a);
  CHECK_TRUE(sum != nullptr && sum->known);
  DOUBLES_EQUAL(49, sum->value, 0);
  LONGLONGS_EQUAL(kMay + 86'400'000, sum->due);
  std::vector<std::uint64_t> words(reply.why->image.size() / 8 + 1);
  std::memcpy(words.data(), reply.why->image.data(), reply.why->image.size());
  tocsin::engine::Image image;
  ENUMS_EQUAL_INT(tocsin::engine::ImageError::none,
                  tocsin::engine::load_image(std::as_bytes(std::span{words}).first(reply.why->image.size()), image));
  UNSIGNED_LONGLONGS_EQUAL(core.image().book_hash, image.book_hash);
}

TEST(Core, looks_back_as_far_as_it_remembers_and_not_ahead) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const std::vector<InputView> items{report("mnd_daily", 1, "pla_aircraft", kMay, 49)};
  LONGS_EQUAL(0, take(core, core.principal("desk"), items).size());
  clock.pass(1000);
  tocsin::wire::ControlReply reply;
  auto request = why_request("lull");
  request.at = kMay;
  STRCMP_EQUAL("", core.why(request, reply).c_str());
  LONGLONGS_EQUAL(kMay, reply.why->report.at);
  LONGS_EQUAL(core.image().find_condition("lull"), reply.why->report.condition);
  request.at = kMay + 1001;
  STRCMP_CONTAINS("after the daemon's clock", core.why(request, reply).c_str());
  request.at = 1000;
  STRCMP_CONTAINS("further back", core.why(request, reply).c_str());
  CHECK_FALSE(reply.unknown_name);
  STRCMP_CONTAINS("did you mean \"lull\"?", core.why(why_request("lul"), reply).c_str());
  CHECK_TRUE(reply.unknown_name);
}

TEST(Core, that_was_asked_why_says_the_same_afterwards) {
  const auto run = [](bool asks) {
    Site fresh;
    FakeClock time;
    Core core{fresh.config(), time};
    STRCMP_EQUAL("", core.open().c_str());
    const auto desk = core.principal("desk");
    const std::vector<InputView> surge{report("mnd_daily", 1, "pla_aircraft", kMay, 49),
                                       report("mnd_daily", 2, "plan_ships", kMay, 19)};
    (void)take(core, desk, surge);
    tocsin::wire::ControlReply reply;
    for (unsigned hour = 0; hour < 48; ++hour) {
      time.pass(3'600'000);
      if (asks) STRCMP_EQUAL("", core.why(why_request("distraction"), reply).c_str());
      core.advance();
    }
    commit(core);
    std::string said;
    (void)core.alerts_since(0, 100, reply);
    for (const auto& bytes : reply.alerts) said.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return said;
  };
  const std::string silent = run(false);
  CHECK_TRUE(silent.size() > 100);
  CHECK_TRUE(silent == run(true));
}
