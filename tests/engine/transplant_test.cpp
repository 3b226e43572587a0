// SPDX-License-Identifier: Apache-2.0
/// What: rules that two books have in common go on exactly as if the book had not changed, late news included; new and
/// changed ones are what the inputs that are left make of them.
/// How: random books, one with a few of its parts edited; the old engine goes on beside the new one and both must say
/// the same of every rule that was not touched. A second test shifts every index by hand.
#include <algorithm>
#include <string>

#include "random_book.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr std::uint64_t kRuns = 20'000;
#elif !defined(__linux__)
constexpr std::uint64_t kRuns = 6;
#elif !defined(__x86_64__)
constexpr std::uint64_t kRuns = 40;
#elif !defined(NDEBUG) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kRuns = 60;
#else
constexpr std::uint64_t kRuns = 500;
#endif

std::vector<AlertEvent> pulled(Engine& engine) {
  std::vector<AlertEvent> events;
  AlertEvent event;
  while (engine.next_event(event)) events.push_back(event);
  return events;
}

void transplant(Engine& from, const Image& old, Engine& to, const Image& image) {
  std::vector<std::uint64_t> work(transplant_words(old, image));
  tocsin::engine::transplant(from, to, work);
}

/// The same rule, by looking at it part by part; both books declare the same things in the same order.
class Sameness {
 public:
  Sameness(const Image& old, const Image& image) : old_{old}, new_{image} {}

  [[nodiscard]] bool of_nodes(std::uint16_t a, std::uint16_t b) const {
    if (a == kNone || b == kNone) return a == b;
    const Node& left = old_.nodes[a];
    const Node& right = new_.nodes[b];
    if (left.op != right.op || left.window_ms != right.window_ms || left.ago_ms != right.ago_ms ||
        left.value < right.value || left.value > right.value || left.numerator != right.numerator ||
        left.digits != right.digits || left.at_least != right.at_least || left.filter != right.filter)
      return false;
    const Shape shape = shape_of(left.op);
    if (shape == Shape::literal) return true;
    if (shape == Shape::report_number || shape == Shape::pulse || shape == Shape::overdue) return left.a == right.a;
    if (shape == Shape::negate || shape == Shape::hold_for || shape == Shape::in_last) return of_nodes(left.a, right.a);
    return of_nodes(left.a, right.a) && of_nodes(left.b, right.b);
  }
  [[nodiscard]] bool of_alerts(std::uint16_t index) const {
    if (index >= old_.alerts.size()) return false;
    const Alert& left = old_.alerts[index];
    const Alert& right = new_.alerts[index];
    if (!of_nodes(left.when, right.when) || !of_nodes(left.clear, right.clear)) return false;
    for (std::size_t i = 0; i < left.levels.count; ++i) {
      if (!of_nodes(old_.level_rules[left.levels.first + i].node, new_.level_rules[right.levels.first + i].node))
        return false;
    }
    return true;
  }

 private:
  const Image& old_;
  const Image& new_;
};

/// Changes a node in a way that stays valid.
bool edit(Prng& prng, BookBuilder& book) {
  Node& node = book.edit(static_cast<std::uint16_t>(prng.index(book.node_count())));
  const Shape shape = shape_of(node.op);
  if (shape == Shape::literal) {
    node.value += 1;
  } else if (shape == Shape::comparison) {
    node.op = static_cast<std::uint8_t>(node.op == 37 ? 32 : node.op + 1);
  } else if (shape == Shape::both || shape == Shape::either) {
    node.op = static_cast<std::uint8_t>(shape == Shape::both ? Op::either : Op::both);
  } else if ((shape == Shape::report_number || shape == Shape::hold_for || shape == Shape::then) &&
             node.window_ms > 0) {
    node.window_ms += prng.between(1, 3);
  } else {
    return false;
  }
  return true;
}

bool same_report(const EvidenceReport& a, const EvidenceReport& b) {
  return a.time == b.time && a.seq == b.seq && a.feed == b.feed && a.origin == b.origin && !(a.value < b.value) &&
         !(a.value > b.value);
}

