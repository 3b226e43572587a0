// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Random books and random lines for the comparison of engine and model.
#include <algorithm>
#include <iterator>

#include "tocsin/test_support/prng.hpp"

#include "book_builder.hpp"

namespace tocsin::test_support {
inline constexpr engine::Instant kRandomFirst = 1000;

/// Stretches the milliseconds of the toy books to longer times, with some jitter; 1: as they are.
class TimeScale {
 public:
  TimeScale(Prng& prng, engine::Span unit) : prng_{prng}, unit_{unit} {}
  /// A span of about so many units; of 0 units: 0.
  [[nodiscard]] engine::Span operator()(engine::Span units) {
    return unit_ == 1 || units == 0 ? units : units * unit_ - prng_.between(0, unit_ - 1) * (prng_.chance(50) ? 1 : 0);
  }
  [[nodiscard]] engine::Span between(engine::Span low, engine::Span high) { return (*this)(prng_.between(low, high)); }

 private:
  Prng& prng_;
  engine::Span unit_;
};

/// A book of three feeds (one without `every`), six indicators with filters (one of a regular and an irregular feed,
/// one that no rule rests on, one that nobody feeds), some thirty nodes of every kind and three alerts with everything
/// an alert can have.
class RandomBook {
 public:
  RandomBook(Prng& prng, engine::Span horizon_ms, engine::Span unit, std::int64_t keep_max)
      : prng_{prng}, spans_{prng, unit}, keep_max_{keep_max}, book_{horizon_ms} {}

  BookBuilder make() {
    declare();
    make_numbers();
    make_conditions();
    for (const char* name : {"a0", "a1", "a2"}) make_alert(name);
    return std::move(book_);
  }

 private:
  using Op = engine::Op;
  using Key = engine::FilterKey;
  static constexpr std::uint16_t kUnused = 4;  ///< the indicator that no rule rests on
  static constexpr std::uint16_t kUnfed = 5;   ///< the one without feeds

  std::uint16_t pick(const std::vector<std::uint16_t>& from) { return from[prng_.index(from.size())]; }
  /// Seldom the one that nobody feeds: what rests on it is unknown for good.
  std::uint16_t any_indicator() { return prng_.chance(4) ? kUnfed : static_cast<std::uint16_t>(prng_.below(kUnused)); }
  /// None, or one of the indicator's.
  std::uint16_t any_filter(std::uint16_t indicator) {
    return prng_.chance(60) ? engine::kNone : static_cast<std::uint16_t>(2 * indicator + prng_.below(2));
  }

  void declare() {
    const auto blind_after = [&] {
      return prng_.chance(50) ? engine::kNone : static_cast<std::uint16_t>(prng_.between(1, 2));
    };
    book_.theater("east", spans_.between(0, 5), blind_after());
    book_.theater("west", spans_.between(0, 5), blind_after());
    const auto o0 = book_.origin("first", 'A');
    const auto o1 = book_.origin("second", 'C');
    const auto o2 = book_.origin("third", 'F');
    const auto f0 = book_.feed("alpha", {o0, o1, o2}, spans_.between(4, 9), spans_.between(0, 4));
    const auto f1 = book_.feed("bravo", {o0, o1, o2}, spans_.between(6, 12), 0);
    const auto f2 = book_.feed("charlie", {o0, o1, o2});
    const auto keep = [&] { return static_cast<std::uint16_t>(prng_.between(1, keep_max_)); };
    book_.indicator("i0", {f0}, keep(), 0);
    book_.indicator("i1", {f0, f1}, keep(), 1);
    book_.indicator("i2", {f2}, keep(), 1);
    book_.indicator("i3", {f1, f2}, keep(), 0);
    book_.indicator("i4", {f0, f2}, keep(), 0);
    book_.indicator("i5", {}, keep(), 0);
    book_.actor("x");
    book_.actor("y");
    book_.tag("s");
    book_.tag("t");
    for (std::uint16_t indicator = 0; indicator <= kUnfed; ++indicator) {
      book_.filter(indicator, {any_term()});
      book_.filter(indicator, prng_.chance(50) ? std::vector{any_term()} : std::vector{any_term(), any_term()});
    }
    book_.hypothesis("h0");
    book_.hypothesis("h1");
  }

