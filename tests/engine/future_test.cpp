// SPDX-License-Identifier: Apache-2.0
/// What: an engine that goes on from a checkpoint says what the one that was saved says, word for word; and how many
/// copies an engine keeps never shows.
/// How: random books and lines go to two engines at once; every field of every event, what became of each line, the
/// counters and what can be asked without looking must agree. A failure prints the seed and the line.
#include <algorithm>
#include <string>

#include "random_book.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr std::uint64_t kRuns = 5'000;
#elif !defined(__linux__)
constexpr std::uint64_t kRuns = 3;  // the board
#elif !defined(__x86_64__)
constexpr std::uint64_t kRuns = 20;  // emulated
#elif !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kRuns = 16;
#else
constexpr std::uint64_t kRuns = 150;
#endif
#ifdef __linux__
constexpr std::uint64_t kPairRuns = 20 * kRuns;  // without checksums
#else
constexpr std::uint64_t kPairRuns = kRuns;
#endif
constexpr int kLines = 80;
constexpr Span kDistant = Span{1} << 60;  ///< further back than anything

/// What two events differ in, or nothing.
class Difference {
 public:
  /// Evidence from beyond the reach of late news is of what is still kept: of that, engines may keep more or less.
  static std::string of(const AlertEvent& a, const AlertEvent& b, Span horizon_ms) {
    Difference difference;
    difference.heads(a, b);
    difference.surroundings(a, b);
    if (is_evidence_within(a, horizon_ms) && is_evidence_within(b, horizon_ms)) difference.evidence(a, b);
    return difference.what_;
  }

 private:
  template <class Value>
  void compare(const char* name, const Value& a, const Value& b) {
    if (what_.empty() && !(a == b)) what_ = name;
  }
  void heads(const AlertEvent& a, const AlertEvent& b) {
    compare("kind", a.kind, b.kind);
    compare("retracted kind", a.retracted_kind, b.retracted_kind);
    compare("level", a.level, b.level);
    compare("status", a.status, b.status);
    compare("alert", a.alert, b.alert);
    compare("at", a.at, b.at);
    compare("raised_at", a.raised_at, b.raised_at);
    compare("rev", a.rev, b.rev);
    compare("detected_at", a.detected_at, b.detected_at);
    compare("reason's feed", a.reason.feed, b.reason.feed);
    compare("reason's kind", a.reason.heartbeat, b.reason.heartbeat);
    compare("reason's seq", a.reason.seq, b.reason.seq);
    compare("reason's time", a.reason.time, b.reason.time);
  }
  void surroundings(const AlertEvent& a, const AlertEvent& b) {
    compare("theater levels", a.theater_levels, b.theater_levels);
    compare("overdue feeds", a.overdue_feeds, b.overdue_feeds);
    compare("blind indicators", a.blind_indicators, b.blind_indicators);
    compare("hypotheses", a.hypothesis_count, b.hypothesis_count);
    for (std::size_t i = 0; i < a.hypothesis_count && what_.empty(); ++i) {
      compare("hypothesis", a.hypotheses[i].hypothesis, b.hypotheses[i].hypothesis);
      compare("weight", a.hypotheses[i].weight, b.hypotheses[i].weight);
    }
    compare("conditions against", a.against_count, b.against_count);
    for (std::size_t i = 0; i < a.against_count && what_.empty(); ++i) compare("against", a.against[i], b.against[i]);
  }
  void evidence(const AlertEvent& a, const AlertEvent& b) {
    compare("saturated", a.saturated, b.saturated);
    compare("truncated", a.truncated, b.truncated);
    compare("origins", a.origins, b.origins);
    compare("items", a.item_count, b.item_count);
    compare("reports", a.report_count, b.report_count);
    for (std::size_t i = 0; i < a.item_count && what_.empty(); ++i) {
      const EvidenceItem& left = a.items[i];
      const EvidenceItem& right = b.items[i];
      compare("item's instant", left.at, right.at);
      compare("item's node", left.node, right.node);
      compare("item's condition", left.condition, right.condition);
      compare("item's op", left.op, right.op);
      compare("item known", left.known, right.known);
      if (left.known) compare("item's value", left.value, right.value);
      compare("item saturated", left.saturated, right.saturated);
      compare("item's reports", left.report_count, right.report_count);
    }
    for (std::size_t i = 0; i < a.report_count && what_.empty(); ++i) {
      compare("report's time", a.reports[i].time, b.reports[i].time);
      compare("report's seq", a.reports[i].seq, b.reports[i].seq);
      compare("report's feed", a.reports[i].feed, b.reports[i].feed);
      compare("report's origin", a.reports[i].origin, b.reports[i].origin);
      compare("report's value", a.reports[i].value, b.reports[i].value);
      compare("report's credibility", a.reports[i].credibility, b.reports[i].credibility);
    }
  }

