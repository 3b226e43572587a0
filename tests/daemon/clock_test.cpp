// SPDX-License-Identifier: Apache-2.0
/// What: the engine's clock starts right, never turns back, follows small errors slowly and believes great ones only
/// when the system or an operator vouches for them.
/// How: the machine's clocks are turned by hand, and at random.
#include "tocsin/daemon/clock.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>

#include "tocsin/test_support/prng.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::daemon::EngineClock;
using tocsin::daemon::is_vouched_by;

namespace {
/// The machine's clocks turned by hand, and what the system says of them.
class Machine final : public tocsin::daemon::MachineClock {
 public:
  [[nodiscard]] tocsin::engine::Instant wall_ms() const override { return wall; }
  [[nodiscard]] std::int64_t boot_ns() const override { return boot_ms * 1'000'000; }
  [[nodiscard]] bool synchronised() const override { return synced; }
  void pass(tocsin::engine::Span span) {
    wall += span;
    boot_ms += span;
  }
  tocsin::engine::Instant wall = kMay;
  std::int64_t boot_ms = 1000;
  bool synced = false;
};
}  // namespace

TEST_GROUP(EngineClock) {
  Machine machine;
  EngineClock clock{machine};
};

TEST(EngineClock, a_mark_of_the_time_service_vouches_for_the_time_it_was_touched_at) {
  const TempFolder folder;
  const auto mark = folder.write("synchronized", std::string_view{});
  const timespec touched{kMay / 1000, 0};
  const std::array<timespec, 2> times{touched, touched};
  LONGS_EQUAL(0, ::utimensat(AT_FDCWD, mark.c_str(), times.data(), 0));
  CHECK_TRUE(is_vouched_by(mark.c_str(), kMay + 2'048'000));
  CHECK_TRUE(is_vouched_by(mark.c_str(), kMay - 1000));
  CHECK_FALSE(is_vouched_by(mark.c_str(), kMay + kDay));  // somebody set the clock
  CHECK_FALSE(is_vouched_by(mark.c_str(), kMay - kDay));
  CHECK_FALSE(is_vouched_by(folder.file("none").c_str(), kMay));
}

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

TEST(EngineClock, slews_a_second_either_way) {
  clock.start(tocsin::engine::kNever);
  for (const tocsin::engine::Span step : {kSecond, -kSecond}) {
    const auto before = clock.now();
    machine.wall += step;
    LONGLONGS_EQUAL(before, clock.now());
    machine.pass(kSecond);
    LONGLONGS_EQUAL(before + kSecond + step / 10, clock.now());
    CHECK_TRUE(clock.trusted());
    machine.pass(10 * kSecond);
    LONGLONGS_EQUAL(machine.wall, clock.now());
  }
}

TEST(EngineClock, slews_through_a_leap_second) {
  machine.synced = true;
  clock.start(tocsin::engine::kNever);
  machine.pass(kMinute);
  auto before = clock.now();
  machine.wall -= kSecond;  // 23:59:59 comes twice
  for (int i = 0; i < 20; ++i) {
    machine.pass(kSecond);
    const auto now = clock.now();
    CHECK_TRUE(now > before);
    before = now;
  }
  LONGLONGS_EQUAL(machine.wall, before);
  CHECK_FALSE(clock.wall_disbelieved());
}

TEST(EngineClock, slews_an_hour_either_way_unasked) {
  clock.start(tocsin::engine::kNever);
  for (const tocsin::engine::Span step : {kHour, -kHour}) {
    machine.wall += step;
    const auto before = clock.now();
    CHECK_TRUE(clock.trusted());
    machine.pass(kHour);
    LONGLONGS_EQUAL(before + kHour + step / 10, clock.now());
    machine.pass(10 * kHour);
    LONGLONGS_EQUAL(machine.wall, clock.now());
  }
}

TEST(EngineClock, counts_the_time_of_a_suspend) {
  clock.start(tocsin::engine::kNever);
  machine.pass(9 * kHour);
  LONGLONGS_EQUAL(machine.wall, clock.now());
  CHECK_FALSE(clock.wall_disbelieved());
}

TEST(EngineClock, does_not_believe_a_jump_of_more_than_an_hour_either_way) {
  clock.start(tocsin::engine::kNever);
  for (const tocsin::engine::Span step : {kHour + kSecond, -kHour - kSecond}) {
    machine.wall += step;
    machine.pass(kMinute);
    LONGLONGS_EQUAL(machine.wall - step, clock.now());
    CHECK_TRUE(clock.trouble() == EngineClock::Trouble::disbelieved);
    CHECK_FALSE(clock.trusted());
    LONGLONGS_EQUAL(step, clock.away_ms());
    machine.wall -= step;
    LONGLONGS_EQUAL(machine.wall, clock.now());
    CHECK_TRUE(clock.trouble() == EngineClock::Trouble::none);
  }
}

