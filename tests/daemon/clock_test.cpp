// SPDX-License-Identifier: Apache-2.0
/// What: the engine's clock starts right, never turns back, follows small errors slowly and believes no great ones.
/// How: the machine's clocks are turned by hand.
#include "tocsin/daemon/clock.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::daemon::EngineClock;

TEST_GROUP(EngineClock) {
  FakeClock machine;
  EngineClock clock{machine};
};

TEST(EngineClock, starts_at_the_wall_clock_when_the_journal_is_empty) {
  clock.start(tocsin::engine::kNever);
  LONGLONGS_EQUAL(kMay, clock.now());
}

TEST(EngineClock, starts_no_earlier_than_the_journal_ended) {
  clock.start(kMay + kMinute);
  LONGLONGS_EQUAL(kMay + kMinute, clock.now());
}

TEST(EngineClock, runs_on_the_time_since_boot) {
  clock.start(tocsin::engine::kNever);
  machine.pass(90 * kSecond);
  LONGLONGS_EQUAL(kMay + 90 * kSecond, clock.now());
}

TEST(EngineClock, catches_up_a_tenth_faster_until_it_has_the_wall_clock) {
  clock.start(tocsin::engine::kNever);
  machine.wall += 10 * kSecond;
  machine.pass(20 * kSecond);
  LONGLONGS_EQUAL(kMay + 22 * kSecond, clock.now());
  machine.pass(200 * kSecond);
  LONGLONGS_EQUAL(machine.wall, clock.now());
}

TEST(EngineClock, never_goes_back_when_the_wall_clock_does) {
  clock.start(tocsin::engine::kNever);
  machine.wall -= 30 * kSecond;
  auto before = clock.now();
  for (int i = 0; i < 1000; ++i) {
    machine.pass(i % 7);
    const auto now = clock.now();
    CHECK_TRUE(now >= before);
    before = now;
  }
  machine.pass(400 * kSecond);
  LONGLONGS_EQUAL(machine.wall, clock.now());
}

TEST(EngineClock, slews_though_asked_more_often_than_once_a_millisecond_of_slew) {
  clock.start(tocsin::engine::kNever);
  machine.wall += 5 * kSecond;
  for (int i = 0; i < 100'000; ++i) {
    machine.pass(1);
    (void)clock.now();
  }
  LONGLONGS_EQUAL(machine.wall, clock.now());
}

TEST(EngineClock, does_not_believe_a_jump_of_more_than_an_hour) {
  clock.start(tocsin::engine::kNever);
  machine.wall += 2 * kHour;
  machine.pass(kMinute);
  LONGLONGS_EQUAL(kMay + kMinute, clock.now());
  CHECK_TRUE(clock.wall_disbelieved());
  machine.wall -= 2 * kHour;
  LONGLONGS_EQUAL(kMay + kMinute, clock.now());
  CHECK_FALSE(clock.wall_disbelieved());
}
