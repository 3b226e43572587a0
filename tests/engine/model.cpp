// SPDX-License-Identifier: Apache-2.0
#include "model.hpp"

#include <algorithm>

namespace tocsin::test_support {
using namespace tocsin::engine;

struct Model::Timeline {
  Instant first;
  std::vector<std::vector<Truth>> truths;    // [instant][node]
  std::vector<std::vector<Number>> numbers;  // [instant][node]
  Truth at(std::uint16_t node, Instant instant) const {
    return instant < first ? Truth::no : truths[static_cast<std::size_t>(instant - first)][node];
  }
};

namespace {
bool key_less(const Input& left, const Input& right) {
  if (left.time != right.time) return left.time < right.time;
  if (left.feed != right.feed) return left.feed < right.feed;
  return left.seq < right.seq;
}
}  // namespace

bool Model::stale(const Input& input) const {
  if (input.time < first_ || input.time < clock_ - image_.horizon_ms) return true;
  const std::size_t capacity = image_.bounds.log_capacity;
  return lines_.size() >= capacity && input.time < lines_[lines_.size() - capacity].time;
}

Disposition Model::take(const Input& input) {
  const Instant to = input.kind == InputKind::clock ? input.time : input.received;
  clock_ = std::max(clock_, to);
  if (input.kind == InputKind::clock) return Disposition::taken;
  if (stale(input)) return Disposition::stale;
  if (input.kind == InputKind::heartbeat) {
    heartbeats_.push_back(input);
    return Disposition::taken;
  }
  const std::size_t capacity = image_.bounds.log_capacity;
  const std::size_t reached = lines_.size() > capacity ? lines_.size() - capacity : 0;
  for (std::size_t i = reached; i < lines_.size(); ++i) {
    const Line& known = lines_[i];
    if (known.feed != input.feed || known.seq != input.seq) continue;
    return known.content == input.content && known.time == input.time ? Disposition::duplicate : Disposition::reused;
  }
  if (lines_.size() >= capacity && key_less(input, lines_[lines_.size() - capacity])) return Disposition::stale;
  Line added{input};
  for (std::size_t i = reached; i < lines_.size(); ++i) {
    Line& other = lines_[i];
    if (other.feed != input.feed || stale(other)) continue;  // a withdrawal of a stale report is stale
    if (other.has_target_seq && input.kind == InputKind::report && other.target_seq == input.seq)
      added.withdrawn = true;
    if (input.has_target_seq && other.kind == InputKind::report && input.target_seq == other.seq)
      other.withdrawn = true;
  }
  lines_.insert(std::upper_bound(lines_.begin(), lines_.end(), added, key_less), added);
  return added.withdrawn ? Disposition::withdrawn : Disposition::taken;
}

std::vector<Input> Model::newest(std::uint16_t indicator, Instant at) const {
  std::vector<Input> found;
  for (const Line& line : lines_) {
    if (line.kind == InputKind::report && line.indicator == indicator && line.time <= at && !line.withdrawn)
      found.push_back(line);
  }
  const std::size_t keep = image_.indicators[indicator].keep;
  if (found.size() > keep) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(keep));
  return found;
}

bool Model::overdue(std::uint16_t feed, Instant at) const {
  const Feed& record = image_.feeds[feed];
  const Instant after = at - record.every_ms - record.grace_ms;
  const auto contact = [&](const Input& line) { return line.feed == feed && line.time <= at && line.time > after; };
  for (const Line& line : lines_) {
    if (line.kind == InputKind::report && contact(line) && !line.withdrawn) return false;
  }
  return std::none_of(heartbeats_.begin(), heartbeats_.end(), contact);
}

bool Model::blind(std::uint16_t indicator, Instant at) const {
  const auto feeds = image_.list(image_.indicators[indicator].feeds);
  if (feeds.empty()) return true;
  bool regular = false;
  for (const std::uint16_t feed : feeds) {
    if (image_.feeds[feed].every_ms == 0) continue;
    regular = true;
    if (!overdue(feed, at)) return false;
  }
  return regular;
}

