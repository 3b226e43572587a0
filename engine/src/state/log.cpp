// SPDX-License-Identifier: Apache-2.0
#include "log.hpp"

#include <cstring>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::engine {
void Log::clear() const {
  Header& header = block_.header();
  header.log_count = 0;
  header.log_first = 0;
  header.log_withdrawals = 0;
  header.log_free = 0;
  const std::size_t capacity = block_.log().size();
  for (std::size_t i = 0; i < capacity; ++i) {
    LogEntry& slot = entry(static_cast<std::uint16_t>(i));
    slot = {};
    slot.newer = i + 1 < capacity ? static_cast<std::uint16_t>(i + 1) : kNone;
  }
  for (std::uint16_t& head : block_.seq_heads()) head = kNone;
  for (std::uint16_t& head : block_.target_heads()) head = kNone;
  for (std::uint64_t& end : block_.seq_ends()) end = 0;
  for (Ring& ring : block_.rings()) ring = {kNever, 0, 0, kNone, kNone};
}

std::size_t Log::first_after(Instant instant) const {
  std::size_t low = 0;
  std::size_t high = count();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (entry(slot_at(middle)).time <= instant) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::size_t Log::first_not_before(const EventKey& key) const {
  std::size_t low = 0;
  std::size_t high = count();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (key_of(entry(slot_at(middle))) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::uint16_t Log::find_seq(std::uint16_t feed, std::uint64_t seq) const {
  if (seq >= block_.seq_ends()[feed]) return kNone;
  std::uint16_t slot = head_of(block_.seq_heads(), feed, seq);
  while (slot != kNone && (entry(slot).feed != feed || entry(slot).seq != seq)) slot = entry(slot).same_seq;
  return slot;
}

bool Log::is_withdrawn(std::uint16_t feed, std::uint64_t seq, Instant since) const {
  if (block_.header().log_withdrawals == 0) return false;
  std::uint16_t slot = head_of(block_.target_heads(), feed, seq);
  while (slot != kNone) {
    const LogEntry& other = entry(slot);
    if (other.time >= since && other.feed == feed && other.target_seq == seq) return true;
    slot = other.same_target;
  }
  return false;
}

std::uint16_t Log::find_report(std::uint16_t feed, std::uint64_t seq) const {
  const std::uint16_t slot = find_seq(feed, seq);
  return slot != kNone && entry(slot).kind == EntryKind::report ? slot : kNone;
}

void Log::chain(std::uint16_t slot) const {
  LogEntry& added = entry(slot);
  std::uint16_t& by_seq = head_of(block_.seq_heads(), added.feed, added.seq);
  added.same_seq = by_seq;
  by_seq = slot;
  if (!added.has_target) return;
  std::uint16_t& by_target = head_of(block_.target_heads(), added.feed, added.target_seq);
  added.same_target = by_target;
  by_target = slot;
}

void Log::unchain(std::uint16_t slot) const {
  const LogEntry& gone = entry(slot);
  std::uint16_t* link = &head_of(block_.seq_heads(), gone.feed, gone.seq);
  while (*link != slot) link = &entry(*link).same_seq;
  *link = gone.same_seq;
  if (!gone.has_target) return;
  link = &head_of(block_.target_heads(), gone.feed, gone.target_seq);
  while (*link != slot) link = &entry(*link).same_target;
  *link = gone.same_target;
}

std::uint16_t Log::insert(const Input& input, std::uint32_t matches, bool withdrawn) const {
  TOCSIN_CHECK(!full());
  Header& header = block_.header();
  const std::uint16_t slot = header.log_free;
  LogEntry& added = entry(slot);
  header.log_free = added.newer;
  added = {};
  added.time = input.time;
  added.value = input.value;
  added.seq = input.seq;
  added.target_seq = input.target_seq;
  added.content = input.content;
  added.matches = matches;
  added.feed = input.feed;
  added.indicator = input.indicator;
  added.origin = input.origin;
  added.older = kNone;
  added.newer = kNone;
  added.same_seq = kNone;
  added.same_target = kNone;
  added.kind = input.kind == InputKind::report ? EntryKind::report : EntryKind::retraction;
  added.credibility = input.credibility;
  added.has_target = input.has_target_seq;
  added.withdrawn = withdrawn;
  if (added.has_target) ++header.log_withdrawals;
  chain(slot);
  if (added.seq >= block_.seq_ends()[added.feed]) block_.seq_ends()[added.feed] = added.seq + 1;

  // Late news usually belongs near the end: make room from there.
  std::size_t position = count();
  if (position > 0 && key_of(added) < key_of(entry(slot_at(position - 1)))) position = first_not_before(key_of(added));
  make_gap(position);
  block_.order()[wrapped(position)] = slot;
  ++header.log_count;
  if (added.kind == EntryKind::report && !withdrawn) link(slot);
  return slot;
}

/// Moves what is at and after a position one on. @pre not full.
void Log::make_gap(std::size_t position) const {
  const std::span<std::uint16_t> order = block_.order();
  const auto move = [order](std::size_t from, std::size_t end) {
    if (from < end) std::memmove(&order[from + 1], &order[from], (end - from) * sizeof order[0]);
  };
  const std::size_t first = wrapped(position);
  const std::size_t end = wrapped(count());
  if (first <= end) return move(first, end);
  move(0, end);
  order[0] = order[order.size() - 1];
  move(first, order.size() - 1);
}

void Log::link(std::uint16_t slot) const {
  LogEntry& added = entry(slot);
  Ring& ring = block_.rings()[added.indicator];
  std::uint16_t newer = kNone;
  std::uint16_t older = ring.newest;
  while (older != kNone && key_of(added) < key_of(entry(older))) {
    newer = older;
    older = entry(older).older;
  }
  added.older = older;
  added.newer = newer;
  (older == kNone ? ring.oldest : entry(older).newer) = slot;
  (newer == kNone ? ring.newest : entry(newer).older) = slot;
}

void Log::unlink(std::uint16_t slot) const {
  LogEntry& gone = entry(slot);
  Ring& ring = block_.rings()[gone.indicator];
  (gone.older == kNone ? ring.oldest : entry(gone.older).newer) = gone.newer;
  (gone.newer == kNone ? ring.newest : entry(gone.newer).older) = gone.older;
  gone.older = kNone;
  gone.newer = kNone;
}

void Log::withdraw(std::uint16_t slot) const {
  LogEntry& gone = entry(slot);
  if (gone.withdrawn) return;
  unlink(slot);
  gone.withdrawn = true;
}

void Log::pop_oldest() const {
  TOCSIN_CHECK(count() > 0);
  Header& header = block_.header();
  free_slot(slot_at(0));
  header.log_first = static_cast<std::uint16_t>(wrapped(1));
  --header.log_count;
}

void Log::erase(std::size_t position) const {
  TOCSIN_CHECK(position < count());
  free_slot(slot_at(position));
  for (std::size_t i = position + 1; i < count(); ++i) block_.order()[wrapped(i - 1)] = block_.order()[wrapped(i)];
  --block_.header().log_count;
}

void Log::free_slot(std::uint16_t slot) const {
  Header& header = block_.header();
  LogEntry& gone = entry(slot);
  if (gone.kind == EntryKind::report && !gone.withdrawn) unlink(slot);
  if (gone.has_target) --header.log_withdrawals;
  unchain(slot);
  gone = {};
  gone.newer = header.log_free;
  header.log_free = slot;
}
}  // namespace tocsin::engine
