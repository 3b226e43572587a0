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

/// Output order of what happened: instant, name (index order is name order), kind.
bool before(const StandingEvent& left, const StandingEvent& right) {
  if (left.at != right.at) return left.at < right.at;
  if (left.alert != right.alert) return left.alert < right.alert;
  if (left.kind != right.kind) return left.kind < right.kind;
  return left.raised_at < right.raised_at;
}

/// Within one step withdrawals go first, newest first; then what is new.
bool goes_first(const StandingEvent& left, const StandingEvent& right) {
  const bool left_new = has(left, kFresh);
  if (left_new != has(right, kFresh)) return !left_new;
  return left_new ? before(left, right) : before(right, left);
}
}  // namespace

void Standing::begin_compare(Instant from) const {
  const std::span<StandingEvent> events = used();
  for (std::size_t i = events.size(); i > 0;) {
    StandingEvent& event = events[--i];
    if (event.at < from) continue;
    unset(event, kMatched);
    // What the first half of this step told of doubt is open again; newest first, back to what was told before.
    if (has(event, kTransient)) {
      block_.memory()[event.alert].told = event.kind == EventKind::unknown ? kNever : event.raised_at;
    }
  }
}

std::uint16_t Standing::rev_of(EventKind kind, std::uint16_t alert, Instant raised_at) const {
  const AlertMemory& memory = block_.memory()[alert];
  std::uint16_t rev =
      memory.final_raise == raised_at && kind != EventKind::raised ? memory.final_rev : std::uint16_t{0};
  for (const StandingEvent& event : used()) {
    if (event.kind != EventKind::raised || event.alert != alert || event.raised_at != raised_at) continue;
    if (kind == EventKind::raised) {
      if (has(event, kFresh) && !has(event, kMatched)) continue;  // taken back before anybody heard of it
      if (event.rev + 1 > rev) rev = static_cast<std::uint16_t>(event.rev + 1);
    } else if (stands(event) && (!comparing_ || has(event, kMatched))) {
      return event.rev;
    }
  }
  return rev;
}

void Standing::decided(EventKind kind, std::uint16_t alert, Level level, Instant raised_at, Instant at) {
  if (comparing_) {
    for (StandingEvent& event : used()) {
      if (stands(event) && event.kind == kind && event.alert == alert && event.at == at && event.level == level &&
          event.raised_at == raised_at) {
        set(event, kMatched);
        return;
      }
    }
    if (at <= block_.header().final_until) return;
  }
  add({at, raised_at, 0, alert, rev_of(kind, alert, raised_at), kind, level, kFresh | kMatched, 0});
}

void Standing::add(StandingEvent event) const {
  event.detected_at = detected_at_ == kNever ? event.at : detected_at_;
  if (used().size() == block_.standing().size()) make_place();
  block_.standing()[block_.header().standing_count++] = event;
}

void Standing::tell_doubt(std::uint16_t alert, const AlertMachine& machine, Instant at) const {
  Instant& told = block_.memory()[alert].told;
  const Instant told_before = told;
  told = machine.in_doubt ? at : kNever;
  const EventKind kind = machine.in_doubt ? EventKind::unknown : EventKind::known;
  for (StandingEvent& event : used()) {
    if (comparing_ && has(event, kTransient) && event.alert == alert && event.kind == kind && event.at == at) {
      set(event, kMatched);
      return;
    }
  }
  // A raise speaks for itself: that it ended doubt is only remembered for the rest of the step.
  const unsigned fresh = machine.raised ? 0U : unsigned{kFresh};
  const Level level = machine.in_doubt ? Level::unknown : Level::calm;
  add({at, told_before, 0, alert, 0, kind, level, static_cast<std::uint8_t>(fresh | kMatched | kTransient), 0});
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

void Standing::end_compare(Instant from) const {
  const std::span<StandingEvent> events = used();
  std::size_t kept = 0;
  for (StandingEvent& event : events) {
    if (event.at >= from && !has(event, kMatched)) {
      if (has(event, kFresh)) continue;  // nobody has heard of it
      if (stands(event)) set(event, kWithdrawn | kRetractDue);
    }
    events[kept++] = event;
  }
  block_.header().standing_count = static_cast<std::uint16_t>(kept);
}

void Standing::forget_transient() const {
  const std::span<StandingEvent> events = used();
  std::size_t kept = 0;
  for (const StandingEvent& event : events) {
    if (!has(event, kTransient)) events[kept++] = event;
  }
  block_.header().standing_count = static_cast<std::uint16_t>(kept);
}

void Standing::make_final(const StandingEvent& event) const {
  if (event.kind != EventKind::raised || !stands(event)) return;
  AlertMemory& memory = block_.memory()[event.alert];
  if (event.raised_at >= memory.final_raise) {
    memory.final_raise = event.raised_at;
    memory.final_rev = event.rev;
  }
}

void Standing::erase(std::size_t index) const {
  const std::span<StandingEvent> events = used();
  for (std::size_t i = index + 1; i < events.size(); ++i) events[i - 1] = events[i];
  --block_.header().standing_count;
}

void Standing::make_place() const {
  const std::span<StandingEvent> events = used();
  std::size_t oldest = events.size();
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (has(events[i], kFresh | kRetractDue)) continue;
    if (oldest == events.size() || events[i].at < events[oldest].at) oldest = i;
  }
  TOCSIN_CHECK(oldest < events.size());  // wants_pause() leaves half of the table to what was handed out
  Header& header = block_.header();
  if (!has(events[oldest], kWithdrawn)) ++header.counters.finalised_early;
  make_final(events[oldest]);
  if (events[oldest].at > header.final_until) header.final_until = events[oldest].at;
  erase(oldest);
}

bool Standing::wants_pause() const {
  std::size_t waiting = 0;
  for (const StandingEvent& event : used()) waiting += has(event, kFresh | kRetractDue) ? 1U : 0U;
  return waiting >= block_.standing().size() / 2;
}

StandingEvent* Standing::next_due() const {
  StandingEvent* first = nullptr;
  for (StandingEvent& event : used()) {
    if (has(event, kFresh | kRetractDue) && (first == nullptr || goes_first(event, *first))) first = &event;
  }
  return first;
}

void Standing::handed_out(StandingEvent& event) const {
  if (has(event, kFresh)) {
    unset(event, kFresh);
  } else {
    unset(event, kRetractDue);
  }
}

void Standing::forget_until(Instant instant) const {
  const std::span<StandingEvent> events = used();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].at > instant || has(events[i], kFresh | kRetractDue)) {
      events[kept++] = events[i];
    } else {
      make_final(events[i]);
    }
  }
  block_.header().standing_count = static_cast<std::uint16_t>(kept);
}
}  // namespace tocsin::engine
