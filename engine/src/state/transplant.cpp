// SPDX-License-Identifier: Apache-2.0
#include "transplant.hpp"

#include "tocsin/engine/base/check.hpp"

namespace tocsin::engine {
namespace {
/// An origin that both books have with another reliability: what its reports pass is then another question.
bool reliability_differs(const Image& from, const Image& to) {
  for (const Origin& origin : to.origins) {
    const std::uint16_t old = from.find_origin(to.view(origin.name));
    if (old != kNone && from.origins[old].reliability != origin.reliability) return true;
  }
  return false;
}

std::uint16_t find_theater(const Image& image, std::string_view name) {
  for (std::size_t i = 0; i < image.theaters.size(); ++i)
    if (image.view(image.theaters[i].name) == name) return static_cast<std::uint16_t>(i);
  return kNone;
}

bool remembers(const Node& node) { return shape_of(node.op) >= Shape::hold_for; }

/// The key of the newest entry that a base has taken in.
EventKey absorbed(const Header& header) { return {header.absorbed_time, header.absorbed_seq, header.absorbed_feed}; }
}  // namespace

Transplant::Transplant(const Block& from, const Block& to, std::span<std::uint64_t> work)
    : from_{from},
      to_{to},
      old_{from.image(), work.first(from.image().nodes.size()), 0},
      new_{to.image(), work.subspan(from.image().nodes.size(), to.image().nodes.size()),
           reliability_differs(from.image(), to.image()) ? 1U : 0U} {
  map_names(work.subspan(from.image().nodes.size() + to.image().nodes.size()));
}

namespace {
/// So many indices, each kNone, from the front of the work space; four to a word.
std::span<std::uint16_t> take_indices(std::span<std::uint64_t>& work, std::size_t count) {
  auto* const first = static_cast<std::uint16_t*>(static_cast<void*>(work.data()));
  work = work.subspan((count + 3) / 4);
  for (std::size_t i = 0; i < count; ++i) first[i] = kNone;
  return {first, count};
}

std::size_t index_words(const Image& image) {
  return (image.feeds.size() + 3) / 4 + (image.origins.size() + 3) / 4 + (image.indicators.size() + 3) / 4;
}
}  // namespace

void Transplant::map_names(std::span<std::uint64_t> work) {
  const Image& from = from_.image();
  const Image& to = to_.image();
  new_feeds_ = take_indices(work, from.feeds.size());
  new_origins_ = take_indices(work, from.origins.size());
  new_indicators_ = take_indices(work, from.indicators.size());
  old_feeds_ = take_indices(work, to.feeds.size());
  old_origins_ = take_indices(work, to.origins.size());
  old_indicators_ = take_indices(work, to.indicators.size());
  for (std::size_t i = 0; i < from.feeds.size(); ++i) {
    new_feeds_[i] = to.find_feed(from.view(from.feeds[i].name));
    if (new_feeds_[i] != kNone) old_feeds_[new_feeds_[i]] = static_cast<std::uint16_t>(i);
  }
  for (std::size_t i = 0; i < from.origins.size(); ++i) {
    new_origins_[i] = to.find_origin(from.view(from.origins[i].name));
    if (new_origins_[i] != kNone) old_origins_[new_origins_[i]] = static_cast<std::uint16_t>(i);
  }
  for (std::size_t i = 0; i < from.indicators.size(); ++i) {
    new_indicators_[i] = to.find_indicator(from.view(from.indicators[i].name));
    if (new_indicators_[i] != kNone) old_indicators_[new_indicators_[i]] = static_cast<std::uint16_t>(i);
  }
}

namespace {
/// A key with its feed's index in another book: in place of a feed that it lacks, just before the next that it has.
EventKey translated(const EventKey& key, std::span<const std::uint16_t> feeds) {
  if (key.time == kNever) return key;
  if (key.feed < feeds.size() && feeds[key.feed] != kNone) return {key.time, key.seq, feeds[key.feed]};
  for (std::size_t i = key.feed < feeds.size() ? key.feed : feeds.size(); i > 0; --i) {
    if (feeds[i - 1] != kNone) return {key.time, UINT64_MAX, feeds[i - 1]};
  }
  return {key.time - 1, UINT64_MAX, kNone};
}
}  // namespace

EventKey Transplant::key_in_new(const EventKey& key) const { return translated(key, new_feeds_); }
EventKey Transplant::key_in_old(const EventKey& key) const { return translated(key, old_feeds_); }

/// Moves both bases to the same instant: the earliest that late news may still follow in both books.
void Transplant::meet() {
  const Header& old = from_.header();
  Span horizon = from_.image().horizon_ms;
  if (to_.image().horizon_ms < horizon) horizon = to_.image().horizon_ms;
  const Instant decided = from_.head().header->evaluated;
  at_ = earlier(old.clock - horizon - 1, decided);
  at_ = later(at_, later(from_.base().header->evaluated, to_.base().header->evaluated));
  at_ = later(at_, old.final_until);

  EventKey key = absorbed(old);
  const EventKey warmed = key_in_old(absorbed(to_.header()));
  if (key < warmed) key = warmed;
  const Log log{from_};
  if (log.count() > to_.log().size()) {  // the new book's log is shorter: what does not fit is out of reach
    const EventKey last = Log::key_of(log.entry(log.slot_at(log.count() - to_.log().size() - 1)));
    if (key < last && last.time <= decided) key = last;
  }
  at_ = later(at_, key.time == kNever ? kNever : key.time - 1);
  Stepper{from_}.move_base(at_, key);
  Stepper{to_}.move_base(at_, key_in_new(key));
  key_ = absorbed(from_.header());
  if (key_ < key_in_old(absorbed(to_.header()))) key_ = key_in_old(absorbed(to_.header()));
}

void Transplant::take_contacts(std::uint16_t feed, std::uint16_t old) const {
  const FeedState& state = from_.base().feeds[old];
  to_.base().feeds[feed] = state;
  if (to_.image().feeds[feed].every_ms == 0) return;
  const std::span<ContactRun> runs = from_.contact_runs(old).first(from_.contact_counts()[old]);
  const std::span<ContactRun> room = to_.contact_runs(feed);
  const std::size_t skip = runs.size() > room.size() ? runs.size() - room.size() : 0;
  for (std::size_t i = skip; i < runs.size(); ++i) room[i - skip] = runs[i];
  to_.contact_counts()[feed] = static_cast<std::uint16_t>(runs.size() - skip);
}

/// Only nodes that remember: everything else is decided at the next instant.
void Transplant::take_nodes() const {
  const std::span<const Node> old_nodes = from_.image().nodes;
  const std::span<const Node> nodes = to_.image().nodes;
  std::size_t next = 0;  // mostly both books have their nodes in the same order
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!remembers(nodes[i])) continue;
    const std::uint64_t wanted = new_.node(static_cast<std::uint16_t>(i));
    for (std::size_t tried = 0; tried < old_nodes.size(); ++tried, ++next) {
      if (next >= old_nodes.size()) next = 0;
      if (!remembers(old_nodes[next]) || old_.node(static_cast<std::uint16_t>(next)) != wanted) continue;
      to_.base().nodes[i] = from_.base().nodes[next];
      const std::size_t words = words_of(nodes[i]);
      TOCSIN_CHECK(words == words_of(old_nodes[next]));
      for (std::size_t word = 0; word < words; ++word) {
        to_.base().words[to_.plan().nodes[i].words + word] = from_.base().words[from_.plan().nodes[next].words + word];
      }
      break;
    }
  }
}