  engine::FilterTerm any_term() {
    const Op equality = prng_.chance(50) ? Op::equal : Op::not_equal;
    constexpr Op kGrades[] = {Op::equal, Op::not_equal, Op::less_equal, Op::greater_equal, Op::greater_equal};
    const Op grade = kGrades[prng_.below(5)];
    const auto letter = static_cast<std::uint16_t>('A' + prng_.below(6));
    const auto digit = static_cast<std::uint16_t>(1 + prng_.below(6));
    switch (prng_.below(9)) {
      case 0:
        return BookBuilder::term(Key::origin, equality, static_cast<std::uint16_t>(prng_.below(3)));
      case 1:
        return BookBuilder::term(Key::feed, equality, static_cast<std::uint16_t>(prng_.below(3)));
      case 2:
        return BookBuilder::term(Key::actor, equality, static_cast<std::uint16_t>(prng_.below(2)));
      case 3:
        return BookBuilder::term(Key::target, equality, static_cast<std::uint16_t>(prng_.below(2)));
      case 4:
        return BookBuilder::term(Key::grade, grade, static_cast<std::uint16_t>(letter * 256 + digit));
      case 5:
        return BookBuilder::term(Key::reliability, grade, letter);
      case 6:
        return BookBuilder::term(Key::credibility, grade, digit);
      case 7:
        return BookBuilder::term(Key::tag, equality, static_cast<std::uint16_t>(prng_.below(2)));
      default:
        return BookBuilder::term(Key::value, static_cast<Op>(prng_.between(32, 37)), 0,
                                 static_cast<double>(prng_.between(0, 3)));
    }
  }

  /// Of `days` wide enough for several, where a unit is an hour.
  engine::Span window_of(Op op) { return op == Op::last ? 0 : spans_.between(1, op == Op::days ? 80 : 12); }

  void make_numbers() {
    for (int i = 0; i < 3; ++i) numbers_.push_back(book_.literal(static_cast<double>(prng_.between(0, 4))));
    for (int i = 0; i < 8; ++i) {
      const auto op = static_cast<Op>(prng_.between(1, 12));
      const std::uint16_t indicator = any_indicator();
      numbers_.push_back(book_.number(op, indicator, window_of(op)));
      engine::Node& node = book_.edit(numbers_.back());
      node.filter = any_filter(indicator);
      if (op != Op::last && prng_.chance(40)) node.ago_ms = spans_.between(1, 10);
      if (prng_.chance(30)) node.at_least = static_cast<std::uint32_t>(prng_.between(1, 3));
      if (op != Op::quantile) continue;
      node.digits = static_cast<std::uint8_t>(prng_.below(3));
      node.numerator = prng_.between(0, node.digits == 0 ? 1 : node.digits == 1 ? 10 : 100);
    }
    for (int i = 0; i < 2; ++i)
      numbers_.push_back(book_.node(static_cast<Op>(prng_.between(16, 19)), pick(numbers_), pick(numbers_)));
  }

  void make_conditions() {
    for (int i = 0; i < 5; ++i)
      conditions_.push_back(book_.node(static_cast<Op>(prng_.between(32, 37)), pick(numbers_), pick(numbers_)));
    for (std::uint16_t i = 0; i < kUnused; ++i) {
      conditions_.push_back(book_.node(Op::pulse, i));
      book_.edit(conditions_.back()).filter = any_filter(i);
    }
    conditions_.push_back(book_.node(Op::overdue, static_cast<std::uint16_t>(prng_.below(2))));
    if (prng_.chance(50)) conditions_.push_back(make_guarded());
    for (int i = 0; i < 10; ++i) conditions_.push_back(combine(pick(conditions_), pick(conditions_)));
    const auto end = static_cast<std::uint16_t>(book_.node_count());
    book_.condition("c0", static_cast<std::uint16_t>(end - 2));
    book_.condition("c1", static_cast<std::uint16_t>(end - 1));
    if (!sleepers_.empty()) book_.condition("c2", sleepers_.back());
  }

  /// `pulse and C`, where C is nobody else's: the engine lets such a C sleep.
  std::uint16_t make_guarded() {
    const auto comparison = [this] {
      const std::uint16_t indicator = any_indicator();
      std::uint16_t number = book_.number(prng_.chance(50) ? Op::count : Op::sum, indicator, spans_.between(1, 12));
      book_.edit(number).filter = any_filter(indicator);
      if (prng_.chance(30)) number = book_.node(Op::add, number, book_.number(Op::last, any_indicator()));
      const auto op = static_cast<Op>(prng_.between(32, 37));
      return book_.node(op, number, book_.literal(static_cast<double>(prng_.between(0, 4))));
    };
    std::uint16_t guarded = comparison();
    if (prng_.chance(40)) guarded = book_.node(prng_.chance(50) ? Op::both : Op::either, guarded, comparison());
    if (prng_.chance(30)) guarded = book_.node(Op::negate, guarded);
    sleepers_.push_back(guarded);
    const std::uint16_t pulse = book_.node(Op::pulse, any_indicator());
    return prng_.chance(50) ? book_.node(Op::both, pulse, guarded) : book_.node(Op::both, guarded, pulse);
  }

