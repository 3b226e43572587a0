// SPDX-License-Identifier: Apache-2.0
/// What: an alert that is put aside is decided, stored and told as ever and marked; time, clearing and operators end
/// it; the journal's acts say all of it again after a restart. A rise of its level is in host-tools.shelve. How: the
/// shelves by themselves, then a core without sockets, the sample book and a clock turned by hand.
#include <string>
#include <vector>

#include "tocsin/daemon/core.hpp"
#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "alarms.hpp"
#include "fixture.hpp"
#include "shelves.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::journal::Act;
using tocsin::test_support::PowercutVfs;
using tocsin::wire::InputView;

TEST_GROUP(Shelves) {
  Shelves shelves;
  void replay(std::string_view kind, std::string_view text, tocsin::engine::Instant at = kMay) {
    shelves.replay({at, "duty", kind, text},
                   [](std::uint64_t number) { return std::string{number == 7 ? "distraction" : ""}; });
  }
};

TEST(Shelves, an_act_says_all_that_a_shelf_is) {
  Shelf shelf;
  shelf.alert = "distraction";
  shelf.by = "duty";
  shelf.why = "exercise = announced, why=not";
  shelf.at = kMay;
  shelf.until = kMay + 8 * kHour + kSecond;
  shelf.level = tocsin::engine::Level::high;
  shelf.until_clear = true;
  const auto text = act_text(shelf);
  STRCMP_CONTAINS("distraction until=2024-05-01T08:00:01", text.c_str());
  const auto back = shelf_of({shelf.at, "duty", "shelve", text});
  CHECK_TRUE(back.has_value());
  STRCMP_EQUAL(shelf.alert.c_str(), back->alert.c_str());
  STRCMP_EQUAL("duty", back->by.c_str());
  STRCMP_EQUAL(shelf.why.c_str(), back->why.c_str());
  LONGLONGS_EQUAL(shelf.at, back->at);
  LONGLONGS_EQUAL(shelf.until, back->until);
  CHECK_TRUE(back->level == shelf.level && back->until_clear && back->stands());
  shelf.until_clear = false;
  const auto other = shelf_of({shelf.at, "duty", "shelve", act_text(shelf)});
  CHECK_TRUE(other.has_value() && !other->until_clear);
  STRCMP_EQUAL(shelf.why.c_str(), other->why.c_str());
}

TEST(Shelves, what_is_no_act_of_ours_is_no_shelf) {
  static constexpr const char* kTexts[] = {
      "",
      "distraction",
      "distraction until=2024-05-01T08:00:00Z",
      "distraction until=2024-05-01T08:00:00Z level=furious why=x",
      "distraction until=2024-13-01T08:00:00Z level=high why=x",
      "distraction until=2024-02-30T08:00:00Z level=high why=x",
      "distraction until=noon level=high why=x",
      "distraction until=99999999999-05-01T08:00:00Z level=high why=x",
      " until=2024-05-01T08:00:00Z level=high why=x",
  };
  for (const auto* text : kTexts) {
    CHECK_FALSE_TEXT(shelf_of({kMay, "duty", "shelve", text}).has_value(), text);
    replay("shelve", text);
    replay("unshelve", text);
  }
  CHECK_TRUE(shelves.empty());
}

TEST(Shelves, are_made_of_the_acts_again) {
  constexpr auto kShelve = "distraction until=2024-05-01T08:00:00Z level=high why=x";
  replay("shelve", kShelve);
  replay("acknowledge", "7 a note");  // what stands goes on
  replay("reload", "book=1");
  CHECK_TRUE(shelves.find("distraction") != nullptr && shelves.find("distraction")->stands());
  replay("unshelve", "distraction end=time", kMay + kHour);
  UNSIGNED_LONGS_EQUAL(1, shelves.ended());
  LONGLONGS_EQUAL(kMay + kHour, shelves.find("distraction")->ended_at);
  replay("acknowledge", "8");  // of another alert
  UNSIGNED_LONGS_EQUAL(1, shelves.ended());
  replay("acknowledge", "7");
  CHECK_TRUE(shelves.empty());
  static constexpr const char* kEnds[] = {"end=operator why=seen", "end=cleared", "end=lapsed", "end=book", ""};
  for (const auto* end : kEnds) {
    replay("shelve", kShelve);
    replay("unshelve", std::string{"distraction "} + end);
    CHECK_TRUE_TEXT(shelves.empty(), end);
  }
}

