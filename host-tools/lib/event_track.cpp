// SPDX-License-Identifier: Apache-2.0
#include "lib/event_track.hpp"

#include <algorithm>

namespace tocsin::tools {
void EventTrack::restart(std::uint64_t mark) {
  mark_ = mark;
  ahead_.clear();
  floor_ = 0;
  vouched_ = 0;
  last_ = 0;
  last_bytes_.clear();
}

void EventTrack::connected() {
  floor_ = newest();
  vouched_ = 0;
}

Heard EventTrack::live(std::uint64_t number, std::span<const std::byte> bytes) {
  if (number < floor_) return Heard::back;
  if (number == last_ && !is_last(bytes)) return Heard::back;
  const bool again = number == floor_ || number == last_;
  floor_ = number;
  if (number <= mark_ || ahead_.contains(number)) {
    return again || newest() <= vouched_ ? Heard::seen : Heard::doubtful;
  }
  remember(number, bytes);
  if (!fills_ || number == mark_ + 1) {
    fetched_up_to(number);
  } else {
    ahead_.insert(number);
  }
  return Heard::fresh;
}

Heard EventTrack::head(std::uint64_t number) const {
  if (number < floor_) return Heard::back;
  return number < newest() && newest() > vouched_ ? Heard::doubtful : Heard::seen;
}

bool EventTrack::fetched(std::uint64_t number, std::span<const std::byte> bytes) {
  if (number <= mark_) return false;
  const bool shown = ahead_.contains(number);
  remember(number, bytes);
  fetched_up_to(number);
  return !shown;
}

void EventTrack::fetched_up_to(std::uint64_t number) {
  mark_ = std::max(mark_, number);
  ahead_.erase(ahead_.begin(), ahead_.upper_bound(mark_));
  while (!ahead_.empty() && *ahead_.begin() == mark_ + 1) {
    ++mark_;
    ahead_.erase(ahead_.begin());
  }
}

bool EventTrack::is_last(std::span<const std::byte> bytes) const {
  return std::equal(bytes.begin(), bytes.end(), last_bytes_.begin(), last_bytes_.end());
}

void EventTrack::remember(std::uint64_t number, std::span<const std::byte> bytes) {
  if (number < last_) return;
  last_ = number;
  last_bytes_.assign(bytes.begin(), bytes.end());
}
}  // namespace tocsin::tools
