// SPDX-License-Identifier: Apache-2.0
// The plan: what follows from the image alone. Who must be decided again when a report, a feed or an operand changes,
// where each node's memory lies, and which nodes can sleep.
#include "block.hpp"

namespace tocsin::engine {
namespace {
constexpr std::uint16_t narrow(std::size_t value) { return static_cast<std::uint16_t>(value); }

/// Calls `visit(operand)` for each operand of a node.
template <class Visit>
void each_operand(const Node& node, Visit visit) {
  switch (shape_of(node.op)) {
    case Shape::literal:
    case Shape::report_number:
    case Shape::pulse:
    case Shape::overdue:
      return;
    case Shape::negate:
    case Shape::hold_for:
    case Shape::in_last:
      visit(node.a);
      return;
    case Shape::arithmetic:
    case Shape::comparison:
    case Shape::both:
    case Shape::either:
    case Shape::then:
    case Shape::since:
    case Shape::from_until:
      visit(node.a);
      if (node.b != node.a) visit(node.b);
      return;
  }
}

/// Calls `visit(node)` for each node that decides what becomes of an alert.
template <class Visit>
void each_root(const Image& image, const Alert& alert, Visit visit) {
  visit(alert.when);
  if (alert.clear != kNone && alert.clear != alert.when) visit(alert.clear);
  for (const LevelRule& rule : image.level_rules.subspan(alert.levels.first, alert.levels.count)) visit(rule.node);
}

/// Calls `visit(indicator)` for each indicator that an alert's `needs` name.
template <class Visit>
void each_needed(const Image& image, const Alert& alert, Visit visit) {
  for (const Need& need : image.needs.subspan(alert.needs.first, alert.needs.count)) {
    for (const std::uint16_t indicator : image.list(need.indicators)) visit(indicator);
  }
}

/// Fills lists of elements by owner: `each(visit)` calls visit(owner, element) for every pair, always in the same
/// order. `first(owner)` is the place where an owner's list begins.
template <class First, class Each>
void fill_lists(std::size_t owners, First first, std::span<std::uint16_t> elements, Each each) {
  for (std::size_t i = 0; i <= owners; ++i) first(i) = 0;
  each([&](std::size_t owner, std::size_t) { ++first(owner); });
  std::size_t end = 0;
  for (std::size_t i = 0; i <= owners; ++i) {
    end += first(i);
    first(i) = static_cast<std::remove_reference_t<decltype(first(i))>>(end);
  }
  // From the end of each list backwards: afterwards `first` is where it begins, and elements fall.
  each([&](std::size_t owner, std::size_t element) { elements[--first(owner)] = narrow(element); });
}

/// NodePlan::keeper while the plan is made: not to be guarded.
constexpr std::uint16_t kAwake = kNone - 1;
/// How deep a part may be to be guarded: the engine goes down it on its own stack, which is small on a microcontroller.
constexpr unsigned kGuardedDepthMax = 16;

class Planner {
 public:
  Planner(const Image& image, const Plan& plan) : image_{image}, plan_{plan} {}

  void run() const {
    place_memory();
    link_nodes();
    link_reports();
    count_pulses();
    link_filters();
    link_feeds();
    for (std::size_t i = 0; i < image_.nodes.size(); ++i) limit_count(i);
    // What events show besides `when` must be awake at all times.
    for (const WeighClause& clause : image_.weigh_clauses) {
      if (clause.when != kNone) plan_.nodes[clause.when].keeper = kAwake;
    }
    for (const Alert& alert : image_.alerts) {
      for (const std::uint16_t condition : image_.list(alert.against))
        plan_.nodes[image_.conditions[condition].node].keeper = kAwake;
    }
    for (std::size_t i = 0; i < image_.nodes.size(); ++i) guard_operands(i);
    for (NodePlan& node : plan_.nodes) {
      if (node.keeper == kAwake) node.keeper = kNone;
    }
  }

 private:
  void place_memory() const {
    std::size_t timer = 0;
    for (std::size_t i = 0; i < image_.feeds.size(); ++i) {
      plan_.feeds[i].timer = image_.feeds[i].every_ms != 0 ? next_timer(timer, i) : kNone;
    }
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < image_.nodes.size(); ++i) {
      NodePlan& node = plan_.nodes[i];
      const std::size_t words = words_of(image_.nodes[i]);
      node.words = words > 0 ? word : kNoWords;
      word += static_cast<std::uint32_t>(words);
      node.timer = has_timer(image_.nodes[i]) ? next_timer(timer, i) : kNone;
      node.keeper = kNone;
      node.cap = 0;
    }
    for (std::size_t i = 0; i < image_.alerts.size(); ++i) next_timer(timer, i);
    for (std::size_t i = 0; i < image_.theaters.size(); ++i) next_timer(timer, i);
  }

