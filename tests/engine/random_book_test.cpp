// SPDX-License-Identifier: Apache-2.0
/// What: the random books and lines that engine and model are compared on reach everything: a feature that never
/// matters in them is one that nobody compares.
/// How: the engine and the model go through many of them; for each feature it is counted how often it shows each of its
/// faces. None may stay below a handful. With TOCSIN_CENSUS in the
/// environment the counts are printed.
#include "random_book.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "tocsin/model/model.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Evaluation;
using tocsin::model::Model;

namespace {
constexpr std::uint64_t kRuns = 3000;  // compilers draw the parts of a book in orders of their own
constexpr int kLines = 60;
constexpr std::uint64_t kLeast = 5;

/// How often each face of each feature was seen.
class Census {
 public:
  void see(const std::string& face) { ++seen_[face]; }
  /// So that a face that is never seen is missed.
  void expect(const std::string& face) { seen_.emplace(face, 0); }
  void print() const {
    for (const auto& [face, count] : seen_)
      std::printf("%8llu %s\n", static_cast<unsigned long long>(count), face.c_str());
  }
  [[nodiscard]] std::string rare() const {
    std::string out;
    for (const auto& [face, count] : seen_) {
      if (count < kLeast) out += face + ": " + std::to_string(count) + "\n";
    }
    return out;
  }

 private:
  std::map<std::string, std::uint64_t> seen_;
};

std::string op_of(const Node& node) {
  const bool from = node.ago_ms > 0 && shape_of(node.op) > Shape::arithmetic;
  const bool unbounded = static_cast<Op>(node.op) == Op::since && node.window_ms == kUnbounded;
  return "op " + std::to_string(node.op) + (from ? " from C" : unbounded ? " unbounded" : "");
}

class Survey {
 public:
  Survey(Census& census, std::uint64_t seed, bool late, Span unit, Span horizon) : census_{census} {
    Prng prng{seed};
    BookBuilder book = random_book(prng, horizon, unit);
    book.bounds.log_capacity = seed % 7 == 0 ? 16 : seed % 2 == 0 ? 256 : 24;
    book.bounds.contact_runs = 64;
    book.bounds.standing_capacity = 256;
    Bench bench{book};
    bench.engine().start(kRandomFirst, {Status::test, false, true});
    Model model{bench.image(), kRandomFirst, {Status::test, false, true}};
    RandomLines lines{prng, late, unit, seed % 7 == 0};
    for (int i = 0; i < kLines; ++i) {
      const Input line = lines.next();
      for (const AlertEvent& event : bench.step(line)) see_event(bench.image(), event);
      static_cast<void>(model.take(line));
      see_line(bench.image(), line, bench.disposition);
      see_filters(bench, line);
    }
    const Evaluation meaning = model.evaluate(model.clock());
    see_nodes(bench.image(), meaning);
    see_rules(bench.image(), meaning);
  }

 private:
  void see_line(const Image& image, const Input& line, Disposition disposition) {
    census_.see("line " + std::to_string(static_cast<int>(line.kind)) + " became " +
                std::to_string(static_cast<int>(disposition)));
    if (line.kind == InputKind::report && line.has_target_seq) census_.see("line supersedes");
    if (line.kind == InputKind::report) census_.see("report of indicator " + std::to_string(line.indicator));
    if (line.kind == InputKind::heartbeat && image.feeds[line.feed].every_ms == 0) census_.see("heartbeat, irregular");
    if (line.kind == InputKind::report && disposition == Disposition::taken && !std::isfinite(line.value * 2))
      census_.see("value huge");
  }

  /// Numbers with a filter tell: each key must pass some report and not another.
  void see_filters(Bench& bench, const Input& line) {
    if (line.kind != InputKind::report || bench.disposition != Disposition::taken) return;
    const Image& image = bench.image();
    for (std::uint16_t i = 0; i < image.nodes.size(); ++i) {
      const Node& node = image.nodes[i];
      if (static_cast<Op>(node.op) != Op::pulse || node.a != line.indicator || node.filter == kNone) continue;
      const Filter& filter = image.filters[node.filter];
      if (filter.terms.count != 1 || !bench.engine().look(line.time)) continue;
      const FilterTerm& term = image.filter_terms[filter.terms.first];
      const bool passes = bench.engine().node_view(i).truth == Truth::yes;
      census_.see("filter key " + std::to_string(term.key) + " op " + std::to_string(term.comparison) +
                  (passes ? " passes" : " does not"));
    }
  }