  std::string what_;
};

bool same(const Counters& a, const Counters& b) {
  return a.taken == b.taken && a.heartbeats == b.heartbeats && a.late == b.late && a.duplicate == b.duplicate &&
         a.reused == b.reused && a.stale == b.stale && a.withdrawn == b.withdrawn &&
         a.not_evaluated == b.not_evaluated && a.full == b.full && a.events == b.events &&
         a.finalised_early == b.finalised_early;
}

/// Two engines that are sent the same lines.
class Pair {
 public:
  /// @param alike  both keep as much beyond the reach of late news.
  Pair(Bench& left, Bench& right, bool alike) : left_{left}, right_{right}, alike_{alike} {}

  /// @returns what the second says otherwise than the first, or nothing.
  std::string step(const Input& line) {
    const auto a = left_.step(line);
    const auto b = right_.step(line);
    if (left_.disposition != right_.disposition) return "disposition";
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
      const std::string what = Difference::of(a[i], b[i], alike_ ? kDistant : left_.image().horizon_ms);
      if (!what.empty()) return "event " + std::to_string(i) + ": " + what;
    }
    if (a.size() != b.size()) return "number of events";
    return present();
  }

 private:
  [[nodiscard]] std::string present() const {
    Engine& a = left_.engine();
    Engine& b = right_.engine();
    if (a.clock() != b.clock()) return "clock";
    if (!same(a.counters(), b.counters())) return "counters";
    for (std::uint16_t i = 0; i < left_.image().alerts.size(); ++i) {
      const AlertState left = a.alert_state(i);
      const AlertState right = b.alert_state(i);
      if (left.raised != right.raised || left.level != right.level || left.when != right.when ||
          left.raised_at != right.raised_at || left.last_raise != right.last_raise ||
          left.clear_since != right.clear_since)
        return "state of alert " + std::to_string(i);
      if (left.raised && a.episode_rev(i) != b.episode_rev(i)) return "rev of alert " + std::to_string(i);
    }
    for (std::uint16_t i = 0; i < left_.image().theaters.size(); ++i)
      if (a.theater_level(i) != b.theater_level(i)) return "level of theater " + std::to_string(i);
    for (std::uint16_t i = 0; i < left_.image().feeds.size(); ++i) {
      if (a.feed_overdue(i) != b.feed_overdue(i)) return "silence of feed " + std::to_string(i);
      // A heartbeat from the future lets a run of contacts reach over the clock, if its start is not forgotten yet.
      const Instant newest = std::max(a.last_contact(i), b.last_contact(i));
      if (a.last_contact(i) != b.last_contact(i) && newest != a.clock()) return "contact of feed " + std::to_string(i);
    }
    return {};
  }

  Bench& left_;
  Bench& right_;
  bool alike_;
};

