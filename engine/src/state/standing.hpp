// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Standing: the alert events that late news may still withdraw, and those on their way out, in output order.
#include "block.hpp"

namespace tocsin::engine {
class Standing {
 public:
  explicit Standing(const Block& block) : block_{block} {}

  /// Whether the running re-decision compares (true) or time alone brings new events (false).
  void compare(bool comparing) { comparing_ = comparing; }
  /// The clock that `detected_at` shows, unless time alone brought the event (kNever: use the event's instant).
  void detect_at(Instant clock) { detected_at_ = clock; }

  /// Before a re-decision from `from` on: nothing is found again yet.
  void begin_compare(Instant from) const;
  /// An event of the timeline being decided. Found again, it stays; else it is new.
  void decided(EventKind kind, std::uint16_t alert, Level level, Instant raised_at, Instant at);
  /// What one alert is in doubt about at an instant: tells `unknown` and `known` while time alone passes.
  void doubt(std::uint16_t alert, const AlertMachine& machine, Instant at) const;
  /// The same once after a re-decision from `from` on, which never tells what was in doubt in between.
  void settle_doubt(std::span<const AlertMachine> alerts, Instant from) const;
  /// After a re-decision from `from` on: what was not found again is withdrawn; what nobody heard of yet just goes.
  void end_compare(Instant from) const;

  /// True when so many wait to be handed out that the step must pause.
  [[nodiscard]] bool wants_pause() const;
  /// The next one to hand out in output order, or nullptr. Its flags say what is due.
  [[nodiscard]] StandingEvent* next_due() const;
  /// `rev` of a new raise at an instant, or of what follows the raise there.
  [[nodiscard]] std::uint16_t rev_of(EventKind kind, std::uint16_t alert, Instant raised_at) const;
  /// Puts an event in its place as it is. @pre there is room.
  void adopt(const StandingEvent& adopted) const;
  /// Marks it handed out.
  void handed_out(StandingEvent& event) const;
  /// Forgets unknown and known of the step before.
  void forget_transient() const;
  /// Forgets those up to `instant`: they are final. Not those still to be handed out.
  void forget_until(Instant instant) const {
    while (count() > 0 && event(0).at <= instant && forget_first()) continue;
  }
  /// Forgets those up to `expired`, and makes the oldest final until no more than the capacity are open to late news.
  void trim(Instant expired) const;

 private:
  [[nodiscard]] std::size_t count() const { return block_.header().standing_count; }
  /// By position in output order, oldest first; the table is circular.
  [[nodiscard]] StandingEvent& event(std::size_t position) const {
    const std::size_t index = block_.header().standing_first + position;
    return block_.standing()[index < block_.standing().size() ? index : index - block_.standing().size()];
  }
  /// First position whose event is at or after (instant, alert) in output order.
  [[nodiscard]] std::size_t first_from(Instant instant, std::uint16_t alert) const;
  void erase(std::size_t position) const;
  void erase_oldest() const;
  /// Forgets the first, which is final. @returns false, and does not, while it is to be handed out.
  [[nodiscard]] bool forget_first() const;
  void add(StandingEvent added) const;
  void retract(StandingEvent& gone) const;
  [[nodiscard]] bool goes_on(const StandingEvent& gone) const;
  void tell(std::uint16_t alert, Instant at) const;
  void let_speak(std::size_t position, bool speaks) const;
  void tell_doubt(std::uint16_t alert, const AlertMachine& machine, Instant at) const;
  void forget_needless(Instant at, std::uint16_t alert) const;
  void make_room() const;
  void forget_withdrawn() const;
  void evict_oldest() const;
  void make_final(const StandingEvent& event) const;

  const Block& block_;
  bool comparing_ = false;
  Instant detected_at_ = kNever;
};
}  // namespace tocsin::engine
