// SPDX-License-Identifier: Apache-2.0
/// What: the engine agrees with the model on random books and lines: in order, late, repeated and withdrawn.
/// How: every event handed out is added to, every retraction taken from, the set of what stands; after each line that
/// set must be what the model works out from all lines so far. A failure prints the seed that replays it.
#include "model.hpp"

#include <algorithm>
#include <cstdio>

#include "random_book.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr std::uint64_t kRuns = 40'000;
#elif !defined(__linux__)
constexpr std::uint64_t kRuns = 6;  // the board
#elif !defined(__x86_64__)
constexpr std::uint64_t kRuns = 30;  // emulated
#elif !defined(NDEBUG)
constexpr std::uint64_t kRuns = 40;
#else
constexpr std::uint64_t kRuns = 300;
#endif
constexpr int kLines = 60;

/// What stands after all that an engine handed out.
class Follower {
 public:
  /// @returns false when a retraction names nothing that stands.
  bool follow(const std::vector<AlertEvent>& events) {
    for (const AlertEvent& event : events) {
      if (event.kind == EventKind::unknown || event.kind == EventKind::known) continue;
      if (event.kind != EventKind::retracted) {
        standing_.push_back({event.at, event.alert, event.kind, event.level, event.raised_at});
        continue;
      }
      const StandingFact gone{event.at, event.alert, event.retracted_kind, event.level, event.raised_at};
      const auto found = std::find(standing_.begin(), standing_.end(), gone);
      if (found == standing_.end()) return false;
      standing_.erase(found);
    }
    return true;
  }
  std::vector<StandingFact> up_to(Instant to) const {
    std::vector<StandingFact> out;
    std::copy_if(standing_.begin(), standing_.end(), std::back_inserter(out),
                 [to](const StandingFact& fact) { return fact.at <= to; });
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::vector<StandingFact> standing_;
};

void print(const char* who, const std::vector<StandingFact>& facts) {
  std::printf("%s:\n", who);
  for (const StandingFact& fact : facts) {
    std::printf("  at %lld alert %u kind %u level %u raised_at %lld\n", static_cast<long long>(fact.at),
                unsigned{fact.alert}, static_cast<unsigned>(fact.kind), static_cast<unsigned>(fact.level),
                static_cast<long long>(fact.raised_at));
  }
}

void expect_same(const Model& model, const Follower& follower, Instant to, const char* where) {
  const auto wanted = model.facts(to);
  const auto got = follower.up_to(to);
  if (wanted == got) return;
  print("model", wanted);
  print("engine", got);
  FAIL(where);
}

struct Options {
  bool late;
  Span horizon_ms;
  std::uint16_t log_capacity;
  bool save_and_restore;
};

void compare(std::uint64_t seed, const Options& options) {
  Prng prng{seed};
  BookBuilder book = random_book(prng, options.horizon_ms);
  book.bounds.log_capacity = options.log_capacity;
  book.bounds.copies = static_cast<std::uint16_t>(prng.below(4));
  book.bounds.contact_runs = 64;
  book.bounds.standing_capacity = 1024;
  Bench bench{book};
  Bench other{book};
  bench.engine().start(kRandomFirst, {Status::test, false, false});
  Model model{bench.image(), kRandomFirst};
  Follower follower;
  RandomLines lines{prng, options.late};
  char where[96];
  for (int i = 0; i < kLines; ++i) {
    const Input input = lines.next();
    Bench& running = options.save_and_restore && i % 2 == 1 ? other : bench;
    const bool consistent = follower.follow(running.step(input));
    const Disposition expected = model.take(input);
    std::snprintf(where, sizeof where, "seed %llu line %d", static_cast<unsigned long long>(seed), i);
    CHECK_TEXT(consistent, where);
    ENUMS_EQUAL_INT_TEXT(expected, running.disposition, where);
    if (input.kind == InputKind::clock || prng.chance(50)) {
      CHECK_TEXT(follower.follow(running.step(Bench::clock(model.clock()))), where);
      expect_same(model, follower, model.clock(), where);
    } else {
      expect_same(model, follower, model.clock() - 1, where);
    }
    if (options.save_and_restore) {
      Bench& next = i % 2 == 1 ? bench : other;
      ENUMS_EQUAL_INT_TEXT(RestoreError::none, next.engine().restore(running.engine().save()), where);
    }
  }
}
}  // namespace

TEST_GROUP(Model){};

TEST(Model, agrees_in_order) {
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) compare(seed, {false, 1'000'000, 256, false});
}

TEST(Model, agrees_on_late_repeated_and_withdrawn_lines) {
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) compare(seed + 1'000'000, {true, 1'000'000, 256, false});
}

TEST(Model, agrees_beyond_a_short_horizon) {
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) compare(seed + 2'000'000, {true, 15, 256, false});
}

TEST(Model, agrees_beyond_a_small_log) {
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) compare(seed + 3'000'000, {true, 1'000'000, 16, false});
}

TEST(Model, agrees_when_saved_and_restored_after_every_line) {
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) compare(seed + 4'000'000, {true, 20, 24, true});
}
