// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Stepping one state through event time: which instants matter, and what is true at each.
///
/// Only what can have changed at an instant is decided there: a report wakes the nodes that rest on its indicator, a
/// timer its owner, and a node whose answer changed the nodes and alerts that rest on it (Plan). Operands have smaller
/// indices, so going through the woken nodes in order decides each once.
#include <array>

#include "log.hpp"
#include "reports.hpp"
#include "standing.hpp"

namespace tocsin::engine {
/// Truth of a node as a state has it.
[[nodiscard]] inline Truth truth_of(const State& state, std::uint16_t node) {
  return static_cast<Truth>(state.nodes[node].now & 3U);
}

class Evaluator {
 public:
  /// @param state     the state to step.
  /// @param events    takes what the alerts do; nullptr: nobody asks (base, scratch, restore).
  Evaluator(const Block& block, const State& state, Standing* events)
      : block_{block}, image_{block.image()}, plan_{block.plan()}, state_{state}, events_{events} {}

  /// Decides every instant up to and including `to`. Stops early when `events` asks for a pause.
  /// @returns false when it paused; call it again after the events were pulled.
  bool advance(Instant to) {
    if (is_quiet_until(to)) {  // as it mostly is before a report
      if (state_.header->evaluated < to) state_.header->evaluated = to;
      return true;
    }
    return go_on(to);
  }
  /// The next instant after the state's `evaluated` at which anything may change, or kForever.
  [[nodiscard]] Instant next_due() const;
  /// Also keeps fresh copies while it advances (the head only).
  void keep_copies() { keep_copies_ = true; }
  /// Takes one more report of the instant into the midst of it; the state is that one.
  void take_into_midst(std::uint16_t slot);
  /// Decides the instant whose midst is kept, from there on; the state is the head.
  void go_on_from_midst();
  /// Brings sleeping nodes up to date with the last evaluation, so that all can be shown.
  void wake_all(Instant at);

 private:
  /// Whether nothing was reported after what is decided and no timer runs out. False when it would take a search.
  [[nodiscard]] bool is_quiet_until(Instant to) const {
    return next_timed() > to && Log{block_}.newest_time() <= state_.header->evaluated;
  }
  bool go_on(Instant to);
  /// When time alone makes an instant one to decide next.
  [[nodiscard]] Instant next_timed() const {
    const StateHeader& header = *state_.header;
    Instant next = header.touched.count > 0 ? header.last + 1 : kForever;  // a pulse lasts one instant
    next = earlier(earlier(header.pending, header.timed), next);
    const bool all = header.last == kNever || header.wake_all;  // the first instant, or the first of another book
    return all ? earlier(header.evaluated + 1, next) : next;
  }
  [[nodiscard]] std::size_t position_after(Instant instant) const;
  std::size_t evaluate(Instant at, std::size_t position);
  void decide(Instant at, std::size_t reports);
  void keep_midst(Instant at, std::size_t reports);
  void wake_everything(Instant at);
  void end_pulses();
  std::size_t take_reports(Instant at, std::size_t position);
  [[nodiscard]] bool wakes(const LogEntry& entry) const;
  bool take_report(std::uint16_t slot);
  void take_pending();
  void touch(std::uint16_t indicator, std::uint32_t matches);
  void wake_users(std::uint16_t indicator);
  void fire_timers(Instant at);
  void decide_feed(std::uint16_t feed, Instant at);
  void decide_blindness(std::uint16_t indicator);
  [[nodiscard]] bool is_blind(std::uint16_t indicator) const;
  void decide_nodes(Instant at);
  void decide_node(std::uint16_t index, Instant at);
  void wake_users_of_node(std::uint16_t index);
  [[nodiscard]] Number number(std::uint16_t index) const;
  void decide_pulse(std::uint16_t index);
  void decide_number(std::uint16_t index, Instant at);
  void set_number(std::uint16_t index, const Number& number);
  void set_truth(std::uint16_t index, Truth truth);
  /// Decides a sleeping node and those below it, if it is `keeper` who keeps it.
  void pull(std::uint16_t index, std::uint16_t keeper, Instant at);
  [[nodiscard]] Truth pulse(const Node& node) const;
  Truth decide_both(std::uint16_t index, Instant at);
  [[nodiscard]] Truth pulse_of_keeper(std::uint16_t keeper) const;
  Truth decide_hold(std::uint16_t index, Instant at);
  Truth decide_in_last(std::uint16_t index, Instant at);
  Truth decide_then(std::uint16_t index, Instant at);
  Truth decide_since(std::uint16_t index, Instant at);
  Truth decide_from(std::uint16_t index, Instant at);
  void node_timer(std::uint16_t index, Instant due) { set_timer(state_, plan_.nodes[index].timer, due); }
  void decide_alerts(Instant at);
  void decide_alert(std::uint16_t index, Instant at);
  void raise(std::uint16_t index, Instant at);
  void update_level(std::uint16_t index, Instant at, bool tell);
  void update_doubt(std::uint16_t index, Instant at);
  Level level_of(std::uint16_t index, Instant at);
  void decide_theaters(Instant at);
  /// A sleeping node is decided by the one that keeps it.
  void wake_node(std::uint16_t node) {
    if (plan_.nodes[node].keeper != kNone) node = plan_.nodes[node].keeper;
    block_.dirty_nodes()[node / 64U] |= std::uint64_t{1} << (node % 64U);
  }
  void wake_alert(std::uint16_t alert) { block_.dirty_alerts()[alert / 64U] |= std::uint64_t{1} << (alert % 64U); }
  void refresh_copies(std::size_t position);

  const Block& block_;
  const Image& image_;
  const Plan& plan_;
  const State& state_;
  Standing* events_;
  std::array<std::uint16_t, 4> woken_{};  ///< indicators that the running instant's reports have woken, by their number
  bool keep_copies_ = false;
  bool pulling_ = false;   ///< a sleeping node is decided for the one that asks
  bool theaters_ = false;  ///< something that theaters rest on changed
};

/// The row of the newest copy that has come to `to` at most and further than the base; as many as there are rows: none.
[[nodiscard]] std::size_t newest_copy(const Block& block, Instant to);
/// The header of the base or of the copy that is newest of those that have not come to an instant. @pre the base has
/// not.
[[nodiscard]] StateHeader& newest_before(const Block& block, Instant instant);

/// Distinct origins of one `needs` clause at an instant; blind indicators add none.
[[nodiscard]] std::uint16_t origins_of_need(const Block& block, const State& state, const Need& need, Instant at);
}  // namespace tocsin::engine
