// SPDX-License-Identifier: Apache-2.0
#include "comparison.hpp"

#include <algorithm>

#include "tocsin/engine/rule/cost.hpp"
#include "tocsin/model/model.hpp"

#include "evidence_walk.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Evaluation;
using tocsin::model::Fact;
using tocsin::model::Model;

namespace tocsin::test_support {
namespace {
constexpr int kLines = 60;

void print(const Input& line) {
  static const char* const kKinds[] = {"report", "heartbeat", "retraction", "clock"};
  std::printf("%s feed %d seq %d indicator %d origin %d time %d received %d value %g cred %d tags %d%s target %d\n",
              kKinds[static_cast<std::size_t>(line.kind)], int{line.feed}, static_cast<int>(line.seq),
              int{line.indicator}, int{line.origin}, static_cast<int>(line.time), static_cast<int>(line.received),
              line.value, int{line.credibility}, static_cast<int>(line.tags), line.has_tags ? " tagged" : "",
              line.has_target_seq ? static_cast<int>(line.target_seq) : -1);
}

std::string text_of(const std::vector<Fact>& facts) {
  std::string out;
  char line[96];
  for (const Fact& fact : facts) {
    std::snprintf(line, sizeof line, "\n    at %d alert %u kind %u level %u raised_at %d", static_cast<int>(fact.at),
                  unsigned{fact.alert}, static_cast<unsigned>(fact.kind), static_cast<unsigned>(fact.level),
                  static_cast<int>(fact.raised_at));
    out += line;
  }
  return out;
}

}  // namespace

void Comparison::run() {
  const std::vector<Input> lines = make_lines();
  if (differs(lines).empty()) return;
  const std::vector<Input> fewest = shrunk(lines);
  print_run(fewest);
  std::printf("seed %llu, %u lines\n", static_cast<unsigned long long>(seed_), unsigned(fewest.size()));
  print_book();
  FAIL(differs(fewest).c_str());
}

BookBuilder Comparison::make_book(Prng& after) const {
  BookBuilder book = random_book(after, options_.horizon_ms, options_.unit);
  book.bounds.log_capacity = options_.log_capacity;
  book.bounds.copies = static_cast<std::uint16_t>(after.below(14));
  book.bounds.contact_runs = 64;
  book.bounds.standing_capacity = 256;
  return book;
}

std::vector<Input> Comparison::make_lines() const {
  Prng prng{seed_};
  static_cast<void>(make_book(prng));
  RandomLines random{prng, options_.late, options_.unit, options_.early};
  std::vector<Input> lines;
  for (int i = 0; i < kLines; ++i) lines.push_back(random.next());
  return lines;
}

std::vector<Input> Comparison::shrunk(std::vector<Input> lines) const {
  for (std::size_t piece = lines.size() / 2; piece > 0; piece /= 2) {
    for (std::size_t at = 0; at + piece <= lines.size();) {
      std::vector<Input> fewer = lines;
      const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(first, first + static_cast<std::ptrdiff_t>(piece));
      if (differs(fewer).empty()) {
        at += piece;
      } else {
        lines = fewer;
      }
    }
  }
  return lines;
}

void Comparison::print_run(const std::vector<Input>& lines) const {
  static const char* const kKinds[] = {"raised", "escalated", "eased", "cleared", "unknown", "known", "retracted"};
  Prng prng{seed_};
  BookBuilder book = make_book(prng);
  Bench bench{book};
  bench.engine().start(kRandomFirst, {Status::test, false, true});
  for (const Input& line : lines) {
    print(line);
    for (const AlertEvent& event : bench.step(line)) {
      std::printf("    %s alert %u at %d level %u raised_at %d\n", kKinds[static_cast<std::size_t>(event.kind)],
                  unsigned{event.alert}, static_cast<int>(event.at), static_cast<unsigned>(event.level),
                  static_cast<int>(event.raised_at));
    }
  }
}

void Comparison::print_book() const {
  Prng prng{seed_};
  BookBuilder book = make_book(prng);
  Bench bench{book};
  const Image& image = bench.image();
  for (std::size_t i = 0; i < image.nodes.size(); ++i) {
    const Node& node = image.nodes[i];
    std::printf("node %u: op %u a %u b %u window %d ago %d value %g q %d/%u least %u filter %d runs %u\n", unsigned(i),
                unsigned{node.op}, unsigned{node.a}, unsigned{node.b}, static_cast<int>(node.window_ms),
                static_cast<int>(node.ago_ms), node.value, static_cast<int>(node.numerator), unsigned{node.digits},
                static_cast<unsigned>(node.at_least), node.filter == kNone ? -1 : int{node.filter},
                unsigned{node.runs});
  }
  for (const Feed& feed : image.feeds)
    std::printf("feed every %d grace %d\n", static_cast<int>(feed.every_ms), static_cast<int>(feed.grace_ms));
  for (const Indicator& indicator : image.indicators) std::printf("indicator keep %u\n", unsigned{indicator.keep});
  for (const FilterTerm& term : image.filter_terms)
    std::printf("term key %u op %u ref %u value %g\n", unsigned{term.key}, unsigned{term.comparison},
                unsigned{term.ref}, term.value);
  for (const Alert& alert : image.alerts) {
    std::printf("alert when %u clear %d level %u hold %d cooldown %d levels %u needs %u\n", unsigned{alert.when},
                alert.clear == kNone ? -1 : int{alert.clear}, unsigned{alert.level}, static_cast<int>(alert.hold_ms),
                static_cast<int>(alert.cooldown_ms), unsigned{alert.levels.count}, unsigned{alert.needs.count});
  }
  std::printf("horizon %d log %u copies %u\n", static_cast<int>(image.horizon_ms), unsigned{image.bounds.log_capacity},
              unsigned{image.bounds.copies});
}

std::string facts_differ(const Evaluation& wanted, const Follower& follower, Instant to) {
  std::vector<Fact> facts = wanted.facts;
  std::erase_if(facts, [to](const Fact& fact) { return fact.at > to; });
  const auto got = follower.up_to(to);
  if (facts == got) return {};
  return "what stands\n  model" + text_of(facts) + "\n  engine" + text_of(got);
}

namespace {
/// Whether an instant that the engine names is a witness. It knows when a truth that still lasts began, not that it
/// lasts; and of `in last C to D` near truths are one to it, so there the instant may lie between two.
bool is_witness(const Evaluation& wanted, const Node& node, Instant at, Instant engine) {
  if (wanted.within.to - wanted.within.from > 10'000) return true;  // going back would take for ever
  const Instant exact = witness_of(wanted, node, at);
  if (exact == kNever || exact == engine || node.ago_ms > 0) return true;
  const std::uint16_t operand = shape_of(node.op) == Shape::since ? node.b : node.a;
  return exact == at && (engine == kNever || wanted.truth(operand, engine) == Truth::yes);
}

std::string node_differs(const Image& image, const NodeView& view, const Evaluation& wanted, std::uint16_t index,
                         Instant at) {
  char text[160];
  const Node& node = image.nodes[index];
  if (shape_of(node.op) > Shape::arithmetic) {
    const Truth truth = wanted.truth(index, at);
    if (truth == view.truth && (truth != Truth::yes || is_witness(wanted, node, at, view.witness))) return {};
    if (truth == view.truth) {
      std::snprintf(text, sizeof text, "witness of node %u at %d: model %d, engine %d", unsigned{index},
                    static_cast<int>(at), static_cast<int>(witness_of(wanted, node, at)),
                    static_cast<int>(view.witness));
      return text;
    }
    std::snprintf(text, sizeof text, "node %u at %d: model %u, engine %u", unsigned{index}, static_cast<int>(at),
                  static_cast<unsigned>(truth), static_cast<unsigned>(view.truth));
    return text;
  }
  const auto& number = wanted.number(index, at);
  const bool taken = shape_of(node.op) == Shape::report_number;
  const bool counted = taken && static_cast<Op>(node.op) != Op::last;
  const bool same_value = !number.known || (number.value == view.value && (!counted || number.reports == view.reports));
  // Of what was pushed out beyond reach the engine knows the newest only: a window before it may be marked to be safe.
  const bool cautious = node.ago_ms > 0 && view.saturated;
  const bool same_rest = !number.known || !taken || number.saturated == view.saturated || cautious;
  if (number.known == view.known && same_value && same_rest) return {};
  std::snprintf(
      text, sizeof text, "number %u at %d: model %d %.17g of %u saturated %d, engine %d %.17g of %u saturated %d",
      unsigned{index}, static_cast<int>(at), int{number.known}, number.value, static_cast<unsigned>(number.reports),
      int{number.saturated}, int{view.known}, view.value, static_cast<unsigned>(view.reports), int{view.saturated});
  return text;
}

/// What an alert is at an instant, from what it did up to then.
AlertState state_of(const Image& image, const Evaluation& wanted, std::uint16_t alert, Instant at) {
  AlertState state;
  state.when = wanted.truth(image.alerts[alert].when, at);
  for (const Fact& fact : wanted.facts) {
    if (fact.alert != alert || fact.at > at) continue;
    state.raised = fact.kind != EventKind::cleared;
    state.level = state.raised ? fact.level : Level::calm;
    state.raised_at = fact.raised_at;
  }
  return state;
}

std::string alert_differs(const Image& image, const Evaluation& wanted, std::uint16_t alert, Instant at,
                          const AlertState& got) {
  const AlertState state = state_of(image, wanted, alert, at);
  const bool same = state.raised == got.raised && state.when == got.when &&
                    (!state.raised || (state.level == got.level && state.raised_at == got.raised_at));
  return same ? std::string{} : "state of alert " + std::to_string(alert) + " at " + std::to_string(at);
}

/// Every node, feed, indicator and alert at one instant.
std::string instant_differs(Bench& bench, const Evaluation& wanted, Instant at) {
  char text[128];
  Engine& engine = bench.engine();
  if (!engine.look(at)) return {};
  const Image& image = bench.image();
  for (std::uint16_t i = 0; i < image.feeds.size(); ++i) {
    const bool overdue = tocsin::model::contains(wanted.overdue[i], at);
    if (engine.looked_overdue(i) == overdue) continue;
    std::snprintf(text, sizeof text, "feed %u at %d: model overdue %d", unsigned{i}, static_cast<int>(at),
                  int{overdue});
    return text;
  }
  for (std::uint16_t i = 0; i < image.indicators.size(); ++i) {
    const bool blind = tocsin::model::contains(wanted.blind[i], at);
    if (engine.looked_blind(i) == blind) continue;
    std::snprintf(text, sizeof text, "indicator %u at %d: model blind %d", unsigned{i}, static_cast<int>(at),
                  int{blind});
    return text;
  }
  for (std::uint16_t i = 0; i < image.nodes.size(); ++i) {
    const std::string different = node_differs(image, engine.node_view(i), wanted, i, at);
    if (!different.empty()) return different;
  }
  for (std::uint16_t i = 0; i < image.alerts.size(); ++i) {
    const std::string different = alert_differs(image, wanted, i, at, engine.looked_alert(i));
    if (!different.empty()) return "looked: " + different;
    const AlertState state = state_of(image, wanted, i, at);
    const Alert& rule = image.alerts[i];
    for (std::uint16_t k = 0; k < rule.needs.count && state.raised; ++k) {
      const bool met = tocsin::model::first_from(wanted.needs[rule.needs.first + k], state.raised_at) <= at;
      if (met != engine.need_view(i, k).met)
        return "need " + std::to_string(k) + " of alert " + std::to_string(i) + " at " + std::to_string(at);
    }
  }
  return {};
}

/// What an event says of its theaters and of what cannot be seen.
std::string surroundings_differ(const Image& image, const Evaluation& wanted, const AlertEvent& event) {
  const Alert& rule = image.alerts[event.alert];
  const auto theaters = image.list(rule.theaters);
  for (std::size_t i = 0; i < theaters.size(); ++i) {
    if (event.theater_levels[i] != wanted.theater_level(theaters[i], event.at))
      return "theater " + std::to_string(theaters[i]) + " of an event at " + std::to_string(event.at);
  }
  for (const std::uint16_t feed : image.list(rule.feeds)) {
    const bool overdue = ((event.overdue_feeds[feed / 64U] >> (feed % 64U)) & 1U) != 0;
    if (overdue != tocsin::model::contains(wanted.overdue[feed], event.at))
      return "silence of feed " + std::to_string(feed) + " in an event at " + std::to_string(event.at);
  }
  return {};
}

std::string hypotheses_differ(const Image& image, const Model& model, const Evaluation& wanted,
                              const AlertEvent& event) {
  if (event.kind > EventKind::eased) return {};
  const auto weights = model.hypotheses(wanted, event.alert, event.at);
  bool same = weights.size() == event.hypothesis_count;
  for (std::size_t i = 0; same && i < weights.size(); ++i) {
    same = weights[i].hypothesis == event.hypotheses[i].hypothesis && weights[i].weight == event.hypotheses[i].weight;
  }
  const auto against = image.list(image.alerts[event.alert].against);
  same = same && against.size() == event.against_count;
  for (std::size_t i = 0; same && i < against.size(); ++i)
    same = wanted.truth(image.conditions[against[i]].node, event.at) == event.against[i];
  char text[96];
  std::snprintf(text, sizeof text, "judgement of alert %u at %d", unsigned{event.alert}, static_cast<int>(event.at));
  return same ? std::string{} : std::string{text};
}

}  // namespace

/// The last 20 milliseconds, or some instants about a line's time where milliseconds are too many.
std::string Comparison::past_differs(Bench& bench, const Evaluation& wanted, Instant about, Instant to) const {
  const Instant from = std::max(to - 20, bench.engine().reach() - 1);
  std::string different;
  if (options_.unit == 1) {
    for (Instant at = from; at <= to && different.empty(); ++at) different = instant_differs(bench, wanted, at);
    return different;
  }
  for (const Instant at : {about - 1, about, about + 1, to - options_.unit, to}) {
    const bool in_reach = at >= bench.engine().reach() - 1 && at <= to;
    if (in_reach && different.empty()) different = instant_differs(bench, wanted, at);
  }
  return different;
}

namespace {
/// What can be asked without looking. @pre the clock's own instant is decided.
std::string present_differs(Bench& bench, const Evaluation& wanted) {
  const Instant at = wanted.within.to;
  const Image& image = bench.image();
  for (std::uint16_t i = 0; i < image.theaters.size(); ++i) {
    if (wanted.theater_level(i, at) != bench.engine().theater_level(i)) return "level of theater " + std::to_string(i);
  }
  for (std::uint16_t i = 0; i < image.feeds.size(); ++i) {
    if (tocsin::model::contains(wanted.overdue[i], at) != bench.engine().feed_overdue(i)) return "feed_overdue";
  }
  for (std::uint16_t i = 0; i < image.alerts.size(); ++i) {
    const std::string different = alert_differs(image, wanted, i, at, bench.engine().alert_state(i));
    if (!different.empty()) return different;
  }
  return {};
}

/// When each alert was down with a `when` that is unknown, against what was told of it. In order only: late news does
/// not repeat what was told.
std::string doubts_differ(const Image& image, const Evaluation& wanted, const Follower& follower) {
  for (std::uint16_t i = 0; i < image.alerts.size(); ++i) {
    tocsin::model::Intervals raised;
    for (const Fact& fact : wanted.facts) {
      if (fact.alert != i) continue;
      if (fact.kind == EventKind::raised) raised.push_back({fact.at, wanted.within.to});
      if (fact.kind == EventKind::cleared) raised.back().to = fact.at - 1;
    }
    const auto& when = wanted.verdicts[image.alerts[i].when];
    const auto unknown = tocsin::model::intersected(when.maybe, tocsin::model::complement(when.yes, wanted.within));
    const auto down = tocsin::model::complement(tocsin::model::normalised(raised, wanted.within), wanted.within);
    std::vector<Follower::Doubt> doubts;
    for (const auto& stretch : tocsin::model::intersected(down, unknown)) {
      doubts.push_back({stretch.from, true});
      if (stretch.to < wanted.within.to) doubts.push_back({stretch.to + 1, false});
    }
    if (doubts != follower.doubts(i)) return "unknown or known of alert " + std::to_string(i);
  }
  return {};
}

/// A step stays within what the compiler promises.
std::string work_differs(Bench& bench) {
  std::vector<std::uint64_t> steps(bench.image().nodes.size());
  return bench.engine().work().worst_step <= cost_of(bench.image(), steps).line ? std::string{}
                                                                                : "more work than promised";
}
}  // namespace

std::string Comparison::differs(const std::vector<Input>& lines) const {
  Prng prng{seed_};
  BookBuilder book = make_book(prng);
  Bench bench{book};
  Bench other{book};
  bench.engine().start(kRandomFirst, {Status::test, false, true});
  Model model{bench.image(), kRandomFirst, {Status::test, false, true}};
  Follower follower;
  std::vector<Input> reports;
  std::string where;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    where = "line " + std::to_string(i) + ": ";
    Bench& running = options_.save_and_restore && i % 2 == 1 ? other : bench;
    auto events = running.step(lines[i]);
    const Disposition wanted = model.take(lines[i]);
    if (running.disposition != wanted) {
      return where + "disposition: model " + std::to_string(static_cast<int>(wanted)) + ", engine " +
             std::to_string(static_cast<int>(running.disposition));
    }
    const std::string wrong = follower.follow(events);
    if (!wrong.empty()) return where + wrong;
    if (lines[i].kind == InputKind::report && wanted == Disposition::taken) reports.push_back(lines[i]);
    Instant decided = model.clock() - 1;
    if (lines[i].kind == InputKind::clock || i % 2 == 0) {
      const auto more = running.step(Bench::clock(model.clock()));
      const std::string then = follower.follow(more);
      if (!then.empty()) return where + "clock: " + then;
      events.insert(events.end(), more.begin(), more.end());
      ++decided;
    }
    const Evaluation meaning = model.evaluate(model.clock());
    std::string different = facts_differ(meaning, follower, decided);
    if (different.empty() && i % 4 == 0) different = past_differs(running, meaning, lines[i].time, decided);
    if (different.empty() && decided == model.clock()) different = present_differs(running, meaning);
    if (different.empty() && !options_.late && decided == model.clock())
      different = doubts_differ(running.image(), meaning, follower);
    if (different.empty()) different = work_differs(running);
    for (const AlertEvent& event : events) {
      if (!different.empty() || options_.late) break;
      different = hypotheses_differ(running.image(), model, meaning, event);
      if (different.empty()) different = evidence_differs(running.image(), meaning, reports, event);
      if (different.empty()) different = surroundings_differ(running.image(), meaning, event);
    }
    if (!different.empty()) return where + different;
    if (options_.save_and_restore) {
      Bench& next = i % 2 == 1 ? bench : other;
      if (next.engine().restore(running.engine().save()) != RestoreError::none) return where + "restore";
    }
  }
  return {};
}
}  // namespace tocsin::test_support