struct Reach {
  Span horizon_ms;
  std::uint16_t log_capacity;
  std::uint16_t standing_capacity;
  Span unit = 1;
};
constexpr Reach kReaches[] = {{1'000'000, 256, 256}, {15, 256, 256},      {4, 256, 256},
                              {40, 24, 256},         {1'000'000, 48, 16}, {20 * 3'600'000, 64, 256, 3'600'000}};

BookBuilder book_of(std::uint64_t seed, const Reach& reach, std::uint16_t copies) {
  Prng prng{seed};
  BookBuilder book = random_book(prng, reach.horizon_ms, reach.unit);
  book.bounds.log_capacity = reach.log_capacity;
  book.bounds.contact_runs = 16;
  book.bounds.standing_capacity = reach.standing_capacity;
  book.bounds.copies = copies;
  return book;
}

SimpleString where(std::uint64_t seed, int line, const std::string& what) {
  return StringFromFormat("seed %llu line %d: %s", static_cast<unsigned long long>(seed), line, what.c_str());
}
}  // namespace

TEST_GROUP(Future){};

TEST(Future, is_the_same_word_for_word_when_saved_and_restored_after_every_line) {
  for (const Reach& reach : kReaches) {
    for (std::uint64_t seed = 1; seed <= std::max<std::uint64_t>(1, kRuns / 4); ++seed) {  // checksums take their time
      BookBuilder book = book_of(seed, reach, static_cast<std::uint16_t>(seed % 13));
      Bench going_on{book};
      Bench even{book};
      Bench odd{book};
      for (Bench* bench : {&going_on, &even}) bench->engine().start(kRandomFirst, {Status::test, false, true});
      Prng prng{seed * 31 + 7};
      RandomLines lines{prng, true, reach.unit};
      for (int i = 0; i < kLines; ++i) {
        Bench& running = i % 2 == 0 ? even : odd;
        Bench& next = i % 2 == 0 ? odd : even;
        const std::string what = Pair{going_on, running, true}.step(lines.next());
        CHECK_TEXT(what.empty(), where(seed, i, what).asCharString());
        ENUMS_EQUAL_INT(RestoreError::none, next.engine().restore(running.engine().save()));
      }
    }
  }
}

namespace {
/// The first difference between an engine without copies and one with some, or nothing.
/// @param crowded  percent of the reports that are of the newest instant there is, whenever they come.
SimpleString first_difference(std::uint64_t seed, const Reach& reach, std::uint16_t copies, std::uint32_t crowded) {
  BookBuilder none = book_of(seed, reach, 0);
  BookBuilder some = book_of(seed, reach, copies);
  Bench without{none};
  Bench with{some};
  for (Bench* bench : {&without, &with}) bench->engine().start(kRandomFirst, {Status::test, false, true});
  Prng prng{seed * 37 + 5};
  RandomLines lines{prng, true, reach.unit};
  Instant newest = kRandomFirst;
  for (int i = 0; i < kLines; ++i) {
    Input line = lines.next();
    if (line.kind == InputKind::report) {
      if (crowded > 0 && !line.has_target_seq && prng.chance(crowded)) line.time = newest;
      if (line.time <= line.received) newest = std::max(newest, line.time);
    }
    const std::string what = Pair{without, with, false}.step(line);
    if (!what.empty()) return where(seed, i, what);
  }
  return "";
}
}  // namespace

TEST(Future, does_not_depend_on_where_copies_lie) {
  for (const Reach& reach : kReaches) {
    for (std::uint64_t seed = 1; seed <= kPairRuns; ++seed)
      STRCMP_EQUAL("", first_difference(seed, reach, static_cast<std::uint16_t>(1 + seed % 13), 0).asCharString());
  }
}

TEST(Future, does_not_depend_on_what_is_kept_of_an_instant_with_many_reports) {
  for (const Reach& reach : kReaches) {
    for (std::uint64_t seed = 1; seed <= kPairRuns; ++seed)
      STRCMP_EQUAL("", first_difference(seed, reach, 12, static_cast<std::uint32_t>(50 + seed % 45)).asCharString());
  }
}
