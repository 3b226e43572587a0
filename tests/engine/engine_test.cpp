// SPDX-License-Identifier: Apache-2.0
/// What: events, their order and evidence, doubt, memory and checkpoints, on small books whose answer is plain.
/// How: one engine per test over a book built node by node; times are milliseconds after 1000.
#include "tocsin/engine/engine.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "tocsin/test_support/heap_guard.hpp"

#include "book_builder.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using tocsin::test_support::Bench;
using tocsin::test_support::BookBuilder;

namespace {
constexpr Instant kFirst = 1000;

/// Aircraft over 24 ms at least 45 raises "surge"; then a launch within 30 ms raises "link", capped at watch until two
/// origins saw the launch within 30 ms.
struct LinkBook {
  BookBuilder book{1000};
  std::uint16_t daily, launches, aircraft, launch, surge, link;
  LinkBook() {
    book.theater("korea");
    book.theater("strait", 10);
    const auto jcs = book.origin("jcs");
    const auto mnd = book.origin("mnd");
    const auto mod = book.origin("mod", 'A');
    daily = book.feed("daily", {mnd}, 20, 10);
    launches = book.feed("launches", {jcs, mod});
    aircraft = book.indicator("aircraft", {daily}, 4, 1);
    launch = book.indicator("launch", {launches}, 4, 0);
    const auto sum = book.number(Op::sum, aircraft, 24);
    const auto over = book.condition("surge_now", book.node(Op::greater_equal, sum, book.literal(45)));
    const auto pulse = book.node(Op::pulse, launch);
    const auto then = book.node(Op::then, over, pulse, 30);
    const auto recent = book.node(Op::in_last, over, 0, 60);
    BookBuilder::AlertOptions linked;
    linked.level = Level::high;
    linked.clear = book.node(Op::negate, recent);
    linked.need_indicators = {launch};
    linked.need_window_ms = 30;
    linked.theaters = {1, 0};
    link = book.alert("link", then, linked);
    BookBuilder::AlertOptions plain;
    plain.level = Level::elevated;
    plain.theaters = {1};
    surge = book.alert("surge", over, plain);
  }
};
constexpr std::uint16_t kJcs = 0;
constexpr std::uint16_t kMnd = 1;
constexpr std::uint16_t kMod = 2;
}  // namespace

TEST_GROUP(Engine) {
  LinkBook rules;
  Bench bench{rules.book};
  std::uint64_t seq = 1;
  void setup() override { bench.engine().start(kFirst, {Status::test, false, false}); }
  Input aircraft(Instant after, double value, Instant late = 0) {
    return Bench::report(rules.daily, seq++, rules.aircraft, kFirst + after, value, kFirst + after + late, kMnd);
  }
  Input launch(Instant after, std::uint16_t origin, Instant late = 0) {
    return Bench::report(rules.launches, seq++, rules.launch, kFirst + after, 1, kFirst + after + late, origin);
  }
  void expect(const AlertEvent& event, EventKind kind, std::uint16_t alert, Level level, Instant after) {
    ENUMS_EQUAL_INT(kind, event.kind);
    LONGS_EQUAL(alert, event.alert);
    ENUMS_EQUAL_INT(level, event.level);
    LONGLONGS_EQUAL(kFirst + after, event.at);
  }
};

TEST(Engine, raises_at_the_report_and_clears_when_the_window_empties) {
  auto events = bench.step(aircraft(0, 50));
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::raised, rules.surge, Level::elevated, 0);
  events = bench.step(Bench::clock(kFirst + 23));
  LONGS_EQUAL(0, events.size());
  events = bench.step(Bench::clock(kFirst + 500));
  CHECK(events.size() >= 1);
  expect(events[0], EventKind::cleared, rules.surge, Level::elevated, 24);
  LONGLONGS_EQUAL(kFirst + 24, events[0].detected_at);
}

TEST(Engine, links_two_theaters_and_lifts_the_cap_with_the_second_witness) {
  bench.step(aircraft(0, 50));
  auto events = bench.step(launch(10, kJcs));
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::raised, rules.link, Level::watch, 10);
  events = bench.step(launch(12, kMod));
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::escalated, rules.link, Level::high, 12);
  LONGLONGS_EQUAL(kFirst + 10, events[0].raised_at);
}

