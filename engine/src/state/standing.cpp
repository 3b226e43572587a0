// SPDX-License-Identifier: Apache-2.0
#include "standing.hpp"

#include "tocsin/engine/base/check.hpp"

namespace tocsin::engine {
namespace {
constexpr bool has(const StandingEvent& event, unsigned flags) { return (event.flags & flags) != 0; }
constexpr void set(StandingEvent& event, unsigned flags) {
  event.flags = static_cast<std::uint8_t>(event.flags | flags);
}
constexpr void unset(StandingEvent& event, unsigned flags) {
  event.flags = static_cast<std::uint8_t>(event.flags & ~flags);
}
constexpr bool stands(const StandingEvent& event) { return !has(event, kWithdrawn | kTransient); }
/// Neither on its way out nor open to the running re-decision.
constexpr bool is_settled(const StandingEvent& event) {
  return !has(event, kFresh | kRetractDue) && has(event, kMatched | kWithdrawn | kTransient);
}

/// Output order of what happened: instant, name (index order is name order), kind.
bool before(const StandingEvent& left, const StandingEvent& right) {
  if (left.at != right.at) return left.at < right.at;
  if (left.alert != right.alert) return left.alert < right.alert;
  if (left.kind != right.kind) return left.kind < right.kind;
  return left.raised_at < right.raised_at;
}
}  // namespace

std::size_t Standing::first_from(Instant instant, std::uint16_t alert) const {
  const auto is_before = [instant, alert](const StandingEvent& other) {
    return other.at != instant ? other.at < instant : other.alert < alert;
  };
  std::size_t low = 0;
  std::size_t high = count();
  if (high == 0 || is_before(event(high - 1))) return high;  // what is new is mostly newest
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (is_before(event(middle))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void Standing::begin_compare(Instant from) const {
  for (std::size_t i = count(); i > 0 && event(i - 1).at >= from; --i) {
    StandingEvent& found = event(i - 1);
    unset(found, kMatched);
    // What the first half of this step told of doubt is open again; newest first, back to what was told before.
    if (has(found, kTransient)) {
      tell(found.alert, found.kind == EventKind::unknown ? kNever : found.raised_at);
    }
  }
}

std::uint16_t Standing::rev_of(EventKind kind, std::uint16_t alert, Instant raised_at) const {
  const AlertMemory& memory = block_.memory()[alert];
  std::uint16_t rev =
      memory.final_raise == raised_at && kind != EventKind::raised ? memory.final_rev : std::uint16_t{0};
  if (kind == EventKind::raised && raised_at <= block_.header().forgotten_until) rev = memory.forgotten_rev;
  for (std::size_t i = first_from(raised_at, alert); i < count(); ++i) {
    const StandingEvent& other = event(i);
    if (other.at != raised_at || other.alert != alert) break;
    if (other.kind != EventKind::raised) continue;
    if (kind == EventKind::raised) {
      if (has(other, kFresh) && !has(other, kMatched)) continue;  // taken back before anybody heard of it
      if (other.rev + 1 > rev) rev = static_cast<std::uint16_t>(other.rev + 1);
    } else if (stands(other) && (!comparing_ || has(other, kMatched))) {
      return other.rev;
    }
  }
  return rev;
}

void Standing::decided(EventKind kind, std::uint16_t alert, Level level, Instant raised_at, Instant at) {
  if (comparing_) {
    if (at < block_.header().target) return;  // on the way there: it stays as it was decided
    for (std::size_t i = first_from(at, alert); i < count(); ++i) {
      StandingEvent& other = event(i);
      if (other.at != at || other.alert != alert) break;
      if (stands(other) && other.kind == kind && other.level == level && other.raised_at == raised_at) {
        set(other, kMatched);
        // Not told yet: it follows its raise, which may have been replaced meanwhile.
        if (has(other, kFresh) && kind != EventKind::raised) other.rev = rev_of(kind, alert, raised_at);
        return;
      }
    }
  }
  add({at, raised_at, 0, alert, rev_of(kind, alert, raised_at), kind, level, kFresh | kMatched, 0});
}

void Standing::add(StandingEvent added) const {
  added.detected_at = detected_at_ == kNever ? added.at : detected_at_;
  if (count() == block_.standing().size()) make_room();
  adopt(added);
}

void Standing::adopt(const StandingEvent& added) const {
  Header& header = block_.header();
  std::size_t place = header.standing_count++;
  while (place > 0 && before(added, event(place - 1))) {
    event(place) = event(place - 1);
    --place;
  }
  event(place) = added;
  if (place < header.next_fresh || header.fresh_count == 0) header.next_fresh = static_cast<std::uint16_t>(place);
  if (has(added, kFresh)) ++header.fresh_count;
  if (has(added, kTransient)) ++header.transient_count;
  if (has(added, kWithdrawn)) ++header.withdrawn_count;
}

void Standing::tell(std::uint16_t alert, Instant at) const {
  Instant& told = block_.memory()[alert].told;
  std::uint16_t& count = block_.header().told_count;
  count = static_cast<std::uint16_t>(count - (told != kNever) + (at != kNever));
  told = at;
}

void Standing::tell_doubt(std::uint16_t alert, const AlertMachine& machine, Instant at) const {
  const Instant told_before = block_.memory()[alert].told;
  tell(alert, machine.in_doubt ? at : kNever);
  const EventKind kind = machine.in_doubt ? EventKind::unknown : EventKind::known;
  for (std::size_t i = first_from(at, alert); comparing_ && i < count(); ++i) {
    StandingEvent& other = event(i);
    if (other.at != at || other.alert != alert) break;
    if (has(other, kTransient) && other.kind == kind) {
      set(other, kMatched);
      let_speak(i, !machine.raised);
      return;
    }
  }
  // A raise speaks for itself: that it ended doubt is only remembered for the rest of the step.
  const unsigned fresh = machine.raised ? unsigned{kSilent} : unsigned{kFresh};
  const Level level = machine.in_doubt ? Level::unknown : Level::calm;
  add({at, told_before, 0, alert, 0, kind, level, static_cast<std::uint8_t>(fresh | kMatched | kTransient), 0});
}

/// The line of the step may have taken the raise away that spoke for the end of doubt, or brought one.
void Standing::let_speak(std::size_t position, bool speaks) const {
  Header& header = block_.header();
  StandingEvent& transient = event(position);
  if (speaks && has(transient, kSilent)) {
    unset(transient, kSilent);
    set(transient, kFresh);
    if (detected_at_ != kNever) transient.detected_at = detected_at_;
    if (position < header.next_fresh || header.fresh_count == 0)
      header.next_fresh = static_cast<std::uint16_t>(position);
    ++header.fresh_count;
  } else if (!speaks && has(transient, kFresh)) {
    unset(transient, kFresh);
    set(transient, kSilent);
    --header.fresh_count;
  }
}

void Standing::doubt(std::uint16_t alert, const AlertMachine& machine, Instant at) const {
  if (comparing_ || machine.in_doubt == (block_.memory()[alert].told != kNever)) return;
  tell_doubt(alert, machine, at);
}

void Standing::settle_doubt(std::span<const AlertMachine> alerts, Instant from) const {
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    const AlertMachine& machine = alerts[i];
    const Instant told = block_.memory()[i].told;
    if (machine.in_doubt == (told != kNever)) continue;
    Instant at = machine.doubt_since > from ? machine.doubt_since : from;
    if (told != kNever && told > at) at = told;
    tell_doubt(static_cast<std::uint16_t>(i), machine, at);
  }
}

void Standing::retract(StandingEvent& gone) const {
  set(gone, kWithdrawn | kRetractDue);
  ++block_.header().withdrawn_count;
  ++block_.header().retract_count;
}

/// Whether the episode that an event of a replaced rule speaks of is raised under the new rule too.
bool Standing::goes_on(const StandingEvent& gone) const {
  const AlertMachine& machine = block_.head().alerts[gone.alert];
  if (gone.kind == EventKind::raised || !machine.raised || machine.raised_at != gone.raised_at) return false;
  for (std::size_t i = first_from(gone.raised_at, gone.alert); i < count(); ++i) {
    const StandingEvent& other = event(i);
    if (other.at != gone.raised_at || other.alert != gone.alert) break;
    if (other.kind == EventKind::raised && stands(other)) return has(other, kMatched) && !has(other, kFresh);
  }
  return block_.memory()[gone.alert].final_raise == gone.raised_at;
}

void Standing::end_compare(Instant from) const {
  for (std::size_t i = count(); i > 0 && event(i - 1).at >= from; --i) {
    StandingEvent& other = event(i - 1);
    if (has(other, kMatched)) continue;
    if (has(other, kFresh)) {
      erase(i - 1);  // nobody has heard of it
    } else if (stands(other)) {
      if (block_.memory()[other.alert].replaced && !goes_on(other)) {
        ++block_.header().withdrawn_count;
        set(other, kWithdrawn);  // the new book does not say it, but it does not take back the old one's words
      } else {
        retract(other);
      }
    }
  }
}

void Standing::forget_transient() const {
  if (block_.header().transient_count == 0) return;
  for (std::size_t i = count(); i > 0; --i) {
    if (has(event(i - 1), kTransient)) erase(i - 1);
  }
}

void Standing::make_final(const StandingEvent& gone) const {
  if (gone.kind != EventKind::raised || !stands(gone)) return;
  AlertMemory& memory = block_.memory()[gone.alert];
  if (gone.raised_at >= memory.final_raise) {
    memory.final_raise = gone.raised_at;
    memory.final_rev = gone.rev;
  }
}

void Standing::erase(std::size_t position) const {
  Header& header = block_.header();
  const StandingEvent& gone = event(position);
  if (has(gone, kFresh)) --header.fresh_count;
  if (has(gone, kRetractDue)) --header.retract_count;
  if (has(gone, kTransient)) --header.transient_count;
  if (has(gone, kWithdrawn)) --header.withdrawn_count;
  for (std::size_t i = position + 1; i < count(); ++i) event(i - 1) = event(i);
  if (position < header.next_fresh) --header.next_fresh;
  --header.standing_count;
}

void Standing::erase_oldest() const {
  Header& header = block_.header();
  if (has(event(0), kWithdrawn)) --header.withdrawn_count;
  const std::size_t next = std::size_t{header.standing_first} + 1;
  header.standing_first = static_cast<std::uint16_t>(next < block_.standing().size() ? next : 0);
  if (header.next_fresh > 0) --header.next_fresh;
  --header.standing_count;
}

/// What is remembered of withdrawn raises goes before anything that stands becomes final: then their `rev` is only
/// known to be below AlertMemory::forgotten_rev. An eighth may stay, so that one pass over the table makes much room.
void Standing::make_room() const {
  const Header& header = block_.header();
  if (header.withdrawn_count - header.retract_count > block_.image().bounds.standing_capacity / 8) {
    forget_withdrawn();
  } else {
    evict_oldest();
  }
}

void Standing::forget_withdrawn() const {
  Header& header = block_.header();
  const std::size_t next_fresh = header.next_fresh;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count(); ++i) {
    const StandingEvent& other = event(i);
    if (!has(other, kWithdrawn) || has(other, kRetractDue)) {
      event(kept++) = other;
      continue;
    }
    --header.withdrawn_count;
    if (i < next_fresh) --header.next_fresh;
    if (other.kind != EventKind::raised) continue;
    AlertMemory& memory = block_.memory()[other.alert];
    if (other.rev >= memory.forgotten_rev) memory.forgotten_rev = static_cast<std::uint16_t>(other.rev + 1);
    if (other.raised_at > header.forgotten_until) header.forgotten_until = other.raised_at;
  }
  header.standing_count = static_cast<std::uint16_t>(kept);
}

void Standing::evict_oldest() const {
  std::size_t oldest = 0;
  while (oldest < count() && !is_settled(event(oldest))) ++oldest;
  TOCSIN_CHECK(oldest < count());  // standing_places() and wants_pause() leave one
  Header& header = block_.header();
  const StandingEvent gone = event(oldest);
  if (stands(gone)) ++header.counters.finalised_early;
  make_final(gone);
  if (gone.at > header.final_until) header.final_until = gone.at;
  if (oldest == 0 && !has(gone, kTransient)) {
    erase_oldest();
  } else {
    erase(oldest);
  }
}

void Standing::trim(Instant expired) const {
  forget_until(expired);
  const Header& header = block_.header();
  const std::size_t most = block_.image().bounds.standing_capacity;
  while (count() - header.fresh_count - header.retract_count > most) make_room();
}

bool Standing::wants_pause() const {
  const Header& header = block_.header();
  return std::size_t{header.fresh_count} + header.retract_count >= standing_due_max(block_.image());
}

StandingEvent* Standing::next_due() const {
  Header& header = block_.header();
  if (header.retract_count > 0) {  // withdrawals go first, newest first
    for (std::size_t i = count(); i > 0; --i) {
      if (has(event(i - 1), kRetractDue)) return &event(i - 1);
    }
  }
  if (header.fresh_count == 0) return nullptr;
  while (!has(event(header.next_fresh), kFresh)) ++header.next_fresh;
  return &event(header.next_fresh);
}

void Standing::handed_out(StandingEvent& told) const {
  Header& header = block_.header();
  if (has(told, kFresh)) {
    unset(told, kFresh);
    --header.fresh_count;
  } else {
    unset(told, kRetractDue);
    --header.retract_count;
  }
  if (header.withdrawn_count > 0) forget_needless(told.at, told.alert);
}

/// What was withdrawn is kept for the next `rev` alone: of the raises of an alert at an instant the highest is enough,
/// and nothing else is needed. So a feed in any order of arrival fills the table with what stands, hardly more.
void Standing::forget_needless(Instant at, std::uint16_t alert) const {
  const auto is_told_raise = [](const StandingEvent& event) {
    return event.kind == EventKind::raised && !has(event, kFresh | kTransient);
  };
  const std::size_t first = first_from(at, alert);
  std::size_t end = first;
  std::uint16_t highest = 0;
  bool withdrawn = false;
  for (; end < count() && event(end).at == at && event(end).alert == alert; ++end) {
    const StandingEvent& other = event(end);
    if (is_told_raise(other) && other.rev > highest) highest = other.rev;
    withdrawn = withdrawn || has(other, kWithdrawn);
  }
  for (std::size_t i = end; withdrawn && i > first; --i) {
    const StandingEvent& other = event(i - 1);
    if (!has(other, kWithdrawn) || has(other, kFresh | kRetractDue | kTransient)) continue;
    if (!is_told_raise(other) || other.rev < highest) erase(i - 1);
  }
}

bool Standing::forget_first() const {
  if (has(event(0), kFresh | kRetractDue | kTransient)) return false;
  make_final(event(0));
  erase_oldest();
  return true;
}
}  // namespace tocsin::engine
