// SPDX-License-Identifier: Apache-2.0
#include "step.hpp"

#include "tocsin/engine/base/check.hpp"

#include "contacts.hpp"
#include "evaluate.hpp"
#include "evidence.hpp"
#include "filter.hpp"
#include "log.hpp"

namespace tocsin::engine {
Disposition Stepper::step(const Input& input) {
  Header& header = block_.header();
  const Standing standing{block_};
  for (;;) {  // what the caller did not pull
    while (StandingEvent* event = standing.next_due()) standing.handed_out(*event);
    if (static_cast<Phase>(header.phase) == Phase::idle) break;
    run();
  }
  standing.forget_transient();
  Work& work = block_.work();
  const std::uint64_t before = work.total;
  catch_up_base();
  standing.trim(header.clock - block_.image().horizon_ms - 1);

  header.input = input;
  const Instant to = input.kind == InputKind::clock ? input.time : input.received;
  keep_copy(input, to);
  if (to > header.clock) header.clock = to;
  header.disposition = classify(input);
  // A line that does not count changes nothing, but the instants up to the clock are decided as after any other.
  const bool is_last_word = input.kind == InputKind::clock || (!line_counts() && input.time <= header.clock);
  header.target = is_last_word ? header.clock : header.clock - 1;
  count();
  header.phase = static_cast<std::uint8_t>(Phase::advancing);
  run();
  if (work.total - before > work.worst_step) work.worst_step = work.total - before;
  return header.disposition;
}

/// Whether anything rests on a line: if not, what was decided stays as it is.
bool Stepper::matters(const Input& input) const {
  if (block_.image().feeds[input.feed].every_ms != 0 || input.has_target_seq) return true;
  if (input.kind != InputKind::report) return false;
  return block_.is_used(input.indicator);
}

/// Before time passes over the instant of a late line: the head will soon be wanted as it is now.
void Stepper::keep_copy(const Input& input, Instant to) {
  const State& head = block_.head();
  const std::span<CopyMark> marks = block_.copy_marks();
  if (input.kind == InputKind::clock || marks.empty() || to <= block_.header().clock || input.time >= to) return;
  if (head.header->evaluated >= input.time || !matters(input)) return;
  if (Evaluator{block_, head, nullptr}.next_due() >= to) return;  // it will be as it is now
  block_.assign(block_.copy_header(0), *head.header);
  marks[0].valid = true;
  marks[0].evaluated = head.header->evaluated;
  marks[0].serial = head.header->serial;
}

std::uint64_t& Stepper::counter() {
  Counters& counters = block_.header().counters;
  switch (block_.header().disposition) {
    case Disposition::taken:
      break;
    case Disposition::duplicate:
      return counters.duplicate;
    case Disposition::reused:
      return counters.reused;
    case Disposition::stale:
      return counters.stale;
    case Disposition::withdrawn:
      return counters.withdrawn;
    case Disposition::not_evaluated:
      return counters.not_evaluated;
    case Disposition::full:
      return counters.full;
  }
  return block_.header().input.kind == InputKind::heartbeat ? counters.heartbeats : counters.taken;
}

void Stepper::count() {
  const Header& header = block_.header();
  if (header.input.kind == InputKind::clock) return;
  ++counter();
  if (is_late()) ++block_.header().counters.late;
}

bool Stepper::line_counts() const {
  const Disposition disposition = block_.header().disposition;
  return disposition == Disposition::taken || disposition == Disposition::withdrawn;
}

bool Stepper::is_late() const {
  const Header& header = block_.header();
  return header.disposition == Disposition::taken && header.input.kind != InputKind::heartbeat &&
         header.input.time < header.clock;
}

/// While time passed up to this line, so much was decided that the line can no longer change what it speaks of.
void Stepper::turn_stale() {
  Header& header = block_.header();
  if (is_late()) --header.counters.late;
  --counter();
  header.disposition = Disposition::stale;
  ++counter();
  header.phase = static_cast<std::uint8_t>(Phase::idle);
}

void Stepper::run() {
  Header& header = block_.header();
  if (static_cast<Phase>(header.phase) == Phase::advancing) {
    if (!pass_time()) return;
    if (header.input.kind == InputKind::clock || !line_counts()) {
      header.phase = static_cast<std::uint8_t>(Phase::idle);
      return;
    }
    apply(header.input);
  }
  if (static_cast<Phase>(header.phase) == Phase::deciding && decide_anew())
    header.phase = static_cast<std::uint8_t>(Phase::idle);
}

bool Stepper::pass_time() {
  Standing standing{block_};
  Evaluator evaluator{block_, block_.head(), &standing};
  evaluator.keep_copies();
  return evaluator.advance(block_.header().target);
}

bool Stepper::decide_anew() {
  Header& header = block_.header();
  Standing standing{block_};
  standing.compare(true);
  standing.detect_at(header.clock);
  Evaluator evaluator{block_, block_.head(), &standing};
  evaluator.keep_copies();
  // Another book's engine decides what the one before it had decided, no more.
  Midst* const midst = block_.midst_mark();
  if (midst != nullptr && midst->due) {
    if (standing.wants_pause()) return false;
    midst->due = false;
    evaluator.go_on_from_midst();
  }
  if (!evaluator.advance(header.replaced ? header.decided : header.clock)) return false;
  if (midst != nullptr) midst->wanted = false;
  if (header.told_count > 0 || block_.head().header->doubts > 0)
    standing.settle_doubt(block_.head().alerts, header.target);
  standing.end_compare(header.target);
  if (header.replaced) {
    header.replaced = false;
    for (AlertMemory& memory : block_.memory()) memory.replaced = false;
  }
  return true;
}

bool Stepper::is_stale(Instant time) const {
  const Header& header = block_.header();
  if (time < header.first || time < header.clock - block_.image().horizon_ms) return true;
  if (time <= block_.base().header->evaluated || time <= header.final_until) return true;
  const Log log{block_};
  return log.full() && time < log.oldest_time();
}

Disposition Stepper::classify(const Input& input) {
  const Header& header = block_.header();
  if (input.kind == InputKind::clock) return Disposition::taken;
  TOCSIN_CHECK(input.feed < block_.image().feeds.size());
  TOCSIN_CHECK(input.kind != InputKind::report || input.indicator < block_.image().indicators.size());
  if (input.kind == InputKind::report && ((header.evaluate_mask >> static_cast<unsigned>(input.status)) & 1U) == 0) {
    return Disposition::not_evaluated;
  }
  if (is_stale(input.time)) return Disposition::stale;
  if (input.kind == InputKind::heartbeat) {
    if (block_.image().feeds[input.feed].every_ms == 0) return Disposition::taken;
    if (!make_place_for_contact(input.feed)) return Disposition::full;
    return is_stale(input.time) ? Disposition::stale : Disposition::taken;
  }
  return classify_known(input);
}

Disposition Stepper::classify_known(const Input& input) const {
  const Header& header = block_.header();
  const Log log{block_};
  const std::uint16_t slot = log.find_seq(input.feed, input.seq);
  if (slot != kNone) {
    const LogEntry& known = log.entry(slot);
    const bool same = known.content == input.content && known.time == input.time;
    if (same) return Disposition::duplicate;
    // What is beyond the horizon may be in the log still or not: it does not matter.
    if (known.time >= header.clock - block_.image().horizon_ms) return Disposition::reused;
  }
  const EventKey key{input.time, input.seq, input.feed};
  // What was absorbed at this very instant cannot be told from a resend of it.
  if (header.absorbed_time != kNever &&
      !(EventKey{header.absorbed_time, header.absorbed_seq, header.absorbed_feed} < key)) {
    return Disposition::stale;
  }
  if (log.full()) {
    const LogEntry& oldest = log.entry(log.slot_at(0));
    if (key < Log::key_of(oldest)) return Disposition::stale;
    if (oldest.time > header.clock) return Disposition::full;
  }
  if (input.kind == InputKind::report &&
      log.is_withdrawn(input.feed, input.seq, header.clock - block_.image().horizon_ms))
    return Disposition::withdrawn;
  return Disposition::taken;
}

void Stepper::apply(const Input& input) {
  Header& header = block_.header();
  const Log log{block_};
  Standing{block_}.trim(kNever);
  if (input.time <= header.final_until) {
    turn_stale();
    return;
  }
  Instant from = input.time;
  std::uint16_t added = kNone;  // a report that counts
  if (input.kind == InputKind::heartbeat) {
    if (block_.image().feeds[input.feed].every_ms != 0) add_heartbeat(input);
  } else {
    const Instant withdrawn = input.has_target_seq ? apply_withdrawal(input) : kForever;
    if (log.full()) absorb_oldest();  // after the withdrawal: it may speak of the oldest
    const bool adds = input.kind == InputKind::report && header.disposition == Disposition::taken;
    const std::uint32_t matches = adds ? matches_of(block_, input) : 0;
    const std::uint16_t slot = log.insert(input, matches, header.disposition == Disposition::withdrawn);
    if (adds && withdrawn == kForever) added = slot;
    if (!adds) from = input.time > header.clock ? kForever : block_.head().header->evaluated + 1;
    if (withdrawn < from) from = withdrawn;
  }
  header.phase = static_cast<std::uint8_t>(Phase::idle);
  if (from > header.clock) return;  // counts when its instant comes
  header.phase = static_cast<std::uint8_t>(Phase::deciding);
  if (matters(input)) {
    roll_back(from, added);
  } else {
    if (header.disposition == Disposition::taken) note_contact(input);  // what was withdrawn is no contact
    const Instant undecided = block_.head().header->evaluated + 1;
    if (from < undecided) from = undecided;  // what was decided stays
  }
  header.target = from;
  Standing{block_}.begin_compare(from);
}

/// A late report that no rule rests on is its feed's contact all the same. So is a heartbeat of a feed without `every`,
/// which is kept nowhere else: every state knows it, so that a checkpoint does.
void Stepper::note_contact(const Input& input) {
  const bool heartbeat = input.kind == InputKind::heartbeat;
  const auto note = [&input, heartbeat](const State& state) {
    FeedState& feed = state.feeds[input.feed];
    const bool passed = heartbeat || state.header->evaluated >= input.time;
    if (passed && feed.contact < input.time) feed.contact = input.time;
  };
  if (heartbeat) {
    note(block_.base());
  } else if (block_.head().header->evaluated < input.time) {
    return;  // in order: no state has passed it
  }
  each_newer_state(note);
}

void Stepper::add_heartbeat(const Input& input) {
  Contacts{block_}.add(input.feed, input.time);
  // States that wait for the end of a silence learn of it.
  const auto wake = [&](const State& state) {
    const std::uint16_t timer = block_.plan().feeds[input.feed].timer;
    if (state.header->evaluated >= input.time || !state.feeds[input.feed].overdue) return;
    if (input.time < state.timers[timer]) set_timer(state, timer, input.time);
  };
  wake(block_.base());
  each_newer_state(wake);
}

Instant Stepper::apply_withdrawal(const Input& input) const {
  const Log log{block_};
  const std::uint16_t slot = log.find_report(input.feed, input.target_seq);
  if (slot == kNone || log.entry(slot).withdrawn || is_stale(log.entry(slot).time)) return kForever;
  log.withdraw(slot);
  return log.entry(slot).time;
}

/// @param added  the slot of the report that counts from then on, or kNone: other news.
void Stepper::roll_back(Instant from, std::uint16_t added) {
  const State& head = block_.head();
  if (head.header->evaluated < from) return;  // in order: no state has come to it
  Midst* const midst = block_.midst_mark();
  for (CopyMark& mark : block_.copy_marks()) {
    if (mark.evaluated >= from) mark.valid = false;
  }
  if (added != kNone && block_.has_midst() && midst->at == from) {
    Evaluator{block_, block_.midst(), nullptr}.take_into_midst(added);
    midst->due = true;
    return;
  }
  block_.drop_midst(from);
  if (added != kNone && midst != nullptr && is_crowded(from)) *midst = {from, 0, false, true, false, {}};
  if (added != kNone && is_untouched_since(from, added)) {
    head.header->evaluated = from - 1;
  } else {
    block_.assign(*head.header, newest_before(block_, from));
  }
}

/// Whether several reports are of an instant: then more may come.
bool Stepper::is_crowded(Instant at) const {
  const Log log{block_};
  const std::size_t after = log.first_after(at);
  return after > 1 && log.entry(log.slot_at(after - 2)).time == at;
}

/// Whether the head has evaluated nothing and taken nothing in from an instant on, what is being added aside.
bool Stepper::is_untouched_since(Instant from, std::uint16_t added) const {
  const StateHeader& header = *block_.head().header;
  if (header.last >= from) return false;
  const Log log{block_};
  for (std::size_t i = log.count(); i > 0; --i) {
    const std::uint16_t slot = log.slot_at(i - 1);
    const Instant time = log.entry(slot).time;
    if (time < from) return true;
    if (slot != added && time <= header.evaluated) return false;
  }
  return true;
}

void Stepper::go_to(Instant at) const {
  const State& scratch = block_.scratch();
  const State& head = block_.head();
  block_.assign(*scratch.header, head.header->evaluated <= at ? *head.header : newest_before(block_, at + 1));
  Evaluator evaluator{block_, scratch, nullptr};
  static_cast<void>(evaluator.advance(at));
  evaluator.wake_all(at);
}

Instant Stepper::reach() const {
  const Header& header = block_.header();
  const Log log{block_};
  Instant reach = header.first;
  const Instant horizon = header.clock - block_.image().horizon_ms;
  if (horizon > reach) reach = horizon;
  if (block_.base().header->evaluated >= reach) reach = block_.base().header->evaluated + 1;
  if (header.final_until >= reach) reach = header.final_until + 1;
  if (log.full() && log.oldest_time() > reach) reach = log.oldest_time();
  return reach;
}

bool Stepper::next_event(AlertEvent& out) {
  const Standing standing{block_};
  for (;;) {
    StandingEvent* event = standing.next_due();
    if (event != nullptr) {
      fill(*event, out);
      standing.handed_out(*event);
      ++block_.header().counters.events;
      return true;
    }
    if (static_cast<Phase>(block_.header().phase) == Phase::idle) return false;
    run();
  }
}

void Stepper::fill(const StandingEvent& event, AlertEvent& out) {
  const Header& header = block_.header();
  const bool fresh = (event.flags & kFresh) != 0;
  begin_event(out);
  out.kind = fresh ? event.kind : EventKind::retracted;
  out.retracted_kind = event.kind;
  out.level = event.level;
  out.status = static_cast<Status>(header.label);
  out.alert = event.alert;
  out.rev = event.rev;
  out.raised_at = (event.flags & kTransient) != 0 ? event.at : event.raised_at;
  out.at = event.at;
  out.detected_at = fresh ? event.detected_at : header.clock;
  if (!fresh) {
    const Input& input = header.input;
    out.reason = {input.feed, input.kind == InputKind::heartbeat, input.seq, input.time};
    gather_evidence(block_, block_.head(), false, out);
    return;
  }
  const bool walk =
      event.kind == EventKind::raised || event.kind == EventKind::escalated || event.kind == EventKind::eased;
  gather_evidence(block_, state_at(event.at), walk, out);
}

const State& Stepper::state_at(Instant at) const {
  const Midst* const midst = block_.midst_mark();  // due: the head is as it was before the running line
  if (block_.head().header->last == at && (midst == nullptr || !midst->due)) return block_.head();
  block_.assign(*block_.scratch().header, newest_before(block_, at));
  static_cast<void>(Evaluator{block_, block_.scratch(), nullptr}.advance(at));
  return block_.scratch();
}
}  // namespace tocsin::engine
