// SPDX-License-Identifier: Apache-2.0
/// What: every operator on conditions agrees with the model on every short trace of two conditions.
/// How: one book has each operator with each small window, and an alert on each. All traces of true and false, all of
/// true, false and unknown (by division and by silence) are sent in order and backwards; what stands and what each node
/// is at each instant must be what the model says.
#include <algorithm>
#include <array>
#include <cstdio>

#include "tocsin/model/model.hpp"

#include "book_builder.hpp"
#include "follower.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Evaluation;
using tocsin::model::Model;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr int kTwoValued = 8;
constexpr int kThreeValued = 5;
#elif !defined(__linux__)
constexpr int kTwoValued = 3;  // the board
constexpr int kThreeValued = 2;
#elif !defined(__x86_64__) || !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__)
constexpr int kTwoValued = 4;
constexpr int kThreeValued = 3;
#else
constexpr int kTwoValued = 6;
constexpr int kThreeValued = 4;
#endif
constexpr int kSilent = kThreeValued == 4 ? 3 : kThreeValued;  // slower: a report every millisecond
constexpr Instant kFirst = 1000;
constexpr Span kWindowMax = 4;
constexpr Instant kRest = kWindowMax + 2;  ///< instants after the trace

enum class Source : std::uint8_t { value, silence };

/// Two conditions and every operator on them.
class OperatorBook {
 public:
  explicit OperatorBook(Source source) : book_{1'000'000} {
    book_.bounds = {64, 1024, 2, 64, 0, 0};
    const auto origin = book_.origin("o");
    const bool regular = source == Source::silence;
    const auto f0 = book_.feed("f0", {origin}, regular ? 1 : 0);
    const auto f1 = book_.feed("f1", {origin}, regular ? 1 : 0);
    book_.indicator("i0", {f0});
    book_.indicator("i1", {f1});
    one_ = book_.literal(1);
    const auto a = input(0);
    const auto b = input(1);
    for (const Op op : {Op::both, Op::either, Op::negate, Op::from_until}) watch(book_.node(op, a, b));
    watch(book_.node(Op::since, a, b, kUnbounded));
    for (Span to = 0; to <= kWindowMax; ++to) {
      if (to > 0) watch(book_.node(Op::hold_for, a, 0, to));
      if (to > 0) watch(book_.node(Op::then, a, b, to));
      for (Span from = 0; from <= to; ++from) {
        watch(book_.in_last(a, from, to));
        watch(book_.since(a, b, from, to));
      }
    }
  }
  BookBuilder& book() { return book_; }

 private:
  /// 1 / last(i) >= 1: true of 1, false of 2, unknown of 0.
  std::uint16_t input(std::uint16_t indicator) {
    const auto ratio = book_.node(Op::divide, one_, book_.number(Op::last, indicator));
    return book_.node(Op::greater_equal, ratio, one_);
  }
  void watch(std::uint16_t node) {
    std::snprintf(name_.data(), name_.size(), "a%03u", unsigned{node});
    book_.alert(name_.data(), node);
  }

  BookBuilder book_;
  std::array<char, 8> name_{};
  std::uint16_t one_ = 0;
};

struct Traces {
  Source source;
  std::size_t values;  ///< 2: true and false; 3: unknown as well
  int length;
};

/// The reports of one condition's trace. Digits of `number`: 0 true, 1 false, 2 unknown.
void add_reports(std::vector<Input>& lines, const Traces& traces, std::uint16_t indicator, std::size_t number) {
  std::size_t before = 3;
  for (int i = 0; i < traces.length; ++i) {
    const std::size_t digit = number % traces.values;
    number /= traces.values;
    const bool silent = traces.source == Source::silence && digit == 2;
    const bool same = traces.source == Source::value && digit == before;
    before = digit;
    if (silent || same) continue;
    const auto value = static_cast<double>((digit + 1) % 3);
    lines.push_back(Bench::report(indicator, static_cast<std::uint64_t>(i) + 1, indicator, kFirst + i, value, 0));
  }
}

void check_nodes(Bench& bench, const Evaluation& wanted, Instant to, const char* where) {
  for (Instant at = kFirst; at <= to; ++at) {
    if (!bench.engine().look(at)) FAIL(where);
    for (std::uint16_t node = 0; node < bench.image().nodes.size(); ++node) {
      if (shape_of(bench.image().nodes[node].op) <= Shape::arithmetic) continue;
      const Truth truth = bench.engine().node_view(node).truth;
      if (truth == wanted.truth(node, at)) continue;
      char text[160];
      const Node& record = bench.image().nodes[node];
      std::snprintf(text, sizeof text, "%s: op %u from %d to %d at %d", where, unsigned{record.op},
                    static_cast<int>(record.ago_ms), static_cast<int>(record.window_ms), static_cast<int>(at - kFirst));
      ENUMS_EQUAL_INT_TEXT(wanted.truth(node, at), truth, text);
    }
  }
}

/// Sends the lines as they stand and lets time pass to the end.
void compare(Bench& bench, const std::vector<Input>& lines, Instant to, const char* where) {
  bench.engine().start(kFirst, {});
  Model model{bench.image(), kFirst};
  Follower follower;
  for (Input line : lines) {
    line.received = std::max(line.time, model.clock());
    CHECK_TEXT(follower.follow(bench.step(line)).empty(), where);
    ENUMS_EQUAL_INT_TEXT(model.take(line), bench.disposition, where);
  }
  CHECK_TEXT(follower.follow(bench.step(Bench::clock(to))).empty(), where);
  model.take(Bench::clock(to));
  const Evaluation wanted = model.evaluate(to);
  if (follower.up_to(to) != wanted.facts) FAIL(where);
  check_nodes(bench, wanted, to, where);
}

void compare_all(const Traces& traces) {
  OperatorBook book{traces.source};
  Bench bench{book.book()};
  std::size_t count = 1;
  for (int i = 0; i < traces.length; ++i) count *= traces.values;
  std::vector<Input> lines;
  char where[64];
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      lines.clear();
      add_reports(lines, traces, 0, a);
      add_reports(lines, traces, 1, b);
      std::stable_sort(lines.begin(), lines.end(), [](const Input& l, const Input& r) { return l.time < r.time; });
      std::snprintf(where, sizeof where, "traces %u %u in order", unsigned(a), unsigned(b));
      compare(bench, lines, kFirst + traces.length + kRest, where);
      std::reverse(lines.begin(), lines.end());
      std::snprintf(where, sizeof where, "traces %u %u backwards", unsigned(a), unsigned(b));
      compare(bench, lines, kFirst + traces.length + kRest, where);
    }
  }
}
}  // namespace

TEST_GROUP(Operators){};

TEST(Operators, agree_with_the_model_on_every_short_trace_of_true_and_false) {
  compare_all({Source::value, 2, kTwoValued});
}

TEST(Operators, agree_with_the_model_on_every_short_trace_with_unknown) {
  compare_all({Source::value, 3, kThreeValued});
}

TEST(Operators, agree_with_the_model_on_every_short_trace_with_silence) { compare_all({Source::silence, 3, kSilent}); }
