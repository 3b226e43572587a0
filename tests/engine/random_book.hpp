// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Random books and random lines for the comparison of engine and model.
#include "tocsin/test_support/prng.hpp"

#include "book_builder.hpp"

namespace tocsin::test_support {
inline constexpr engine::Instant kRandomFirst = 1000;

/// A book of three feeds (one without `every`), three indicators, a handful of nodes and three alerts.
inline BookBuilder random_book(Prng& prng, engine::Span horizon_ms) {
  using engine::Op;
  BookBuilder book{horizon_ms};
  book.theater("everywhere", prng.between(0, 5));
  const auto o0 = book.origin("first");
  const auto o1 = book.origin("second");
  const auto f0 = book.feed("alpha", {o0, o1}, prng.between(4, 9), prng.between(0, 4));
  const auto f1 = book.feed("bravo", {o0, o1}, prng.between(6, 12), 0);
  const auto f2 = book.feed("charlie", {o0, o1});
  const auto keep = [&] { return static_cast<std::uint16_t>(prng.between(1, 6)); };
  book.indicator("i0", {f0}, keep());
  book.indicator("i1", {f0, f1}, keep());
  book.indicator("i2", {f2}, keep());

  std::vector<std::uint16_t> numbers;
  std::vector<std::uint16_t> conditions;
  const auto pick = [&](const std::vector<std::uint16_t>& from) { return from[prng.index(from.size())]; };
  for (int i = 0; i < 3; ++i) numbers.push_back(book.literal(static_cast<double>(prng.between(0, 4))));
  constexpr Op kNumbers[] = {Op::count, Op::sum, Op::last, Op::max, Op::origins};
  for (int i = 0; i < 5; ++i) {
    const Op op = kNumbers[prng.below(5)];
    numbers.push_back(
        book.number(op, static_cast<std::uint16_t>(prng.below(3)), op == Op::last ? 0 : prng.between(1, 12)));
  }
  for (int i = 0; i < 2; ++i) {
    numbers.push_back(book.node(static_cast<Op>(prng.between(6, 9)), pick(numbers), pick(numbers)));
  }
  for (int i = 0; i < 3; ++i) {
    conditions.push_back(book.node(static_cast<Op>(prng.between(16, 21)), pick(numbers), pick(numbers)));
  }
  for (std::uint16_t i = 0; i < 3; ++i) conditions.push_back(book.node(Op::pulse, i));
  conditions.push_back(book.node(Op::overdue, static_cast<std::uint16_t>(prng.below(2))));
  constexpr Op kConditions[] = {Op::both,    Op::either, Op::negate, Op::hold_for,
                                Op::in_last, Op::then,   Op::then,   Op::in_last};
  for (int i = 0; i < 7; ++i) {
    const Op op = kConditions[prng.below(8)];
    const bool timed = op == Op::hold_for || op == Op::in_last || op == Op::then;
    conditions.push_back(book.node(op, pick(conditions), pick(conditions), timed ? prng.between(1, 10) : 0));
  }
  for (const char* name : {"a0", "a1", "a2"}) {
    BookBuilder::AlertOptions options;
    options.level = static_cast<engine::Level>(prng.between(1, 3));
    options.hold_ms = prng.chance(50) ? 0 : prng.between(1, 5);
    options.cooldown_ms = prng.chance(50) ? 0 : prng.between(1, 9);
    if (prng.chance(40)) options.clear = pick(conditions);
    if (prng.chance(50)) options.levels.push_back({pick(conditions), 4, 0});
    if (prng.chance(50)) {
      options.need_indicators = {static_cast<std::uint16_t>(prng.below(3))};
      options.need_window_ms = prng.between(1, 9);
    }
    const std::uint16_t when =
        prng.chance(60) ? static_cast<std::uint16_t>(book.node_count() - 1 - prng.below(5)) : pick(conditions);
    book.alert(name, when, options);
  }
  return book;
}

/// A random line near the clock: mostly reports, some late, early, repeated, retracted or superseding.
class RandomLines {
 public:
  RandomLines(Prng& prng, bool late) : prng_{prng}, late_{late} {}

  engine::Input next() {
    clock_ += prng_.chance(60) ? 0 : prng_.between(1, 4);
    const std::uint64_t dice = prng_.below(100);
    if (dice < 8) return Bench::clock(clock_);
    const auto indicator = static_cast<std::uint16_t>(prng_.below(3));
    std::uint16_t feed = indicator == 0 ? 0 : indicator == 2 ? 2 : static_cast<std::uint16_t>(prng_.below(2));
    if (dice < 20) return Bench::heartbeat(feed, time(), clock_);
    if (late_ && dice < 26 && !sent_.empty()) return again();
    if (late_ && dice < 34 && !sent_.empty()) {
      const engine::Input& target = sent_[prng_.index(sent_.size())];
      if (target.kind == engine::InputKind::report)
        return Bench::retraction(target.feed, seq_++, target.seq, target.time, clock_);
    }
    engine::Input report = Bench::report(feed, seq_++, indicator, time(), static_cast<double>(prng_.between(0, 3)),
                                         clock_, static_cast<std::uint16_t>(prng_.below(2)));
    if (late_ && prng_.chance(5) && !sent_.empty()) {
      const engine::Input& target = sent_[prng_.index(sent_.size())];
      if (target.kind == engine::InputKind::report && target.feed == report.feed) {
        report.has_target_seq = true;
        report.target_seq = target.seq;
      }
    }
    sent_.push_back(report);
    return report;
  }

 private:
  engine::Instant time() {
    if (!late_ || prng_.chance(50)) return clock_;
    return prng_.chance(15) ? clock_ + prng_.between(1, 5) : clock_ - prng_.between(0, 25);
  }
  engine::Input again() {
    engine::Input input = sent_[prng_.index(sent_.size())];
    input.received = clock_;
    if (prng_.chance(30)) input.content ^= 1U;
    return input;
  }

  Prng& prng_;
  bool late_;
  engine::Instant clock_ = kRandomFirst;
  std::uint64_t seq_ = 1;
  std::vector<engine::Input> sent_;
};
}  // namespace tocsin::test_support
