// SPDX-License-Identifier: Apache-2.0
/// What: a sender gets its rate, its burst and no more; all together get the global one; who is refused is counted.
/// How: time is handed in, so a second passes when the test says so; the rate is compared with what was admitted.
#include "quota.hpp"

#include <array>

#include "tocsin/test_support/prng.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
constexpr std::uint64_t kSecondNs = 1'000'000'000;

QuotaConfig reports(double rate, std::uint32_t burst) { return {rate, 0, burst, 0}; }
QuotaConfig bytes(double rate) { return {0, rate, 0, 0}; }

Quota one(const QuotaConfig& own, const QuotaConfig& global = {}) {
  const std::array<QuotaConfig, 1> all{own};
  return {all, global};
}
}  // namespace

TEST_GROUP(Quota){};

TEST(Quota, without_bounds_admits_everything) {
  auto quota = one({});
  CHECK_TRUE(quota.admit(0, 1, 1'000'000, 1'000'000'000) == Admission::ok);
  UNSIGNED_LONGLONGS_EQUAL(0, quota.refused(0));
}

TEST(Quota, admits_the_burst_at_once_and_then_the_rate) {
  auto quota = one(reports(10, 20));
  std::uint64_t now = 5 * kSecondNs;
  CHECK_TRUE(quota.admit(0, now, 20, 1) == Admission::ok);
  CHECK_TRUE(quota.admit(0, now, 1, 1) == Admission::over_own);
  now += kSecondNs / 10;
  CHECK_TRUE(quota.admit(0, now, 1, 1) == Admission::ok);
  CHECK_TRUE(quota.admit(0, now, 1, 1) == Admission::over_own);
  now += 3600 * kSecondNs;
  CHECK_TRUE(quota.admit(0, now, 20, 1) == Admission::ok);
  CHECK_TRUE(quota.admit(0, now, 1, 1) == Admission::over_own);  // an hour of silence earns one burst
  UNSIGNED_LONGLONGS_EQUAL(3, quota.refused(0));
}

TEST(Quota, slows_a_frame_larger_than_the_burst_and_does_not_lock_it_out) {
  auto quota = one(reports(10, 20));
  CHECK_TRUE(quota.admit(0, kSecondNs, 100, 1) == Admission::ok);
  CHECK_TRUE(quota.admit(0, 2 * kSecondNs, 1, 1) == Admission::over_own);  // 70 in debt
  CHECK_TRUE(quota.admit(0, 9 * kSecondNs, 1, 1) == Admission::over_own);
  CHECK_TRUE(quota.admit(0, 10 * kSecondNs, 1, 1) == Admission::ok);
}

TEST(Quota, bounds_bytes_as_well) {
  auto quota = one(bytes(1000));
  CHECK_TRUE(quota.admit(0, kSecondNs, 1, 2000) == Admission::ok);
  CHECK_TRUE(quota.admit(0, kSecondNs, 1, 1) == Admission::over_own);
  CHECK_TRUE(quota.admit(0, 2 * kSecondNs, 1, 1000) == Admission::ok);
}

TEST(Quota, one_sender_does_not_use_up_anothers) {
  const std::array<QuotaConfig, 2> all{reports(1, 1), reports(1, 1)};
  Quota quota{all, {}};
  CHECK_TRUE(quota.admit(0, kSecondNs, 1, 1) == Admission::ok);
  CHECK_TRUE(quota.admit(0, kSecondNs, 1, 1) == Admission::over_own);
  CHECK_TRUE(quota.admit(1, kSecondNs, 1, 1) == Admission::ok);
}

TEST(Quota, all_together_stay_within_the_global_one_and_nobody_is_blamed_for_it) {
  const std::array<QuotaConfig, 2> all{};
  Quota quota{all, reports(2, 2)};
  CHECK_TRUE(quota.admit(0, kSecondNs, 1, 1) == Admission::ok);
  CHECK_TRUE(quota.admit(1, kSecondNs, 1, 1) == Admission::ok);
  for (std::uint32_t i = 0; i <= Quota::kRepeatsMax; ++i) {
    CHECK_TRUE(quota.admit(1, kSecondNs, 1, 1) == Admission::over_global);
  }
  CHECK_FALSE(quota.repeats(1));
}

TEST(Quota, what_is_refused_costs_no_tokens) {
  const std::array<QuotaConfig, 1> all{reports(10, 10)};
  Quota quota{all, reports(1, 1)};
  CHECK_TRUE(quota.admit(0, kSecondNs, 1, 1) == Admission::ok);
  for (int i = 0; i < 50; ++i) CHECK_TRUE(quota.admit(0, kSecondNs, 1, 1) == Admission::over_global);
}

TEST(Quota, tells_once_who_does_not_listen) {
  auto quota = one(reports(1, 1));
  CHECK_TRUE(quota.admit(0, kSecondNs, 1, 1) == Admission::ok);
  for (std::uint32_t i = 0; i < Quota::kRepeatsMax; ++i) {
    CHECK_FALSE(quota.repeats(0));
    CHECK_TRUE(quota.admit(0, kSecondNs + i, 1, 1) == Admission::over_own);
  }
  CHECK_TRUE(quota.repeats(0));
  CHECK_FALSE(quota.repeats(0));
}

TEST(Quota, forgets_refusals_that_lie_far_apart) {
  auto quota = one(reports(0.001, 1));
  std::uint64_t now = kSecondNs;
  CHECK_TRUE(quota.admit(0, now, 1, 1) == Admission::ok);
  for (std::uint32_t i = 0; i < 2 * Quota::kRepeatsMax; ++i) {
    now += Quota::kRepeatWindowNs / Quota::kRepeatsMax + kSecondNs / 10;
    if (quota.admit(0, now, 1, 1) == Admission::ok) continue;
    CHECK_FALSE(quota.repeats(0));
  }
}

TEST(Quota, never_admits_more_than_rate_times_time_and_a_burst_whatever_comes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    tocsin::test_support::Prng random{seed};
    auto quota = one(reports(50, 100));
    std::uint64_t now = kSecondNs;
    double admitted = 0;
    for (int i = 0; i < 2000; ++i) {
      now += random.below(20'000'000);
      const auto count = 1 + random.below(30);
      if (quota.admit(0, now, count, 1) == Admission::ok) admitted += static_cast<double>(count);
    }
    const double seconds = static_cast<double>(now - kSecondNs) / 1e9;
    CHECK_TRUE(admitted <= 100 + 50 * seconds + 1e-6);
    CHECK_TRUE(admitted >= 50 * seconds * 0.9);
  }
}
