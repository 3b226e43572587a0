// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Stepping one state through event time: which instants matter, and what is true at each.
#include "reports.hpp"
#include "standing.hpp"

namespace tocsin::engine {
class Evaluator {
 public:
  /// @param state     the state to step.
  /// @param events    takes what the alerts do; nullptr: nobody asks (base, scratch, restore).
  Evaluator(const Block& block, const State& state, Standing* events) : block_{block}, state_{state}, events_{events} {}

  /// Decides every instant up to and including `to`. Stops early when `events` asks for a pause.
  /// @returns false when it paused; call it again after the events were pulled.
  bool advance(Instant to);
  /// The next instant after the state's `evaluated` at which anything may change, or kForever.
  [[nodiscard]] Instant next_due() const;
  /// Also keeps fresh copies while it advances (the head only).
  void keep_copies() { keep_copies_ = true; }

 private:
  void evaluate(Instant at);
  void take_reports(Instant at);
  void decide_feeds(Instant at);
  void decide_indicators();
  void decide_nodes(Instant at);
  void decide_number(const Node& node, NodeState& memory, Instant at);
  void decide_hold(const Node& node, NodeState& memory, Instant at);
  void decide_in_last(const Node& node, NodeState& memory, Instant at);
  void decide_then(const Node& node, NodeState& memory, Instant at) const;
  [[nodiscard]] Truth pulse(std::uint16_t indicator) const;
  void decide_alerts(Instant at);
  void decide_alert(std::uint16_t index, Instant at);
  void raise(std::uint16_t index, Instant at);
  void update_level(std::uint16_t index, Instant at, bool tell);
  void update_doubt(std::uint16_t index, Instant at);
  Level level_of(std::uint16_t index, Instant at);
  void decide_theaters(Instant at);
  void due_at(Instant instant) {
    if (instant < due_) due_ = instant;
  }
  void refresh_copies();

  const Block& block_;
  const State& state_;
  Standing* events_;
  bool keep_copies_ = false;
  Instant due_ = kForever;
};
}  // namespace tocsin::engine
