// SPDX-License-Identifier: Apache-2.0
#include "contacts.hpp"

#include "tocsin/engine/base/check.hpp"

namespace tocsin::engine {
void Contacts::clear() const {
  for (std::uint16_t& count : block_.contact_counts()) count = 0;
}

Span Contacts::reach(std::uint16_t feed) const {
  const Feed& record = block_.image().feeds[feed];
  return record.every_ms + record.grace_ms;
}

Instant Contacts::newest(std::uint16_t feed, Instant instant) const {
  const std::span<ContactRun> runs = used(feed);
  for (std::size_t i = runs.size(); i > 0; --i) {
    const ContactRun& run = runs[i - 1];
    if (run.start <= instant) return run.end < instant ? run.end : instant;
  }
  return kNever;
}

Instant Contacts::next_start(std::uint16_t feed, Instant instant) const {
  const std::span<ContactRun> runs = used(feed);
  Instant next = kForever;
  for (std::size_t i = runs.size(); i > 0 && runs[i - 1].start > instant; --i) next = runs[i - 1].start;
  return next;
}

bool Contacts::has_place(std::uint16_t feed) const { return used(feed).size() < block_.contact_runs(feed).size(); }

void Contacts::erase(std::uint16_t feed, std::size_t index) const {
  const std::span<ContactRun> runs = used(feed);
  for (std::size_t i = index + 1; i < runs.size(); ++i) runs[i - 1] = runs[i];
  --block_.contact_counts()[feed];
}

void Contacts::add(std::uint16_t feed, Instant instant) const {
  const std::span<ContactRun> storage = block_.contact_runs(feed);
  const Span span = reach(feed);
  std::size_t index = used(feed).size();
  while (index > 0 && storage[index - 1].start > instant) --index;
  // storage[index - 1] starts at or before the heartbeat, storage[index] after it.
  if (index > 0 && instant <= storage[index - 1].end + span) {
    if (instant <= storage[index - 1].end) return;
    storage[index - 1].end = instant;
  } else {
    TOCSIN_CHECK(has_place(feed));
    for (std::size_t i = used(feed).size(); i > index; --i) storage[i] = storage[i - 1];
    storage[index] = {instant, instant};
    ++block_.contact_counts()[feed];
    ++index;
  }
  // The run may now touch the one after it.
  if (index < used(feed).size() && storage[index].start <= storage[index - 1].end + span) {
    storage[index - 1].end = storage[index].end;
    erase(feed, index);
  }
}

Instant Contacts::fold_oldest(std::uint16_t feed, Instant instant) const {
  const std::span<ContactRun> runs = used(feed);
  if (runs.empty() || runs.front().end > instant) return kNever;
  const Instant end = runs.front().end;
  erase(feed, 0);
  return end;
}

Instant Contacts::before_second(std::uint16_t feed) const {
  const std::span<ContactRun> runs = used(feed);
  return runs.size() < 2 ? kForever : runs[1].start - 1;
}
}  // namespace tocsin::engine
