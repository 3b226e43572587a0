// SPDX-License-Identifier: Apache-2.0
#include "evaluate.hpp"

#include <algorithm>
#include <bit>

#include "contacts.hpp"

namespace tocsin::engine {
namespace {
/// How much a copy in a row may lag behind the head before it is taken anew (StateHeader::serial).
constexpr std::uint64_t lag_of(std::size_t row) { return std::uint64_t{4} << row; }
}  // namespace

std::size_t Evaluator::position_after(Instant instant) const {
  const Log log{block_};
  const std::size_t count = log.count();
  if (log.newest_time() <= instant) return count;
  if (count > 1 && log.entry(log.slot_at(count - 2)).time <= instant) return count - 1;
  return log.oldest_time() > instant ? 0 : log.first_after(instant);
}

Instant Evaluator::next_due() const {
  const Log log{block_};
  const Instant next = next_timed();
  const std::size_t position = position_after(state_.header->evaluated);
  if (position == log.count()) return next;
  const Instant reported = log.entry(log.slot_at(position)).time;
  return reported < next ? reported : next;
}

bool Evaluator::go_on(Instant to) {
  const Log log{block_};
  StateHeader& header = *state_.header;
  std::size_t position = position_after(header.evaluated);
  Instant timed = next_timed();
  for (;;) {
    Instant next = timed;
    if (position < log.count()) {
      const std::uint16_t slot = log.slot_at(position);
      const LogEntry& entry = log.entry(slot);
      if (entry.time <= to && entry.time < timed && !wakes(entry)) {
        static_cast<void>(take_report(slot));
        header.evaluated = entry.time;
        ++position;
        continue;
      }
      if (entry.time < next) next = entry.time;
    }
    if (next > to) break;
    if (events_ != nullptr && events_->wants_pause()) return false;
    // Not where a report of this instant that wakes nothing is taken in already.
    if (keep_copies_ && header.evaluated < next) refresh_copies(position);
    position = evaluate(next, position);
    timed = next_timed();
  }
  if (header.evaluated < to) header.evaluated = to;
  return true;
}

/// Whether a report makes its instant one to decide.
bool Evaluator::wakes(const LogEntry& entry) const {
  if (entry.kind != EntryKind::report || entry.withdrawn) return false;
  return block_.is_used(entry.indicator) || state_.feeds[entry.feed].overdue;
}

/// Before an instant is decided: more reports of the one before are not to be expected. @param position  of the first
/// entry after what is decided.
void Evaluator::refresh_copies(std::size_t position) {
  const std::span<CopyMark> marks = block_.copy_marks();
  const std::uint64_t here = state_.header->serial;
  // The rows below only take what this one hands down.
  if (marks.size() < 2 || (marks[1].valid && here < marks[1].serial + lag_of(1))) return;
  for (std::size_t row = marks.size(); row > 1;) {
    --row;
    if (marks[row].valid && here < marks[row].serial + lag_of(row)) continue;
    // A row hands its copy down, so that each is older than the one above it; only the first is copied.
    if (row > 1) {
      if (!marks[row - 1].valid) continue;
      const CopyMark held = marks[row];
      marks[row] = marks[row - 1];
      marks[row - 1] = held;
      marks[row - 1].valid = false;
      continue;
    }
    StateHeader& copy = block_.copy_header(1);
    block_.assign(copy, *state_.header);
    // Where nothing came since the last evaluation it is the state of that instant, which more late news leaves alone.
    const Log log{block_};
    const Instant last = copy.last;
    if (last != kNever && (position == 0 || log.entry(log.slot_at(position - 1)).time <= last)) copy.evaluated = last;
    marks[1].valid = true;
    marks[1].evaluated = copy.evaluated;
    marks[1].serial = here;
  }
}

std::size_t newest_copy(const Block& block, Instant to) {
  const std::span<CopyMark> marks = block.copy_marks();
  const Instant base = block.base().header->evaluated;
  const auto serves = [&](std::size_t row) {
    return marks[row].valid && marks[row].evaluated <= to && marks[row].evaluated > base;
  };
  std::size_t row = 1;  // from here on each is older than the one above it
  while (row < marks.size() && !serves(row)) ++row;
  const bool first = !marks.empty() && serves(0);
  if (row >= marks.size()) return first ? 0 : marks.size();
  return first && marks[0].evaluated >= marks[row].evaluated ? 0 : row;
}

StateHeader& newest_before(const Block& block, Instant instant) {
  const std::size_t row = newest_copy(block, instant - 1);
  return row < block.copy_marks().size() ? block.copy_header(row) : *block.base().header;
}

std::size_t Evaluator::evaluate(Instant at, std::size_t position) {
  StateHeader& header = *state_.header;
  woken_.fill(kNone);
  const bool all = header.last == kNever || header.wake_all;
  header.wake_all = false;
  if (header.touched.count > 0) end_pulses();
  if (header.pending <= at) take_pending();
  const std::size_t first = position;
  position = take_reports(at, position);
  theaters_ = false;
  if (all) {
    wake_everything(at);
  } else {
    const Midst* const midst = block_.midst_mark();
    if (keep_copies_ && midst != nullptr && midst->wanted && midst->at == at) keep_midst(at, position - first);
    fire_timers(at);
  }
  decide(at, position - first);
  return position;
}

void Evaluator::decide(Instant at, std::size_t reports) {
  StateHeader& header = *state_.header;
  decide_nodes(at);
  decide_alerts(at);
  if (theaters_) decide_theaters(at);
  header.timed = settle_timers(state_);
  header.evaluated = at;
  header.last = at;
  // What is to be done again when a copy lags: the reports of one instant count each.
  header.serial += reports > 1 ? reports : 1;
}

void Evaluator::keep_midst(Instant at, std::size_t reports) {
  const State midst = block_.midst();
  block_.assign(*midst.header, *state_.header);
  midst.header->evaluated = at;
  std::ranges::copy(block_.dirty_nodes(), block_.midst_nodes().begin());
  std::ranges::copy(block_.dirty_alerts(), block_.midst_alerts().begin());
  *block_.midst_mark() = {at, static_cast<std::uint32_t>(reports), true, false, false, {}};
}

void Evaluator::take_into_midst(std::uint16_t slot) {
  const LogEntry& entry = block_.log()[slot];
  std::uint16_t& tail = state_.indicators[entry.indicator].tail;
  const std::uint16_t before = tail;
  woken_.fill(kNone);
  static_cast<void>(take_report(slot));
  if (entry.newer != kNone && block_.log()[entry.newer].time == entry.time) tail = before;
  const auto move = [](std::span<std::uint64_t> from, std::span<std::uint64_t> to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      to[i] |= from[i];
      from[i] = 0;
    }
  };
  move(block_.dirty_nodes(), block_.midst_nodes());
  move(block_.dirty_alerts(), block_.midst_alerts());
  ++block_.midst_mark()->reports;
}