  /// C of `in last C to D`: not so near D that more than the engine's limit of truths would be remembered.
  engine::Span start_of(engine::Span to) {
    engine::Span from = prng_.between(1, to);
    while (engine::runs_needed(from, to) > 64) from = prng_.between(1, from);
    return from;
  }

  std::uint16_t combine(std::uint16_t a, std::uint16_t b) {
    constexpr Op kPlain[] = {Op::both, Op::either, Op::negate, Op::from_until};
    const engine::Span to = spans_.between(1, 10);
    switch (prng_.below(8)) {
      case 0:
        return book_.node(Op::hold_for, a, 0, to);
      case 1:
        return book_.node(Op::then, a, b, to);
      case 2:
        return book_.in_last(a, 0, to);
      case 3:
        return book_.in_last(a, start_of(to), to);
      case 4:
        return book_.node(Op::since, a, b, engine::kUnbounded);
      case 5:
        return book_.since(a, b, prng_.chance(40) ? 0 : start_of(to), to);
      default:
        return book_.node(kPlain[prng_.below(4)], a, b);
    }
  }

  void make_alert(const char* name) {
    BookBuilder::AlertOptions options;
    options.theaters = prng_.chance(40) ? std::vector<std::uint16_t>{0, 1}
                                        : std::vector<std::uint16_t>{static_cast<std::uint16_t>(prng_.below(2))};
    options.level = static_cast<engine::Level>(prng_.between(1, 3));
    options.hold_ms = prng_.chance(50) ? 0 : spans_.between(1, 5);
    options.cooldown_ms = prng_.chance(50) ? 0 : spans_.between(1, 9);
    if (prng_.chance(40)) options.clear = pick(conditions_);
    while (prng_.chance(40) && options.levels.size() < 3)
      options.levels.push_back({pick(conditions_), static_cast<std::uint8_t>(prng_.between(1, 4)), 0});
    options.evidence = static_cast<std::uint8_t>(prng_.between(1, 8));
    while (prng_.chance(40) && options.needs.size() < 3) options.needs.push_back(any_need());
    const auto weight = [this] { return static_cast<std::int16_t>(prng_.between(-2, 2)); };
    if (prng_.chance(50)) options.weighs.push_back({engine::kNone, {{0, weight()}, {1, weight()}}});
    if (prng_.chance(50)) options.weighs.push_back({pick(conditions_), {{1, weight()}}});
    const bool sleeps = !sleepers_.empty() && prng_.chance(50);
    if (prng_.chance(50))
      options.weighs.push_back({pick(sleeps ? sleepers_ : conditions_), {{1, weight()}, {0, weight()}}});
    if (prng_.chance(50)) options.against = {0, static_cast<std::uint16_t>(sleeps ? 2 : 1)};
    const std::uint16_t when =
        prng_.chance(60) ? static_cast<std::uint16_t>(book_.node_count() - 1 - prng_.below(6)) : pick(conditions_);
    book_.alert(name, when, options);
  }

  BookBuilder::NeedOptions any_need() {
    BookBuilder::NeedOptions need;
    need.indicators = {any_indicator()};
    if (prng_.chance(50)) need.indicators.push_back(static_cast<std::uint16_t>((need.indicators[0] + 1U) % kUnused));
    for (const std::uint16_t indicator : need.indicators) need.filters.push_back(any_filter(indicator));
    need.count = static_cast<std::uint16_t>(prng_.between(1, 3));
    need.window_ms = spans_.between(1, 9);
    need.cap = static_cast<engine::Level>(prng_.between(1, 3));
    return need;
  }

  Prng& prng_;
  TimeScale spans_;
  std::int64_t keep_max_;
  BookBuilder book_;
  std::vector<std::uint16_t> numbers_;
  std::vector<std::uint16_t> conditions_;
  std::vector<std::uint16_t> sleepers_;  ///< the C of `pulse and C`, which nothing else below an alert uses
};

/// @param unit  what the book's spans are multiples of, roughly. @param keep_max  largest `keep`.
inline BookBuilder random_book(Prng& prng, engine::Span horizon_ms, engine::Span unit = 1, std::int64_t keep_max = 6) {
  return RandomBook{prng, horizon_ms, unit, keep_max}.make();
}

/// A random line near the clock: mostly reports, some late, early, repeated, retracted or superseding.
class RandomLines {
 public:
  /// @param early  most lines are from the future: they wait for their instant until no place is left.
  RandomLines(Prng& prng, bool late, engine::Span unit = 1, bool early = false)
      : prng_{prng}, spans_{prng, unit}, late_{late}, early_{early} {}