  std::uint16_t next_timer(std::size_t& timer, std::size_t owner) const {
    plan_.timer_owners[timer] = narrow(owner);
    return narrow(timer++);
  }

  void link_nodes() const {
    const std::span<const Node> nodes = image_.nodes;
    fill_lists(
        nodes.size(), [this](std::size_t i) -> std::uint32_t& { return plan_.nodes[i].parents; }, plan_.parents,
        [&](auto&& visit) {
          for (std::size_t i = 0; i < nodes.size(); ++i)
            each_operand(nodes[i], [&](std::uint16_t operand) { visit(operand, i); });
        });
    fill_lists(
        nodes.size(), [this](std::size_t i) -> std::uint16_t& { return plan_.nodes[i].alerts; }, plan_.node_alerts,
        [&](auto&& visit) {
          for (std::size_t i = 0; i < image_.alerts.size(); ++i)
            each_root(image_, image_.alerts[i], [&](std::uint16_t node) { visit(node, i); });
        });
  }

  void link_reports() const {
    const std::size_t indicators = image_.indicators.size();
    fill_lists(
        indicators, [this](std::size_t i) -> std::uint16_t& { return plan_.indicators[i].nodes; },
        plan_.indicator_nodes,
        [&](auto&& visit) {
          for (std::size_t i = 0; i < image_.nodes.size(); ++i)
            if (uses_reports(image_.nodes[i])) visit(image_.nodes[i].a, i);
        });
    fill_lists(
        indicators, [this](std::size_t i) -> std::uint16_t& { return plan_.indicators[i].alerts; },
        plan_.indicator_alerts,
        [&](auto&& visit) {
          for (std::size_t i = 0; i < image_.alerts.size(); ++i)
            each_needed(image_, image_.alerts[i], [&](std::uint16_t indicator) { visit(indicator, i); });
        });
  }

  void count_pulses() const {
    for (IndicatorPlan& plan : plan_.indicators) plan.pulses = 0;
    for (const Node& node : image_.nodes) {
      if (shape_of(node.op) == Shape::pulse) ++plan_.indicators[node.a].pulses;
    }
  }

  void link_filters() const {
    fill_lists(
        image_.indicators.size(), [this](std::size_t i) -> std::uint16_t& { return plan_.indicators[i].filters; },
        plan_.indicator_filters,
        [&](auto&& visit) {
          for (std::size_t i = 0; i < image_.filters.size(); ++i) visit(image_.filters[i].indicator, i);
        });
  }

  void link_feeds() const {
    const std::size_t feeds = image_.feeds.size();
    fill_lists(
        feeds, [this](std::size_t i) -> std::uint16_t& { return plan_.feeds[i].nodes; }, plan_.feed_nodes,
        [&](auto&& visit) {
          for (std::size_t i = 0; i < image_.nodes.size(); ++i)
            if (static_cast<Op>(image_.nodes[i].op) == Op::overdue) visit(image_.nodes[i].a, i);
        });
    fill_lists(
        feeds, [this](std::size_t i) -> std::uint16_t& { return plan_.feeds[i].indicators; }, plan_.feed_indicators,
        [&](auto&& visit) {
          for (std::size_t i = 0; i < image_.indicators.size(); ++i)
            for (const std::uint16_t feed : image_.list(image_.indicators[i].feeds)) visit(feed, i);
        });
  }

  [[nodiscard]] std::span<const std::uint16_t> parents_of(std::size_t node) const {
    const std::size_t first = plan_.nodes[node].parents;
    return plan_.parents.subspan(first, plan_.nodes[node + 1].parents - first);
  }

  /// A count that is only compared with literals need not be taken beyond the greatest of them.
  void limit_count(std::size_t index) const {
    const Node& node = image_.nodes[index];
    if (static_cast<Op>(node.op) != Op::count || node.at_least > 0) return;
    double most = 0;
    const std::span<const std::uint16_t> parents = parents_of(index);
    for (const std::uint16_t parent : parents) {
      const Node& user = image_.nodes[parent];
      if (shape_of(user.op) != Shape::comparison) return;
      const Node& other = image_.nodes[user.a == index ? user.b : user.a];
      if (static_cast<Op>(other.op) != Op::literal || !(other.value < static_cast<double>(kKeepMax))) return;
      if (other.value > most) most = other.value;
    }
    if (!parents.empty()) plan_.nodes[index].cap = narrow(static_cast<std::size_t>(most) + 1U);
  }