/// What a listener sees of an event but for what other rules lend to it (theater levels, hypotheses, conditions) and
/// `saturated`, which may be said where only the newest report pushed out is known, so it depends on where the base is.
bool same_event(const AlertEvent& a, const AlertEvent& b, Span horizon_ms) {
  if (a.kind != b.kind || a.retracted_kind != b.retracted_kind || a.level != b.level || a.alert != b.alert ||
      a.rev != b.rev || a.raised_at != b.raised_at || a.at != b.at || a.detected_at != b.detected_at ||
      a.overdue_feeds != b.overdue_feeds || a.blind_indicators != b.blind_indicators)
    return false;
  if (!is_evidence_within(a, horizon_ms) && !is_evidence_within(b, horizon_ms)) return true;
  if (a.origins != b.origins || a.truncated != b.truncated || a.item_count != b.item_count ||
      a.report_count != b.report_count)
    return false;
  for (std::size_t i = 0; i < a.item_count; ++i) {
    const EvidenceItem& left = a.items[i];
    const EvidenceItem& right = b.items[i];
    if (left.at != right.at || left.op != right.op || left.window_ms != right.window_ms || left.known != right.known ||
        left.value < right.value || left.value > right.value)
      return false;
  }
  return std::equal(a.reports.begin(), a.reports.begin() + a.report_count, b.reports.begin(), same_report);
}

struct Reach {
  Span horizon_ms;
  std::uint16_t log_capacity;
};

class Trial {
 public:
  Trial(std::uint64_t seed, const Reach& shape) : seed_{seed}, shape_{shape} {}

  /// @returns how many of the rules stayed the same.
  std::size_t run() {
    Prng prng{seed_ * 7919};
    BookBuilder before = book();
    BookBuilder after = book();
    for (int i = 0; i < 1 + static_cast<int>(prng.below(3)); ++i) static_cast<void>(edit(prng, after));
    if (prng.chance(50)) after.alert("b0", static_cast<std::uint16_t>(after.node_count() - 1));
    Bench bystander{before};
    Bench old{before};
    Bench fresh{after};
    const Sameness same{old.image(), fresh.image()};

    Prng dice{seed_ * 31};
    RandomLines random{dice, true};
    std::vector<Input> lines;
    const std::size_t cut = 1 + prng.index(120);
    while (lines.size() < cut) lines.push_back(random.next());
    old.engine().start(kRandomFirst, {});
    for (const Input& line : lines) static_cast<void>(old.step(line));
    const auto saved = old.engine().save();
    CHECK(bystander.engine().restore(saved) == RestoreError::none);

    warm(prng, old.engine(), fresh, lines);
    transplant(old.engine(), old.image(), fresh.engine(), fresh.image());
    for (const AlertEvent& event : pulled(fresh.engine())) {
      CHECK_TEXT(!same.of_alerts(event.alert), where("says something of a rule that stayed").asCharString());
    }
    for (int i = 0; i < 80; ++i) follow(random.next(), bystander, fresh, same);
    std::size_t count = 0;
    for (std::uint16_t i = 0; i < old.image().alerts.size(); ++i) count += same.of_alerts(i) ? 1U : 0U;
    return count;
  }

 private:
  [[nodiscard]] BookBuilder book() const {
    Prng prng{seed_};
    BookBuilder book = random_book(prng, shape_.horizon_ms);
    book.bounds.log_capacity = shape_.log_capacity;
    book.bounds.contact_runs = 64;
    book.bounds.standing_capacity = 512;
    book.bounds.copies = static_cast<std::uint16_t>(seed_ % 13);
    return book;
  }

  /// All of history, or only what the old engine's log still holds.
  static void warm(Prng& prng, Engine& old, Bench& fresh, const std::vector<Input>& lines) {
    fresh.engine().start(kRandomFirst, {});
    std::size_t first = 0;
    if (prng.chance(50)) {
      while (first < lines.size() && (lines[first].kind == InputKind::clock || lines[first].time < old.reach()))
        ++first;
    }
    for (std::size_t i = first; i < lines.size(); ++i) static_cast<void>(fresh.step(lines[i]));
  }

