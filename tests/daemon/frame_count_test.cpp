// SPDX-License-Identifier: Apache-2.0
/// What: of a publisher's messages every one is stored, told as missing, or not stored yet; whatever is lost, said
/// twice, thrown away or stored, and whenever the publisher counts anew. How: by hand, and beside a list of all that
/// was sent.
#include "frame_count.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
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
  CHECK_FALSE(frames.unsealed().has_value());
  CHECK_FALSE(frames.take(700).missing.has_value());
  CHECK_FALSE(frames.take(701).missing.has_value());
  check_missing(702, 703, frames.take(704).missing);
  const auto again = frames.take(704);
  CHECK_TRUE(again.repeated && !again.missing && !again.restarted);
  CHECK_TRUE(frames.unsealed() == 704U);
}

TEST(FrameCount, goes_on_from_what_a_daemon_before_stored) {
  frames.resume(9);
  CHECK_FALSE(frames.unsealed().has_value());
  check_missing(10, 14, frames.take(15).missing);
  FrameCount other;
  other.resume(9);
  CHECK_FALSE(other.take(10).missing.has_value());
}

TEST(FrameCount, a_publisher_that_counts_anew_has_lost_what_came_before_its_first) {
  (void)frames.take(9);
  const auto taken = frames.take(3);
  CHECK_TRUE(taken.restarted);
  check_missing(1, 2, taken.missing);
  const auto first = frames.take(1);
  CHECK_TRUE(first.restarted);
  CHECK_FALSE(first.missing.has_value());
}

TEST(FrameCount, numbers_at_the_end_of_their_range_are_as_good_as_others) {
  (void)frames.take(UINT64_MAX);
  check_missing(1, 4, frames.take(5).missing);
  check_missing(6, UINT64_MAX - 1, frames.take(UINT64_MAX).missing);
  FrameCount zero;
  CHECK_FALSE(zero.take(0).missing.has_value());
  CHECK_TRUE(zero.take(0).repeated);
  CHECK_FALSE(zero.unsealed().has_value());
}

TEST(FrameCount, what_is_thrown_away_is_what_is_not_stored) {
  for (std::uint64_t frame = 1; frame <= 3; ++frame) (void)frames.take(frame);
  frames.seal(0);
  (void)frames.take(4);
  frames.seal(1);
  frames.stored(0);
  (void)frames.take(7);  // 5 and 6 never came
  const auto thrown = frames.throw_away();
  check_missing(4, 7, thrown[0]);
  CHECK_FALSE(thrown[1].has_value());
  CHECK_TRUE(frames.unsealed() == 7U);
  frames.seal(0);
  CHECK_FALSE(frames.take(8).missing.has_value());
  check_missing(4, 8, frames.throw_away()[0]);  // that it is missing was not stored either
  frames.seal(1);
  CHECK_FALSE(frames.take(9).missing.has_value());
  frames.stored(1);
  check_missing(9, 9, frames.throw_away()[0]);
}

TEST(FrameCount, what_is_thrown_away_can_be_of_several_counts) {
  for (std::uint64_t frame = 1; frame <= 5; ++frame) (void)frames.take(frame);
  frames.seal(0);
  (void)frames.take(6);
  for (const std::uint64_t frame : {1U, 2U, 1U}) (void)frames.take(frame);
  frames.seal(1);
  frames.stored(0);
  const auto thrown = frames.throw_away();
  check_missing(6, 6, thrown[0]);
  check_missing(1, 2, thrown[1]);
  check_missing(1, 1, thrown[2]);
  (void)frames.take(0);  // no more numbers: the other counts are told all the same
  CHECK_TRUE(frames.unsealed() == 0U);
  frames.seal(0);
  frames.stored(0);
  CHECK_FALSE(frames.throw_away()[0].has_value());
  for (int i = 0; i < 20; ++i) {  // and so often that nobody can tell them apart
    (void)frames.take(5);
    (void)frames.take(2);
  }
  std::size_t told = 0;
  for (const auto& missing : frames.throw_away()) told += missing ? 1U : 0U;
  CHECK_TRUE(told > 0);
}

