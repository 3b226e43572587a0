// SPDX-License-Identifier: Apache-2.0
// The life of an alert as one state machine, and the levels of theaters.
#include "evaluate.hpp"

namespace tocsin::engine {
void Evaluator::decide_alerts(Instant at) {
  for (std::size_t i = 0; i < state_.alerts.size(); ++i) decide_alert(static_cast<std::uint16_t>(i), at);
}

void Evaluator::decide_alert(std::uint16_t index, Instant at) {
  const Alert& rule = block_.image().alerts[index];
  AlertMachine& machine = state_.alerts[index];
  machine.when = state_.nodes[rule.when].truth;
  const bool clear = rule.clear == kNone ? machine.when == Truth::no : state_.nodes[rule.clear].truth == Truth::yes;
  if (!clear) {
    machine.clear_since = kForever;
  } else if (machine.clear_since == kForever) {
    machine.clear_since = at;
  }

  if (!machine.raised) {
    const bool cool = machine.last_raise == kNever || at >= machine.last_raise + rule.cooldown_ms;
    if (machine.when == Truth::yes && !clear && cool) {
      raise(index, at);
    } else if (machine.when == Truth::yes && !cool) {
      due_at(machine.last_raise + rule.cooldown_ms);
    }
  } else if (clear && at > machine.raised_at && at - machine.clear_since >= rule.hold_ms) {
    machine.raised = false;
    if (events_ != nullptr) events_->decided(EventKind::cleared, index, machine.level, machine.raised_at, at);
    machine.level = Level::calm;
  } else {
    update_level(index, at, true);
  }
  if (machine.raised && clear)
    due_at(machine.clear_since + rule.hold_ms > at ? machine.clear_since + rule.hold_ms : at + 1);
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

Level Evaluator::level_of(std::uint16_t index, Instant at) {
  const Image& image = block_.image();
  const Alert& rule = image.alerts[index];
  AlertMachine& machine = state_.alerts[index];
  auto level = static_cast<Level>(rule.level);
  for (const LevelRule& candidate : image.level_rules.subspan(rule.levels.first, rule.levels.count)) {
    const auto other = static_cast<Level>(candidate.level);
    if (state_.nodes[candidate.node].truth == Truth::yes && other > level) level = other;
  }
  for (std::size_t i = 0; i < rule.needs.count; ++i) {
    const Need& need = image.needs[rule.needs.first + i];
    const auto bit = static_cast<std::uint16_t>(1U << i);
    if ((machine.needs_met & bit) == 0) {
      OriginSet origins;
      for (const std::uint16_t indicator : image.list(need.indicators)) {
        if (state_.indicators[indicator].blind) continue;
        collect_origins(block_, state_, indicator, at, need.window_ms, origins);
      }
      if (origins.count() >= need.count) machine.needs_met = static_cast<std::uint16_t>(machine.needs_met | bit);
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
    machine.doubt_since = at;
  }
  if (events_ != nullptr) events_->doubt(index, machine, at);
}

void Evaluator::decide_theaters(Instant at) {
  const Image& image = block_.image();
  for (TheaterState& theater : state_.theaters) theater.base = Level::calm;
  for (std::size_t i = 0; i < state_.alerts.size(); ++i) {
    const AlertMachine& machine = state_.alerts[i];
    if (!machine.raised) continue;
    for (const std::uint16_t theater : image.list(image.alerts[i].theaters)) {
      if (machine.level > state_.theaters[theater].base) state_.theaters[theater].base = machine.level;
    }
  }
  for (std::size_t i = 0; i < state_.theaters.size(); ++i) {
    TheaterState& theater = state_.theaters[i];
    const Span step = image.theaters[i].step_down_ms;
    if (theater.base >= theater.level) {
      theater.level = theater.base;
      theater.next_step = kForever;
      continue;
    }
    if (theater.next_step == kForever) theater.next_step = at + step;
    while (theater.level > theater.base && at >= theater.next_step) {
      theater.level = static_cast<Level>(static_cast<std::uint8_t>(theater.level) - 1U);
      theater.next_step += step;
    }
    if (theater.level == theater.base) {
      theater.next_step = kForever;
    } else {
      due_at(theater.next_step);
    }
  }
}
}  // namespace tocsin::engine