  void follow(const Input& line, Bench& bystander, Bench& fresh, const Sameness& same) const {
    auto expected = bystander.step(line);
    auto events = fresh.step(line);
    // What the exchange took into the base is no longer known by its number: sent again it is just too old.
    const bool is_edge =
        fresh.disposition == Disposition::stale && line.time <= fresh.engine().reach() &&
        (bystander.disposition == Disposition::reused || bystander.disposition == Disposition::duplicate);
    LONGS_EQUAL_TEXT(static_cast<int>(is_edge ? Disposition::stale : bystander.disposition),
                     static_cast<int>(fresh.disposition), where("takes a line otherwise").asCharString());
    const auto changed = [&](const AlertEvent& event) { return !same.of_alerts(event.alert); };
    expected.erase(std::remove_if(expected.begin(), expected.end(), changed), expected.end());
    events.erase(std::remove_if(events.begin(), events.end(), changed), events.end());
    const auto alike = [this](const AlertEvent& a, const AlertEvent& b) { return same_event(a, b, shape_.horizon_ms); };
    CHECK_TEXT(std::equal(events.begin(), events.end(), expected.begin(), expected.end(), alike),
               where("says something else").asCharString());
    for (std::uint16_t i = 0; i < bystander.image().alerts.size(); ++i) {
      if (!same.of_alerts(i)) continue;
      const AlertState a = bystander.engine().alert_state(i);
      const AlertState b = fresh.engine().alert_state(i);
      CHECK_TEXT(a.raised == b.raised && a.level == b.level && a.when == b.when && a.raised_at == b.raised_at &&
                     a.last_raise == b.last_raise && a.clear_since == b.clear_since,
                 where("is in another state").asCharString());
    }
  }

  [[nodiscard]] SimpleString where(const char* what) const {
    return StringFromFormat("seed %llu: %s", static_cast<unsigned long long>(seed_), what);
  }

  std::uint64_t seed_;
  Reach shape_;
};

void try_all(std::uint64_t first_seed, const Reach& shape) {
  std::size_t same = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + kRuns; ++seed) same += Trial{seed, shape}.run();
  CHECK(same > kRuns / 2);
}
}  // namespace

TEST_GROUP(Transplant){};

TEST(Transplant, lets_unchanged_rules_go_on_as_if_nothing_had_happened) { try_all(1, {1'000'000, 256}); }

TEST(Transplant, does_so_with_a_short_horizon) { try_all(1'000'001, {20, 256}); }

TEST(Transplant, does_so_with_a_small_log) { try_all(2'000'001, {1'000'000, 16}); }

// Found by the long runs.
TEST(Transplant, tells_a_part_from_one_with_its_sides_exchanged) { Trial{1'002'567, {20, 256}}.run(); }
TEST(Transplant, takes_no_report_that_only_the_warming_took) { Trial{2'000'255, {1'000'000, 16}}.run(); }

TEST(Transplant, keeps_no_match_of_a_report_that_only_the_warming_took) {
  const auto make = [](BookBuilder& book, bool filtered) {
    book.theater("t");
    const std::uint16_t feed = book.feed("sweep", {book.origin("radar")});
    const std::uint16_t contacts = book.indicator("contacts", {feed}, 8);
    book.alert("any", book.node(Op::pulse, contacts));
    book.bounds.log_capacity = 64;
    if (!filtered) return;
    const std::uint16_t large = book.node(Op::pulse, contacts);
    book.edit(large).filter = book.filter(contacts, {BookBuilder::term(FilterKey::value, Op::greater, 0, 100)});
    book.alert("big", large);
  };
  BookBuilder before{100};
  BookBuilder after{100};
  make(before, false);
  make(after, true);
  Bench old{before};
  Bench fresh{after};
  old.engine().start(0, {});
  fresh.engine().start(0, {});
  for (Bench* bench : {&old, &fresh}) static_cast<void>(bench->step(Bench::report(0, 1, 0, 500, 1, 500)));
  static_cast<void>(fresh.step(Bench::report(0, 2, 0, 899, 200, 950)));
  for (Bench* bench : {&old, &fresh}) static_cast<void>(bench->step(Bench::clock(1000)));
  static_cast<void>(old.step(Bench::report(0, 2, 0, 899, 200, 1000)));
  ENUMS_EQUAL_INT(Disposition::stale, old.disposition);
  transplant(old.engine(), old.image(), fresh.engine(), fresh.image());
  static_cast<void>(pulled(fresh.engine()));
  for (const Input& line : {Bench::report(0, 3, 0, 1001, 1, 1001), Bench::clock(1010)}) {
    for (const AlertEvent& event : fresh.step(line)) CHECK(event.alert != fresh.image().find_alert("big"));
  }
}

