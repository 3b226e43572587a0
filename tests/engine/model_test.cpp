// SPDX-License-Identifier: Apache-2.0
/// What: the engine agrees with the model on random books and lines: in order, late, repeated, withdrawn, permuted.
/// How: every event handed out is added to, every retraction taken from, the set of what stands; after each line that
/// set must be what the model works out from all lines so far. After some lines every node is looked at as well. A
/// failure prints the seed and the fewest lines that still show it.
#include "tocsin/model/model.hpp"

#include <algorithm>
#include <string>

#include "comparison.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Evaluation;
using tocsin::model::Fact;
using tocsin::model::Model;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr std::uint64_t kRuns = 10'000;
#elif !defined(__linux__)
constexpr std::uint64_t kRuns = 6;  // the board
#elif !defined(__x86_64__)
constexpr std::uint64_t kRuns = 30;  // emulated
#elif !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kRuns = 60;
#else
constexpr std::uint64_t kRuns = 400;
#endif
#ifdef __linux__
constexpr int kManyLines = 2000;
#else
constexpr int kManyLines = 400;     // what fits the board's heap
#endif

void compare(std::uint64_t first_seed, const Options& options) {
  const std::uint64_t runs = options.save_and_restore ? kRuns / 4 : kRuns;  // their checksums take most of the time
  for (std::uint64_t i = 1; i <= runs; ++i) Comparison{first_seed + i, options}.run();
}
}  // namespace

TEST_GROUP(Model){};

TEST(Model, agrees_in_order) { compare(0, {false, 1'000'000, 256, false}); }

TEST(Model, agrees_on_late_repeated_and_withdrawn_lines) { compare(1'000'000, {true, 1'000'000, 256, false}); }

TEST(Model, agrees_beyond_a_short_horizon) { compare(2'000'000, {true, 15, 256, false}); }

TEST(Model, agrees_beyond_a_small_log) { compare(3'000'000, {true, 1'000'000, 16, false}); }

TEST(Model, agrees_when_no_place_is_left_for_lines_that_wait) {
  compare(11'000'000, {true, 1'000'000, 16, false, 1, true});
}

TEST(Model, agrees_when_saved_and_restored_after_every_line) { compare(4'000'000, {true, 20, 24, true}); }

TEST(Model, agrees_when_saved_and_restored_within_a_long_horizon) { compare(5'000'000, {true, 1'000'000, 64, true}); }

TEST(Model, agrees_over_weeks_of_real_time) {
  constexpr Span kHour = 3'600'000;
  compare(7'000'000, {true, 1000 * kHour, 256, false, kHour});
  compare(8'000'000, {true, 20 * kHour, 256, false, kHour + 17});
}

/// What is pushed out of rings and log, and what final events leave behind, over a long run.
TEST(Model, agrees_over_thousands_of_reports) {
  constexpr Span kHour = 3'600'000;
  const std::uint64_t runs = std::max<std::uint64_t>(1, kRuns / 50);
  for (std::uint64_t seed = 9'000'001; seed <= 9'000'000 + runs; ++seed) {
    Prng prng{seed};
    BookBuilder book = random_book(prng, 60 * kHour, kHour, 64);
    book.bounds.log_capacity = 64;
    book.bounds.contact_runs = 64;
    book.bounds.standing_capacity = 512;
    book.bounds.copies = static_cast<std::uint16_t>(seed % 13);
    Bench bench{book};
    bench.engine().start(kRandomFirst, {});
    Model model{bench.image(), kRandomFirst};
    Follower follower;
    RandomLines lines{prng, true, kHour};
    const auto where = StringFrom(static_cast<long long>(seed));
    for (int i = 0; i < kManyLines; ++i) {
      const Input line = lines.next();
      CHECK_TEXT(follower.follow(bench.step(line)).empty(), where.asCharString());
      ENUMS_EQUAL_INT_TEXT(model.take(line), bench.disposition, where.asCharString());
      if (i % (kManyLines / 4) != 0) continue;
      const std::string different = facts_differ(model.evaluate(model.clock()), follower, model.clock() - 1);
      CHECK_TEXT(different.empty(), (where.asCharString() + different).c_str());
    }
  }
}

