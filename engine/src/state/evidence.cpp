// SPDX-License-Identifier: Apache-2.0
#include "evidence.hpp"

#include <bit>

#include "evaluate.hpp"
#include "numbers.hpp"
#include "runs.hpp"

// Built for speed a walk is one large function, which needs a little more stack than is asked of a microcontroller's
// build.
#if defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wstack-usage="
#endif

namespace tocsin::engine {
namespace {
/// Parts of a condition that may wait to be walked; beyond, parts are cut and the event says `truncated`.
constexpr std::size_t kWalkMax = 28;
/// Parts that are walked in all: what several rules share is one part, and conditions that name each other twice would
/// make 2^n visits of n of them. Beyond, likewise.
constexpr std::size_t kVisitsMax = 4096;
/// How deep, and at how many parts, the truth of the past is worked out from the reports; beyond, the state is worked
/// out again. The stack of a microcontroller is small.
constexpr unsigned kDepthMax = 24;
constexpr unsigned kLooksMax = 4096;

struct Step {
  Instant at;
  std::uint16_t node;
  std::uint16_t condition;
};

/// The latest instant of the past that makes a temporal node true, or kNever. @pre an in_last, then, since or
/// from_until; the state stands at `at`.
Instant witness_of(const Block& block, const State& state, std::uint16_t index, Instant at) {
  const Node& node = block.image().nodes[index];
  const Instant* words = &state.words[block.plan().nodes[index].words];
  const Shape shape = shape_of(node.op);
  if (shape == Shape::then) return truth_of(state, index) == Truth::yes ? words[2] : kNever;
  // What is true now is so at `at`; the stamps are of the last time the node was decided.
  const std::uint16_t side = shape == Shape::since ? node.b : node.a;
  const bool open = truth_of(state, side) == Truth::yes;
  if (node.ago_ms > 0) {
    // The runs of a `since` are as they were when it was last decided: after it ended one of them may still be there.
    if (truth_of(state, index) != Truth::yes) return kNever;
    const bool lasts = open && (shape == Shape::in_last || truth_of(state, node.a) == Truth::yes);
    return runs_of(state, block.plan(), block.image(), index, false).witness(at, lasts);
  }
  if (open) return at;
  if (shape == Shape::from_until) return words[0];
  if (node.window_ms != kUnbounded && words[0] < at - node.window_ms) return kNever;
  return words[0];
}

class Walk {
 public:
  Walk(const Block& block, const State& state, AlertEvent& out)
      : block_{block}, image_{block.image()}, present_{state}, out_{out} {
    if (state.header == block.scratch().header) scratch_at_ = out.at;
  }

  void run(std::uint16_t root) {
    push(root, out_.at, kNone);
    for (std::size_t visits = 0; size_ > 0; ++visits) {
      if (visits == kVisitsMax) {
        out_.truncated = true;
        break;
      }
      Step step = stack_[--size_];
      const Node& node = image_.nodes[step.node];
      if (node.condition != kNone) step.condition = node.condition;
      visit(node, step);
    }
    out_.origins = origins_.count();
  }

 private:
  void push(std::uint16_t node, Instant at, std::uint16_t condition) {
    if (shape_of(image_.nodes[node].op) == Shape::literal) return;  // nothing to show
    if (size_ == kWalkMax) {
      out_.truncated = true;
      return;
    }
    stack_[size_++] = {at, node, condition};
  }

  /// The later pushed is walked first, so the right side goes first.
  void push_both(const Node& node, const Step& step) {
    push(node.b, step.at, step.condition);
    push(node.a, step.at, step.condition);
  }

