// SPDX-License-Identifier: Apache-2.0
#include "evaluate.hpp"

#include "contacts.hpp"
#include "log.hpp"

namespace tocsin::engine {
namespace {
constexpr Truth opposite(Truth truth) {
  return truth == Truth::yes ? Truth::no : truth == Truth::no ? Truth::yes : Truth::unknown;
}
constexpr Truth lesser(Truth left, Truth right) { return left < right ? left : right; }
constexpr Truth greater(Truth left, Truth right) { return left < right ? right : left; }
constexpr Truth truth_of(bool yes, bool maybe) { return yes ? Truth::yes : maybe ? Truth::unknown : Truth::no; }
constexpr Instant earlier(Instant left, Instant right) { return left < right ? left : right; }

/// How many log entries a copy may lag behind the head before it is taken anew.
constexpr std::size_t lag_of(std::size_t copy) { return std::size_t{4} << (2 * copy); }
}  // namespace

Instant Evaluator::next_due() const {
  Instant next = state_.header->due;
  const Log log{block_};
  const Contacts contacts{block_};
  const std::size_t position = log.first_after(state_.header->evaluated);
  if (position < log.count()) next = earlier(next, log.entry(log.slot_at(position)).time);
  for (std::size_t feed = 0; feed < state_.feeds.size(); ++feed) {
    next = earlier(next, contacts.next_start(static_cast<std::uint16_t>(feed), state_.header->evaluated));
  }
  return next;
}

bool Evaluator::advance(Instant to) {
  for (;;) {
    const Instant next = next_due();
    if (next > to) break;
    if (events_ != nullptr && events_->wants_pause()) return false;
    evaluate(next);
    if (keep_copies_) refresh_copies();
  }
  if (state_.header->evaluated < to) state_.header->evaluated = to;
  return true;
}

void Evaluator::refresh_copies() {
  const Log log{block_};
  const std::size_t here = log.first_after(state_.header->evaluated);
  for (std::size_t i = block_.copy_marks().size(); i > 1;) {
    --i;
    CopyMark& mark = block_.copy_marks()[i];
    const State copy = block_.copy(i);
    if (mark.valid && here < log.first_after(copy.header->evaluated) + lag_of(i)) continue;
    // A copy hands its place down the row, so that each is older than the one before it.
    const bool hand_down = i > 1 && block_.copy_marks()[i - 1].valid;
    block_.assign(copy, hand_down ? block_.copy(i - 1) : state_);
    mark.valid = true;
  }
}

void Evaluator::evaluate(Instant at) {
  due_ = kForever;
  take_reports(at);
  decide_feeds(at);
  decide_indicators();
  decide_nodes(at);
  decide_alerts(at);
  decide_theaters(at);
  for (IndicatorState& indicator : state_.indicators) {
    if (indicator.touched) due_at(at + 1);  // a pulse lasts one instant
    indicator.touched = false;
  }
  state_.header->evaluated = at;
  state_.header->last = at;
  state_.header->due = due_;
}

void Evaluator::take_reports(Instant at) {
  const Log log{block_};
  for (std::size_t i = log.first_after(at - 1); i < log.count(); ++i) {
    const std::uint16_t slot = log.slot_at(i);
    const LogEntry& entry = log.entry(slot);
    if (entry.time != at) break;
    if (entry.kind != EntryKind::report || entry.withdrawn) continue;
    IndicatorState& indicator = state_.indicators[entry.indicator];
    indicator.tail = slot;
    indicator.touched = true;
    state_.feeds[entry.feed].contact = at;
  }
}

void Evaluator::decide_feeds(Instant at) {
  const Contacts contacts{block_};
  for (std::size_t i = 0; i < state_.feeds.size(); ++i) {
    if (block_.image().feeds[i].every_ms == 0) continue;
    const auto feed = static_cast<std::uint16_t>(i);
    const Instant heartbeat = contacts.newest(feed, at);
    const Instant contact = heartbeat > state_.feeds[i].contact ? heartbeat : state_.feeds[i].contact;
    const Span reach = contacts.reach(feed);
    state_.feeds[i].overdue = contact == kNever || contact <= at - reach;
    if (!state_.feeds[i].overdue) due_at(contact + reach);
  }
}

void Evaluator::decide_indicators() {
  for (std::size_t i = 0; i < state_.indicators.size(); ++i) {
    const Indicator& record = block_.image().indicators[i];
    bool regular = false;
    bool all_overdue = true;
    for (const std::uint16_t feed : block_.image().list(record.feeds)) {
      if (block_.image().feeds[feed].every_ms == 0) continue;
      regular = true;
      all_overdue = all_overdue && state_.feeds[feed].overdue;
    }
    state_.indicators[i].blind = record.feeds.count == 0 || (regular && all_overdue);
  }
}

void Evaluator::decide_nodes(Instant at) {
  const std::span<const Node> nodes = block_.image().nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    NodeState& memory = state_.nodes[i];
    const auto number = [this](std::uint16_t index) {
      return Number{state_.nodes[index].value, state_.nodes[index].known, state_.nodes[index].saturated, kForever};
    };
    switch (shape_of(node.op)) {
      case Shape::literal:
        memory.value = node.value;
        memory.known = true;
        break;
      case Shape::report_number:
        decide_number(node, memory, at);
        break;
      case Shape::arithmetic: {
        const Number result = arithmetic(static_cast<Op>(node.op), number(node.a), number(node.b));
        memory.value = result.value;
        memory.known = result.known;
        memory.saturated = result.saturated;
        break;
      }
      case Shape::comparison:
        memory.truth = compare(static_cast<Op>(node.op), number(node.a), number(node.b));
        break;
      case Shape::pulse:
        memory.truth = pulse(node.a);
        break;
      case Shape::overdue:
        memory.truth = state_.feeds[node.a].overdue ? Truth::yes : Truth::no;
        break;
      case Shape::both:
        memory.truth = lesser(state_.nodes[node.a].truth, state_.nodes[node.b].truth);
        break;
      case Shape::either:
        memory.truth = greater(state_.nodes[node.a].truth, state_.nodes[node.b].truth);
        break;
      case Shape::negate:
        memory.truth = opposite(state_.nodes[node.a].truth);
        break;
      case Shape::hold_for:
        decide_hold(node, memory, at);
        break;
      case Shape::in_last:
        decide_in_last(node, memory, at);
        break;
      case Shape::then:
        decide_then(node, memory, at);
        break;
    }
  }
}