void Transplant::take_alerts() {
  const Image& image = to_.image();
  for (std::size_t i = 0; i < image.alerts.size(); ++i) {
    const auto alert = static_cast<std::uint16_t>(i);
    const std::uint16_t old = from_.image().find_alert(image.view(image.alerts[i].name));
    AlertMemory& memory = to_.memory()[i];
    memory = {kNever, kNever, 0, 0, true, {}};
    if (old != kNone) {
      memory = from_.memory()[old];
      memory.replaced = old_.alert(old) != new_.alert(alert);
    }
    if (memory.replaced) {
      tell_raise(alert, old);
    } else {
      to_.base().alerts[i] = from_.base().alerts[old];
    }
  }
}

/// A changed or new rule's alert that is raised since before all that is decided anew: whoever listens does not know.
void Transplant::tell_raise(std::uint16_t alert, std::uint16_t old) {
  const AlertMachine& machine = to_.base().alerts[alert];
  if (!machine.raised) return;
  AlertMemory& memory = to_.memory()[alert];
  std::uint16_t rev = 0;
  if (old != kNone && memory.final_raise == machine.raised_at) {
    const AlertMachine& before = from_.base().alerts[old];
    if (before.raised && before.raised_at == machine.raised_at && before.level == machine.level) return;
    rev = static_cast<std::uint16_t>(memory.final_rev + 1);
  }
  Standing{to_}.adopt({machine.raised_at, machine.raised_at, from_.header().clock, alert, rev, EventKind::raised,
                       machine.level, kFresh | kMatched, 0});
}

void Transplant::take_theaters() const {
  const Image& image = to_.image();
  for (std::size_t i = 0; i < image.theaters.size(); ++i) {
    const std::uint16_t old = find_theater(from_.image(), image.view(image.theaters[i].name));
    if (old == kNone || from_.image().theaters[old].step_down_ms != image.theaters[i].step_down_ms) continue;
    to_.base().theaters[i] = from_.base().theaters[old];
  }
}