  void visit(const Node& node, const Step& step) {
    switch (shape_of(node.op)) {
      case Shape::literal:
        break;
      case Shape::report_number:
      case Shape::pulse:
      case Shape::overdue:
        show(node, step);
        break;
      case Shape::either:
        if (truth_at(node.b, step.at) == Truth::yes) push(node.b, step.at, step.condition);
        if (truth_at(node.a, step.at) == Truth::yes) push(node.a, step.at, step.condition);
        break;
      case Shape::negate:
      case Shape::hold_for:
        push(node.a, step.at, step.condition);
        break;
      case Shape::in_last:
        push(node.a, witness(step), step.condition);
        break;
      case Shape::then:
      case Shape::from_until:
        push(node.a, witness(step), step.condition);
        push(node.b, step.at, step.condition);
        break;
      case Shape::since:
        push(node.a, step.at, step.condition);
        push(node.b, witness(step), step.condition);
        break;
      case Shape::both:
        if (truth_at(step.node, step.at) == Truth::yes) push_both(node, step);
        break;
      case Shape::arithmetic:
      case Shape::comparison:
        push_both(node, step);
        break;
    }
  }

  /// The state at an instant, worked out again for one of the past; nullptr: it is beyond the reach of late news. Where
  /// exactly the base is depends on the copies an engine has, which must not show.
  const State* state_for(Instant at) {
    if (at == out_.at && present_.header != block_.scratch().header) return &present_;
    if (at == scratch_at_) return &block_.scratch();
    if (at <= passed()) return nullptr;
    block_.assign(*block_.scratch().header, newest_before(block_, at));
    static_cast<void>(Evaluator{block_, block_.scratch(), nullptr}.advance(at));
    scratch_at_ = at;
    woken_at_ = kNever;
    return &block_.scratch();
  }

  /// The newest instant beyond the reach of late news.
  [[nodiscard]] Instant passed() const {
    const Instant base = block_.base().header->evaluated;
    const Instant reach = out_.detected_at - image_.horizon_ms - 1;
    return base < reach ? reach : base;
  }
  /// Of reports so old nobody has more than the `keep` newest there were when late news could reach no further.
  [[nodiscard]] Instant counted(Instant at) const { return at < passed() ? passed() : at; }

  Instant witness(const Step& step) {
    const State* state = state_for(step.at);
    if (state == nullptr) return step.at;
    const Instant found = witness_of(block_, *state, step.node, step.at);
    return found == kNever ? step.at : found;
  }

  /// Truth of a node at an instant. What has no memory is worked out from the reports; of the rest, at an instant that
  /// the base has passed, nothing is known any more: it counts as shown.
  Truth truth_at(std::uint16_t index, Instant at, unsigned depth = 0) {
    if (at == out_.at) {
      const State* now = state_for(at);
      return truth_of(now != nullptr ? *now : present_, index);
    }
    if (too_far(depth)) return truth_then(index, at);
    const Node& node = image_.nodes[index];
    switch (shape_of(node.op)) {
      case Shape::pulse:
        if (pulse_at(index, at)) return Truth::yes;
        return blind_at(node.a, at) ? Truth::unknown : Truth::no;
      case Shape::overdue:
        return overdue_at(node.a, at) ? Truth::yes : Truth::no;
      case Shape::comparison:
        return comparison_at(index, at, depth);
      case Shape::both: {
        const Truth left = truth_at(node.a, at, depth + 1);
        const Truth right = truth_at(node.b, at, depth + 1);
        return left < right ? left : right;
      }
      case Shape::either: {
        const Truth left = truth_at(node.a, at, depth + 1);
        const Truth right = truth_at(node.b, at, depth + 1);
        return left < right ? right : left;
      }
      case Shape::negate: {
        const Truth truth = truth_at(node.a, at, depth + 1);
        return truth == Truth::unknown ? truth : truth == Truth::yes ? Truth::no : Truth::yes;
      }
      case Shape::literal:
      case Shape::report_number:
      case Shape::arithmetic:
      case Shape::hold_for:
      case Shape::in_last:
      case Shape::then:
      case Shape::since:
      case Shape::from_until:
        break;
    }
    const State* state = state_for(at);
    return state != nullptr ? truth_of(*state, index) : Truth::yes;
  }