// Whichever count is in the slab under way: what came after is not stored with it, however often the publisher begins.
TEST(FrameCount, counts_that_are_told_as_one_are_not_taken_for_stored) {
  constexpr std::uint64_t kLong = 1000;
  for (std::size_t sealed = 0; sealed < FrameCount::kRunsMax; ++sealed) {
    FrameCount count;
    for (std::size_t run = 0; run < sealed; ++run) {
      (void)count.take(2);
      (void)count.take(1);
    }
    for (std::uint64_t frame = 2; frame <= kLong; ++frame) (void)count.take(frame);
    count.seal(0);
    for (std::uint64_t frame = 1; frame <= 5; ++frame) (void)count.take(frame);
    for (int i = 0; i < 6; ++i) {
      (void)count.take(1);
      (void)count.take(2);
    }
    count.stored(0);
    std::uint64_t most = 0;
    for (const auto& missing : count.throw_away()) {
      if (!missing) continue;
      UNSIGNED_LONGLONGS_EQUAL(1, missing->first);  // nothing of the one that is stored
      most = std::max(most, missing->last);
    }
    UNSIGNED_LONGLONGS_EQUAL(5, most);
  }
}

TEST(FrameCount, every_message_is_stored_or_told_as_missing_and_none_is_both) {
  Prng random{7};
  for (int round = 0; round < 3000; ++round) {
    FrameCount count;
    using Name = std::pair<int, std::uint64_t>;  // of a message: which count, and its number
    std::set<Name> missing;
    std::set<Name> stored;
    std::vector<Name> unsealed;
    std::vector<Name> told;  // as missing, by the slab that fills
    std::array<std::vector<Name>, 2> slabs;
    std::array<std::vector<Name>, 2> told_by;
    std::array<int, 2> run_at{};  // when the slab was sealed
    std::size_t filling = 0;
    int run = 0;
    std::uint64_t sent = 0;
    bool in_flight = false;
    std::vector<int> runs{0};  // not stored whole
    for (int i = 0; i < 60; ++i) {
      switch (random.below(8)) {
        case 0:
          ++sent;  // is lost on its way
          break;
        case 1:
          if (!in_flight && count.unsealed()) {
            slabs.at(filling) = std::exchange(unsealed, {});
            told_by.at(filling) = std::exchange(told, {});
            run_at.at(filling) = run;
            count.seal(filling);
            filling = 1 - filling;
            in_flight = true;
          }
          break;
        case 2:
          if (!in_flight) break;
          for (const auto& name : slabs.at(1 - filling)) stored.insert(name);
          for (const auto& name : told_by.at(1 - filling)) missing.insert(name);
          std::erase_if(runs, [&](int one) { return one < run_at.at(1 - filling); });
          told_by.at(1 - filling).clear();
          slabs.at(1 - filling).clear();
          count.stored(1 - filling);
          in_flight = false;
          break;
        case 3: {
          if (random.below(5) > 0) break;
          const auto thrown = count.throw_away();
          told.clear();
          for (std::size_t k = 0; k < thrown.size() && k < runs.size(); ++k) {
            for (auto frame = thrown.at(k) ? thrown.at(k)->first : 1; thrown.at(k) && frame <= thrown.at(k)->last;
                 ++frame)
              told.emplace_back(runs.at(k), frame);
          }
          for (auto& slab : slabs) slab.clear();
          for (auto& slab : told_by) slab.clear();
          unsealed.clear();
          in_flight = false;
          break;
        }
        case 4:
          if (random.below(6) > 0 || sent < 2 || runs.size() == FrameCount::kRunsMax) break;
          if (unsealed.empty() || unsealed.back() != Name{run, sent}) break;  // its end is known
          ++run;
          runs.push_back(run);
          sent = 0;
          [[fallthrough]];
        default: {
          const auto taken = count.take(++sent);
          for (auto frame = taken.missing ? taken.missing->first : 1; taken.missing && frame <= taken.missing->last;
               ++frame)
            told.emplace_back(run, frame);
          unsealed.emplace_back(run, sent);
        }
      }
    }
    for (const auto& name : stored) CHECK_FALSE(missing.contains(name));
    std::set<Name> all{stored};
    all.insert(missing.begin(), missing.end());
    for (const auto* const some : {&unsealed, &told, &slabs[0], &slabs[1], &told_by[0], &told_by[1]}) {
      all.insert(some->begin(), some->end());
    }
    for (auto name = all.begin(); name != all.end() && std::next(name) != all.end(); ++name) {
      const auto next = *std::next(name);  // without a hole
      CHECK_TRUE(next.first == name->first ? next.second == name->second + 1 : next.second == 1);
    }
  }
}
