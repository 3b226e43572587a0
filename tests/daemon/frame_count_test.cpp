// SPDX-License-Identifier: Apache-2.0
/// What: of a publisher's messages every one is stored, told as missing, or not stored yet; whatever is lost, said
/// twice, thrown away or stored, and whenever the publisher counts anew. How: by hand, and beside a list of all that
/// was sent.
#include "frame_count.hpp"

#include <map>
#include <vector>

#include "tocsin/test_support/prng.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using tocsin::test_support::Prng;

namespace {
void check_missing(std::uint64_t first, std::uint64_t last, const std::optional<MissingFrames>& missing) {
  CHECK_TRUE(missing.has_value());
  UNSIGNED_LONGLONGS_EQUAL(first, missing->first);
  UNSIGNED_LONGLONGS_EQUAL(last, missing->last);
}
}  // namespace

TEST_GROUP(FrameCount) { FrameCount frames; };

TEST(FrameCount, begins_with_the_first_message_it_hears) {
  CHECK_FALSE(frames.take(700, 0).missing.has_value());
  CHECK_FALSE(frames.take(701, 0).missing.has_value());
  check_missing(702, 703, frames.take(704, 0).missing);
  CHECK_FALSE(frames.take(704, 0).missing.has_value());  // said twice
}

TEST(FrameCount, goes_on_from_what_a_daemon_before_stored) {
  frames.resume(9);
  check_missing(10, 14, frames.take(15, 0).missing);
  FrameCount other;
  other.resume(9);
  CHECK_FALSE(other.take(10, 0).missing.has_value());
}

TEST(FrameCount, a_publisher_that_counts_anew_has_lost_what_came_before_its_first) {
  (void)frames.take(9, 0);
  const auto taken = frames.take(3, 0);
  CHECK_TRUE(taken.restarted);
  check_missing(1, 2, taken.missing);
  const auto first = frames.take(1, 0);
  CHECK_TRUE(first.restarted);
  CHECK_FALSE(first.missing.has_value());
}

TEST(FrameCount, numbers_at_the_end_of_their_range_are_as_good_as_others) {
  (void)frames.take(UINT64_MAX, 0);
  const auto taken = frames.take(5, 0);
  CHECK_TRUE(taken.restarted);
  check_missing(1, 4, taken.missing);
  check_missing(6, UINT64_MAX - 1, frames.take(UINT64_MAX, 0).missing);
  FrameCount zero;
  CHECK_FALSE(zero.take(0, 0).missing.has_value());
  CHECK_FALSE(zero.take(0, 0).restarted);
}

TEST(FrameCount, what_is_thrown_away_is_what_is_not_stored) {
  for (std::uint64_t frame = 1; frame <= 3; ++frame) (void)frames.take(frame, 0);
  (void)frames.take(4, 1);
  frames.stored(0);
  (void)frames.take(7, 0);  // 5 and 6 never came
  const auto thrown = frames.throw_away(1);
  CHECK_FALSE(thrown[0].has_value());
  check_missing(4, 7, thrown[1]);
  CHECK_TRUE(frames.newest(1) == 7U && !frames.newest(0));
  CHECK_FALSE(frames.throw_away(1)[1].has_value());
  CHECK_FALSE(frames.take(8, 1).missing.has_value());
}

TEST(FrameCount, what_is_thrown_away_can_be_of_two_counts) {
  for (std::uint64_t frame = 1; frame <= 5; ++frame) (void)frames.take(frame, 0);
  frames.stored(0);
  (void)frames.take(6, 1);
  (void)frames.take(1, 1);
  (void)frames.take(2, 1);
  const auto thrown = frames.throw_away(0);
  check_missing(6, 6, thrown[0]);
  check_missing(1, 2, thrown[1]);
}

TEST(FrameCount, every_message_is_stored_or_told_as_missing) {
  Prng random{7};
  for (int round = 0; round < 2000; ++round) {
    FrameCount count;
    std::map<std::uint64_t, int> told;  // 1: stored, 2: missing
    std::array<std::vector<std::uint64_t>, 2> slabs;
    std::size_t filling = 0;
    const auto miss = [&told](const std::optional<MissingFrames>& missing) {
      for (auto frame = missing ? missing->first : 1; missing && frame <= missing->last; ++frame) told[frame] = 2;
    };
    std::uint64_t sent = 0;
    for (int i = 0; i < 40; ++i) {
      switch (random.below(5)) {
        case 0:
          ++sent;  // is lost on its way
          break;
        case 1:  // the sealed slab is stored, and the other one is sealed
          for (const auto frame : slabs[1 - filling]) told[frame] = 1;
          slabs[1 - filling].clear();
          count.stored(1 - filling);
          filling = 1 - filling;
          break;
        case 2:
          if (random.below(4) > 0) break;
          for (auto& slab : slabs) slab.clear();
          for (const auto& missing : count.throw_away(filling)) miss(missing);
          break;
        default:
          miss(count.take(++sent, filling).missing);
          slabs[filling].push_back(sent);
      }
    }
    miss(count.take(++sent, filling).missing);
    slabs[filling].push_back(sent);
    for (const auto& slab : slabs) {
      for (const auto frame : slab) told[frame] = 1;
    }
    const auto first = told.begin()->first;
    for (auto frame = first; frame <= sent; ++frame) CHECK_TRUE(told.contains(frame));
  }
}