TEST(Engine, does_not_link_outside_the_window_or_in_the_other_order) {
  bench.step(launch(0, kJcs));
  bench.step(aircraft(1, 50));
  auto events = bench.step(launch(1 + 23 + 31, kJcs));  // the surge's last instant is 24
  for (const auto& event : events) CHECK(event.alert != rules.link || event.kind == EventKind::unknown);
}

TEST(Engine, reaches_back_exactly_the_window_of_then) {
  bench.step(aircraft(0, 50));
  bench.step(aircraft(20, 1));  // keeps the feed alive; the surge ends at 23
  const auto events = bench.step(launch(23 + 30, kJcs));
  bool raised = false;
  for (const auto& event : events) raised = raised || (event.kind == EventKind::raised && event.alert == rules.link);
  CHECK(raised);
}

TEST(Engine, carries_the_numbers_and_reports_it_rests_on) {
  bench.step(aircraft(0, 20));
  bench.step(aircraft(5, 30));
  const auto events = bench.step(launch(10, kMod));
  LONGS_EQUAL(1, events.size());
  const AlertEvent& event = events[0];
  LONGS_EQUAL(2, event.item_count);
  const EvidenceItem& pulse = event.items[0];  // B of `then` first
  LONGS_EQUAL(static_cast<int>(Op::pulse), pulse.op);
  LONGS_EQUAL(kNone, pulse.condition);
  LONGS_EQUAL(1, pulse.report_count);
  const EvidenceItem& sum = event.items[1];  // A at the latest instant that made it so
  LONGS_EQUAL(static_cast<int>(Op::sum), sum.op);
  LONGS_EQUAL(0, sum.condition);
  LONGLONGS_EQUAL(kFirst + 9, sum.at);
  DOUBLES_EQUAL(50.0, sum.value, 0.0);
  LONGS_EQUAL(2, sum.report_count);
  DOUBLES_EQUAL(30.0, event.reports[sum.first_report].value, 0.0);
  LONGLONGS_EQUAL(kFirst + 5, event.reports[sum.first_report].time);
  LONGS_EQUAL(2, event.origins);
}

TEST(Engine, a_late_report_raises_in_the_past_with_its_detection_now) {
  bench.step(launch(10, kJcs));
  bench.step(Bench::clock(kFirst + 15));
  const auto events = bench.step(aircraft(5, 50, 20));
  LONGS_EQUAL(2, events.size());
  expect(events[0], EventKind::raised, rules.surge, Level::elevated, 5);
  expect(events[1], EventKind::raised, rules.link, Level::watch, 10);
  LONGLONGS_EQUAL(kFirst + 25, events[1].detected_at);
}

TEST(Engine, a_withdrawn_report_takes_its_alerts_along_newest_first) {
  bench.step(aircraft(0, 50));
  bench.step(launch(10, kJcs));
  const auto events = bench.step(Bench::retraction(rules.daily, seq++, 1, kFirst, kFirst + 12));
  LONGS_EQUAL(3, events.size());
  expect(events[0], EventKind::retracted, rules.link, Level::watch, 10);
  expect(events[1], EventKind::retracted, rules.surge, Level::elevated, 0);
  ENUMS_EQUAL_INT(EventKind::raised, events[1].retracted_kind);
  CHECK(events[1].reason.seq == seq - 1);
  expect(events[2], EventKind::unknown, rules.surge, Level::unknown, 0);  // the feed has now never spoken
}

TEST(Engine, counts_raises_withdrawn_at_one_instant) {
  bench.step(aircraft(0, 50));
  bench.step(launch(10, kJcs));
  // The second witness of the same instant makes the level high: another event, so the first is withdrawn.
  const auto events = bench.step(launch(10, kMod, 3));
  LONGS_EQUAL(2, events.size());
  expect(events[0], EventKind::retracted, rules.link, Level::watch, 10);
  LONGS_EQUAL(0, events[0].rev);
  expect(events[1], EventKind::raised, rules.link, Level::high, 10);
  LONGS_EQUAL(1, events[1].rev);
}

