// SPDX-License-Identifier: Apache-2.0
// What each node is at an instant, and when time alone changes it next.
#include "evaluate.hpp"
#include "runs.hpp"

namespace tocsin::engine {
namespace {
constexpr Truth opposite(Truth truth) {
  return truth == Truth::yes ? Truth::no : truth == Truth::no ? Truth::yes : Truth::unknown;
}
constexpr Truth lesser(Truth left, Truth right) { return left < right ? left : right; }
constexpr Truth greater(Truth left, Truth right) { return left < right ? right : left; }
constexpr Truth truth_from(bool yes, bool maybe) { return yes ? Truth::yes : maybe ? Truth::unknown : Truth::no; }

// NodeState::past: what the operands were since the last evaluation, and what `then` answered.
constexpr Truth past_left(std::uint8_t past) { return static_cast<Truth>(past & 3U); }
constexpr Truth past_right(std::uint8_t past) { return static_cast<Truth>((past >> 2U) & 3U); }
constexpr Truth latched(std::uint8_t past) { return static_cast<Truth>((past >> 4U) & 3U); }
constexpr std::uint8_t pack(Truth left, Truth right, Truth answer) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(left) | (static_cast<unsigned>(right) << 2U) |
                                   (static_cast<unsigned>(answer) << 4U));
}
}  // namespace

void Evaluator::decide_node(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  ++block_.work().total;
  switch (shape_of(node.op)) {
    case Shape::literal: {
      Number number;
      number.value = node.value;
      number.known = true;
      set_number(index, number);
      return;
    }
    case Shape::report_number:
      decide_number(index, at);
      return;
    case Shape::arithmetic:
      set_number(index, arithmetic(static_cast<Op>(node.op), number(node.a), number(node.b)));
      return;
    case Shape::comparison:
      set_truth(index, compare(static_cast<Op>(node.op), number(node.a), number(node.b)));
      return;
    case Shape::pulse:
      decide_pulse(index);
      return;
    case Shape::overdue:
      set_truth(index, state_.feeds[node.a].overdue ? Truth::yes : Truth::no);
      return;
    case Shape::both:
      set_truth(index, decide_both(index, at));
      return;
    case Shape::either:
      set_truth(index, greater(truth_of(state_, node.a), truth_of(state_, node.b)));
      return;
    case Shape::negate:
      set_truth(index, opposite(truth_of(state_, node.a)));
      return;
    case Shape::hold_for:
      set_truth(index, decide_hold(index, at));
      return;
    case Shape::in_last:
      set_truth(index, decide_in_last(index, at));
      return;
    case Shape::then:
      set_truth(index, decide_then(index, at));
      return;
    case Shape::since:
      set_truth(index, decide_since(index, at));
      return;
    case Shape::from_until:
      set_truth(index, decide_from(index, at));
      return;
  }
}

Truth Evaluator::pulse(const Node& node) const {
  const IndicatorState& indicator = state_.indicators[node.a];
  if (indicator.touched && passes(image_, node.filter, indicator.matches)) return Truth::yes;
  return indicator.blind ? Truth::unknown : Truth::no;
}

/// A report in the very next millisecond leaves a pulse `yes`, but it is another one: what sleeps below `pulse and C`
/// may have changed since, by time alone.
void Evaluator::decide_pulse(std::uint16_t index) {
  const Truth before = truth_of(state_, index);
  const Truth now = pulse(image_.nodes[index]);
  set_truth(index, now);
  if (now != Truth::yes || before != Truth::yes || pulling_) return;
  const NodePlan* plan = &plan_.nodes[index];
  for (std::size_t k = plan[0].parents; k < plan[1].parents; ++k) {
    if (shape_of(image_.nodes[plan_.parents[k]].op) == Shape::both) wake_node(plan_.parents[k]);
  }
}