/// What the old engine said of the time that is decided anew.
void Transplant::take_standing() {
  const Header& old = from_.header();
  Header& header = to_.header();
  header.standing_count = 0;
  header.standing_first = 0;
  header.withdrawn_count = 0;
  header.fresh_count = 0;
  header.retract_count = 0;
  header.transient_count = 0;
  header.next_fresh = 0;
  const std::size_t most = to_.image().bounds.standing_capacity;
  const std::size_t skip = old.standing_count > most ? old.standing_count - most : 0;
  for (std::size_t i = 0; i < old.standing_count; ++i) {
    std::size_t place = std::size_t{old.standing_first} + i;
    if (place >= from_.standing().size()) place -= from_.standing().size();
    StandingEvent event = from_.standing()[place];
    TOCSIN_CHECK((event.flags & (kFresh | kRetractDue)) == 0);
    event.alert = to_.image().find_alert(from_.image().view(from_.image().alerts[event.alert].name));
    if (event.alert == kNone || (event.flags & kTransient) != 0) continue;
    if (i < skip) {
      header.final_until = later(header.final_until, event.at);
      continue;
    }
    Standing{to_}.adopt(event);
  }
}

void Transplant::take_header() {
  const Header& old = from_.header();
  Header& header = to_.header();
  header.label = old.label;
  header.evaluate_mask = old.evaluate_mask;
  header.first = old.first;
  header.clock = old.clock;
  header.decided = from_.head().header->evaluated;
  header.final_until = old.final_until;
  header.forgotten_until = old.forgotten_until;
  const EventKey key = key_in_new(key_);
  header.absorbed_time = key.time;
  header.absorbed_seq = key.seq;
  header.absorbed_feed = key.feed;
  header.counters = old.counters;
  header.input = {};
  header.input.time = old.clock;
  header.disposition = Disposition::taken;
}

/// What the states of both books' reports come to, and that everything is to be decided at the next instant.
void Transplant::finish_base() {
  const State& base = to_.base();
  StateHeader& state = *base.header;
  const bool begun = from_.base().header->last != kNever && state.last != kNever;
  const bool pending = state.pending != kForever || from_.base().header->pending != kForever;
  state.evaluated = at_;
  state.last = begun ? at_ : kNever;
  state.pending = pending ? at_ + 1 : kForever;
  state.timed = kForever;
  state.wake_all = true;
  state.touched.count = 0;
  state.absorbed.count = 0;
  for (std::size_t i = 0; i < base.indicators.size(); ++i) {
    if (base.indicators[i].touched) note(state.touched, static_cast<std::uint16_t>(i));
    if (base.indicators[i].absorbed) note(state.absorbed, static_cast<std::uint16_t>(i));
  }
  // Each is set again when everything is decided, but for those of nodes that sleep.
  for (Instant& timer : base.timers) timer = kForever;
  for (Instant& least : base.mins) least = kForever;
  state.doubts = 0;
  for (const AlertMachine& machine : base.alerts) {
    if (machine.in_doubt) ++state.doubts;
  }
}

void Transplant::run() {
  meet();
  take_header();
  take_standing();
  for (std::size_t i = 0; i < to_.image().indicators.size(); ++i) take_reports(static_cast<std::uint16_t>(i));
  take_log();
  for (std::size_t i = 0; i < to_.image().feeds.size(); ++i) {
    const auto feed = static_cast<std::uint16_t>(i);
    const std::uint16_t old = old_feeds_[i];
    if (old != kNone && old_.feed(old) == new_.feed(feed)) take_contacts(feed, old);
  }
  take_nodes();
  take_alerts();
  take_theaters();
  finish_base();
  finish();
}

/// Everything up to the clock is decided anew against what the old engine said.
void Transplant::finish() {
  Header& header = to_.header();
  header.told_count = 0;
  header.replaced = true;
  for (const AlertMemory& memory : to_.memory()) {
    if (memory.told != kNever) ++header.told_count;
  }
  for (CopyMark& mark : to_.copy_marks()) mark.valid = false;
  to_.drop_midst(kNever);
  to_.assign(*to_.head().header, *to_.base().header);
  to_.work() = {};
  header.target = at_ + 1;
  header.phase = static_cast<std::uint8_t>(Phase::deciding);
  Standing{to_}.begin_compare(header.target);
}

std::size_t transplant_words(const Image& from, const Image& to) {
  return from.nodes.size() + to.nodes.size() + index_words(from) + index_words(to);
}

void transplant(Engine& from, Engine& to, std::span<std::uint64_t> work) {
  TOCSIN_CHECK(work.size() >= transplant_words(from.block().image(), to.block().image()));
  TOCSIN_CHECK(static_cast<Phase>(from.block().header().phase) == Phase::idle);
  TOCSIN_CHECK(static_cast<Phase>(to.block().header().phase) == Phase::idle);
  TOCSIN_CHECK(to.clock() <= from.clock());
  Transplant{from.block(), to.block(), work}.run();
}
}  // namespace tocsin::engine