Truth Evaluator::pulse(std::uint16_t indicator) const {
  const IndicatorState& state = state_.indicators[indicator];
  return state.touched ? Truth::yes : state.blind ? Truth::unknown : Truth::no;
}

void Evaluator::decide_number(const Node& node, NodeState& memory, Instant at) {
  // Blindness is looked at here, not in the number: it can end without a report of this indicator.
  if (state_.indicators[node.a].touched || at >= memory.due) {
    const Number number = number_at(block_, state_, node, at);
    memory.value = number.value;
    memory.latched = number.known ? Truth::yes : Truth::no;  // known, blindness aside
    memory.saturated = number.saturated;
    memory.due = number.due;
  }
  memory.known = memory.latched == Truth::yes && !state_.indicators[node.a].blind;
  due_at(memory.due);
}

void Evaluator::decide_hold(const Node& node, NodeState& memory, Instant at) {
  const Truth now = state_.nodes[node.a].truth;
  if (now != Truth::yes) {
    memory.since_yes = kForever;
  } else if (memory.since_yes == kForever) {
    memory.since_yes = at;
  }
  if (now == Truth::no) {
    memory.since_maybe = kForever;
  } else if (memory.since_maybe == kForever) {
    memory.since_maybe = at;
  }
  const Instant start = at - node.window_ms;
  memory.truth = truth_of(memory.since_yes <= start, memory.since_maybe <= start);
  memory.due = kForever;
  if (memory.since_yes != kForever && memory.since_yes > start) memory.due = memory.since_yes + node.window_ms;
  if (memory.since_maybe != kForever && memory.since_maybe > start) {
    memory.due = earlier(memory.due, memory.since_maybe + node.window_ms);
  }
  due_at(memory.due);
}

void Evaluator::decide_in_last(const Node& node, NodeState& memory, Instant at) {
  const Truth now = state_.nodes[node.a].truth;
  // Between two evaluations the operand kept its value: it held up to the instant before this one.
  if (memory.left == Truth::yes) memory.since_yes = at - 1;
  if (memory.left != Truth::no) memory.since_maybe = at - 1;
  if (now == Truth::yes) memory.since_yes = at;
  if (now != Truth::no) memory.since_maybe = at;
  memory.left = now;
  const Instant start = at - node.window_ms;
  memory.truth = truth_of(memory.since_yes >= start, memory.since_maybe >= start);
  memory.due = kForever;
  if (now != Truth::yes && memory.since_yes >= start) memory.due = memory.since_yes + node.window_ms + 1;
  if (now == Truth::no && memory.since_maybe >= start) {
    memory.due = earlier(memory.due, memory.since_maybe + node.window_ms + 1);
  }
  due_at(memory.due);
}

void Evaluator::decide_then(const Node& node, NodeState& memory, Instant at) const {
  if (memory.left == Truth::yes) memory.since_yes = at - 1;
  if (memory.left != Truth::no) memory.since_maybe = at - 1;
  const Truth right = state_.nodes[node.b].truth;
  if (right == Truth::yes &&
      memory.right != Truth::yes) {  // its present truth begins: look back, this instant not included
    const Instant start = at - node.window_ms;
    memory.latched = truth_of(memory.since_yes >= start, memory.since_maybe >= start);
    memory.witness = memory.since_yes;
  }
  memory.right = right;
  memory.truth = right == Truth::yes ? memory.latched : right;
  const Truth now = state_.nodes[node.a].truth;
  if (now == Truth::yes) memory.since_yes = at;
  if (now != Truth::no) memory.since_maybe = at;
  memory.left = now;
}
}  // namespace tocsin::engine
