// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/rule/cost.hpp"

#include "state/block.hpp"

namespace tocsin::engine {
namespace {
/// Sums and products that stay at the greatest number instead of turning over.
constexpr std::uint64_t kMost = UINT64_MAX;
constexpr std::uint64_t plus(std::uint64_t left, std::uint64_t right) {
  return left > kMost - right ? kMost : left + right;
}
constexpr std::uint64_t times(std::uint64_t left, std::uint64_t right) {
  return left != 0 && right > kMost / left ? kMost : left * right;
}

/// Base, head, scratch, the copies, and the midst of an instant.
std::size_t states_of(const Image& image) { return (has_many_copies(image) ? 4U : 3U) + image.bounds.copies; }

/// Steps to decide a node once. A sleeping one may be decided twice: when it is woken and when it is pulled.
std::uint64_t node_work(const Image& image, const Node& node) {
  const bool number = shape_of(node.op) == Shape::report_number;
  return 2U * (number ? image.indicators[node.a].keep + 2U : 1U);
}

std::uint64_t alert_work(const Image& image, const Alert& alert) {
  std::uint64_t work = 1;
  for (const Need& need : image.needs.subspan(alert.needs.first, alert.needs.count)) {
    for (const std::uint16_t indicator : image.list(need.indicators))
      work = plus(work, image.indicators[indicator].keep + 1U);
  }
  return work;
}

/// How often things can happen between the oldest instant that late news may reach and the clock.
class Happenings {
 public:
  Happenings(const Image& image, std::span<std::uint64_t> decisions) : image_{image}, decisions_{decisions} {
    log_ = image.bounds.log_capacity;
    for (const Feed& feed : image.feeds) silences_ = plus(silences_, silences(feed));
    for (std::size_t i = 0; i < image.nodes.size(); ++i)
      decisions_[i] = times(plus(wakings(image.nodes[i]), 1), timers(image.nodes[i]));
  }

  [[nodiscard]] std::uint64_t of_alert(const Alert& alert) const {
    std::uint64_t woken = plus(decisions_[alert.when], plus(log_, silences_));
    if (alert.clear != kNone) woken = plus(woken, decisions_[alert.clear]);
    for (const LevelRule& rule : image_.level_rules.subspan(alert.levels.first, alert.levels.count))
      woken = plus(woken, decisions_[rule.node]);
    return times(woken, 3);  // and its hold and cooldown
  }

 private:
  /// How often a feed is looked at: it speaks, falls silent, or its last contact is looked for again.
  [[nodiscard]] std::uint64_t silences(const Feed& feed) const {
    if (feed.every_ms == 0) return 0;
    const auto looks = static_cast<std::uint64_t>(2 * image_.horizon_ms / (feed.every_ms + feed.grace_ms));
    return plus(looks, 2U * (log_ + image_.bounds.contact_runs) + 2U);
  }

  [[nodiscard]] std::uint64_t wakings(const Node& node) const {
    switch (shape_of(node.op)) {
      case Shape::literal:
        return 0;
      case Shape::report_number:  // a report comes, enters a window of the past, leaves it
        return plus(3 * (log_ + image_.indicators[node.a].keep), silences_);
      case Shape::pulse:
        return plus(2 * log_, silences_);
      case Shape::overdue:
        return silences_;
      case Shape::negate:
      case Shape::hold_for:
      case Shape::in_last:
        return decisions_[node.a];
      case Shape::arithmetic:
      case Shape::comparison:
      case Shape::both:
      case Shape::either:
      case Shape::then:
      case Shape::since:
      case Shape::from_until:
        return plus(decisions_[node.a], decisions_[node.b]);
    }
    return 0;
  }

  /// Each waking of a temporal operator may set its timer for both values, and for both ends of a run.
  [[nodiscard]] static std::uint64_t timers(const Node& node) {
    const Shape shape = shape_of(node.op);
    if (shape != Shape::hold_for && shape != Shape::in_last && shape != Shape::since) return 1;
    return node.ago_ms > 0 ? 9 : 3;
  }

  const Image& image_;
  std::span<std::uint64_t> decisions_;
  std::uint64_t log_ = 0;
  std::uint64_t silences_ = 0;
};
}  // namespace

std::size_t indicator_bytes(const Image& image, std::uint16_t indicator) {
  return image.indicators[indicator].keep * sizeof(Sample) + sizeof(Ring) + sizeof(IndicatorPlan) +
         image.indicators[indicator].feeds.count * sizeof(std::uint16_t) + states_of(image) * sizeof(IndicatorState);
}

std::size_t node_bytes(const Image& image, std::uint16_t index) {
  const Node& node = image.nodes[index];
  const std::size_t timer = has_timer(node) ? sizeof(Instant) + sizeof(Instant) / kTimerGroup : 0;
  return states_of(image) * (words_of(node) * sizeof(Instant) + timer + sizeof(NodeState)) + sizeof(NodePlan);
}

std::size_t alert_bytes(const Image& image, std::uint16_t) {
  const std::size_t timer = sizeof(Instant) + sizeof(Instant) / kTimerGroup;
  return states_of(image) * (sizeof(AlertMachine) + timer) + sizeof(AlertMemory);
}

Cost cost_of(const Image& image, std::span<std::uint64_t> steps) {
  constexpr std::uint64_t kPasses = 3;  // the base, time passing, the late line
  const Happenings happenings{image, steps};
  Cost cost;
  for (const Alert& alert : image.alerts) {
    const std::uint64_t work = alert_work(image, alert);
    cost.instant = plus(cost.instant, work);
    cost.line = plus(cost.line, times(kPasses, times(work, happenings.of_alert(alert))));
  }
  for (std::size_t i = 0; i < image.nodes.size(); ++i) {
    const std::uint64_t work = node_work(image, image.nodes[i]);
    cost.instant = plus(cost.instant, work);
    steps[i] = times(kPasses, times(work, steps[i]));
    cost.line = plus(cost.line, steps[i]);
  }
  return cost;
}
}  // namespace tocsin::engine