  void see_event(const Image& image, const AlertEvent& event) {
    static const char* const kKinds[] = {"raised", "escalated", "eased", "cleared", "unknown", "known", "retracted"};
    std::string what = kKinds[static_cast<std::size_t>(event.kind)];
    if (event.kind == EventKind::retracted) {
      what += std::string{" "} + kKinds[static_cast<std::size_t>(event.retracted_kind)];
      census_.see(event.reason.heartbeat ? "reason heartbeat" : "reason numbered");
    }
    census_.see("event " + what);
    if (event.kind <= EventKind::cleared)
      census_.see("event " + what + " at level " + std::to_string(static_cast<int>(event.level)));
    if (event.rev > 0) census_.see("event of a second rev");
    if (event.saturated) census_.see("event saturated");
    for (std::size_t i = 0; i < event.hypothesis_count; ++i)
      census_.see(event.hypotheses[i].weight < 0 ? "hypothesis against" : "hypothesis for");
    if (event.hypothesis_count == 2 && event.hypotheses[0].weight == event.hypotheses[1].weight)
      census_.see("hypotheses alike");
    for (std::size_t i = 0; i < event.against_count; ++i)
      census_.see("against " + std::to_string(static_cast<int>(event.against[i])));
    for (std::size_t i = 0; i < event.item_count; ++i) {
      const EvidenceItem& item = event.items[i];
      census_.see("item op " + std::to_string(item.op));
      if (item.at != event.at) census_.see("item of the past");
      if (item.report_count == image.alerts[event.alert].evidence) census_.see("item with all its reports");
    }
  }

  void see_nodes(const Image& image, const Evaluation& meaning) {
    for (std::uint16_t i = 0; i < image.nodes.size(); ++i) {
      const Node& node = image.nodes[i];
      if (shape_of(node.op) > Shape::arithmetic) {
        const auto& verdict = meaning.verdicts[i];
        const auto no = tocsin::model::complement(verdict.maybe, meaning.within);
        const auto unknown =
            tocsin::model::intersected(verdict.maybe, tocsin::model::complement(verdict.yes, meaning.within));
        if (!verdict.yes.empty()) census_.see(op_of(node) + " is true");
        if (!no.empty()) census_.see(op_of(node) + " is false");
        if (!unknown.empty()) census_.see(op_of(node) + " is unknown");
        continue;
      }
      if (static_cast<Op>(node.op) == Op::literal) continue;
      for (const auto& piece : meaning.numbers[i]) {
        census_.see(op_of(node) + (piece.known ? " is known" : " is unknown"));
        if (shape_of(node.op) != Shape::report_number) continue;
        if (piece.saturated) census_.see(op_of(node) + " is saturated");
        if (piece.known && piece.reports > 2) census_.see(op_of(node) + " of many");
        if (piece.reports > 0 && piece.reports < node.at_least) census_.see(op_of(node) + " of too few");
        if (node.ago_ms > 0 && piece.reports > 0) census_.see(op_of(node) + " of the past");
      }
    }
  }

  void see_rules(const Image& image, const Evaluation& meaning) {
    for (std::uint16_t i = 0; i < image.indicators.size(); ++i)
      census_.see("indicator " + std::to_string(i) + (meaning.blind[i].empty() ? " sees" : " is blind"));
    for (std::uint16_t i = 0; i < image.theaters.size(); ++i) {
      for (const auto& piece : meaning.theaters[i])
        census_.see("theater at level " + std::to_string(static_cast<int>(piece.level)));
      if (!meaning.dark_theaters[i].empty()) census_.see("theater unknown");
    }
    for (const auto& fact : meaning.facts) {
      const Alert& rule = image.alerts[fact.alert];
      if (fact.kind == EventKind::raised) {
        for (std::size_t k = 0; k < rule.needs.count; ++k) {
          const Instant met = tocsin::model::first_from(meaning.needs[rule.needs.first + k], fact.raised_at);
          census_.see(met == fact.raised_at ? "need met at once"
                      : met == kForever     ? "need never met"
                                            : "need met later");
        }
        const Instant cool = fact.raised_at - rule.cooldown_ms;
        for (const auto& other : meaning.facts) {
          if (rule.cooldown_ms > 0 && other.alert == fact.alert && other.kind == EventKind::raised && other.at == cool)
            census_.see("raised as soon as it was cool");
        }
      }
      if (fact.kind == EventKind::cleared) {
        census_.see(rule.clear == kNone ? "cleared by default" : "cleared by its clause");
        if (rule.hold_ms > 0) census_.see("cleared after its hold");
      }
    }
  }

