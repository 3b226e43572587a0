// SPDX-License-Identifier: Apache-2.0
#include "evidence.hpp"

#include "contacts.hpp"

namespace tocsin::engine {
namespace {
/// Deepest path of a condition that is still walked; deeper parts are cut and the event says `truncated`.
constexpr std::size_t kWalkMax = 32;

struct Step {
  Instant at;
  std::uint16_t node;
  std::uint16_t condition;
};

class Walk {
 public:
  Walk(const Block& block, const State& state, std::uint16_t excluded, AlertEvent& out)
      : block_{block}, image_{block.image()}, state_{state}, excluded_{excluded}, out_{out} {}

  void run(std::uint16_t root) {
    push(root, out_.at, kNone);
    while (size_ > 0) {
      Step step = stack_[--size_];
      const Node& node = image_.nodes[step.node];
      if (node.condition != kNone) step.condition = node.condition;
      visit(node, step);
    }
    OriginSet origins;
    for (std::size_t i = 0; i < out_.report_count; ++i) origins.add(out_.reports[i].origin);
    out_.origins = origins.count();
  }

 private:
  void push(std::uint16_t node, Instant at, std::uint16_t condition) {
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
    const NodeState& memory = state_.nodes[step.node];
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
        push(node.a, witness(memory.since_yes, step.at), step.condition);
        break;
      case Shape::then:
        push(node.a, witness(memory.witness, step.at), step.condition);
        push(node.b, step.at, step.condition);
        break;
      case Shape::both:
        if (truth_at(step.node, step.at) != Truth::yes) break;
        push_both(node, step);
        break;
      case Shape::arithmetic:
      case Shape::comparison:
        push_both(node, step);
        break;
    }
  }

  static Instant witness(Instant remembered, Instant at) {
    return remembered != kNever && remembered <= at ? remembered : at;
  }

  [[nodiscard]] bool present(Instant at) const { return at == out_.at; }

  /// Truth of a node at an instant. In the past only what reports alone decide is known; the rest counts as shown.
  [[nodiscard]] Truth truth_at(std::uint16_t index, Instant at) const {
    const Node& node = image_.nodes[index];
    if (present(at)) return state_.nodes[index].truth;
    const Shape shape = shape_of(node.op);
    if (shape == Shape::pulse) return pulse_at(node.a, at) ? Truth::yes : Truth::no;
    if (shape != Shape::comparison || !leaf(node.a) || !leaf(node.b)) return Truth::yes;
    return compare(static_cast<Op>(node.op), leaf_at(node.a, at), leaf_at(node.b, at));
  }

  [[nodiscard]] bool leaf(std::uint16_t index) const {
    return image_.nodes[index].op <= static_cast<std::uint8_t>(Op::origins);
  }

  [[nodiscard]] Number leaf_at(std::uint16_t index, Instant at) const {
    const Node& node = image_.nodes[index];
    if (static_cast<Op>(node.op) == Op::literal) return {node.value, true, false, kForever};
    return number_at(block_, state_, node, at, excluded_);
  }

  [[nodiscard]] bool pulse_at(std::uint16_t indicator, Instant at) const {
    ReportCursor cursor{block_, state_, indicator, at, excluded_};
    Sample sample{};
    return cursor.next(sample) && sample.time == at;
  }

  [[nodiscard]] bool already_shown(const EvidenceItem& item) const {
    for (std::size_t i = 0; i < out_.item_count; ++i) {
      const EvidenceItem& other = out_.items[i];
      if (other.op == item.op && other.at == item.at && other.window_ms == item.window_ms &&
          other.indicator == item.indicator && other.feed == item.feed && other.condition == item.condition) {
        return true;
      }
    }
    return false;
  }

