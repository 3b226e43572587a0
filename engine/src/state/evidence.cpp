// SPDX-License-Identifier: Apache-2.0
#include "evidence.hpp"

#include "contacts.hpp"
#include "log.hpp"

namespace tocsin::engine {
namespace {
/// Deepest path of a condition that is still walked; deeper parts are cut and the event says `truncated`.
constexpr std::size_t kWalkMax = 32;

struct Step {
  Instant at;
  std::uint16_t node;
  std::uint16_t condition;
};

/// Newest report or heartbeat of a feed up to an instant, as far as it is still kept, or kNever.
Instant contact_at(const Block& block, std::uint16_t feed, Instant at) {
  const Instant heartbeat = Contacts{block}.newest(feed, at);
  const Log log{block};
  for (std::size_t i = log.first_after(at); i > 0; --i) {
    const LogEntry& entry = log.entry(log.slot_at(i - 1));
    if (entry.time < heartbeat) return heartbeat;
    if (entry.feed == feed && entry.kind == EntryKind::report && !entry.withdrawn) return entry.time;
  }
  const Instant folded = block.base().feeds[feed].contact;
  if (folded <= at) return folded > heartbeat ? folded : heartbeat;
  Instant newest = heartbeat;  // before the base: what its rings still hold
  for (std::size_t i = 0; i < block.rings().size(); ++i) {
    const std::span<Sample> samples = block.samples(static_cast<std::uint16_t>(i)).first(block.rings()[i].count);
    for (const Sample& sample : samples) {
      if (sample.feed == feed && sample.time <= at && sample.time > newest) newest = sample.time;
    }
  }
  return newest;
}

class Walk {
 public:
  Walk(const Block& block, const State& state, AlertEvent& out)
      : block_{block}, image_{block.image()}, state_{state}, out_{out} {}

  void run(std::uint16_t root) {
    push(root, out_.at, kNone);
    while (size_ > 0) {
      Step step = stack_[--size_];
      const Node& node = image_.nodes[step.node];
      if (node.condition != kNone) step.condition = node.condition;
      visit(node, step);
    }
    out_.origins = origins_.count();
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
      case Shape::in_last: {
        const bool within = memory.since_yes >= step.at - node.window_ms;
        push(node.a, within ? witness(memory.since_yes, step.at) : step.at, step.condition);
        break;
      }
      case Shape::then:
        push(node.a, !present(step.at) || memory.truth == Truth::yes ? witness(memory.witness, step.at) : step.at,
             step.condition);
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
    if (shape == Shape::pulse) {
      if (pulse_at(node.a, at)) return Truth::yes;
      return blind_at(node.a, at) ? Truth::unknown : Truth::no;
    }
    if (shape == Shape::overdue) return overdue_at(node.a, at) ? Truth::yes : Truth::no;
    if (shape != Shape::comparison || !leaf(node.a) || !leaf(node.b)) return Truth::yes;
    return compare(static_cast<Op>(node.op), leaf_at(node.a, at), leaf_at(node.b, at));
  }

  [[nodiscard]] bool leaf(std::uint16_t index) const {
    return image_.nodes[index].op <= static_cast<std::uint8_t>(Op::origins);
  }

  [[nodiscard]] Number leaf_at(std::uint16_t index, Instant at) const {
    const Node& node = image_.nodes[index];
    if (static_cast<Op>(node.op) == Op::literal) return {node.value, true, false, kForever};
    Number number = number_at(block_, state_, node, at);
    number.known = number.known && !blind_at(node.a, at);
    return number;
  }

  [[nodiscard]] bool overdue_at(std::uint16_t feed, Instant at) const {
    if (present(at)) return state_.feeds[feed].overdue;
    const Instant contact = contact_at(block_, feed, at);
    return contact == kNever || contact <= at - Contacts{block_}.reach(feed);
  }

  [[nodiscard]] bool blind_at(std::uint16_t indicator, Instant at) const {
    if (present(at)) return state_.indicators[indicator].blind;
    const ListRef feeds = image_.indicators[indicator].feeds;
    bool regular = false;
    for (const std::uint16_t feed : image_.list(feeds)) {
      if (image_.feeds[feed].every_ms == 0) continue;
      regular = true;
      if (!overdue_at(feed, at)) return false;
    }
    return regular || feeds.count == 0;
  }

  [[nodiscard]] bool pulse_at(std::uint16_t indicator, Instant at) const {
    ReportCursor cursor{block_, state_, indicator, at};
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
      item.value = overdue_at(node.a, step.at) ? 1.0 : 0.0;
    } else if (static_cast<Op>(node.op) == Op::pulse) {
      item.value = pulse_at(node.a, step.at) ? 1.0 : 0.0;
      item.known = truth_at(step.node, step.at) != Truth::unknown;
    } else {
      const Number number = leaf_at(step.node, step.at);
      item.value = number.value;
      item.saturated = number.saturated;
      item.known = number.known;
    }
    if (already_shown(item)) return;
    if (out_.item_count == kEvidenceItemsMax) {
      out_.truncated = true;
      return;
    }
    item.first_report = out_.report_count;
    if (item.indicator != kNone) {
      // A pulse is one instant; `last` is one report, seen with the others below.
      const Span window = static_cast<Op>(node.op) == Op::pulse ? 1 : node.window_ms;
      if (window > 0) collect_origins(block_, state_, node.a, item.at, window, origins_);
      show_reports(node, item);
    }
    out_.items[out_.item_count++] = item;
  }

  /// The newest reports behind a number or pulse, newest first.
  void show_reports(const Node& node, EvidenceItem& item) {
    const std::size_t most = static_cast<Op>(node.op) == Op::last ? 1U : image_.alerts[out_.alert].evidence;
    ReportCursor cursor{block_, state_, node.a, item.at};
    Sample sample{};
    while (item.report_count < most && cursor.next(sample)) {
      if (static_cast<Op>(node.op) == Op::pulse && sample.time != item.at) break;
      if (node.window_ms > 0 && sample.time <= item.at - node.window_ms) break;
      if (out_.report_count == kEvidenceReportsMax) {
        out_.truncated = true;
        return;
      }
      origins_.add(sample.origin);
      out_.reports[out_.report_count++] = {sample.time, sample.value,  sample.seq,
                                           sample.feed, sample.origin, sample.credibility};
      ++item.report_count;
    }
  }

  const Block& block_;
  const Image& image_;
  const State& state_;
  AlertEvent& out_;
  OriginSet origins_;
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

void gather_evidence(const Block& block, const State& state, bool walk, AlertEvent& out) {
  const Alert& rule = block.image().alerts[out.alert];
  if (walk) Walk{block, state, out}.run(rule.when);
  show_blindness(block, state, out);
  const std::span<const std::uint16_t> theaters = block.image().list(rule.theaters);
  for (std::size_t i = 0; i < theaters.size(); ++i)
    out.theater_levels[i] = shown_level(block.image(), state, theaters[i]);
}
}  // namespace tocsin::engine