  Census& census_;
};

/// Faces that a generator without them would not even name.
void expect_all(Census& census) {
  for (int op = 1; op <= 12; ++op) {
    const std::string name = "op " + std::to_string(op);
    for (const char* face : {" is known", " is unknown", " of many", " of too few"}) census.expect(name + face);
    if (op == static_cast<int>(Op::last)) continue;
    for (const char* face : {" is saturated", " of the past"}) census.expect(name + face);
  }
  for (int op = 16; op <= 19; ++op) {
    for (const char* face : {" is known", " is unknown"}) census.expect("op " + std::to_string(op) + face);
  }
  for (int op = 32; op <= 57; ++op) {
    if (op > 37 && op < 48) continue;
    const bool two = static_cast<Op>(op) == Op::overdue || static_cast<Op>(op) == Op::from_until;
    const std::string name = "op " + std::to_string(op);
    for (const char* face : {" is true", " is false", " is unknown"}) {
      if (two && std::string{face} == " is unknown") continue;
      census.expect(name + face);
      if (op == 54 || op == 56) census.expect(name + " from C" + face);
      if (op == 56) census.expect(name + " unbounded" + face);
    }
  }
  for (const char* key : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
    for (const char* op : {"34", "35"}) {
      for (const char* face : {" passes", " does not"})
        census.expect(std::string{"filter key "} + key + " op " + op + face);
    }
  }
  for (const char* key : {"5", "6", "7"}) {
    for (const char* op : {"33", "36"}) {
      for (const char* face : {" passes", " does not"})
        census.expect(std::string{"filter key "} + key + " op " + op + face);
    }
  }
  for (const char* kind : {"raised", "escalated", "eased", "cleared", "unknown", "known", "retracted raised",
                           "retracted escalated", "retracted eased", "retracted cleared"})
    census.expect(std::string{"event "} + kind);
  for (const char* level : {"1", "2", "3", "4"}) {
    for (const char* kind : {"raised", "cleared"}) census.expect(std::string{"event "} + kind + " at level " + level);
    census.expect(std::string{"theater at level "} + level);
  }
  for (const char* face : {"theater at level 0",
                           "theater unknown",
                           "reason heartbeat",
                           "reason numbered",
                           "event of a second rev",
                           "event saturated",
                           "hypothesis against",
                           "hypotheses alike",
                           "against 0",
                           "against 1",
                           "against 2",
                           "item of the past",
                           "item with all its reports",
                           "item op 48",
                           "item op 49",
                           "need met at once",
                           "need met later",
                           "need never met",
                           "raised as soon as it was cool",
                           "cleared by default",
                           "cleared by its clause",
                           "cleared after its hold",
                           "line supersedes",
                           "heartbeat, irregular",
                           "value huge"})
    census.expect(face);
  for (const char* indicator : {"0", "1", "3", "5"}) census.expect(std::string{"indicator "} + indicator + " is blind");
  for (const char* became : {"0", "1", "2", "3", "4", "5", "6"}) census.expect(std::string{"line 0 became "} + became);
  for (const char* became : {"0", "1", "2", "3"}) census.expect(std::string{"line 2 became "} + became);
  for (const char* became : {"0", "3"}) census.expect(std::string{"line 1 became "} + became);
}
}  // namespace

TEST_GROUP(RandomBook){};

TEST(RandomBook, shows_every_face_of_every_feature) {
  Census census;
  expect_all(census);
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    const bool late = seed % 4 != 0;
    const Span unit = seed % 3 == 0 ? 3'600'000 : 1;
    Survey{census, seed, late, unit, (seed % 5 == 0 ? 15 : 1000) * unit};
  }
  if (std::getenv("TOCSIN_CENSUS") != nullptr) census.print();
  const std::string rare = census.rare();
  CHECK_TEXT(rare.empty(), rare.c_str());
}