void Evaluator::go_on_from_midst() {
  const Midst& midst = *block_.midst_mark();
  block_.assign(*state_.header, *block_.midst().header);
  std::ranges::copy(block_.midst_nodes(), block_.dirty_nodes().begin());
  std::ranges::copy(block_.midst_alerts(), block_.dirty_alerts().begin());
  theaters_ = false;
  fire_timers(midst.at);
  decide(midst.at, midst.reports);
}

void Evaluator::wake_everything(Instant at) {
  for (std::size_t i = 0; i < state_.feeds.size(); ++i) decide_feed(static_cast<std::uint16_t>(i), at);
  for (std::size_t i = 0; i < state_.indicators.size(); ++i)
    state_.indicators[i].blind = is_blind(static_cast<std::uint16_t>(i));
  for (std::size_t i = 0; i < state_.nodes.size(); ++i) wake_node(static_cast<std::uint16_t>(i));
  for (std::size_t i = 0; i < state_.alerts.size(); ++i) wake_alert(static_cast<std::uint16_t>(i));
  theaters_ = true;
}

void Evaluator::end_pulses() {
  each_noted(state_.header->touched, state_.indicators.size(), [this](std::uint16_t i) {
    IndicatorState& indicator = state_.indicators[i];
    if (!indicator.touched) return;
    indicator.touched = false;
    indicator.matches = 0;
    const IndicatorPlan* plan = &plan_.indicators[i];
    for (std::size_t k = plan[0].nodes; k < plan[1].nodes; ++k) {
      const std::uint16_t node = plan_.indicator_nodes[k];
      if (shape_of(image_.nodes[node].op) == Shape::pulse) wake_node(node);
    }
  });
  state_.header->touched.count = 0;
}