void Evaluator::decide_number(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  const NodePlan& plan = plan_.nodes[index];
  Number found;  // of a blind indicator: unknown until that ends, which wakes this node
  if (!state_.indicators[node.a].blind) found = number_at(block_, state_, node, at, plan.cap);
  // Pulled by a pulse it goes back to sleep; while the pulse is unknown it stays awake.
  const bool sleeps = plan.keeper != kNone && pulse_of_keeper(plan.keeper) == Truth::yes;
  if (plan.timer != kNone) set_timer(state_, plan.timer, sleeps ? kForever : found.due);
  set_number(index, found);
}

Truth Evaluator::pulse_of_keeper(std::uint16_t keeper) const {
  const Node& node = image_.nodes[keeper];
  return truth_of(state_, shape_of(image_.nodes[node.a].op) == Shape::pulse ? node.a : node.b);
}

Truth Evaluator::decide_both(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  const bool left_sleeps = plan_.nodes[node.a].keeper == index;
  const bool right_sleeps = plan_.nodes[node.b].keeper == index;
  if ((left_sleeps || right_sleeps) && pulse_of_keeper(index) != Truth::no) {
    const bool before = pulling_;
    pulling_ = true;
    pull(left_sleeps ? node.a : node.b, index, at);
    pulling_ = before;
  }
  return lesser(truth_of(state_, node.a), truth_of(state_, node.b));
}

Truth Evaluator::decide_hold(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  Instant& since_yes = state_.words[plan_.nodes[index].words];
  Instant& since_maybe = state_.words[plan_.nodes[index].words + 1];
  const Truth now = truth_of(state_, node.a);
  if (now != Truth::yes) {
    since_yes = kForever;
  } else if (since_yes == kForever) {
    since_yes = at;
  }
  if (now == Truth::no) {
    since_maybe = kForever;
  } else if (since_maybe == kForever) {
    since_maybe = at;
  }
  const Instant start = at - node.window_ms;
  Instant due = kForever;
  if (since_yes != kForever && since_yes > start) due = since_yes + node.window_ms;
  if (since_maybe != kForever && since_maybe > start) due = earlier(due, since_maybe + node.window_ms);
  node_timer(index, due);
  return truth_from(since_yes <= start, since_maybe <= start);
}

Truth Evaluator::decide_in_last(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  NodeState& memory = state_.nodes[index];
  const Truth before = past_left(memory.past);
  const Truth now = truth_of(state_, node.a);
  memory.past = pack(now, Truth::no, Truth::no);
  if (node.ago_ms > 0) {
    Runs yes = runs_of(state_, plan_, image_, index, false);
    Runs maybe = runs_of(state_, plan_, image_, index, true);
    yes.go_on(before == Truth::yes, now == Truth::yes, true, true, at);
    maybe.go_on(before != Truth::no, now != Truth::no, true, true, at);
    node_timer(index, earlier(yes.due(now == Truth::yes, at), maybe.due(now != Truth::no, at)));
    return truth_from(yes.holds(at), maybe.holds(at));
  }
  Instant& latest_yes = state_.words[plan_.nodes[index].words];
  Instant& latest_maybe = state_.words[plan_.nodes[index].words + 1];
  // Between two evaluations the operand kept its value: it held up to the instant before this one.
  if (before == Truth::yes) latest_yes = at - 1;
  if (before != Truth::no) latest_maybe = at - 1;
  if (now == Truth::yes) latest_yes = at;
  if (now != Truth::no) latest_maybe = at;
  const Instant start = at - node.window_ms;
  Instant due = kForever;
  if (now != Truth::yes && latest_yes >= start) due = latest_yes + node.window_ms + 1;
  if (now == Truth::no && latest_maybe >= start) due = earlier(due, latest_maybe + node.window_ms + 1);
  node_timer(index, due);
  return truth_from(latest_yes >= start, latest_maybe >= start);
}

