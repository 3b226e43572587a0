// SPDX-License-Identifier: Apache-2.0
/// What: the generator gives the published sequence on every target and stays in the ranges asked for.
#include "tocsin/test_support/prng.hpp"

#include "CppUTest/TestHarness.h"

using tocsin::test_support::Prng;

TEST_GROUP(Prng){};

TEST(Prng, gives_the_reference_sequence_of_splitmix64) {
  Prng prng{1234567};
  UNSIGNED_LONGLONGS_EQUAL(6457827717110365317U, prng.next());
  UNSIGNED_LONGLONGS_EQUAL(3203168211198807973U, prng.next());
  UNSIGNED_LONGLONGS_EQUAL(9817491932198370423U, prng.next());
}

TEST(Prng, stays_between_the_bounds_and_reaches_both) {
  Prng prng{1};
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const auto value = prng.between(-3, 3);
    CHECK_TRUE(value >= -3 && value <= 3);
    low = low || value == -3;
    high = high || value == 3;
  }
  CHECK_TRUE(low);
  CHECK_TRUE(high);
}

TEST(Prng, gives_units_below_one) {
  Prng prng{2};
  for (int i = 0; i < 1000; ++i) {
    const double value = prng.unit();
    CHECK_TRUE(value >= 0.0 && value < 1.0);
  }
}