TEST_GROUP(Shelve) {
  Site site{"shelve_max = \"8h\""};
  FakeClock clock;
  ShelfWish wish{"strait_activity", kHour, false, "known exercise"};

  static void commit(Core & core) {
    CHECK_TRUE(core.commit() != CommitResult::trouble);
    core.clear_batch();
  }
  static tocsin::wire::AlertStatus status(Core & core, std::string_view name = "strait_activity") {
    tocsin::wire::StatusReport report;
    core.fill_status(report);
    for (const auto& alert : report.alerts) {
      if (alert.name == name) return alert;
    }
    FAIL("no such alert");
    return {};
  }
  static void surge(Core & core, std::uint64_t seq, tocsin::engine::Instant time) {
    const std::vector<InputView> items{report("mnd_daily", seq, "pla_aircraft", time, 50),
                                       report("mnd_daily", seq + 1, "plan_ships", time, 12)};
    const auto refused = take(core, core.principal("desk"), items);
    UNSIGNED_LONGS_EQUAL(0, refused.size());
    commit(core);
  }
  /// The clock runs on, and what is due is decided.
  void pass(Core & core, tocsin::engine::Span span) {
    clock.pass(span);
    core.advance();
    core.watch_shelves();
    commit(core);
  }
  static bool alarm(Core & core) { return core.alarms().raised("unshelved"); }
  static std::vector<tocsin::wire::AlertRecord> told(Core & core) {
    std::vector<tocsin::wire::AlertRecord> all;
    for (const auto& bytes : read_stored(core.journal()).alerts) {
      if (auto record = tocsin::wire::decode_alert(bytes)) all.push_back(std::move(*record));
    }
    return all;
  }
  static std::string acts(Core & core) {
    std::string all;
    const auto outcome = core.journal().read_acts([&](const Act& act) {
      all += std::string{act.principal} + " " + std::string{act.kind} + " " + std::string{act.text} + "\n";
      return true;
    });
    CHECK_FALSE(outcome.has_value());
    return all;
  }
};

TEST(Shelve, comes_back_unacknowledged_when_its_time_is_over_and_until_then_is_marked) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  surge(core, 1, kMay);
  CHECK_TRUE(status(core).raised);
  CHECK_FALSE(status(core).shelf.has_value());
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  commit(core);
  const auto shelf = status(core).shelf;
  CHECK_TRUE(shelf.has_value());
  STRCMP_EQUAL("duty", shelf->by.c_str());
  STRCMP_EQUAL("known exercise", shelf->why.c_str());
  STRCMP_EQUAL("", shelf->ended.c_str());
  LONGLONGS_EQUAL(kMay + kHour, shelf->until);
  pass(core, kHour - 1);
  STRCMP_EQUAL("", status(core).shelf.value().ended.c_str());
  CHECK_FALSE(alarm(core));
  pass(core, 1);
  STRCMP_EQUAL("time", status(core).shelf.value().ended.c_str());
  LONGLONGS_EQUAL(kMay + kHour, status(core).shelf.value().ended_at);
  CHECK_TRUE(alarm(core));
  STRCMP_CONTAINS("tocsind unshelve strait_activity end=time\n", acts(core).c_str());
  core.acknowledge_shelf("distraction");
  CHECK_TRUE(alarm(core));
  core.acknowledge_shelf("strait_activity");
  CHECK_FALSE(alarm(core));
  CHECK_FALSE(status(core).shelf.has_value());
}