TEST(EngineClock, jumps_forward_once_the_system_is_synchronised) {
  clock.start(tocsin::engine::kNever);
  machine.wall += 2 * kHour;
  LONGLONGS_EQUAL(kMay, clock.now());
  machine.synced = true;
  LONGLONGS_EQUAL(kMay + 2 * kHour, clock.now());
  CHECK_TRUE(clock.trouble() == EngineClock::Trouble::none);
}

TEST(EngineClock, jumps_forward_once_an_operator_believes_but_not_at_the_next_jump) {
  clock.start(tocsin::engine::kNever);
  machine.wall += 2 * kHour;
  LONGLONGS_EQUAL(kMay, clock.now());
  clock.believe();
  LONGLONGS_EQUAL(kMay + 2 * kHour, clock.now());
  machine.wall += 2 * kHour;
  LONGLONGS_EQUAL(kMay + 2 * kHour, clock.now());
  CHECK_TRUE(clock.trouble() == EngineClock::Trouble::disbelieved);
}

TEST(EngineClock, waits_for_a_wall_clock_that_went_far_back_and_is_believed) {
  machine.synced = true;
  clock.start(tocsin::engine::kNever);
  machine.wall -= 2 * kHour;
  LONGLONGS_EQUAL(kMay, clock.now());
  CHECK_TRUE(clock.trouble() == EngineClock::Trouble::ahead);
  CHECK_TRUE(clock.trusted());
  machine.pass(10 * kHour);
  LONGLONGS_EQUAL(kMay + 9 * kHour, clock.now());
  machine.pass(10 * kHour);
  LONGLONGS_EQUAL(machine.wall, clock.now());
  CHECK_TRUE(clock.trouble() == EngineClock::Trouble::none);
}

TEST(EngineClock, goes_on_from_the_journal_while_the_wall_clock_shows_1970) {
  machine.wall = 5000;
  clock.start(kMay);
  LONGLONGS_EQUAL(kMay, clock.now());
  CHECK_TRUE(clock.trouble() == EngineClock::Trouble::unset);
  CHECK_FALSE(clock.trusted());
  machine.pass(kMinute);
  LONGLONGS_EQUAL(kMay + kMinute, clock.now());
  machine.wall = kMay + 3 * kDay;  // set, but nobody vouches for it
  LONGLONGS_EQUAL(kMay + kMinute, clock.now());
  CHECK_FALSE(clock.trusted());
  machine.synced = true;
  LONGLONGS_EQUAL(kMay + 3 * kDay, clock.now());
  CHECK_TRUE(clock.trusted());
}

TEST(EngineClock, of_a_new_site_starts_in_1970_and_trusts_nothing_until_it_is_set) {
  machine.wall = 5000;
  clock.start(tocsin::engine::kNever);
  LONGLONGS_EQUAL(5000, clock.now());
  CHECK_FALSE(clock.trusted());
  machine.wall = kMay;
  CHECK_TRUE(clock.now() < kMay);
  CHECK_FALSE(clock.trusted());
  clock.believe();
  LONGLONGS_EQUAL(kMay, clock.now());
  CHECK_TRUE(clock.trusted());
}

TEST(EngineClock, has_words_for_every_trouble) {
  using Trouble = EngineClock::Trouble;
  CHECK_TRUE(describe(Trouble::none).empty());
  for (const auto trouble : {Trouble::disbelieved, Trouble::ahead, Trouble::unset})
    CHECK_FALSE(describe(trouble).empty());
}

/// Whatever the wall clock does, the engine's never goes back, never runs more than a tenth off unless it jumps forward
/// to a wall clock that is vouched for, and is right again soon after the wall clock came to rest.
TEST(EngineClock, keeps_its_laws_under_any_steps_of_the_wall_clock) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    tocsin::test_support::Prng prng{seed};
    Machine wild;
    EngineClock steady{wild};
    steady.start(kMay - prng.between(-3, 3) * kHour / 2);
    auto before = steady.now();
    for (int i = 0; i < 300; ++i) {
      if (prng.chance(10)) wild.synced = !wild.synced;
      if (prng.chance(2)) steady.believe();
      if (prng.chance(20)) wild.wall += prng.between(-1500, 1500);
      if (prng.chance(5)) wild.wall += prng.between(-3, 3) * kHour;
      const auto elapsed = prng.between(0, 5000);
      wild.pass(elapsed);
      const auto now = steady.now();
      CHECK_TRUE(now >= before + elapsed - elapsed / 10 - 1);
      const bool vouched_jump = now == wild.wall && now > before + elapsed + kHour;
      CHECK_TRUE(now <= before + elapsed + elapsed / 10 + 1 || vouched_jump);
      before = now;
    }
    wild.synced = true;
    (void)steady.now();
    wild.pass(10 * std::llabs(steady.away_ms()) + kSecond);
    LONGLONGS_EQUAL(wild.wall, steady.now());
  }
}