std::size_t Model::origins_in(const std::vector<std::uint16_t>& indicators, Instant at, Span window) const {
  std::vector<std::uint16_t> origins;
  for (const std::uint16_t indicator : indicators) {
    for (const Input& report : newest(indicator, at)) {
      if (report.time > at - window && std::find(origins.begin(), origins.end(), report.origin) == origins.end())
        origins.push_back(report.origin);
    }
  }
  return origins.size();
}

Model::Number Model::number(const Timeline& line, std::uint16_t index, Instant at) const {
  const Node& node = image_.nodes[index];
  const auto& numbers = line.numbers.back();
  const auto finite = [](double value) { return Number{value, value - value == 0.0}; };
  switch (static_cast<Op>(node.op)) {
    case Op::literal:
      return finite(node.value);
    case Op::add:
      return numbers[node.a].known && numbers[node.b].known ? finite(numbers[node.a].value + numbers[node.b].value)
                                                            : Number{0, false};
    case Op::subtract:
      return numbers[node.a].known && numbers[node.b].known ? finite(numbers[node.a].value - numbers[node.b].value)
                                                            : Number{0, false};
    case Op::multiply:
      return numbers[node.a].known && numbers[node.b].known ? finite(numbers[node.a].value * numbers[node.b].value)
                                                            : Number{0, false};
    case Op::divide:
      return numbers[node.a].known && numbers[node.b].known && numbers[node.b].value != 0.0
                 ? finite(numbers[node.a].value / numbers[node.b].value)
                 : Number{0, false};
    default:
      break;
  }
  if (blind(node.a, at)) return {0, false};
  std::vector<Input> reports = newest(node.a, at);
  if (static_cast<Op>(node.op) == Op::last) return reports.empty() ? Number{0, false} : finite(reports.back().value);
  std::erase_if(reports, [&](const Input& report) { return report.time <= at - node.window_ms; });
  if (static_cast<Op>(node.op) == Op::count) return finite(static_cast<double>(reports.size()));
  if (static_cast<Op>(node.op) == Op::origins)
    return finite(static_cast<double>(origins_in({node.a}, at, node.window_ms)));
  double value = 0;
  if (static_cast<Op>(node.op) == Op::sum) {
    for (const Input& report : reports) value += report.value;
    return finite(value);
  }
  if (reports.empty()) return {0, false};
  value = reports.front().value;
  for (const Input& report : reports) value = std::max(value, report.value);
  return finite(value);
}

Truth Model::truth(const Timeline& line, std::uint16_t index, Instant at) const {
  const Node& node = image_.nodes[index];
  const auto at_same = [&](std::uint16_t other) { return line.truths.back()[other]; };
  const auto earlier = [&](std::uint16_t other, Instant instant) {
    return instant == at ? at_same(other) : line.at(other, instant);
  };
  switch (static_cast<Op>(node.op)) {
    case Op::pulse: {
      for (const Input& report : newest(node.a, at)) {
        if (report.time == at) return Truth::yes;
      }
      return blind(node.a, at) ? Truth::unknown : Truth::no;
    }
    case Op::overdue:
      return overdue(node.a, at) ? Truth::yes : Truth::no;
    case Op::both:
      return std::min(at_same(node.a), at_same(node.b));
    case Op::either:
      return std::max(at_same(node.a), at_same(node.b));
    case Op::negate:
      return at_same(node.a) == Truth::yes ? Truth::no : at_same(node.a) == Truth::no ? Truth::yes : Truth::unknown;
    case Op::hold_for: {
      Truth worst = Truth::yes;
      for (Instant i = at - node.window_ms; i <= at; ++i) worst = std::min(worst, earlier(node.a, i));
      return worst;
    }
    case Op::in_last: {
      Truth best = Truth::no;
      for (Instant i = at - node.window_ms; i <= at; ++i) best = std::max(best, earlier(node.a, i));
      return best;
    }
    case Op::then: {
      if (at_same(node.b) != Truth::yes) return at_same(node.b);
      Instant began = at;
      while (line.at(node.b, began - 1) == Truth::yes) --began;
      Truth best = Truth::no;
      for (Instant i = began - node.window_ms; i < began; ++i) best = std::max(best, line.at(node.a, i));
      return best;
    }
    default:
      break;
  }
  const Number left = line.numbers.back()[node.a];
  const Number right = line.numbers.back()[node.b];
  if (!left.known || !right.known) return Truth::unknown;
  bool holds = false;
  switch (static_cast<Op>(node.op)) {
    case Op::less:
      holds = left.value < right.value;
      break;
    case Op::less_equal:
      holds = left.value <= right.value;
      break;
    case Op::equal:
      holds = left.value == right.value;
      break;
    case Op::not_equal:
      holds = left.value != right.value;
      break;
    case Op::greater_equal:
      holds = left.value >= right.value;
      break;
    default:
      holds = left.value > right.value;
      break;
  }
  return holds ? Truth::yes : Truth::no;
}