/// Late news about what was told too long ago is stale as a whole, so all that stands is what the other lines mean.
TEST(Model, agrees_beyond_few_alert_events) {
  constexpr Span kHour = 3'600'000;
  const std::uint64_t runs = std::max<std::uint64_t>(3, kRuns / 10);
  std::uint64_t too_late = 0;
  for (std::uint64_t seed = 10'000'001; seed <= 10'000'000 + runs; ++seed) {
    Prng prng{seed};
    BookBuilder book = random_book(prng, 1000 * kHour, kHour, 64);
    book.bounds.log_capacity = 512;
    book.bounds.contact_runs = 64;
    book.bounds.standing_capacity = 16;
    book.bounds.copies = static_cast<std::uint16_t>(seed % 13);
    Bench bench{book};
    bench.engine().start(kRandomFirst, {});
    Model model{bench.image(), kRandomFirst};
    Follower follower{Follower::Revs::rise};
    RandomLines lines{prng, true, kHour};
    const auto where = StringFrom(static_cast<long long>(seed));
    for (int i = 0; i < 300; ++i) {
      Input line = lines.next();
      if (line.kind == InputKind::retraction) continue;  // what it names may be final: that is for the tests by hand
      line.has_target_seq = false;
      const std::uint64_t stale = bench.engine().counters().stale;
      CHECK_TEXT(follower.follow(bench.step(line)).empty(), where.asCharString());
      if (bench.engine().counters().stale == stale) {
        ENUMS_EQUAL_INT_TEXT(model.take(line), bench.disposition, where.asCharString());
      } else {
        static_cast<void>(model.take(Bench::clock(bench.engine().clock())));
        ++too_late;
      }
    }
    const std::string different = facts_differ(model.evaluate(model.clock()), follower, model.clock() - 1);
    CHECK_TEXT(different.empty(), (where.asCharString() + different).c_str());
  }
  CHECK(too_late > runs);
}

/// Any order of arrival ends in the same standing events, for each number of copies.
TEST(Model, ends_the_same_in_any_order_of_arrival) {
  for (std::uint64_t seed = 6'000'001; seed <= 6'000'000 + kRuns / 2; ++seed) {
    Prng prng{seed};
    BookBuilder book = random_book(prng, 1'000'000);
    book.bounds.log_capacity = 256;
    book.bounds.contact_runs = 64;
    book.bounds.standing_capacity = 256;
    book.bounds.copies = static_cast<std::uint16_t>(seed % 13);
    RandomLines random{prng, true};
    std::vector<Input> lines;
    while (lines.size() < 40) {
      const Input line = random.next();
      const bool known = std::any_of(lines.begin(), lines.end(), [&](const Input& other) {
        return line.kind != InputKind::heartbeat && other.feed == line.feed && other.seq == line.seq;
      });
      if (line.kind != InputKind::clock && line.time >= kRandomFirst && !known) lines.push_back(line);
    }
    Instant end = kRandomFirst;
    for (const Input& line : lines) end = std::max(end, line.time + 50);
    std::vector<Fact> first;
    for (int order = 0; order < 4; ++order) {
      Bench bench{book};
      bench.engine().start(kRandomFirst, {});
      Follower follower;
      for (const Input& line : lines) {
        Input arrived = line;
        arrived.received = bench.engine().clock() + prng.between(0, 4);
        CHECK(follower.follow(bench.step(arrived)).empty());
      }
      CHECK(follower.follow(bench.step(Bench::clock(std::max(end, bench.engine().clock())))).empty());
      const auto stands = follower.up_to(end);
      if (order == 0) {
        first = stands;
        Model model{bench.image(), kRandomFirst};
        for (const Input& line : lines) model.take(line);
        CHECK_TEXT(model.facts(end) == first, StringFrom(static_cast<long long>(seed)).asCharString());
      }
      CHECK_TEXT(stands == first, StringFrom(static_cast<long long>(seed)).asCharString());
      for (std::size_t i = lines.size(); i > 1; --i) std::swap(lines[i - 1], lines[prng.index(i)]);
    }
  }
}
