// SPDX-License-Identifier: Apache-2.0
/// What: the edges of what the engine still knows: the last instant of the horizon, what was pushed out or absorbed,
/// seqs that share a place, heartbeats ahead of the clock.
/// How: small books, each line by hand.
#include "book_builder.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;

namespace {
constexpr Instant kFirst = 1000;
constexpr Span kHorizon = 100;
}  // namespace

TEST_GROUP(Reach) {
  BookBuilder book{kHorizon};
  std::uint16_t origin = book.origin("o");

  std::uint16_t feed(const char* name, Span every_ms = 0) { return book.feed(name, {origin}, every_ms); }
  std::uint16_t pulsing(std::uint16_t of, std::uint16_t keep = 64) {
    const std::uint16_t indicator = book.indicator("i", {of}, keep);
    book.alert("a", book.node(Op::pulse, indicator));
    return indicator;
  }
};

TEST(Reach, a_withdrawal_counts_to_the_last_instant_of_the_horizon) {
  const auto f = feed("f");
  const auto i = pulsing(f);
  Bench bench{book};
  bench.engine().start(kFirst, {});
  static_cast<void>(bench.step(Bench::retraction(f, 2, 1, kFirst + 5, kFirst + 5)));
  CHECK(bench.step(Bench::report(f, 1, i, kFirst + 5, 1, kFirst + 5 + kHorizon)).empty());
  ENUMS_EQUAL_INT(Disposition::withdrawn, bench.disposition);
}

TEST(Reach, a_seq_is_its_feeds_own_where_feeds_share_a_place_in_the_log) {
  std::uint16_t feeds[17];
  for (int k = 0; k < 17; ++k) feeds[k] = feed(StringFromFormat("f%02d", k).asCharString());
  const auto i = book.indicator("i", {feeds[0], feeds[16]}, 8);
  book.alert("a", book.node(Op::pulse, i));
  book.bounds.log_capacity = 16;
  Bench bench{book};
  bench.engine().start(kFirst, {});
  static_cast<void>(bench.step(Bench::report(feeds[16], 20, i, kFirst + 1, 1, kFirst + 1)));
  static_cast<void>(bench.step(Bench::report(feeds[0], 7, i, kFirst + 1, 1, kFirst + 1)));
  CHECK_FALSE(bench.step(Bench::report(feeds[16], 7, i, kFirst + 3, 1, kFirst + 3)).empty());
  ENUMS_EQUAL_INT(Disposition::taken, bench.disposition);
  static_cast<void>(bench.step(Bench::retraction(feeds[0], 8, 9, kFirst + 5, kFirst + 5)));
  static_cast<void>(bench.step(Bench::report(feeds[16], 9, i, kFirst + 5, 1, kFirst + 5)));
  ENUMS_EQUAL_INT(Disposition::taken, bench.disposition);
  static_cast<void>(bench.step(Bench::report(feeds[0], 9, i, kFirst + 5, 1, kFirst + 5)));
  ENUMS_EQUAL_INT(Disposition::withdrawn, bench.disposition);
}

TEST(Reach, a_checkpoint_knows_what_a_full_log_let_go_at_the_instant_it_stands_at) {
  const auto f = feed("f");
  const auto i = pulsing(f);
  book.bounds.log_capacity = 16;
  Bench bench{book};
  Bench restored{book};
  bench.engine().start(kFirst, {});
  for (std::uint64_t seq = 1; seq <= 17; ++seq)
    static_cast<void>(bench.step(Bench::report(f, seq, i, kFirst + 5, 1, kFirst + 5)));
  ENUMS_EQUAL_INT(RestoreError::none, restored.engine().restore(bench.engine().save()));
  for (Bench* each : {&bench, &restored}) {
    static_cast<void>(each->step(Bench::report(f, 1, i, kFirst + 5, 1, kFirst + 6)));  // sent again
    ENUMS_EQUAL_INT(Disposition::stale, each->disposition);
  }
}