TEST(Shelve, marks_what_is_told_meanwhile_and_nothing_else) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  surge(core, 1, kMay);
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  const auto before = told(core).size();
  for (const auto& one : told(core)) CHECK_FALSE(one.shelved);
  // Late news takes the raise back, and the next report raises it anew: both while it is shelved.
  const std::vector<InputView> items{retraction("mnd_daily", 3, 1, kMay),
                                     report("mnd_daily", 4, "pla_aircraft", kMay + 1, 50)};
  clock.pass(kSecond);
  UNSIGNED_LONGS_EQUAL(0, take(core, core.principal("desk"), items).size());
  commit(core);
  const auto after = told(core);
  CHECK_TRUE(after.size() > before);
  for (std::size_t i = before; i < after.size(); ++i) CHECK_EQUAL(after[i].name == "strait_activity", after[i].shelved);
  CHECK_TRUE(status(core).raised);
  STRCMP_EQUAL("", status(core).shelf.value().ended.c_str());
  pass(core, kHour);
  const auto then = told(core).size();
  const std::vector<InputView> more{retraction("mnd_daily", 5, 4, kMay + 1)};
  UNSIGNED_LONGS_EQUAL(0, take(core, core.principal("desk"), more).size());
  commit(core);
  CHECK_TRUE(told(core).size() > then);
  for (std::size_t i = then; i < told(core).size(); ++i) CHECK_FALSE(told(core)[i].shelved);
  CHECK_FALSE(status(core).shelf.has_value());  // it is down: nothing is left to acknowledge
  CHECK_FALSE(alarm(core));
}

TEST(Shelve, until_it_clears_ends_with_the_alert) {
  wish.until_clear = true;
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  surge(core, 1, kMay);
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  const std::vector<InputView> items{retraction("mnd_daily", 3, 1, kMay)};
  UNSIGNED_LONGS_EQUAL(0, take(core, core.principal("desk"), items).size());
  commit(core);
  CHECK_FALSE(status(core).raised);
  CHECK_FALSE(status(core).shelf.has_value());
  CHECK_FALSE(alarm(core));
  STRCMP_CONTAINS("tocsind unshelve strait_activity end=cleared\n", acts(core).c_str());
  CHECK_TRUE(told(core).back().shelved);
}

TEST(Shelve, without_that_it_outlives_a_clearing_and_lapses) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  surge(core, 1, kMay);
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  const std::vector<InputView> items{retraction("mnd_daily", 3, 1, kMay)};
  (void)take(core, core.principal("desk"), items);
  commit(core);
  CHECK_FALSE(status(core).raised);
  CHECK_TRUE(status(core).shelf.has_value());
  pass(core, kHour);
  CHECK_FALSE(status(core).shelf.has_value());
  CHECK_FALSE(alarm(core));
  STRCMP_CONTAINS("end=lapsed", acts(core).c_str());
}

TEST(Shelve, an_operator_takes_it_back) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  surge(core, 1, kMay);
  STRCMP_EQUAL("\"strait_activity\" is not shelved", core.unshelve("strait_activity", "", "duty").c_str());
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  STRCMP_EQUAL("", core.unshelve("strait_activity", "looked\nat it", "chief").c_str());
  commit(core);
  CHECK_FALSE(status(core).shelf.has_value());
  CHECK_FALSE(alarm(core));
  STRCMP_CONTAINS("chief unshelve strait_activity end=operator why=looked at it\n", acts(core).c_str());
}

TEST(Shelve, says_what_it_does_not_take_and_does_nothing_then) {
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  const auto error = [&](const ShelfWish& asked) { return core.shelve(asked, "duty"); };
  STRCMP_CONTAINS("is not raised", error(wish).c_str());
  surge(core, 1, kMay);
  auto bad = wish;
  bad.alert = "strait_activty";
  STRCMP_CONTAINS("strait_activity", error(bad).c_str());  // did you mean
  bad.alert = "launch_day";
  STRCMP_CONTAINS("is a condition", error(bad).c_str());
  bad = wish;
  bad.why = {};
  STRCMP_CONTAINS("say why", error(bad).c_str());
  const std::string novel(kShelfWhyMax + 1, 'x');
  bad.why = novel;
  STRCMP_CONTAINS("say it shorter", error(bad).c_str());
  bad = wish;
  for (const tocsin::engine::Span none : {tocsin::engine::Span{0}, tocsin::engine::Span{-1}, INT64_MIN}) {
    bad.span_ms = none;
    STRCMP_CONTAINS("time limit", error(bad).c_str());
  }
  for (const tocsin::engine::Span much : {8 * kHour + 1, tocsin::engine::Span{INT64_MAX}}) {
    bad.span_ms = much;
    STRCMP_CONTAINS("at most 8 h (shelve_max", error(bad).c_str());
  }
  CHECK_TRUE(core.batch().acts().empty());
  CHECK_FALSE(status(core).shelf.has_value());
  bad.span_ms = 8 * kHour;
  STRCMP_EQUAL("", error(bad).c_str());
}