  engine::Input next() {
    clock_ += prng_.chance(60) ? 0 : prng_.chance(95) ? spans_.between(1, 4) : spans_.between(5, 40);
    const std::uint64_t dice = prng_.below(100);
    if (dice < 8) return Bench::clock(clock_);
    const auto indicator = static_cast<std::uint16_t>(prng_.below(5));
    constexpr std::uint16_t kFeeds[][2] = {{0, 0}, {0, 1}, {2, 2}, {1, 2}, {0, 2}};
    const std::uint16_t feed = kFeeds[indicator][prng_.below(2)];
    if (dice < 20) return Bench::heartbeat(feed, time(), clock_);
    if (late_ && dice < 26 && !sent_.empty()) return again();
    if (late_ && dice < 34 && !sent_.empty()) {
      const engine::Input& target = sent_[prng_.index(sent_.size())];
      if (target.kind == engine::InputKind::report) return keep(retract(target.feed, target.seq, target.time));
    }
    // A withdrawal that comes before what it withdraws: the seq is left out now and used later.
    if (late_ && dice < 37) {
      owed_.push_back(report(feed, indicator));
      return keep(retract(feed, owed_.back().seq, owed_.back().time));
    }
    if (late_ && dice < 40 && !owed_.empty()) {
      engine::Input input = owed_.back();
      owed_.pop_back();
      input.received = clock_;
      if (prng_.chance(20)) input.time = time();  // not what its withdrawal said
      return keep(input);
    }
    engine::Input input = report(feed, indicator);
    if (late_ && prng_.chance(5) && !sent_.empty()) {
      const engine::Input& target = sent_[prng_.index(sent_.size())];
      if (target.kind == engine::InputKind::report && target.feed == input.feed) {
        input.has_target_seq = true;
        input.target_seq = target.seq;
      }
    }
    return keep(input);
  }

 private:
  engine::Input report(std::uint16_t feed, std::uint16_t indicator) {
    engine::Input input = Bench::report(feed, next_seq(feed), indicator, time(), any_value(), clock_,
                                        static_cast<std::uint16_t>(prng_.below(3)));
    input.credibility = static_cast<std::uint8_t>(prng_.below(7));
    constexpr std::uint16_t kActors[] = {0, 1, engine::kOther, engine::kNone};
    input.actor = kActors[prng_.below(4)];
    input.target = kActors[prng_.below(4)];
    input.has_tags = prng_.chance(60);
    if (input.has_tags) input.tags = prng_.below(4);
    if (prng_.chance(3)) input.status = prng_.chance(50) ? engine::Status::exercise : engine::Status::test;
    return input;
  }
  engine::Input retract(std::uint16_t feed, std::uint64_t target, engine::Instant time) {
    return Bench::retraction(feed, next_seq(feed), target, time, clock_);
  }
  /// Numbers of its own for each feed, and not in the order of arrival.
  std::uint64_t next_seq(std::uint16_t feed) {
    const std::uint64_t n = seqs_[feed]++;
    return (n & ~std::uint64_t{7}) + (5 * n + 3) % 8 + 1;
  }
  /// Mostly small and whole, so that values meet; sums of the others depend on their order, or are not finite.
  double any_value() {
    constexpr double kOdd[] = {-1, -0.0, 0.1, 0.7, 2.5, 1e16, 1e308, -1e308};
    return prng_.chance(88) ? static_cast<double>(prng_.between(0, 3)) : kOdd[prng_.index(std::size(kOdd))];
  }
  engine::Input keep(const engine::Input& input) {
    sent_.push_back(input);
    return input;
  }
  engine::Instant time() {
    if (early_ && prng_.chance(60)) return clock_ + spans_.between(1, 60);
    if (!late_ || prng_.chance(50)) return clock_;
    return prng_.chance(15) ? clock_ + spans_.between(1, 5)
                            : std::max<engine::Instant>(0, clock_ - spans_.between(0, 25));
  }
  engine::Input again() {
    engine::Input input = sent_[prng_.index(sent_.size())];
    input.received = clock_;
    if (prng_.chance(30)) input.content ^= 1U;
    if (prng_.chance(15)) input.time = time();
    return input;
  }

  Prng& prng_;
  TimeScale spans_;
  bool late_;
  bool early_;
  engine::Instant clock_ = kRandomFirst;
  std::uint64_t seqs_[3] = {};
  std::vector<engine::Input> sent_;
  std::vector<engine::Input> owed_;  ///< withdrawn before they are sent
};
/// Whether all evidence of an event is of instants that late news could reach when it was detected. Beyond, it is of
/// what an engine still keeps.
[[nodiscard]] inline bool is_evidence_within(const engine::AlertEvent& event, engine::Span horizon_ms) {
  for (std::size_t i = 0; i < event.item_count; ++i) {
    if (event.items[i].at < event.detected_at - horizon_ms) return false;
  }
  return true;
}
}  // namespace tocsin::test_support
