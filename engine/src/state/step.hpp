// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Stepper: one input line from its arrival to its events.
///
/// A step has two halves. First time passes: the clock moves to the line's `received` and every instant before it is
/// decided. Then the line counts: the head goes back to a state before the line's own time and steps forward again;
/// what comes out differently is withdrawn or new. An in-order line finds the head just before its time and goes back
/// nowhere.
#include "log.hpp"
#include "standing.hpp"

namespace tocsin::engine {
class Stepper {
 public:
  explicit Stepper(const Block& block) : block_{block} {}

  Disposition step(const Input& input);
  bool next_event(AlertEvent& out);
  [[nodiscard]] Instant reach() const;
  /// Brings the scratch state to an instant that the base has not passed.
  void go_to(Instant at) const;
  /// Moves the base on to an instant and takes in what lies up to a key at the most one instant after it.
  void move_base(Instant to, const EventKey& until);

 private:
  void run();
  [[nodiscard]] bool pass_time();
  [[nodiscard]] bool decide_anew();
  [[nodiscard]] Disposition classify(const Input& input);
  [[nodiscard]] Disposition classify_known(const Input& input) const;
  [[nodiscard]] bool is_stale(Instant time) const;
  void apply(const Input& input);
  [[nodiscard]] Instant apply_withdrawal(const Input& input) const;
  [[nodiscard]] bool matters(const Input& input) const;
  void note_contact(const Input& input);
  void add_heartbeat(const Input& input);
  [[nodiscard]] const State& state_at(Instant at) const;
  void keep_copy(const Input& input, Instant to);
  void roll_back(Instant from, std::uint16_t added);
  [[nodiscard]] bool is_crowded(Instant at) const;
  [[nodiscard]] bool is_untouched_since(Instant from, std::uint16_t added) const;
  void count();
  [[nodiscard]] std::uint64_t& counter();
  /// Whether the running line is one that the rules see: taken, or a report withdrawn before it came.
  [[nodiscard]] bool line_counts() const;
  [[nodiscard]] bool is_late() const;
  void turn_stale();

  void catch_up_base();
  void advance_base(Instant to);
  [[nodiscard]] Instant stride_end(Instant to) const;
  void absorb_oldest();
  [[nodiscard]] bool take_copy_as_base(Instant to);
  void leave_behind(Instant evaluated);
  void move_oldest_to_ring(Instant reached);
  void forget_copies_before(Instant instant);
  void absorb_in(const State& state, const LogEntry& entry);
  void push_sample(const LogEntry& entry);
  void forget_slot(std::uint16_t indicator, std::uint16_t slot);
  void fold_contacts();
  [[nodiscard]] bool make_place_for_contact(std::uint16_t feed);

  void fill(const StandingEvent& event, AlertEvent& out);

  /// The head, the copies and the midst of an instant.
  template <class Visit>
  void each_newer_state(Visit visit) const {
    visit(block_.head());
    for (std::size_t i = 0; i < block_.copy_marks().size(); ++i) {
      if (block_.copy_marks()[i].valid) visit(block_.copy(i));
    }
    if (block_.has_midst()) visit(block_.midst());
  }

  const Block& block_;
};
}  // namespace tocsin::engine