void Evaluator::wake_users(std::uint16_t indicator) {
  const IndicatorPlan* plan = &plan_.indicators[indicator];
  for (std::size_t k = plan[0].nodes; k < plan[1].nodes; ++k) wake_node(plan_.indicator_nodes[k]);
  for (std::size_t k = plan[0].alerts; k < plan[1].alerts; ++k) {
    const std::uint16_t alert = plan_.indicator_alerts[k];
    if (state_.alerts[alert].raised) wake_alert(alert);
  }
}

void Evaluator::touch(std::uint16_t indicator, std::uint32_t matches) {
  // Of many reports at one instant one wakes who rests on their indicator.
  std::uint16_t& woken = woken_[indicator % woken_.size()];
  if (woken != indicator) wake_users(indicator);
  woken = indicator;
  if (plan_.indicators[indicator].pulses == 0) return;
  IndicatorState& state = state_.indicators[indicator];
  if (!state.touched) note(state_.header->touched, indicator);
  state.touched = true;
  state.matches |= matches;
}

void Evaluator::take_pending() {
  state_.header->pending = kForever;
  each_noted(state_.header->absorbed, state_.indicators.size(), [this](std::uint16_t i) {
    IndicatorState& indicator = state_.indicators[i];
    if (!indicator.absorbed) return;
    indicator.absorbed = false;
    touch(i, indicator.pending);
    indicator.pending = 0;
  });
  state_.header->absorbed.count = 0;
  // Whose contact it was is in the feeds already.
  for (std::size_t i = 0; i < state_.feeds.size(); ++i) {
    if (state_.feeds[i].overdue) set_timer(state_, plan_.feeds[i].timer, state_.feeds[i].contact);
  }
}

/// Takes a report in. @returns whether anything rests on it.
bool Evaluator::take_report(std::uint16_t slot) {
  const LogEntry& entry = block_.log()[slot];
  if (entry.kind != EntryKind::report || entry.withdrawn) return false;
  state_.indicators[entry.indicator].tail = slot;
  FeedState& feed = state_.feeds[entry.feed];
  if (feed.contact < entry.time) feed.contact = entry.time;  // a heartbeat may have been later
  if (feed.overdue) set_timer(state_, plan_.feeds[entry.feed].timer, entry.time);
  if (block_.is_used(entry.indicator)) {
    touch(entry.indicator, entry.matches);
    return true;
  }
  return feed.overdue;
}

std::size_t Evaluator::take_reports(Instant at, std::size_t position) {
  const Log log{block_};
  while (position < log.count()) {
    const std::uint16_t slot = log.slot_at(position);
    if (log.entry(slot).time != at) break;
    static_cast<void>(take_report(slot));
    ++position;
  }
  return position;
}

void Evaluator::fire_timers(Instant at) {
  const std::size_t feed_timers = block_.node_timers();
  for (std::size_t group = 0; group < state_.mins.size(); ++group) {
    if (state_.mins[group] > at) continue;
    const std::size_t first = group * kTimerGroup;
    const std::size_t end = first + kTimerGroup < state_.timers.size() ? first + kTimerGroup : state_.timers.size();
    for (std::size_t timer = first; timer < end; ++timer) {
      if (state_.timers[timer] > at) continue;
      const std::uint16_t owner = plan_.timer_owners[timer];
      if (timer < feed_timers) {
        decide_feed(owner, at);
      } else if (timer < block_.alert_timers()) {
        // Who keeps it sets the timer again, if it matters.
        if (plan_.nodes[owner].keeper != kNone) set_timer(state_, timer, kForever);
        wake_node(owner);
      } else if (timer < block_.theater_timers()) {
        wake_alert(owner);
      } else {
        theaters_ = true;
      }
    }
  }
}