  [[nodiscard]] bool too_far(unsigned depth) { return depth >= kDepthMax || ++looks_ > kLooksMax; }

  /// Truth as the state of that instant has it, or `yes` where the base has passed it.
  Truth truth_then(std::uint16_t index, Instant at) {
    const State* const state = state_for(at);
    if (state == nullptr) return Truth::yes;
    if (woken_at_ != at) Evaluator{block_, *state, nullptr}.wake_all(at);  // sleeping nodes, too
    woken_at_ = at;
    return truth_of(*state, index);
  }

  Truth comparison_at(std::uint16_t index, Instant at, unsigned depth) {
    const Node& node = image_.nodes[index];
    bool whole = true;
    const Number left = value_at(node.a, at, depth + 1, whole);
    const Number right = value_at(node.b, at, depth + 1, whole);
    return whole ? compare(static_cast<Op>(node.op), left, right) : truth_then(index, at);
  }

  /// @param whole  set to false when the number lies too far down to be worked out here.
  Number value_at(std::uint16_t index, Instant at, unsigned depth, bool& whole) {
    const Node& node = image_.nodes[index];
    const Shape shape = shape_of(node.op);
    if (shape == Shape::literal) return finite(node.value);
    if (shape == Shape::arithmetic) {
      whole = whole && !too_far(depth);
      if (!whole) return {};
      const Number left = value_at(node.a, at, depth + 1, whole);
      const Number right = value_at(node.b, at, depth + 1, whole);
      return arithmetic(static_cast<Op>(node.op), left, right);
    }
    return report_number_at(node, at);
  }

  Number report_number_at(const Node& node, Instant at) {
    Number number = kept_number_at(block_, node, at, counted(at));
    number.known = number.known && !blind_at(node.a, at);
    return number;
  }

  bool overdue_at(std::uint16_t feed, Instant at) {
    if (const State* state = state_for(at); state != nullptr) return state->feeds[feed].overdue;
    return true;  // how long it was silent then is forgotten: it counts as shown
  }

  bool blind_at(std::uint16_t indicator, Instant at) {
    const ListRef feeds = image_.indicators[indicator].feeds;
    bool regular = false;
    for (const std::uint16_t feed : image_.list(feeds)) regular = regular || image_.feeds[feed].every_ms != 0;
    if (!regular) return feeds.count == 0;
    const State* state = state_for(at);
    return state != nullptr && state->indicators[indicator].blind;
  }

  bool pulse_at(std::uint16_t index, Instant at) {
    const Node& node = image_.nodes[index];
    ReportCursor cursor{block_, node.a, at, counted(at)};
    Sample sample{};
    while (cursor.next(sample) && sample.time == at) {
      if (passes(image_, node.filter, sample.matches)) return true;
    }
    // Its report may have been pushed out at once.
    const State* state = block_.plan().nodes[index].keeper == kNone ? state_for(at) : nullptr;
    return state != nullptr && truth_of(*state, index) == Truth::yes;
  }

  static bool same_number(const Node& left, const Node& right) {
    return left.filter == right.filter && left.ago_ms == right.ago_ms && left.at_least == right.at_least &&
           left.numerator == right.numerator && left.digits == right.digits;
  }

  [[nodiscard]] bool already_shown(const EvidenceItem& item) const {
    for (std::size_t i = 0; i < out_.item_count; ++i) {
      const EvidenceItem& other = out_.items[i];
      if (other.op == item.op && other.at == item.at && other.window_ms == item.window_ms &&
          other.indicator == item.indicator && other.feed == item.feed && other.condition == item.condition &&
          same_number(image_.nodes[other.node], image_.nodes[item.node])) {
        return true;
      }
    }
    return false;
  }