  /// In `pulse and C`, C matters only while the pulse is not `no`, if nobody else asks for it and it has no memory.
  void guard_operands(std::size_t index) const {
    const Node& node = image_.nodes[index];
    if (static_cast<Op>(node.op) != Op::both || node.a == node.b) return;
    const bool left = shape_of(image_.nodes[node.a].op) == Shape::pulse;
    const bool right = shape_of(image_.nodes[node.b].op) == Shape::pulse;
    if (left == right) return;
    const std::uint16_t guarded = left ? node.b : node.a;
    if (is_shallow(guarded, kGuardedDepthMax)) guard(guarded, narrow(index));
  }

  /// Whether a node may sleep: it has no memory, and nobody but the node above it asks.
  [[nodiscard]] bool may_sleep(std::uint16_t index) const {
    const Shape shape = shape_of(image_.nodes[index].op);
    if (shape >= Shape::hold_for || shape == Shape::literal || shape == Shape::overdue) return false;
    return plan_.nodes[index].keeper != kAwake && parents_of(index).size() == 1 &&
           plan_.nodes[index].alerts == plan_.nodes[index + 1U].alerts;
  }

  /// Whether what would sleep from here on, and what does so already, ends within that many levels. One parent each:
  /// it is a tree.
  [[nodiscard]] bool is_shallow(std::uint16_t index, unsigned levels) const {
    if (!may_sleep(index)) return true;
    if (levels == 0) return false;
    bool shallow = true;
    each_operand(image_.nodes[index],
                 [&](std::uint16_t operand) { shallow = shallow && is_shallow(operand, levels - 1); });
    return shallow;
  }

  void guard(std::uint16_t index, std::uint16_t keeper) const {
    const Node& node = image_.nodes[index];
    if (plan_.nodes[index].keeper != kNone || !may_sleep(index)) return;
    plan_.nodes[index].keeper = keeper;
    each_operand(node, [this, keeper](std::uint16_t operand) { guard(operand, keeper); });
  }

  const Image& image_;
  const Plan& plan_;
};
}  // namespace

std::size_t words_of(const Node& node) {
  switch (shape_of(node.op)) {
    case Shape::literal:
    case Shape::report_number:
    case Shape::arithmetic:
    case Shape::from_until:
      return 1;
    case Shape::hold_for:
      return 2;
    case Shape::then:
      return 3;
    case Shape::in_last:
    case Shape::since:
      return node.ago_ms > 0 ? 2U * (1U + 2U * std::size_t{node.runs}) : 2U;
    case Shape::comparison:
    case Shape::pulse:
    case Shape::overdue:
    case Shape::both:
    case Shape::either:
    case Shape::negate:
      return 0;
  }
  return 0;
}

bool has_timer(const Node& node) {
  switch (shape_of(node.op)) {
    case Shape::report_number:
      return static_cast<Op>(node.op) != Op::last;
    case Shape::hold_for:
    case Shape::in_last:
      return true;
    case Shape::since:
      return node.window_ms != kUnbounded;
    case Shape::literal:
    case Shape::arithmetic:
    case Shape::comparison:
    case Shape::pulse:
    case Shape::overdue:
    case Shape::both:
    case Shape::either:
    case Shape::negate:
    case Shape::then:
    case Shape::from_until:
      return false;
  }
  return false;
}

Sizes sizes_of(const Image& image) {
  Sizes sizes;
  for (const Feed& feed : image.feeds) sizes.timers += feed.every_ms != 0 ? 1U : 0U;
  for (const Node& node : image.nodes) {
    sizes.words += words_of(node);
    sizes.node_timers += has_timer(node) ? 1U : 0U;
    each_operand(node, [&](std::uint16_t) { ++sizes.parents; });
    if (uses_reports(node)) ++sizes.indicator_nodes;
    if (static_cast<Op>(node.op) == Op::overdue) ++sizes.feed_nodes;
    if (gathers(node) && image.indicators[node.a].keep > sizes.values) sizes.values = image.indicators[node.a].keep;
  }
  sizes.timers += sizes.node_timers + image.alerts.size() + image.theaters.size();
  for (const Alert& alert : image.alerts) {
    each_root(image, alert, [&](std::uint16_t) { ++sizes.node_alerts; });
    each_needed(image, alert, [&](std::uint16_t) { ++sizes.indicator_alerts; });
  }
  for (const Indicator& indicator : image.indicators) sizes.feed_indicators += indicator.feeds.count;
  return sizes;
}

void Block::make_plan() const {
  Planner{image_, plan_}.run();
  for (std::uint64_t& word : dirty_nodes_) word = 0;
  for (std::uint64_t& word : dirty_alerts_) word = 0;
  *work_ = {};
}
}  // namespace tocsin::engine
