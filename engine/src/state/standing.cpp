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

/// Groups of one step: events that the same step withdraws again must go before their withdrawal.
unsigned group_of(const StandingEvent& event) {
  if (has(event, kFresh)) return has(event, kRetractDue) ? 0U : 2U;
  return 1U;
}

bool goes_first(const StandingEvent& left, const StandingEvent& right) {
  const unsigned left_group = group_of(left);
  const unsigned right_group = group_of(right);
  if (left_group != right_group) return left_group < right_group;
  return left_group == 1U ? before(right, left) : before(left, right);  // withdrawals: newest first
}
}  // namespace

void Standing::begin_compare(Instant from) const {
  for (StandingEvent& event : used()) {
    if (event.at >= from) unset(event, kMatched);
  }
}

std::uint16_t Standing::rev_of(EventKind kind, std::uint16_t alert, Instant raised_at) const {
  const AlertMemory& memory = block_.memory()[alert];
  std::uint16_t rev =
      memory.final_raise == raised_at && kind != EventKind::raised ? memory.final_rev : std::uint16_t{0};
  for (const StandingEvent& event : used()) {
    if (event.kind != EventKind::raised || event.alert != alert || event.raised_at != raised_at) continue;
    if (kind == EventKind::raised) {
      if (event.rev + 1 > rev) rev = static_cast<std::uint16_t>(event.rev + 1);
    } else if (stands(event) && (!comparing_ || has(event, kMatched))) {
      return event.rev;
    }
  }
  return rev;
}

void Standing::decided(EventKind kind, std::uint16_t alert, Level level, Instant raised_at, Instant at) {
  const bool transient = kind == EventKind::unknown || kind == EventKind::known;
  if (comparing_ && !transient) {
    for (StandingEvent& event : used()) {
      if (stands(event) && event.kind == kind && event.alert == alert && event.at == at && event.level == level &&
          event.raised_at == raised_at) {
        set(event, kMatched);
        return;
      }
    }
    if (at <= block_.header().final_until) return;
  }
  StandingEvent added{};
  added.at = at;
  added.raised_at = raised_at;
  added.detected_at = detected_at_ == kNever ? at : detected_at_;
  added.alert = alert;
  added.rev = transient ? std::uint16_t{0} : rev_of(kind, alert, raised_at);
  added.kind = kind;
  added.level = level;
  added.flags =
      static_cast<std::uint8_t>(kFresh | kMatched | (comparing_ ? 0 : kFirstHalf) | (transient ? kTransient : 0));
  if (used().size() == block_.standing().size()) make_place();
  block_.standing()[block_.header().standing_count++] = added;
}

void Standing::tell_doubt(std::uint16_t alert, bool in_doubt, Instant at) {
  if (in_doubt) {
    decided(EventKind::unknown, alert, Level::unknown, at, at);
  } else {
    decided(EventKind::known, alert, Level::calm, at, at);
  }
}

void Standing::doubt(std::uint16_t alert, const AlertMachine& machine, Instant at) {
  if (comparing_) return;
  Instant& told = block_.memory()[alert].told;
  if (machine.in_doubt == (told != kNever)) return;
  told = machine.in_doubt ? at : kNever;
  if (machine.raised) return;  // the raise says it
  tell_doubt(alert, machine.in_doubt, at);
}

void Standing::settle_doubt(std::span<const AlertMachine> alerts, Instant from) {
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    const AlertMachine& machine = alerts[i];
    Instant& told = block_.memory()[i].told;
    if (machine.in_doubt == (told != kNever)) continue;
    Instant at = machine.doubt_since > from ? machine.doubt_since : from;
    if (told != kNever && told > at) at = told;
    told = machine.in_doubt ? at : kNever;
    if (machine.raised) continue;
    const auto alert = static_cast<std::uint16_t>(i);
    tell_doubt(alert, machine.in_doubt, at);
  }
}

void Standing::end_compare(Instant from) const {
  for (StandingEvent& event : used()) {
    if (event.at >= from && stands(event) && !has(event, kMatched)) set(event, kWithdrawn | kRetractDue);
  }
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
    unset(event, kFresh | kFirstHalf);
  } else {
    unset(event, kRetractDue);
  }
  if (has(event, kTransient)) erase(static_cast<std::size_t>(&event - used().data()));
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