TEST(Engine, tells_doubt_when_a_feed_falls_silent_and_when_it_speaks_again) {
  bench.step(aircraft(0, 1));
  auto events = bench.step(Bench::clock(kFirst + 100));
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::unknown, rules.surge, Level::unknown, 30);
  CHECK(events[0].overdue_feeds[0] == (std::uint64_t{1} << rules.daily));
  CHECK(events[0].blind_indicators[0] == (std::uint64_t{1} << rules.aircraft));
  ENUMS_EQUAL_INT(Level::unknown, bench.engine().theater_level(1));
  events = bench.step(aircraft(110, 1));
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::known, rules.surge, Level::calm, 110);
}

TEST(Engine, heartbeats_keep_a_feed_from_being_overdue_whenever_they_arrive) {
  bench.step(aircraft(0, 1));
  for (Instant after = 20; after <= 200; after += 20)
    LONGS_EQUAL(0, bench.step(Bench::heartbeat(rules.daily, kFirst + after, kFirst + after)).size());
  LONGS_EQUAL(0, bench.step(Bench::clock(kFirst + 229)).size());
  const auto events = bench.step(Bench::clock(kFirst + 231));
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::unknown, rules.surge, Level::unknown, 230);
}

TEST(Engine, knows_duplicates_reuse_and_stale_lines) {
  Input report = aircraft(0, 50);
  bench.step(report);
  bench.step(report);
  ENUMS_EQUAL_INT(Disposition::duplicate, bench.disposition);
  report.content ^= 1U;
  bench.step(report);
  ENUMS_EQUAL_INT(Disposition::reused, bench.disposition);
  bench.step(aircraft(-1, 3, 5));
  ENUMS_EQUAL_INT(Disposition::stale, bench.disposition);
  bench.step(Bench::clock(kFirst + 2000));
  bench.step(aircraft(900, 3, 1200));
  ENUMS_EQUAL_INT(Disposition::stale, bench.disposition);
  UNSIGNED_LONGLONGS_EQUAL(2, bench.engine().counters().stale);
}

TEST(Engine, waits_for_the_instant_of_a_report_from_the_future) {
  bench.step(aircraft(0, 1));
  LONGS_EQUAL(0, bench.step(aircraft(9, 50, -8)).size());
  bench.step(Bench::clock(kFirst + 5));
  LONGLONGS_EQUAL(kFirst + 9, bench.engine().next_due());
  const auto events = bench.step(Bench::clock(kFirst + 20));
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::raised, rules.surge, Level::elevated, 9);
  LONGLONGS_EQUAL(kFirst + 9, events[0].detected_at);
}

TEST(Engine, does_not_evaluate_exercise_reports_unless_started_for_them) {
  Input report = aircraft(0, 50);
  report.status = Status::exercise;
  bench.step(Bench::clock(kFirst));  // what time alone tells
  LONGS_EQUAL(0, bench.step(report).size());
  ENUMS_EQUAL_INT(Disposition::not_evaluated, bench.disposition);
  bench.engine().start(kFirst, {Status::exercise, true, false});
  const auto events = bench.step(report);
  LONGS_EQUAL(1, events.size());
  ENUMS_EQUAL_INT(Status::exercise, events[0].status);
}

TEST(Engine, steps_a_theater_down_one_level_at_a_time) {
  bench.step(aircraft(0, 50));
  ENUMS_EQUAL_INT(Level::elevated, bench.engine().theater_level(1));
  for (Instant after = 10; after <= 60; after += 10) bench.step(Bench::heartbeat(rules.daily, kFirst + after, kFirst));
  bench.step(Bench::clock(kFirst + 33));  // cleared at 24: one step at 34
  ENUMS_EQUAL_INT(Level::elevated, bench.engine().theater_level(1));
  bench.step(Bench::clock(kFirst + 34));
  ENUMS_EQUAL_INT(Level::watch, bench.engine().theater_level(1));
  bench.step(Bench::clock(kFirst + 44));
  ENUMS_EQUAL_INT(Level::calm, bench.engine().theater_level(1));
}

