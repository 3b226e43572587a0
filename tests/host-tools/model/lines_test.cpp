// SPDX-License-Identifier: Apache-2.0
/// What: what becomes of a line: stale, duplicate, reused, withdrawn, not evaluated, from the future.
/// How: a book that counts one indicator's reports, lines one by one, their dispositions and the count that results.
#include "tocsin/model/model.hpp"

#include "image_parts.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Model;

TEST_GROUP(Lines) {
  ImageParts parts;
  Image image;
  Model* model = nullptr;

  void setup() override {
    parts.horizon_ms = 100;
    parts.log_capacity = 4;
    parts.origin();
    parts.feed(50);
    parts.indicator({0});
    parts.node(Op::count, 0, 0, 100'000);
    image = parts.image();
    start({});
  }
  void teardown() override { delete model; }
  void start(const Mode& mode) {
    delete model;
    model = new Model{image, 1000, mode};  // layering: allow heap because CppUTest rebuilds the group for each test
  }
  Disposition report(Instant time, std::uint64_t seq, Instant received, std::uint64_t supersedes = 0) {
    Input input = report_at(time, 0, 1, seq);
    input.received = received;
    input.has_target_seq = supersedes != 0;
    input.target_seq = supersedes;
    return model->take(input);
  }
  Disposition retraction(Instant time, std::uint64_t seq, std::uint64_t target, Instant received) {
    Input input = report_at(time, 0, 0, seq);
    input.kind = InputKind::retraction;
    input.received = received;
    input.has_target_seq = true;
    input.target_seq = target;
    return model->take(input);
  }
  /// Reports that count at the clock, blindness aside.
  int count() { return static_cast<int>(model->evaluate(model->clock()).number(0, model->clock()).reports); }
};

TEST(Lines, before_the_first_instant_or_beyond_the_horizon_are_stale) {
  ENUMS_EQUAL_INT(Disposition::stale, report(999, 1, 1000));
  ENUMS_EQUAL_INT(Disposition::taken, report(1000, 2, 1100));
  ENUMS_EQUAL_INT(Disposition::stale, report(1000, 3, 1101));
  LONGS_EQUAL(1, count());
}

TEST(Lines, before_the_oldest_of_the_newest_are_stale) {
  for (std::uint64_t i = 0; i < 4; ++i) report(1050 + static_cast<Instant>(i), i + 1, 1060);
  ENUMS_EQUAL_INT(Disposition::stale, report(1049, 5, 1060));
  ENUMS_EQUAL_INT(Disposition::taken, report(1051, 6, 1060));
  ENUMS_EQUAL_INT(Disposition::stale, report(1050, 7, 1060));
  LONGS_EQUAL(5, count());
}

TEST(Lines, of_the_same_feed_and_seq_are_duplicates_or_reused) {
  report(1010, 1, 1010);
  ENUMS_EQUAL_INT(Disposition::duplicate, report(1010, 1, 1020));
  ENUMS_EQUAL_INT(Disposition::reused, report(1011, 1, 1020));
  LONGS_EQUAL(1, count());
}

TEST(Lines, are_gone_when_withdrawn_whichever_comes_first) {
  report(1010, 1, 1010);
  ENUMS_EQUAL_INT(Disposition::taken, retraction(1010, 2, 1, 1020));
  LONGS_EQUAL(0, count());
  ENUMS_EQUAL_INT(Disposition::taken, retraction(1015, 4, 3, 1020));
  ENUMS_EQUAL_INT(Disposition::withdrawn, report(1015, 3, 1020));
  LONGS_EQUAL(0, count());
}

TEST(Lines, stay_gone_when_the_successor_is_withdrawn) {
  report(1010, 1, 1010);
  ENUMS_EQUAL_INT(Disposition::taken, report(1012, 2, 1012, 1));
  LONGS_EQUAL(1, count());
  ENUMS_EQUAL_INT(Disposition::taken, retraction(1012, 3, 2, 1020));
  LONGS_EQUAL(0, count());
}

TEST(Lines, that_withdraw_a_stale_report_leave_it) {
  report(1010, 1, 1010);
  ENUMS_EQUAL_INT(Disposition::taken, report(1130, 2, 1130, 1));
  LONGS_EQUAL(2, count());
  ENUMS_EQUAL_INT(Disposition::stale, retraction(1010, 3, 1, 1130));
  LONGS_EQUAL(2, count());
}

TEST(Lines, of_an_exercise_count_only_where_they_should) {
  Input input = report_at(1010, 0, 1, 1);
  input.status = Status::exercise;
  ENUMS_EQUAL_INT(Disposition::not_evaluated, model->take(input));
  LONGS_EQUAL(0, count());
  start({Status::exercise, true, false});
  ENUMS_EQUAL_INT(Disposition::taken, model->take(input));
  LONGS_EQUAL(1, count());
}

TEST(Lines, from_the_future_wait_for_their_instant) {
  ENUMS_EQUAL_INT(Disposition::taken, report(1020, 1, 1010));
  LONGS_EQUAL(0, count());
  Input clock;
  clock.time = 1020;
  model->take(clock);
  LONGS_EQUAL(1, count());
}

TEST(Lines, that_are_withdrawn_stale_or_withdrawals_are_no_contact) {
  const auto overdue = [&](Instant at) { return tocsin::model::contains(model->evaluate(at).overdue[0], at); };
  CHECK_TRUE(overdue(1000));
  report(1010, 1, 1010);
  CHECK_FALSE(overdue(1059));
  CHECK_TRUE(overdue(1060));
  retraction(1010, 2, 1, 1020);
  CHECK_TRUE(overdue(1020));
  Input heartbeat = report_at(1030, 0, 0, 0);
  heartbeat.kind = InputKind::heartbeat;
  model->take(heartbeat);
  CHECK_FALSE(overdue(1079));
  CHECK_TRUE(overdue(1080));
}