Truth Evaluator::decide_then(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  NodeState& memory = state_.nodes[index];
  Instant* words = &state_.words[plan_.nodes[index].words];
  Instant& latest_yes = words[0];
  Instant& latest_maybe = words[1];
  if (past_left(memory.past) == Truth::yes) latest_yes = at - 1;
  if (past_left(memory.past) != Truth::no) latest_maybe = at - 1;
  Truth answer = latched(memory.past);
  const Truth right = truth_of(state_, node.b);
  if (right == Truth::yes && past_right(memory.past) != Truth::yes) {
    // The present truth of the right side begins: look back, this instant not included.
    const Instant start = at - node.window_ms;
    answer = truth_from(latest_yes >= start, latest_maybe >= start);
    words[2] = latest_yes;
  }
  const Truth now = truth_of(state_, node.a);
  if (now == Truth::yes) latest_yes = at;
  if (now != Truth::no) latest_maybe = at;
  memory.past = pack(now, right, answer);
  return right == Truth::yes ? answer : right;
}

Truth Evaluator::decide_since(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  NodeState& memory = state_.nodes[index];
  const Truth left_before = past_left(memory.past);
  const Truth right_before = past_right(memory.past);
  const Truth left = truth_of(state_, node.a);
  const Truth right = truth_of(state_, node.b);
  memory.past = pack(left, right, Truth::no);
  if (node.ago_ms > 0) {
    Runs yes = runs_of(state_, plan_, image_, index, false);
    Runs maybe = runs_of(state_, plan_, image_, index, true);
    yes.go_on(right_before == Truth::yes, right == Truth::yes, left_before == Truth::yes, left == Truth::yes, at);
    maybe.go_on(right_before != Truth::no, right != Truth::no, left_before != Truth::no, left != Truth::no, at);
    // While the left side is false no witness lasts: only its end changes anything.
    node_timer(index, earlier(left == Truth::yes ? yes.due(right == Truth::yes, at) : kForever,
                              left != Truth::no ? maybe.due(right != Truth::no, at) : kForever));
    return truth_from(yes.holds(at), maybe.holds(at));
  }
  // The latest witness is the best one: its truth is nearest, and the left side has least to hold.
  const auto witness = [at](Instant& latest, bool b_before, bool b_now, bool a_before, bool a_now) {
    if (b_before) {
      latest = at - 1;
    } else if (!a_before) {
      latest = kNever;
    }
    if (b_now) {
      latest = at;
    } else if (!a_now) {
      latest = kNever;
    }
  };
  Instant& latest_yes = state_.words[plan_.nodes[index].words];
  Instant& latest_maybe = state_.words[plan_.nodes[index].words + 1];
  witness(latest_yes, right_before == Truth::yes, right == Truth::yes, left_before == Truth::yes, left == Truth::yes);
  witness(latest_maybe, right_before != Truth::no, right != Truth::no, left_before != Truth::no, left != Truth::no);
  if (node.window_ms == kUnbounded) return truth_from(latest_yes != kNever, latest_maybe != kNever);
  const Instant start = at - node.window_ms;
  Instant due = kForever;
  if (right != Truth::yes && latest_yes >= start) due = latest_yes + node.window_ms + 1;
  if (right == Truth::no && latest_maybe >= start) due = earlier(due, latest_maybe + node.window_ms + 1);
  node_timer(index, due);
  return truth_from(latest_yes >= start, latest_maybe >= start);
}

Truth Evaluator::decide_from(std::uint16_t index, Instant at) {
  const Node& node = image_.nodes[index];
  NodeState& memory = state_.nodes[index];
  Instant& latest = state_.words[plan_.nodes[index].words];
  const bool begun = truth_of(state_, node.a) == Truth::yes;
  const bool ended = truth_of(state_, node.b) == Truth::yes;
  if (past_left(memory.past) == Truth::yes) {
    latest = at - 1;
  } else if (past_right(memory.past) == Truth::yes) {
    latest = kNever;
  }
  if (begun) {
    latest = at;
  } else if (ended) {
    latest = kNever;
  }
  memory.past = pack(begun ? Truth::yes : Truth::no, ended ? Truth::yes : Truth::no, Truth::no);
  return latest != kNever ? Truth::yes : Truth::no;
}
}  // namespace tocsin::engine