TEST(Engine, tells_the_outcome_of_a_step_not_what_its_own_line_takes_back) {
  bench.step(aircraft(0, 50));
  // Time passes to 40 before the late line counts: the surge would end at 24 and the feed fall silent at 30.
  const auto events = bench.step(aircraft(20, 50, 20));
  LONGS_EQUAL(0, events.size());
  // Told by a clock of its own, the same is taken back.
  const auto cleared = bench.step(Bench::clock(kFirst + 45));
  LONGS_EQUAL(1, cleared.size());
  expect(cleared[0], EventKind::cleared, rules.surge, Level::elevated, 44);
  const auto back = bench.step(aircraft(42, 50, 3));
  LONGS_EQUAL(1, back.size());
  expect(back[0], EventKind::retracted, rules.surge, Level::elevated, 44);
  ENUMS_EQUAL_INT(EventKind::cleared, back[0].retracted_kind);
}

TEST(Engine, tells_doubt_that_the_line_of_the_same_step_leaves_standing) {
  bench.step(aircraft(0, 1));
  const auto events = bench.step(launch(20, kJcs, 20));  // at 40, of another feed
  LONGS_EQUAL(1, events.size());
  expect(events[0], EventKind::unknown, rules.surge, Level::unknown, 30);
  LONGLONGS_EQUAL(kFirst + 30, events[0].detected_at);
  CHECK(events[0].overdue_feeds[0] == (std::uint64_t{1} << rules.daily));
}

/// Time passed over a raise that spoke for the end of doubt; then the line took the raise away, and nobody said
/// `known`.
TEST(Engine, tells_the_end_of_doubt_when_its_line_takes_the_raise_away_that_would_have_said_so) {
  BookBuilder book{1'000'000};
  const auto origin = book.origin("o");
  const auto feed = book.feed("f", {origin}, 6, 4);
  const auto indicator = book.indicator("i", {feed});
  book.alert("a", book.node(Op::hold_for, book.node(Op::pulse, indicator), 0, 1));
  Bench alone{book};
  alone.engine().start(kFirst, {});
  CHECK(alone.step(Bench::report(feed, 1, indicator, kFirst + 3, 1, kFirst)).empty());  // ahead of the clock
  auto events = alone.step(Bench::report(feed, 2, indicator, kFirst + 2, 1, kFirst + 2));
  LONGS_EQUAL(1, events.size());
  ENUMS_EQUAL_INT(EventKind::unknown, events[0].kind);
  LONGLONGS_EQUAL(kFirst + 1, events[0].at);
  events = alone.step(Bench::retraction(feed, 3, 1, kFirst + 3, kFirst + 5));
  LONGS_EQUAL(1, events.size());
  ENUMS_EQUAL_INT(EventKind::known, events[0].kind);
  LONGLONGS_EQUAL(kFirst + 3, events[0].at);
  LONGLONGS_EQUAL(kFirst + 5, events[0].detected_at);
}

TEST(Engine, shows_the_past_as_it_was) {
  BookBuilder book{1'000'000};
  const auto origin = book.origin("o");
  const auto feed = book.feed("f", {origin}, 10);
  const auto indicator = book.indicator("i", {feed});
  const auto overdue = book.node(Op::overdue, feed);
  const auto over = book.node(Op::greater_equal, book.number(Op::last, indicator), book.literal(1));
  const auto seen = book.node(Op::both, over, book.node(Op::negate, overdue));
  book.alert("a", book.node(Op::both, book.node(Op::in_last, seen, 0, 20), overdue));
  Bench past{book};
  past.engine().start(kFirst, {});
  past.step(Bench::report(feed, 1, indicator, kFirst, 2, kFirst));
  const auto events = past.step(Bench::clock(kFirst + 12));
  LONGS_EQUAL(1, events.size());
  LONGLONGS_EQUAL(kFirst + 10, events[0].at);
  LONGS_EQUAL(3, events[0].item_count);
  LONGLONGS_EQUAL(kFirst + 9, events[0].items[1].at);  // overdue, when the report was still in time
  DOUBLES_EQUAL(0.0, events[0].items[1].value, 0.0);
  DOUBLES_EQUAL(1.0, events[0].items[2].value, 0.0);  // overdue now
}

TEST(Engine, allocates_nothing_in_a_step) {
  bench.step(aircraft(0, 50));
  static AlertEvent event;
  const tocsin::test_support::HeapGuard guard;
  for (int i = 0; i < 200; ++i) {
    bench.engine().step(aircraft(i, 40 + i % 10, i % 7));
    while (bench.engine().next_event(event)) {
    }
    bench.engine().step(launch(i, static_cast<std::uint16_t>(i % 2 == 0 ? kJcs : kMod)));
    while (bench.engine().next_event(event)) {
    }
  }
  static_cast<void>(bench.engine().save());
  const std::uint64_t allocations = guard.allocations();
  UNSIGNED_LONGLONGS_EQUAL(0, allocations);
}