void Model::walk_alert(const Timeline& line, std::uint16_t index, Instant to, std::vector<StandingFact>& out) const {
  const Alert& rule = image_.alerts[index];
  const auto clear_at = [&](Instant at) {
    if (at < first_) return false;
    return rule.clear == kNone ? line.at(rule.when, at) == Truth::no : line.at(rule.clear, at) == Truth::yes;
  };
  bool raised = false;
  Instant raised_at = 0;
  Instant last_raise = kNever;
  Level level = Level::calm;
  std::vector<bool> met;
  for (Instant at = first_; at <= to; ++at) {
    bool fresh = false;
    if (!raised) {
      if (line.at(rule.when, at) != Truth::yes || clear_at(at)) continue;
      if (last_raise != kNever && at < last_raise + rule.cooldown_ms) continue;
      raised = fresh = true;
      raised_at = last_raise = at;
      met.assign(rule.needs.count, false);
    }
    if (!fresh) {
      bool cleared = true;
      for (Instant i = at - rule.hold_ms; i <= at; ++i) cleared = cleared && clear_at(i);
      if (cleared) {
        out.push_back({at, index, EventKind::cleared, level, raised_at});
        raised = false;
        continue;
      }
    }
    auto now = static_cast<Level>(rule.level);
    for (std::size_t i = 0; i < rule.levels.count; ++i) {
      const LevelRule& other = image_.level_rules[rule.levels.first + i];
      if (line.at(other.node, at) == Truth::yes) now = std::max(now, static_cast<Level>(other.level));
    }
    for (std::size_t i = 0; i < rule.needs.count; ++i) {
      const Need& need = image_.needs[rule.needs.first + i];
      std::vector<std::uint16_t> sighted;
      for (const std::uint16_t indicator : image_.list(need.indicators)) {
        if (!blind(indicator, at)) sighted.push_back(indicator);
      }
      if (origins_in(sighted, at, need.window_ms) >= need.count) met[i] = true;
      if (!met[i]) now = std::min(now, static_cast<Level>(need.cap));
    }
    if (fresh) {
      out.push_back({at, index, EventKind::raised, now, raised_at});
    } else if (now != level) {
      out.push_back({at, index, now > level ? EventKind::escalated : EventKind::eased, now, raised_at});
    }
    level = now;
  }
}

std::vector<StandingFact> Model::facts(Instant to) const {
  Timeline line{first_, {}, {}};
  for (Instant at = first_; at <= to; ++at) {
    line.truths.emplace_back(image_.nodes.size(), Truth::no);
    line.numbers.emplace_back(image_.nodes.size(), Number{0, false});
    for (std::size_t i = 0; i < image_.nodes.size(); ++i) {
      const auto node = static_cast<std::uint16_t>(i);
      const Shape shape = shape_of(image_.nodes[i].op);
      if (shape == Shape::literal || shape == Shape::report_number || shape == Shape::arithmetic) {
        line.numbers.back()[i] = number(line, node, at);
      } else {
        line.truths.back()[i] = truth(line, node, at);
      }
    }
  }
  std::vector<StandingFact> out;
  for (std::size_t i = 0; i < image_.alerts.size(); ++i) walk_alert(line, static_cast<std::uint16_t>(i), to, out);
  std::sort(out.begin(), out.end());
  return out;
}
}  // namespace tocsin::test_support
