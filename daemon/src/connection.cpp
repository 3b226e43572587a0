// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tocsin::daemon {
void Connection::clear_(Verdict& verdict) {
  verdict.due = false;
  verdict.frame = 0;
  verdict.refused.clear();
}

void Connection::begin_anew() {
  last_frame = 0;
  acknowledged_ = 0;
  clear_(ready_);
  forget_waiting();
  awaited_ = false;
}

void Connection::forget_waiting() {
  for (const auto& verdict : waiting_) awaited_ = awaited_ || verdict.due;
  for (auto& verdict : waiting_) clear_(verdict);
}

void Connection::stored(std::size_t slab) {
  auto& verdict = waiting_[slab];
  if (!verdict.due) return;
  ready_.due = true;
  ready_.frame = std::max(ready_.frame, verdict.frame);
  if (ready_.refused.empty()) {
    ready_.refused.swap(verdict.refused);
  } else {
    std::move(verdict.refused.begin(), verdict.refused.end(), std::back_inserter(ready_.refused));
  }
  clear_(verdict);
}

void Connection::lost(const char* text) {
  forget_waiting();
  // A verdict without a frame of its own, such as the refusal of one that came after a gap, is awaited as well.
  const bool awaited = std::exchange(awaited_, false);
  const std::uint64_t sure = std::max(acknowledged_, ready_.due ? ready_.frame : 0);
  if (last_frame <= sure && !awaited) return;
  last_frame = sure;
  ready_.due = true;
  ready_.frame = sure;
  // Refused beyond what is acknowledged: the sender knows from it that it must connect anew.
  ready_.refused.push_back({sure + 1, 0, wire::Refusal::not_durable, true, text});
}

void Connection::told() {
  acknowledged_ = std::max(acknowledged_, ready_.frame);
  clear_(ready_);
}
}  // namespace tocsin::daemon