TEST(Engine, uses_exactly_the_block_that_the_image_names) {
  const Layout layout = layout_of(bench.image());
  UNSIGNED_LONGLONGS_EQUAL(bench.image().bounds.block_bytes, layout.block_bytes);
  std::vector<std::uint64_t> storage(layout.block_bytes / 8 + 8, 0xA5A5A5A5A5A5A5A5U);
  Engine guarded{bench.image(), std::as_writable_bytes(std::span{storage}).subspan(32, layout.block_bytes)};
  guarded.start(kFirst, {});
  static AlertEvent event;
  for (int i = 0; i < 300; ++i) {
    guarded.step(aircraft(i, i % 60, i % 5));
    while (guarded.next_event(event)) {
    }
  }
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(storage[i] == 0xA5A5A5A5A5A5A5A5U);
    CHECK(storage[storage.size() - 1 - i] == 0xA5A5A5A5A5A5A5A5U);
  }
}

/// Such a heartbeat lies in no run of contacts: a restart forgot it, and the feed seemed older than it was.
TEST(Engine, keeps_the_heartbeat_of_a_feed_without_every_in_its_checkpoint) {
  BookBuilder book{1'000'000};
  const auto origin = book.origin("o");
  const auto feed = book.feed("f", {origin});
  const auto indicator = book.indicator("i", {feed}, 4);
  book.alert("a", book.node(Op::pulse, indicator));
  Bench first{book};
  Bench second{book};
  first.engine().start(kFirst, {});
  static_cast<void>(first.step(Bench::report(feed, 1, indicator, kFirst + 5, 1, kFirst + 5)));
  static_cast<void>(first.step(Bench::heartbeat(feed, kFirst + 10, kFirst + 10)));
  static_cast<void>(first.step(Bench::report(feed, 2, indicator, kFirst + 7, 1, kFirst + 12)));
  LONGLONGS_EQUAL(kFirst + 10, first.engine().last_contact(feed));
  ENUMS_EQUAL_INT(RestoreError::none, second.engine().restore(first.engine().save()));
  LONGLONGS_EQUAL(kFirst + 10, second.engine().last_contact(feed));
}

TEST(Engine, refuses_checkpoints_that_are_cut_changed_or_foreign) {
  bench.step(aircraft(0, 50));
  const auto saved = bench.engine().save();
  std::vector<std::byte> bytes(saved.begin(), saved.end());
  LinkBook same;
  Bench other{same.book};
  other.engine().start(kFirst, {});
  ENUMS_EQUAL_INT(RestoreError::size, other.engine().restore(std::span{bytes}.first(bytes.size() - 8)));
  bytes[bytes.size() / 2] ^= std::byte{1};
  ENUMS_EQUAL_INT(RestoreError::corrupt, other.engine().restore(bytes));
  bytes[bytes.size() / 2] ^= std::byte{1};
  CHECK(!other.engine().alert_state(rules.surge).raised);
  ENUMS_EQUAL_INT(RestoreError::none, other.engine().restore(bytes));
  CHECK(other.engine().alert_state(rules.surge).raised);
}

TEST(Engine, pauses_rather_than_lose_events_of_a_long_silence) {
  BookBuilder book{1'000'000};
  const auto origin = book.origin("o");
  const auto feed = book.feed("f", {origin});
  const auto indicator = book.indicator("i", {feed}, 64);
  book.alert("a", book.node(Op::pulse, indicator));
  book.bounds.standing_capacity = 16;
  Bench small{book};
  small.engine().start(kFirst, {});
  for (std::uint64_t i = 0; i < 50; ++i) {  // all wait for their instants
    small.step(Bench::report(feed, i + 1, indicator, kFirst + 10 + static_cast<Instant>(i) * 2, 1, kFirst));
  }
  const auto events = small.step(Bench::clock(kFirst + 1000));
  LONGS_EQUAL(100, events.size());  // raised and cleared, fifty times, in order
  for (std::size_t i = 1; i < events.size(); ++i) CHECK(events[i - 1].at < events[i].at);
}