  void show(const Node& node, const Step& step) {
    EvidenceItem item{};
    item.at = step.at;
    item.window_ms = node.window_ms;
    item.condition = step.condition;
    item.op = node.op;
    item.indicator = node.a;
    item.feed = kNone;
    item.known = true;
    if (static_cast<Op>(node.op) == Op::overdue) {
      item.indicator = kNone;
      item.feed = node.a;
      const Truth truth = present(step.at) ? state_.nodes[step.node].truth : Truth::yes;
      item.value = truth == Truth::yes ? 1.0 : 0.0;
    } else if (static_cast<Op>(node.op) == Op::pulse) {
      item.value = pulse_at(node.a, step.at) ? 1.0 : 0.0;
      if (present(step.at)) item.known = state_.nodes[step.node].truth != Truth::unknown;
    } else {
      const Number number = number_at(block_, state_, node, step.at, excluded_);
      item.value = number.value;
      item.saturated = number.saturated;
      item.known = number.known && (!present(step.at) || state_.nodes[step.node].known);
    }
    if (already_shown(item)) return;
    if (out_.item_count == kEvidenceItemsMax) {
      out_.truncated = true;
      return;
    }
    item.first_report = out_.report_count;
    if (item.indicator != kNone) show_reports(node, item);
    out_.items[out_.item_count++] = item;
  }

  /// The newest reports behind a number or pulse, newest first.
  void show_reports(const Node& node, EvidenceItem& item) {
    const std::size_t most = static_cast<Op>(node.op) == Op::last ? 1U : image_.alerts[out_.alert].evidence;
    ReportCursor cursor{block_, state_, node.a, item.at, excluded_};
    Sample sample{};
    while (item.report_count < most && cursor.next(sample)) {
      if (static_cast<Op>(node.op) == Op::pulse && sample.time != item.at) break;
      if (node.window_ms > 0 && sample.time <= item.at - node.window_ms) break;
      if (out_.report_count == kEvidenceReportsMax) {
        out_.truncated = true;
        return;
      }
      out_.reports[out_.report_count++] = {sample.time, sample.value,  sample.seq,
                                           sample.feed, sample.origin, sample.credibility};
      ++item.report_count;
    }
  }

  const Block& block_;
  const Image& image_;
  const State& state_;
  std::uint16_t excluded_;
  AlertEvent& out_;
  Step stack_[kWalkMax] = {};
  std::size_t size_ = 0;
};

void show_blindness(const Block& block, const State& state, AlertEvent& out) {
  const Image& image = block.image();
  const Alert& rule = image.alerts[out.alert];
  for (const std::uint16_t feed : image.list(rule.feeds)) {
    if (state.feeds[feed].overdue) out.overdue_feeds[feed / 64U] |= std::uint64_t{1} << (feed % 64U);
  }
  // Operands come before their node, so one pass downwards finds all that `when` reaches.
  const std::span<NodeState> marks = block.scratch().nodes;
  for (NodeState& mark : marks) mark.reached = false;
  marks[rule.when].reached = true;
  for (std::size_t i = rule.when + std::size_t{1}; i > 0;) {
    --i;
    if (!marks[i].reached) continue;
    const Node& node = image.nodes[i];
    const Shape shape = shape_of(node.op);
    if (shape == Shape::report_number || shape == Shape::pulse) {
      if (state.indicators[node.a].blind) out.blind_indicators[node.a / 64U] |= std::uint64_t{1} << (node.a % 64U);
    } else if (shape != Shape::literal && shape != Shape::overdue) {
      marks[node.a].reached = true;
      if (shape != Shape::negate && shape != Shape::hold_for && shape != Shape::in_last) marks[node.b].reached = true;
    }
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

void gather_evidence(const Block& block, const State& state, std::uint16_t excluded, bool walk, AlertEvent& out) {
  const Alert& rule = block.image().alerts[out.alert];
  if (walk) Walk{block, state, excluded, out}.run(rule.when);
  show_blindness(block, state, out);
  const std::span<const std::uint16_t> theaters = block.image().list(rule.theaters);
  for (std::size_t i = 0; i < theaters.size(); ++i)
    out.theater_levels[i] = shown_level(block.image(), state, theaters[i]);
}
}  // namespace tocsin::engine