TEST(Reach, where_contacts_need_place_the_second_of_them_stays_within_reach) {
  const auto f = feed("f", 2);
  const auto i = pulsing(f);
  book.bounds.contact_runs = 6;
  Bench bench{book};
  bench.engine().start(kFirst, {});
  for (Instant at = kFirst + 5; at <= kFirst + 65; at += 10) static_cast<void>(bench.step(Bench::heartbeat(f, at, at)));
  static_cast<void>(bench.step(Bench::report(f, 1, i, kFirst + 14, 1, kFirst + 66)));
  ENUMS_EQUAL_INT(Disposition::stale, bench.disposition);
  static_cast<void>(bench.step(Bench::report(f, 2, i, kFirst + 15, 1, kFirst + 66)));
  ENUMS_EQUAL_INT(Disposition::taken, bench.disposition);
}

TEST(Reach, a_heartbeat_ahead_of_the_clock_is_no_contact_yet) {
  const auto f = feed("f", 50);
  pulsing(f);
  Bench bench{book};
  bench.engine().start(kFirst, {});
  static_cast<void>(bench.step(Bench::heartbeat(f, kFirst + 5, kFirst + 5)));
  static_cast<void>(bench.step(Bench::heartbeat(f, kFirst + 30, kFirst + 6)));
  CHECK(bench.engine().last_contact(f) <= bench.engine().clock());
  static_cast<void>(bench.step(Bench::clock(kFirst + 30)));
  LONGLONGS_EQUAL(kFirst + 30, bench.engine().last_contact(f));
}

/// Of a window that ends in the past, more of what was pushed out was known the longer the log was.
TEST(Reach, what_is_marked_saturated_does_not_depend_on_where_the_base_is) {
  const auto f = feed("f");
  const auto i = book.indicator("i", {f}, 1);
  const auto many = book.number(Op::count, i, 300);
  book.edit(many).ago_ms = 250;
  book.alert("a", book.node(Op::both, book.node(Op::pulse, i), book.node(Op::less, many, book.literal(100))));
  BookBuilder other = book;
  book.bounds.copies = 0;
  other.bounds.copies = 9;
  Bench without{book};
  Bench with{other};
  without.engine().start(kFirst, {});
  with.engine().start(kFirst, {});
  std::uint64_t marked = 0;
  for (std::uint64_t seq = 1; seq <= 60; ++seq) {
    const Instant at = kFirst + 7 * static_cast<Instant>(seq);
    const auto one = without.step(Bench::report(f, seq, i, at, 1, at));
    const auto two = with.step(Bench::report(f, seq, i, at, 1, at));
    LONGS_EQUAL(one.size(), two.size());
    for (std::size_t k = 0; k < one.size(); ++k) {
      CHECK_TEXT(one[k].saturated == two[k].saturated, StringFromFormat("seq %u", unsigned(seq)).asCharString());
      marked += one[k].saturated ? 1U : 0U;
    }
  }
  CHECK(marked > 0);
}

/// A `since` remembers its last truth for a while after it ended; evidence named that instant.
TEST(Reach, evidence_below_a_since_that_is_over_is_of_the_event_s_instant) {
  const auto f = feed("f");
  const auto i = book.indicator("i", {f});
  const auto j = book.indicator("j", {f});
  const auto k = book.indicator("k", {f});
  const auto one = book.literal(1);
  const auto left = book.node(Op::greater_equal, book.number(Op::count, j, 5), one);
  const auto right = book.node(Op::greater_equal, book.number(Op::count, i, 4), one);
  const auto over = book.node(Op::negate, book.since(left, right, 1, 6));
  book.alert("a", book.node(Op::both, over, book.node(Op::pulse, k)));
  Bench alone{book};
  alone.engine().start(kFirst, {});
  static_cast<void>(alone.step(Bench::report(f, 1, i, kFirst + 10, 1, kFirst + 10)));
  const auto events = alone.step(Bench::report(f, 2, k, kFirst + 12, 1, kFirst + 12));
  LONGS_EQUAL(1, events.size());
  LONGS_EQUAL(3, events[0].item_count);
  for (std::size_t item = 0; item < 3; ++item) LONGLONGS_EQUAL(kFirst + 12, events[0].items[item].at);
}