namespace {
/// An alert that is raised at each pulse, with few places for its events.
struct PulseBook {
  BookBuilder book{1'000'000};
  std::uint16_t feed, indicator;
  PulseBook() {
    const auto origin = book.origin("o");
    feed = book.feed("f", {origin});
    indicator = book.indicator("i", {feed}, 64);
    book.alert("a", book.node(Op::pulse, indicator));
    book.bounds.standing_capacity = 16;
    book.bounds.log_capacity = 256;
  }
};
}  // namespace

/// Each line moves the raise one millisecond back: two events stand, two hundred were withdrawn.
TEST(Engine, withdrawn_events_leave_no_late_line_stale) {
  PulseBook pulses;
  Bench small{pulses.book};
  small.engine().start(kFirst, {});
  std::vector<AlertEvent> events;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const auto at = kFirst + 200 - static_cast<Instant>(i);
    events = small.step(Bench::report(pulses.feed, i, pulses.indicator, at, 1, kFirst + 300));
    ENUMS_EQUAL_INT(Disposition::taken, small.disposition);
  }
  LONGS_EQUAL(0, small.engine().counters().stale);
  LONGS_EQUAL(0, small.engine().counters().finalised_early);
  LONGS_EQUAL(4, events.size());  // the last raise and its end withdrawn, and sent as they are now
  expect(events[2], EventKind::raised, 0, Level::watch, 100);
  expect(events[3], EventKind::cleared, 0, Level::watch, 200);
}

TEST(Engine, no_rev_comes_twice_although_withdrawn_raises_are_forgotten) {
  PulseBook pulses;
  Bench small{pulses.book};
  small.engine().start(kFirst, {});
  std::vector<std::pair<Instant, std::uint16_t>> raised;
  const auto step = [&](const Input& input) {
    for (const AlertEvent& event : small.step(input)) {
      if (event.kind == EventKind::raised) raised.emplace_back(event.raised_at, event.rev);
    }
    ENUMS_EQUAL_INT(Disposition::taken, small.disposition);
  };
  std::uint64_t number = 0;
  for (int round = 0; round < 4; ++round) {  // a pulse, withdrawn, and again, at each of ten instants
    for (Instant at = kFirst + 10; at < kFirst + 30; at += 2) {
      step(Bench::report(pulses.feed, ++number, pulses.indicator, at, 1, kFirst + 100));
      ++number;
      step(Bench::retraction(pulses.feed, number, number - 1, at, kFirst + 100));
    }
  }
  LONGS_EQUAL(40, raised.size());
  std::sort(raised.begin(), raised.end());
  CHECK(std::adjacent_find(raised.begin(), raised.end()) == raised.end());
}

/// Whichever of two copies comes first, and a withdrawal before or after its report: the last instant is decided.
TEST(Engine, a_line_that_does_not_count_decides_the_clocks_instant_too) {
  PulseBook pulses;
  const auto report = [&pulses](Instant after, Instant received) {
    return Bench::report(pulses.feed, static_cast<std::uint64_t>(kFirst + after), pulses.indicator, kFirst + after, 1,
                         kFirst + received);
  };
  const auto retraction = [&pulses](Instant after, Instant received) {
    return Bench::retraction(pulses.feed, 5000, static_cast<std::uint64_t>(kFirst + after), kFirst + after,
                             kFirst + received);
  };
  const auto last_of = [&pulses](const std::vector<Input>& lines) {
    Bench small{pulses.book};
    small.engine().start(kFirst, {});
    std::vector<AlertEvent> events;
    for (const Input& line : lines) events = small.step(line);
    return events;
  };
  // The pulse at 10 ends at 11, which is when the last line comes.
  for (const auto& lines : {std::vector{report(10, 10), report(10, 11)},                      // a duplicate
                            std::vector{report(10, 10), retraction(11, 10), report(11, 11)},  // withdrawn already
                            std::vector{report(10, 10), retraction(9, 11)},                   // of nothing known
                            std::vector{report(10, 10), report(-5, 11)}}) {                   // stale
    const auto events = last_of(lines);
    LONGS_EQUAL(1, events.size());
    expect(events[0], EventKind::cleared, 0, Level::watch, 11);
  }
}