  void show(const Node& node, const Step& step) {
    if (out_.item_count == kEvidenceItemsMax) {
      // What is in the list already cuts nothing off.
      EvidenceItem more;
      describe(node, step, more);
      out_.truncated = out_.truncated || !already_shown(more);
      return;
    }
    EvidenceItem& item =
        out_.items[out_.item_count];  // in its place: a copy of what was just written would have to wait
    describe(node, step, item);
    if (already_shown(item)) return;
    if (item.indicator != kNone) show_reports(node, item);
    ++out_.item_count;
  }

  /// All but the reports.
  void describe(const Node& node, const Step& step, EvidenceItem& item) {
    const auto op = static_cast<Op>(node.op);
    item.at = step.at;
    item.window_ms = node.window_ms;
    item.condition = step.condition;
    item.indicator = op == Op::overdue ? kNone : node.a;
    item.feed = op == Op::overdue ? node.a : kNone;
    item.node = step.node;
    item.op = node.op;
    item.known = true;
    item.saturated = false;
    item.first_report = out_.report_count;
    item.report_count = 0;
    if (op == Op::overdue) {
      item.value = overdue_at(node.a, step.at) ? 1.0 : 0.0;
    } else if (op == Op::pulse) {
      item.value = pulse_at(step.node, step.at) ? 1.0 : 0.0;
      item.known = item.value > 0 || !blind_at(node.a, step.at);
    } else {
      const Number number = report_number_at(node, step.at);
      item.value = number.value;
      item.saturated = kept_saturated_at(block_, node, step.at, counted(step.at));
      out_.saturated = out_.saturated || item.saturated;
      item.known = number.known;
    }
  }

  /// The newest reports behind a number or pulse, newest first; the origins of all of them.
  void show_reports(const Node& node, EvidenceItem& item) {
    const auto op = static_cast<Op>(node.op);
    const Instant end = item.at - node.ago_ms;
    const Instant after = op == Op::last ? kNever : op == Op::pulse ? item.at - 1 : end - node.window_ms;
    const std::size_t most = op == Op::last ? 1U : image_.alerts[out_.alert].evidence;
    ReportCursor cursor{block_, node.a, item.at, counted(item.at)};
    Sample sample{};
    std::size_t given = 0;
    while (cursor.next(sample) && sample.time > after && (op != Op::last || given < most)) {
      if (sample.time > end || !passes(image_, node.filter, sample.matches)) continue;
      origins_.add(sample.origin);
      if (++given > most) continue;
      if (out_.report_count == kEvidenceReportsMax) {
        out_.truncated = true;
        continue;
      }
      out_.reports[out_.report_count++] = {sample.time, sample.value,  sample.seq,
                                           sample.feed, sample.origin, sample.credibility};
      ++item.report_count;
    }
  }