namespace {
constexpr Span kMinute = 60'000;
constexpr Instant kStart = 1'000'000'000;

/// What the books below agree on, with every index shifted in the wide one by things the narrow one lacks.
struct Part {
  std::uint16_t feed;
  std::uint16_t indicator;
  std::uint16_t origin;
};
Part declare(BookBuilder& book, bool wide) {
  book.theater("strait");
  if (wide) book.origin("aaa");
  const std::uint16_t origin = book.origin("radar");
  if (wide) book.feed("aaa", {0}, 5 * kMinute);
  const std::uint16_t feed = book.feed("sweep", {origin}, 10 * kMinute);
  if (wide) book.indicator("aaa", {0}, 4);
  const std::uint16_t indicator = book.indicator("contacts", {feed}, 4);
  return {feed, indicator, origin};
}

std::uint16_t more_than(BookBuilder& book, const Part& part, double value, Span window) {
  const std::uint16_t number = book.number(Op::count, part.indicator, window);
  return book.node(Op::greater, number, book.literal(value));
}
Input sighting(const Part& part, std::uint64_t seq, Instant at) {
  return Bench::report(part.feed, seq, part.indicator, at, 1, at, part.origin);
}
constexpr Span kHour = 60 * kMinute;
}  // namespace

TEST(Transplant, finds_everything_by_name_and_keeps_what_history_no_longer_holds) {
  BookBuilder plain{kHour};
  const Part part = declare(plain, false);
  plain.alert("swarm", plain.in_last(more_than(plain, part, 1, kHour), 0, 48 * kHour));
  BookBuilder wide{kHour};
  const Part other = declare(wide, true);
  wide.alert("aaa", more_than(wide, other, 3, kHour));
  wide.alert("swarm", wide.in_last(more_than(wide, other, 1, kHour), 0, 48 * kHour));
  Bench old{plain};
  Bench fresh{wide};
  old.engine().start(kStart, {});
  for (std::uint64_t i = 1; i <= 3; ++i) static_cast<void>(old.step(sighting(part, i, kStart + static_cast<Span>(i))));
  for (Instant at = kStart; at < kStart + 20 * kHour; at += 10 * kMinute)
    static_cast<void>(old.step(Bench::heartbeat(part.feed, at, at)));
  const Instant raised_at = old.engine().alert_state(0).raised_at;
  CHECK(old.engine().alert_state(0).raised);
  fresh.engine().start(kStart, {});  // and nothing of it is left in the journal
  transplant(old.engine(), old.image(), fresh.engine(), fresh.image());
  CHECK(pulled(fresh.engine()).empty());
  CHECK_FALSE(fresh.engine().alert_state(0).raised);
  CHECK(fresh.engine().alert_state(1).raised);
  LONGLONGS_EQUAL(raised_at, fresh.engine().alert_state(1).raised_at);
  // Its forty-eight hours go on from what the old engine saw.
  const Instant last_seen = kStart + 2 + kHour;  // the second of three leaves the window an hour after it came
  Instant cleared = kNever;
  for (Instant at = kStart + 20 * kHour; at < kStart + 60 * kHour; at += 10 * kMinute) {
    for (const AlertEvent& event : fresh.step(Bench::heartbeat(other.feed, at, at)))
      if (event.kind == EventKind::cleared && event.alert == 1) cleared = event.at;
  }
  LONGLONGS_EQUAL(last_seen - 1 + 48 * kHour + 1, cleared);
}

