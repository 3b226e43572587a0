// SPDX-License-Identifier: Apache-2.0
/// What: books whose parts lie deep in one another, or are used many times, take no more work than they have parts, and
/// no more stack than a microcontroller has.
/// How: chains of one operator, long enough that work which doubles with each part would never end.
#include "book_builder.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using tocsin::test_support::Bench;
using tocsin::test_support::BookBuilder;

namespace {
constexpr int kLong = 40;
constexpr Instant kFirst = 1000;

/// A book with one feed and one indicator, `i`.
struct Plain {
  BookBuilder book{1000};
  std::uint16_t feed, indicator;
  Plain() {
    book.theater("here");
    feed = book.feed("f", {book.origin("o")});
    indicator = book.indicator("i", {feed});
  }
  std::uint16_t over(double limit) {
    return book.node(Op::greater, book.number(Op::last, indicator), book.literal(limit));
  }
};

std::vector<AlertEvent> events_of(BookBuilder& book, double value) {
  Bench bench{book};
  bench.engine().start(kFirst, {});
  return bench.step(Bench::report(0, 1, 0, kFirst + 1, value, kFirst + 1));
}
}  // namespace

TEST_GROUP(Depth){};

TEST(Depth, each_further_unknown_pulse_joined_by_and_doubled_the_work) {
  BookBuilder book{1000};
  book.theater("here");
  const auto feed = book.feed("f", {book.origin("o")}, 5, 0);
  char name[] = "i00";
  std::uint16_t all = 0;
  for (int i = 0; i < kLong; ++i) {
    name[1] = static_cast<char>('0' + i / 10);
    name[2] = static_cast<char>('0' + i % 10);
    const auto pulse = book.node(Op::pulse, book.indicator(name, {feed}, 2));
    all = i == 0 ? pulse : book.node(Op::both, all, pulse);
  }
  book.alert("a", all);
  Bench bench{book};
  bench.engine().start(kFirst, {});  // the feed is overdue: all of them are unknown
  const auto events = bench.step(Bench::clock(kFirst));
  LONGS_EQUAL(1, events.size());
  ENUMS_EQUAL_INT(EventKind::unknown, events[0].kind);
}

TEST(Depth, a_part_used_twice_at_each_level_doubled_the_walk_of_the_evidence) {
  Plain rules;
  std::uint16_t all = rules.over(3);
  for (int i = 0; i < kLong; ++i) all = rules.book.node(Op::both, all, all);
  rules.book.alert("a", all);
  const auto events = events_of(rules.book, 5);
  LONGS_EQUAL(2, events.size());  // until the first report it is unknown
  ENUMS_EQUAL_INT(EventKind::raised, events[1].kind);
  LONGS_EQUAL(1, events[1].item_count);
  DOUBLES_EQUAL(5, events[1].items[0].value, 0);
}

TEST(Depth, a_part_used_twice_at_each_level_doubled_the_look_into_the_past) {
  Plain rules;
  const auto over = rules.over(3);
  const auto other = rules.over(2);
  std::uint16_t all = over;
  for (int i = 0; i < kLong; ++i)  // each level needs both sides looked at: the left one is false
    all = rules.book.node(Op::either, rules.book.node(Op::both, all, rules.book.node(Op::negate, all)),
                          rules.book.node(Op::both, all, other));
  rules.book.alert("a", rules.book.node(Op::both, rules.book.node(Op::in_last, all, 0, 100), rules.over(-1)));
  Bench bench{rules.book};
  bench.engine().start(kFirst, {});
  static_cast<void>(bench.step(Bench::report(0, 1, 0, kFirst + 1, -5, kFirst + 1)));
  static_cast<void>(bench.step(Bench::report(0, 2, 0, kFirst + 2, 5, kFirst + 2)));
  static_cast<void>(bench.step(Bench::report(0, 3, 0, kFirst + 3, -5, kFirst + 3)));
  const auto events = bench.step(Bench::report(0, 4, 0, kFirst + 4, 0, kFirst + 4));
  LONGS_EQUAL(1, events.size());
  ENUMS_EQUAL_INT(EventKind::raised, events[0].kind);
  LONGS_EQUAL(2, events[0].item_count);
}

TEST(Depth, a_sum_of_many_parts_of_the_past_is_what_it_was) {
  Plain rules;
  std::uint16_t sum = rules.book.number(Op::last, rules.indicator);
  for (int i = 0; i < 300; ++i) sum = rules.book.node(Op::add, sum, rules.book.literal(1));
  const auto over = rules.book.node(Op::greater, sum, rules.book.literal(304));
  const auto never = rules.book.node(Op::greater, sum, rules.book.literal(1000));
  const auto either = rules.book.node(Op::either, never, over);
  rules.book.alert("a", rules.book.node(Op::in_last, either, 0, 100));
  const auto events = events_of(rules.book, 5);
  LONGS_EQUAL(2, events.size());  // until the first report it is unknown
  ENUMS_EQUAL_INT(EventKind::raised, events[1].kind);
  LONGS_EQUAL(1, events[1].item_count);
}