  const Block& block_;
  const Image& image_;
  const State& present_;
  Instant scratch_at_ = kNever;  ///< the instant the scratch state stands at, if known
  Instant woken_at_ = kNever;    ///< the instant for which its sleeping nodes were decided, too
  unsigned looks_ = 0;           ///< parts of the past worked out from the reports so far
  AlertEvent& out_;
  OriginSet origins_;
  Step stack_[kWalkMax];
  std::size_t size_ = 0;
};

/// Marks of nodes that are free between two evaluations.
void mark_node(const Block& block, std::uint16_t node) {
  block.dirty_nodes()[node / 64U] |= std::uint64_t{1} << (node % 64U);
}

/// Visits the marked nodes and all below them, and takes the marks away. @param highest  no node above it is marked.
template <class Visit>
void each_marked(const Block& block, std::uint16_t highest, Visit visit) {
  const std::span<std::uint64_t> marks = block.dirty_nodes();
  for (std::size_t word = highest / std::size_t{64} + 1; word > 0; --word) {
    std::uint64_t bits = marks[word - 1];
    marks[word - 1] = 0;
    const auto mark = [&](std::uint16_t node) {
      if (node / 64U == word - 1) {
        bits |= std::uint64_t{1} << (node % 64U);
      } else {
        mark_node(block, node);
      }
    };
    while (bits != 0) {  // operands come before their node: one pass downwards
      const unsigned bit = 63U - static_cast<unsigned>(std::countl_zero(bits));
      bits &= ~(std::uint64_t{1} << bit);
      const Node& node = block.image().nodes[(word - 1) * 64 + bit];
      const Shape shape = shape_of(node.op);
      visit(node);
      if (uses_reports(node) || shape == Shape::literal || shape == Shape::overdue) continue;
      mark(node.a);
      if (shape != Shape::negate && shape != Shape::hold_for && shape != Shape::in_last) mark(node.b);
    }
  }
}

/// Shows who is blind or overdue of those that `when` rests on. @returns whether a number below it is saturated.
bool show_blindness(const Block& block, const State& state, AlertEvent& out) {
  const Image& image = block.image();
  const Alert& rule = image.alerts[out.alert];
  for (const std::uint16_t feed : image.list(rule.feeds)) {
    if (state.feeds[feed].overdue) out.overdue_feeds[feed / 64U] |= std::uint64_t{1} << (feed % 64U);
  }
  bool saturated = out.kind == EventKind::retracted;  // then nobody asks
  mark_node(block, rule.when);
  each_marked(block, rule.when, [&](const Node& node) {
    if (!uses_reports(node)) return;
    if (state.indicators[node.a].blind) {
      out.blind_indicators[node.a / 64U] |= std::uint64_t{1} << (node.a % 64U);
    }
    saturated = saturated || (shape_of(node.op) == Shape::report_number && saturated_at(block, state, node, out.at));
  });
  return saturated;
}

/// Whether what becomes of the alert rests on a number that speaks of the reports that are kept only, `when` aside.
bool rests_on_saturated(const Block& block, const State& state, const AlertEvent& event) {
  const Image& image = block.image();
  const Alert& rule = image.alerts[event.alert];
  bool found = false;
  if (rule.clear != kNone || rule.levels.count > 0) {
    std::uint16_t highest = 0;
    const auto mark = [&](std::uint16_t node) {
      mark_node(block, node);
      if (node > highest) highest = node;
    };
    if (rule.clear != kNone) mark(rule.clear);
    for (const LevelRule& level : image.level_rules.subspan(rule.levels.first, rule.levels.count)) mark(level.node);
    each_marked(block, highest, [&](const Node& node) {
      if (shape_of(node.op) != Shape::report_number) return;
      found = found || saturated_at(block, state, node, event.at);
    });
  }
  const AlertMachine& machine = state.alerts[event.alert];
  for (std::uint16_t i = 0; i < rule.needs.count && !found; ++i) {
    if (!machine.raised || ((unsigned{machine.needs_met} >> i) & 1U) != 0)
      continue;  // more reports could not unmeet it
    const Need& need = image.needs[rule.needs.first + i];
    Node number{};
    number.op = static_cast<std::uint8_t>(Op::origins);
    number.window_ms = need.window_ms;
    for (const std::uint16_t indicator : image.list(need.indicators)) {
      number.a = indicator;
      found = found || saturated_at(block, state, number, event.at);
    }
  }
  return found;
}

/// Sums of the weights whose clauses hold, greatest first, then by name.
void weigh(const Image& image, const State& state, const Alert& rule, AlertEvent& out) {
  for (const WeighClause& clause : image.weigh_clauses.subspan(rule.weighs.first, rule.weighs.count)) {
    const bool holds = clause.when == kNone || truth_of(state, clause.when) == Truth::yes;
    for (const Weight& weight : image.weights.subspan(clause.weights.first, clause.weights.count)) {
      std::size_t i = 0;
      while (i < out.hypothesis_count && out.hypotheses[i].hypothesis != weight.hypothesis) ++i;
      if (i == out.hypothesis_count) out.hypotheses[out.hypothesis_count++] = {weight.hypothesis, 0};
      if (holds) out.hypotheses[i].weight += weight.weight;
    }
  }
  for (std::size_t i = 1; i < out.hypothesis_count; ++i) {
    const HypothesisWeight moving = out.hypotheses[i];
    std::size_t place = i;
    for (; place > 0; --place) {
      const HypothesisWeight& other = out.hypotheses[place - 1];
      if (other.weight > moving.weight || (other.weight == moving.weight && other.hypothesis < moving.hypothesis))
        break;
      out.hypotheses[place] = other;
    }
    out.hypotheses[place] = moving;
  }
}
}  // namespace

Level shown_level(const Image& image, const State& state, std::uint16_t theater) {
  const Theater& record = image.theaters[theater];
  std::size_t overdue = 0;
  for (const std::uint16_t feed : image.list(record.feeds)) overdue += state.feeds[feed].overdue ? 1U : 0U;
  const std::size_t limit = record.blind_after == kNone ? record.feeds.count : record.blind_after;
  const bool blind = limit > 0 && overdue >= limit;
  return blind ? Level::unknown : state.theaters[theater].level;
}

void begin_event(AlertEvent& out) {
  out.reason = {};
  out.origins = 0;
  out.truncated = false;
  out.saturated = false;
  out.theater_levels.fill(Level::calm);
  out.overdue_feeds.fill(0);
  out.blind_indicators.fill(0);
  out.hypothesis_count = 0;
  out.against_count = 0;
  out.item_count = 0;
  out.report_count = 0;
}

void gather_evidence(const Block& block, const State& state, bool walk, AlertEvent& out) {
  const Image& image = block.image();
  const Alert& rule = image.alerts[out.alert];
  const bool saturated = show_blindness(block, state, out);
  const std::span<const std::uint16_t> theaters = image.list(rule.theaters);
  for (std::size_t i = 0; i < theaters.size(); ++i) out.theater_levels[i] = shown_level(image, state, theaters[i]);
  if (out.kind != EventKind::retracted) out.saturated = saturated || rests_on_saturated(block, state, out);
  if (!walk) return;
  weigh(image, state, rule, out);
  for (const std::uint16_t condition : image.list(rule.against))
    out.against[out.against_count++] = truth_of(state, image.conditions[condition].node);
  Walk{block, state, out}.run(rule.when);  // last: it takes the scratch state back in time
}

NodeView view_of(const Block& block, std::uint16_t index) {
  const Node& node = block.image().nodes[index];
  const State& state = block.scratch();
  const NodePlan& plan = block.plan().nodes[index];
  const Instant at = state.header->evaluated;
  NodeView view;
  switch (shape_of(node.op)) {
    case Shape::report_number: {
      const Number number = number_at(block, state, node, at, 0);
      view.value = number.value;
      view.known = number.known && !state.indicators[node.a].blind;
      view.saturated = saturated_at(block, state, node, at);
      view.reports = number.reports;
      view.due = number.due;
      return view;
    }
    case Shape::literal:
    case Shape::arithmetic:
      view.value = std::bit_cast<double>(state.words[plan.words]);
      view.known = (state.nodes[index].now & 1U) != 0;
      return view;
    case Shape::hold_for:
      view.witness = state.words[plan.words] == kForever ? kNever : state.words[plan.words];
      break;
    case Shape::then:
      view.witness = witness_of(block, state, index, at);
      if (view.witness == kNever) view.witness = state.words[plan.words];
      break;
    case Shape::in_last:
    case Shape::since:
    case Shape::from_until:
      view.witness = witness_of(block, state, index, at);
      break;
    case Shape::comparison:
    case Shape::pulse:
    case Shape::overdue:
    case Shape::both:
    case Shape::either:
    case Shape::negate:
      break;
  }
  view.truth = truth_of(state, index);
  if (plan.timer != kNone) view.due = state.timers[plan.timer];
  return view;
}
}  // namespace tocsin::engine