TEST(Transplant, tells_what_a_new_rule_says_of_the_time_within_reach) {
  BookBuilder before{kHour};
  const Part part = declare(before, false);
  before.alert("many", more_than(before, part, 5, kHour));
  BookBuilder after{kHour};
  const Part other = declare(after, true);
  after.alert("few", after.in_last(more_than(after, other, 0, kMinute), 0, 100 * kHour));
  after.alert("many", more_than(after, other, 5, kHour));
  after.alert("some", more_than(after, other, 1, 30 * kMinute));
  Bench old{before};
  Bench fresh{after};
  old.engine().start(kStart, {});
  fresh.engine().start(kStart, {});
  std::uint64_t seq = 0;
  const auto both = [&](Instant at) {
    ++seq;
    static_cast<void>(old.step(sighting(part, seq, at)));
    static_cast<void>(fresh.step(sighting(other, seq, at)));
  };
  both(kStart + 1);
  for (Instant at = kStart + 9 * kMinute; at < kStart + 10 * kHour; at += 9 * kMinute) both(at);
  transplant(old.engine(), old.image(), fresh.engine(), fresh.image());
  const auto events = pulled(fresh.engine());
  CHECK_FALSE(events.empty());
  // Raised long before what late news may still reach; it is told once, with the instant it was raised at.
  LONGS_EQUAL(0, events[0].alert);
  CHECK(events[0].kind == EventKind::raised);
  LONGLONGS_EQUAL(kStart + 1, events[0].at);
  for (const AlertEvent& event : events) {
    CHECK(event.alert != 1);
    CHECK(event.kind == EventKind::raised || event.kind == EventKind::cleared);
  }
  CHECK(fresh.engine().alert_state(2).raised);
  const Instant raised_at = fresh.engine().alert_state(2).raised_at;
  const auto tells = [&](const AlertEvent& event) {
    return event.alert == 2 && event.kind == EventKind::raised && event.raised_at == raised_at;
  };
  LONGS_EQUAL(1, std::count_if(events.begin(), events.end(), tells));
  CHECK(pulled(fresh.engine()).empty());
}

TEST(Transplant, goes_on_with_a_changed_rule_s_alert_that_both_raise_at_the_same_instant) {
  BookBuilder before{100 * kHour};
  const Part part = declare(before, false);
  BookBuilder::AlertOptions options;
  options.levels.push_back({more_than(before, part, 2, kHour), static_cast<std::uint8_t>(Level::high), 0});
  before.alert("some", more_than(before, part, 0, 10 * kHour), options);
  BookBuilder after{100 * kHour};
  static_cast<void>(declare(after, false));
  options.levels[0].node = more_than(after, part, 3, kHour);  // one more for high
  after.alert("some", more_than(after, part, 0, 10 * kHour), options);
  Bench old{before};
  Bench fresh{after};
  old.engine().start(kStart, {});
  fresh.engine().start(kStart, {});
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    const Input line = sighting(part, seq, kStart + static_cast<Span>(seq) * kMinute);
    static_cast<void>(old.step(line));
    static_cast<void>(fresh.step(line));
  }
  CHECK(old.engine().alert_state(0).level == Level::high);
  transplant(old.engine(), old.image(), fresh.engine(), fresh.image());
  const auto events = pulled(fresh.engine());
  LONGS_EQUAL(1, events.size());
  CHECK(events[0].kind == EventKind::retracted && events[0].retracted_kind == EventKind::escalated);
  CHECK(fresh.engine().alert_state(0).level == Level::watch);
  // The next one goes on from there.
  const auto next = fresh.step(sighting(part, 4, kStart + 4 * kMinute));
  LONGS_EQUAL(1, next.size());
  CHECK(next[0].kind == EventKind::escalated);
  LONGLONGS_EQUAL(kStart + kMinute, next[0].raised_at);
}

TEST(Transplant, leaves_alone_what_a_changed_rule_no_longer_says) {
  BookBuilder before{100 * kHour};
  const Part part = declare(before, false);
  before.alert("some", more_than(before, part, 0, 10 * kHour));
  BookBuilder after{100 * kHour};
  static_cast<void>(declare(after, false));
  after.alert("some", more_than(after, part, 7, 10 * kHour));
  Bench old{before};
  Bench fresh{after};
  old.engine().start(kStart, {});
  fresh.engine().start(kStart, {});
  const Input line = sighting(part, 1, kStart + kMinute);
  static_cast<void>(old.step(line));
  static_cast<void>(fresh.step(line));
  transplant(old.engine(), old.image(), fresh.engine(), fresh.image());
  CHECK(pulled(fresh.engine()).empty());
  CHECK_FALSE(fresh.engine().alert_state(0).raised);
  CHECK(fresh.step(Bench::clock(kStart + 2 * kMinute)).empty());
}
