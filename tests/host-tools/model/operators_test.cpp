// SPDX-License-Identifier: Apache-2.0
/// What: every operator on conditions means in the model what its definition says, instant by instant.
/// How: all traces of two conditions with three truth values, of a few instants; each operator with all small windows
/// is worked out here by going back over the trace as its definition reads, and compared at every instant.
#include <algorithm>
#include <array>
#include <vector>

#include "tocsin/model/model.hpp"

#include "image_parts.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Evaluation;
using tocsin::model::Model;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr int kLength = 6;
#elif defined(NDEBUG) && defined(__x86_64__)
constexpr int kLength = 5;
#else
constexpr int kLength = 4;
#endif
constexpr Instant kFirst = 1000;
constexpr Instant kTo = kFirst + kLength + 3;  // the last values go on for a while
constexpr Span kWindowMax = 4;

using Trace = std::array<Truth, static_cast<std::size_t>(kTo - kFirst + 1)>;

/// Before the first instant everything is false.
Truth at(const Trace& trace, Instant instant) {
  return instant < kFirst ? Truth::no : trace[static_cast<std::size_t>(instant - kFirst)];
}

/// A throughout (b, t], as a minimum.
Truth throughout(const Trace& a, Instant b, Instant t) {
  Truth least = Truth::yes;
  for (Instant i = b + 1; i <= t; ++i) least = std::min(least, at(a, i));
  return least;
}

Truth since_by_definition(const Trace& a, const Trace& b, const Node& node, Instant t) {
  const Instant oldest = node.window_ms == kUnbounded ? kFirst - 1 : t - node.window_ms;
  Truth best = Truth::no;
  for (Instant i = oldest; i <= t - node.ago_ms; ++i) best = std::max(best, std::min(at(b, i), throughout(a, i, t)));
  return best;
}

Truth then_by_definition(const Trace& a, const Trace& b, const Node& node, Instant t) {
  if (at(b, t) != Truth::yes) return at(b, t);
  Instant began = t;
  while (at(b, began - 1) == Truth::yes) --began;
  Truth best = Truth::no;
  for (Instant i = began - node.window_ms; i < began; ++i) best = std::max(best, at(a, i));
  return best;
}

Truth from_until_by_definition(const Trace& a, const Trace& b, Instant t) {
  for (Instant i = kFirst; i <= t; ++i) {
    bool ended = at(a, i) != Truth::yes;
    for (Instant k = i + 1; k <= t; ++k) ended = ended || at(b, k) == Truth::yes;
    if (!ended) return Truth::yes;
  }
  return Truth::no;
}

Truth by_definition(const Node& node, const Trace& a, const Trace& b, Instant t) {
  const Shape shape = shape_of(node.op);
  if (shape == Shape::both) return std::min(at(a, t), at(b, t));
  if (shape == Shape::either) return std::max(at(a, t), at(b, t));
  if (shape == Shape::negate)
    return at(a, t) == Truth::unknown ? Truth::unknown : at(a, t) == Truth::yes ? Truth::no : Truth::yes;
  if (shape == Shape::since) return since_by_definition(a, b, node, t);
  if (shape == Shape::then) return then_by_definition(a, b, node, t);
  if (shape == Shape::from_until) return from_until_by_definition(a, b, t);
  if (shape == Shape::hold_for) return throughout(a, t - node.window_ms - 1, t);
  Truth best = Truth::no;
  for (Instant i = t - node.window_ms; i <= t - node.ago_ms; ++i) best = std::max(best, at(a, i));
  return best;
}

/// Two conditions, 1 / last(i) >= 1: a report of 1 makes it true, of 2 false, of 0 unknown.
struct Book {
  ImageParts parts;
  std::uint16_t a;
  std::uint16_t b;
  std::size_t first_operator;

  Book() {
    parts.origin();
    parts.feed();
    const auto one = parts.literal(1);
    const auto input = [&] {
      const auto last = parts.node(Op::last, parts.indicator({0}));
      return parts.node(Op::greater_equal, parts.node(Op::divide, one, last), one);
    };
    a = input();
    b = input();
    first_operator = parts.nodes.size();
    for (const Op op : {Op::both, Op::either, Op::negate, Op::from_until}) parts.node(op, a, b);
    parts.node(Op::since, a, b, kUnbounded);
    for (Span to = 0; to <= kWindowMax; ++to) {
      if (to > 0) parts.node(Op::hold_for, a, 0, to);
      if (to > 0) parts.node(Op::then, a, b, to);
      for (Span from = 0; from <= to; ++from) {
        parts.node(Op::in_last, a, 0, to, from);
        parts.node(Op::since, a, b, to, from);
      }
    }
  }
};

void send(Model& model, std::uint16_t indicator, const Trace& trace, std::uint64_t seq) {
  constexpr std::array<double, 3> kValues{2, 0, 1};
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (i > 0 && trace[i] == trace[i - 1]) continue;
    const Input report =
        report_at(kFirst + static_cast<Instant>(i), indicator, kValues[static_cast<std::size_t>(trace[i])], seq + i);
    ENUMS_EQUAL_INT(Disposition::taken, model.take(report));
  }
}

Trace trace_of(std::size_t number) {
  Trace trace{};
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (i < static_cast<std::size_t>(kLength)) {
      trace[i] = static_cast<Truth>(number % 3);
      number /= 3;
    } else {
      trace[i] = trace[i - 1];
    }
  }
  return trace;
}
}  // namespace

TEST_GROUP(Operators){};

TEST(Operators, are_what_their_definitions_say_on_every_short_trace) {
  std::size_t traces = 1;
  for (int i = 0; i < kLength; ++i) traces *= 3;
  const Book book;
  const Image image = book.parts.image();
  std::size_t compared = 0;
  for (std::size_t left = 0; left < traces; ++left) {
    for (std::size_t right = 0; right < traces; ++right) {
      const Trace a = trace_of(left);
      const Trace b = trace_of(right);
      Model model{image, kFirst};
      send(model, 0, a, 1);
      send(model, 1, b, 101);
      const Evaluation found = model.evaluate(kTo);
      for (std::size_t i = book.first_operator; i < image.nodes.size(); ++i) {
        for (Instant t = kFirst; t <= kTo; ++t) {
          ++compared;
          const Truth wanted = by_definition(image.nodes[i], a, b, t);
          const Truth got = found.truth(static_cast<std::uint16_t>(i), t);
          if (got == wanted) continue;
          const auto where =
              StringFromFormat("traces %u %u, op %u from %d to %d, instant %d", unsigned(left), unsigned(right),
                               unsigned{image.nodes[i].op}, static_cast<int>(image.nodes[i].ago_ms),
                               static_cast<int>(image.nodes[i].window_ms), static_cast<int>(t - kFirst));
          ENUMS_EQUAL_INT_TEXT(wanted, got, where.asCharString());
        }
      }
    }
  }
  CHECK(compared > 100'000);
}