TEST(Shelve, stands_after_a_restart_and_ends_while_nobody_was_there) {
  {
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    surge(core, 1, kMay);
    STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
    commit(core);
  }
  tocsin::wire::ShelfStatus before;
  {
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    core.watch_shelves();
    before = status(core).shelf.value();
    STRCMP_EQUAL("duty", before.by.c_str());
    STRCMP_EQUAL("known exercise", before.why.c_str());
    LONGLONGS_EQUAL(kMay, before.at);
    LONGLONGS_EQUAL(kMay + kHour, before.until);
    STRCMP_EQUAL("", before.ended.c_str());
  }
  clock.pass(2 * kHour);
  for (int i = 0; i < 2; ++i) {  // the second start finds it ended
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    core.watch_shelves();
    STRCMP_EQUAL("time", status(core).shelf.value().ended.c_str());
    CHECK_TRUE(alarm(core));
    commit(core);
    clock.pass(kMinute);
    LONGLONGS_EQUAL(kMay + 2 * kHour, status(core).shelf.value().ended_at);
  }
}

TEST(Shelve, what_was_not_stored_is_forgotten_when_the_disk_heals) {
  PowercutVfs disk{"daemon-shelve-heal"};
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open("daemon-shelve-heal").c_str());
  surge(core, 1, kMay);
  constexpr int kFull = 13;  // SQLITE_FULL
  disk.fail_at(PowercutVfs::Operation::write, 1, PowercutVfs::Repeat::for_ever, kFull);
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  CHECK_TRUE(core.commit() == CommitResult::trouble);
  STRCMP_CONTAINS("the journal is in trouble", core.shelve(wish, "duty").c_str());
  CHECK_TRUE(disk.mend());
  CHECK_FALSE(core.journal().probe().has_value());
  STRCMP_EQUAL("", core.recover_again().c_str());
  CHECK_TRUE(status(core).raised);
  CHECK_FALSE(status(core).shelf.has_value());
}

TEST(Shelve, what_came_back_in_memory_only_is_not_told_once_the_disk_heals) {
  PowercutVfs disk{"daemon-shelve-alarm"};
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open("daemon-shelve-alarm").c_str());
  surge(core, 1, kMay);
  constexpr int kFull = 13;  // SQLITE_FULL
  disk.fail_at(PowercutVfs::Operation::write, 1, PowercutVfs::Repeat::for_ever, kFull);
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  CHECK_TRUE(core.commit() == CommitResult::trouble);
  clock.pass(kHour);
  core.watch_shelves();
  CHECK_TRUE(alarm(core));
  CHECK_TRUE(disk.mend());
  CHECK_FALSE(core.journal().probe().has_value());
  STRCMP_EQUAL("", core.recover_again().c_str());
  CHECK_FALSE(alarm(core));
}

TEST(Shelve, its_end_is_in_the_very_batch_whatever_operators_put_there) {
  wish.until_clear = true;
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  surge(core, 1, kMay);
  STRCMP_EQUAL("", core.shelve(wish, "duty").c_str());
  commit(core);
  Act act;
  act.principal = "duty";
  act.kind = "acknowledge";
  act.text = "1";
  while (core.keep(act)) {
  }
  STRCMP_CONTAINS("no room", core.shelve(wish, "duty").c_str());
  STRCMP_CONTAINS("no room", core.unshelve("strait_activity", "", "duty").c_str());
  const std::vector<InputView> items{retraction("mnd_daily", 3, 1, kMay)};
  (void)take(core, core.principal("desk"), items);
  commit(core);
  STRCMP_CONTAINS("end=cleared", acts(core).c_str());
}
