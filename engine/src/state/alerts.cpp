// SPDX-License-Identifier: Apache-2.0
// The life of an alert as one state machine, and the levels of theaters.
#include <bit>

#include "evaluate.hpp"

namespace tocsin::engine {
void Evaluator::decide_alerts(Instant at) {
  const std::span<std::uint64_t> dirty = block_.dirty_alerts();
  for (std::size_t word = 0; word < dirty.size(); ++word) {
    while (dirty[word] != 0) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(dirty[word]));
      dirty[word] &= dirty[word] - 1;
      decide_alert(static_cast<std::uint16_t>(word * 64 + bit), at);
    }
  }
}

void Evaluator::decide_alert(std::uint16_t index, Instant at) {
  const Alert& rule = image_.alerts[index];
  AlertMachine& machine = state_.alerts[index];
  ++block_.work().total;
  const Level level_before = machine.level;
  const bool raised_before = machine.raised;
  machine.when = truth_of(state_, rule.when);
  const bool clear = rule.clear == kNone ? machine.when == Truth::no : truth_of(state_, rule.clear) == Truth::yes;
  if (!clear) {
    machine.clear_since = kForever;
  } else if (machine.clear_since == kForever) {
    machine.clear_since = at;
  }

  Instant due = kForever;
  if (!machine.raised) {
    const bool cool = machine.last_raise == kNever || at >= machine.last_raise + rule.cooldown_ms;
    if (machine.when == Truth::yes && !clear && cool) {
      raise(index, at);
    } else if (machine.when == Truth::yes && !cool) {
      due = machine.last_raise + rule.cooldown_ms;
    }
  } else if (clear && at > machine.raised_at && at - machine.clear_since >= rule.hold_ms) {
    machine.raised = false;
    if (events_ != nullptr) events_->decided(EventKind::cleared, index, machine.level, machine.raised_at, at);
    machine.level = Level::calm;
    // At this very instant it is not raised again: of raised and cleared only one, and `clear when` is true.
  } else {
    update_level(index, at, true);
  }
  if (machine.raised && clear)
    due = machine.clear_since + rule.hold_ms > at ? machine.clear_since + rule.hold_ms : at + 1;
  set_timer(state_, block_.alert_timers() + index, due);
  if (machine.raised != raised_before || machine.level != level_before) theaters_ = true;
  update_doubt(index, at);
}

void Evaluator::raise(std::uint16_t index, Instant at) {
  AlertMachine& machine = state_.alerts[index];
  machine.raised = true;
  machine.raised_at = at;
  machine.last_raise = at;
  machine.needs_met = 0;
  update_level(index, at, false);
  if (events_ != nullptr) events_->decided(EventKind::raised, index, machine.level, at, at);
}

void Evaluator::update_level(std::uint16_t index, Instant at, bool tell) {
  AlertMachine& machine = state_.alerts[index];
  const Level level = level_of(index, at);
  const Level before = machine.level;
  machine.level = level;
  if (!tell || level == before || events_ == nullptr) return;
  events_->decided(level > before ? EventKind::escalated : EventKind::eased, index, level, machine.raised_at, at);
}

std::uint16_t origins_of_need(const Block& block, const State& state, const Need& need, Instant at) {
  const Image& image = block.image();
  OriginSet origins;
  for (std::size_t i = 0; i < need.indicators.count; ++i) {
    const std::uint16_t indicator = image.lists[need.indicators.first + i];
    if (state.indicators[indicator].blind) continue;
    collect_origins(block, state, indicator, image.lists[need.filters + i], at, need.window_ms, origins);
  }
  return origins.count();
}

Level Evaluator::level_of(std::uint16_t index, Instant at) {
  const Alert& rule = image_.alerts[index];
  AlertMachine& machine = state_.alerts[index];
  auto level = static_cast<Level>(rule.level);
  for (const LevelRule& candidate : image_.level_rules.subspan(rule.levels.first, rule.levels.count)) {
    const auto other = static_cast<Level>(candidate.level);
    if (other > level && truth_of(state_, candidate.node) == Truth::yes) level = other;
  }
  for (std::size_t i = 0; i < rule.needs.count; ++i) {
    const Need& need = image_.needs[rule.needs.first + i];
    const auto bit = static_cast<std::uint16_t>(1U << i);
    if ((machine.needs_met & bit) == 0 && origins_of_need(block_, state_, need, at) >= need.count) {
      machine.needs_met = static_cast<std::uint16_t>(machine.needs_met | bit);
    }
    const auto cap = static_cast<Level>(need.cap);
    if ((machine.needs_met & bit) == 0 && level > cap) level = cap;
  }
  return level;
}

void Evaluator::update_doubt(std::uint16_t index, Instant at) {
  AlertMachine& machine = state_.alerts[index];
  const bool in_doubt = !machine.raised && machine.when == Truth::unknown;
  if (in_doubt != machine.in_doubt) {
    machine.in_doubt = in_doubt;
    std::uint16_t& doubts = state_.header->doubts;
    doubts = static_cast<std::uint16_t>(in_doubt ? doubts + 1 : doubts - 1);
    machine.doubt_since = at;
  }
  // Nothing was told and nothing is to be told, as nearly always.
  if (events_ == nullptr || (!in_doubt && block_.header().told_count == 0)) return;
  events_->doubt(index, machine, at);
}

void Evaluator::decide_theaters(Instant at) {
  for (TheaterState& theater : state_.theaters) theater.base = Level::calm;
  for (std::size_t i = 0; i < state_.alerts.size(); ++i) {
    const AlertMachine& machine = state_.alerts[i];
    if (!machine.raised) continue;
    for (const std::uint16_t theater : image_.list(image_.alerts[i].theaters)) {
      if (machine.level > state_.theaters[theater].base) state_.theaters[theater].base = machine.level;
    }
  }
  for (std::size_t i = 0; i < state_.theaters.size(); ++i) {
    TheaterState& theater = state_.theaters[i];
    const Span step = image_.theaters[i].step_down_ms;
    if (theater.base >= theater.level) {
      theater.level = theater.base;
      theater.next_step = kForever;
    } else {
      if (theater.next_step == kForever) theater.next_step = at + step;
      while (theater.level > theater.base && at >= theater.next_step) {
        theater.level = static_cast<Level>(static_cast<std::uint8_t>(theater.level) - 1U);
        theater.next_step += step;
      }
      if (theater.level == theater.base) theater.next_step = kForever;
    }
    set_timer(state_, block_.theater_timers() + i, theater.next_step);
  }
}
}  // namespace tocsin::engine