void Evaluator::decide_feed(std::uint16_t index, Instant at) {
  if (image_.feeds[index].every_ms == 0) return;
  const Contacts contacts{block_};
  FeedState& feed = state_.feeds[index];
  const Instant heartbeat = contacts.newest(index, at);
  const Instant contact = heartbeat > feed.contact ? heartbeat : feed.contact;
  const Span reach = contacts.reach(index);
  const bool before = feed.overdue;
  feed.overdue = contact == kNever || contact <= at - reach;
  // Reports are seen as they come; of heartbeats only the next after a silence matters.
  set_timer(state_, plan_.feeds[index].timer, feed.overdue ? contacts.next_start(index, at) : contact + reach);
  if (feed.overdue == before) return;
  const FeedPlan* plan = &plan_.feeds[index];
  for (std::size_t k = plan[0].nodes; k < plan[1].nodes; ++k) wake_node(plan_.feed_nodes[k]);
  for (std::size_t k = plan[0].indicators; k < plan[1].indicators; ++k) decide_blindness(plan_.feed_indicators[k]);
}

bool Evaluator::is_blind(std::uint16_t indicator) const {
  const Indicator& record = image_.indicators[indicator];
  bool regular = false;
  for (const std::uint16_t feed : image_.list(record.feeds)) {
    if (image_.feeds[feed].every_ms == 0) continue;
    regular = true;
    if (!state_.feeds[feed].overdue) return false;
  }
  return regular || record.feeds.count == 0;
}

void Evaluator::decide_blindness(std::uint16_t indicator) {
  const bool blind = is_blind(indicator);
  if (blind == state_.indicators[indicator].blind) return;
  state_.indicators[indicator].blind = blind;
  wake_users(indicator);
}

void Evaluator::decide_nodes(Instant at) {
  const std::span<std::uint64_t> dirty = block_.dirty_nodes();
  for (std::size_t word = 0; word < dirty.size(); ++word) {
    while (dirty[word] != 0) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(dirty[word]));
      dirty[word] &= dirty[word] - 1;
      const auto node = static_cast<std::uint16_t>(word * 64 + bit);
      decide_node(node, at);
    }
  }
}

void Evaluator::wake_users_of_node(std::uint16_t index) {
  if (pulling_) return;  // who pulls it decides right after
  const NodePlan* plan = &plan_.nodes[index];
  for (std::size_t k = plan[0].parents; k < plan[1].parents; ++k) wake_node(plan_.parents[k]);
  for (std::size_t k = plan[0].alerts; k < plan[1].alerts; ++k) wake_alert(plan_.node_alerts[k]);
}

Number Evaluator::number(std::uint16_t index) const {
  Number number;
  number.value = std::bit_cast<double>(state_.words[plan_.nodes[index].words]);
  number.known = (state_.nodes[index].now & 1U) != 0;
  return number;
}

void Evaluator::set_number(std::uint16_t index, const Number& found) {
  const Instant value = std::bit_cast<Instant>(found.known ? found.value : 0.0);
  Instant& word = state_.words[plan_.nodes[index].words];
  const std::uint8_t now = found.known ? 1 : 0;
  if (word == value && state_.nodes[index].now == now) return;
  word = value;
  state_.nodes[index].now = now;
  wake_users_of_node(index);
}

void Evaluator::set_truth(std::uint16_t index, Truth truth) {
  std::uint8_t& now = state_.nodes[index].now;
  if (now == static_cast<std::uint8_t>(truth)) return;
  now = static_cast<std::uint8_t>(truth);
  wake_users_of_node(index);
}

// A part within that has a keeper of its own is pulled by that one: to go down it here as well would double the work
// with each further pulse of `a and b and c`.
void Evaluator::pull(std::uint16_t index, std::uint16_t keeper, Instant at) {
  if (plan_.nodes[index].keeper != keeper) return;
  const Node& node = image_.nodes[index];
  const Shape shape = shape_of(node.op);
  if (shape != Shape::report_number && shape != Shape::pulse) {
    pull(node.a, keeper, at);
    if (shape != Shape::negate && node.b != node.a) pull(node.b, keeper, at);
  }
  decide_node(index, at);
}

void Evaluator::wake_all(Instant at) {
  pulling_ = true;
  for (std::size_t i = 0; i < state_.nodes.size(); ++i) {
    if (plan_.nodes[i].keeper != kNone) decide_node(static_cast<std::uint16_t>(i), at);
  }
  pulling_ = false;
}
}  // namespace tocsin::engine
