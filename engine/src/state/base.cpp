// SPDX-License-Identifier: Apache-2.0
// The base: the state at the oldest instant that late news may reach, moving forward as that does.
#include "contacts.hpp"
#include "evaluate.hpp"
#include "log.hpp"
#include "step.hpp"

namespace tocsin::engine {
void Stepper::catch_up_base() {
  const Header& header = block_.header();
  const Instant decided = block_.head().header->evaluated;
  const Span horizon = block_.image().horizon_ms;
  Instant to = header.clock - horizon - 1;
  if (to > decided) to = decided;
  const Span behind = to - block_.base().header->evaluated;
  if (behind <= 0) return;
  // In strides: a step that moves it costs more than one that does not, and late news never reaches that far. Where
  // there are many copies, one of them is soon old enough to be the base without deciding anything again.
  constexpr Span kManyCopies = 2;
  constexpr Span kFewCopies = 8;
  constexpr Span kCrowded = 32;
  const Log log{block_};
  const bool room = log.count() < block_.log().size() / 8 * 7;
  const bool many = has_many_copies(block_.image());
  if (room && behind <= horizon / (many ? kManyCopies : kFewCopies)) return;
  if (take_copy_as_base(to)) return;
  if (behind > (many && room ? horizon : horizon / kCrowded)) advance_base(stride_end(to));
}

/// How far the base goes in one step at most: past a few reports, or one instant. A step brings one report, so it keeps
/// up.
Instant Stepper::stride_end(Instant to) const {
  constexpr std::size_t kReportsMost = 16;
  const Log log{block_};
  if (log.count() <= kReportsMost) return to;
  const Instant before = later(log.entry(log.slot_at(kReportsMost)).time - 1, log.oldest_time());
  return earlier(before, to);
}

/// The newest copy that late news can no longer change becomes the base. @returns false when there is none.
bool Stepper::take_copy_as_base(Instant to) {
  const std::size_t row = newest_copy(block_, to);
  if (row == block_.copy_marks().size()) return false;
  const Instant newest = block_.copy_marks()[row].evaluated;
  forget_copies_before(newest);
  const Log log{block_};
  while (log.count() > 0 && log.oldest_time() <= newest) move_oldest_to_ring(newest);
  block_.assign(*block_.base().header, block_.copy_header(row));
  leave_behind(newest);
  return true;
}

/// What lies before the base is folded into it or final.
void Stepper::leave_behind(Instant evaluated) {
  forget_copies_before(evaluated);
  fold_contacts();
  Standing{block_}.forget_until(evaluated);
}

/// Copies older than the base are of no use, and know samples that are no longer in the log.
void Stepper::forget_copies_before(Instant instant) {
  for (CopyMark& mark : block_.copy_marks()) {
    if (mark.evaluated < instant) mark.valid = false;
  }
  if (block_.has_midst() && block_.midst_mark()->at < instant) block_.midst_mark()->valid = false;
}

void Stepper::advance_base(Instant to) {
  const Log log{block_};
  while (log.count() > 0 && log.oldest_time() <= to) absorb_oldest();
  static_cast<void>(Evaluator{block_, block_.base(), nullptr}.advance(to));
  leave_behind(block_.base().header->evaluated);
}

void Stepper::move_base(Instant to, const EventKey& until) {
  const Log log{block_};
  while (log.count() > 0) {
    const EventKey oldest = Log::key_of(log.entry(log.slot_at(0)));
    if (oldest.time > to && until < oldest) break;
    absorb_oldest();
  }
  static_cast<void>(Evaluator{block_, block_.base(), nullptr}.advance(to));
  leave_behind(block_.base().header->evaluated);
}

void Stepper::absorb_oldest() {
  const Log log{block_};
  const Instant time = log.oldest_time();
  const StateHeader& base = *block_.base().header;
  const Instant before = base.evaluated;
  // Others of the same instant may still come: the base stops short of it and remembers what it has of it.
  static_cast<void>(Evaluator{block_, block_.base(), nullptr}.advance(time - 1));
  if (base.evaluated != before) leave_behind(base.evaluated);
  forget_copies_before(time);
  const std::uint16_t slot = log.slot_at(0);
  const LogEntry& entry = log.entry(slot);
  if (entry.kind == EntryKind::report && !entry.withdrawn) {
    absorb_in(block_.base(), entry);
    if (block_.head().header->evaluated < time) absorb_in(block_.head(), entry);
  }
  move_oldest_to_ring(time);
}

/// The log's oldest entry leaves it; a report lives on in its indicator's base ring. @param reached  every state that
/// has come to the entry has come to this instant, too.
void Stepper::move_oldest_to_ring(Instant reached) {
  const Log log{block_};
  Header& header = block_.header();
  const std::uint16_t slot = log.slot_at(0);
  const LogEntry& entry = log.entry(slot);
  if (entry.kind == EntryKind::report && !entry.withdrawn) {
    push_sample(entry);
    // Who has come to the indicator's next report knows nothing of this one. (Of what no rule rests on, late news turns
    // no state back.)
    if (!block_.is_used(entry.indicator) || entry.newer == kNone || log.entry(entry.newer).time > reached)
      forget_slot(entry.indicator, slot);
  }
  header.absorbed_time = entry.time;
  header.absorbed_seq = entry.seq;
  header.absorbed_feed = entry.feed;
  log.pop_oldest();
}

void Stepper::push_sample(const LogEntry& entry) {
  Ring& ring = block_.rings()[entry.indicator];
  const std::span<Sample> samples = block_.samples(entry.indicator);
  std::size_t index = std::size_t{ring.start} + ring.count;
  if (index >= samples.size()) index -= samples.size();
  if (ring.count == samples.size()) {
    ring.pushed_out = samples[ring.start].time;
    ring.start = static_cast<std::uint16_t>(std::size_t{ring.start} + 1 < samples.size() ? ring.start + 1 : 0);
  } else {
    ++ring.count;
  }
  samples[index] = {entry.time, entry.value, entry.seq, entry.matches, entry.feed, entry.origin, entry.credibility, {}};
}

/// Of an indicator's reports the one that leaves the log was the newest that some states had come to.
void Stepper::forget_slot(std::uint16_t indicator, std::uint16_t slot) {
  const auto forget = [slot](IndicatorState& state) {
    if (state.tail == slot) state.tail = kNone;
  };
  forget(block_.head().indicators[indicator]);
  for (std::size_t row = 0; row < block_.copy_marks().size(); ++row) {
    if (block_.copy_marks()[row].valid) forget(block_.copy_indicator(row, indicator));
  }
  if (block_.has_midst()) forget(block_.midst().indicators[indicator]);
}

/// A state that has not come to a report's instant will not find it in the log any more.
void Stepper::absorb_in(const State& state, const LogEntry& entry) {
  FeedState& feed = state.feeds[entry.feed];
  if (feed.contact < entry.time) feed.contact = entry.time;
  if (!block_.is_used(entry.indicator) && !feed.overdue) return;
  IndicatorState& indicator = state.indicators[entry.indicator];
  if (!indicator.absorbed) note(state.header->absorbed, entry.indicator);
  indicator.absorbed = true;
  indicator.pending |= entry.matches;
  if (entry.time < state.header->pending) state.header->pending = entry.time;
}

void Stepper::fold_contacts() {
  const Contacts contacts{block_};
  const State& base = block_.base();
  for (std::size_t i = 0; i < base.feeds.size(); ++i) {
    if (block_.image().feeds[i].every_ms == 0) continue;
    for (;;) {
      const Instant end = contacts.fold_oldest(static_cast<std::uint16_t>(i), base.header->evaluated);
      if (end == kNever) break;
      const auto keep = [i, end](const State& state) {
        if (state.feeds[i].contact < end) state.feeds[i].contact = end;
      };
      keep(base);
      each_newer_state(keep);
    }
  }
}

bool Stepper::make_place_for_contact(std::uint16_t feed) {
  const Contacts contacts{block_};
  if (contacts.has_place(feed)) return true;
  // First what is beyond the horizon anyway.
  const Instant decided = block_.head().header->evaluated;
  const Instant expired = block_.header().clock - block_.image().horizon_ms - 1;
  const Instant reach = earlier(expired, decided);
  if (reach > block_.base().header->evaluated && (!take_copy_as_base(reach) || !contacts.has_place(feed)))
    advance_base(reach);
  if (contacts.has_place(feed)) return true;
  const Instant to = contacts.before_second(feed);
  if (to > decided) return false;
  advance_base(to);
  return contacts.has_place(feed);
}
}  // namespace tocsin::engine
