// SPDX-License-Identifier: Apache-2.0
#include "lib/outbox.hpp"

#include <algorithm>

namespace tocsin::tools {
std::vector<std::size_t> Outbox::pick(Clock::time_point now, std::size_t items_max) {
  std::vector<std::size_t> items;
  while (!again_.empty() && items.size() < wire::kFrameItemsMax) {
    items.push_back(again_.front());
    again_.pop_front();
  }
  if (!items.empty()) return items;
  for (auto later = later_.begin(); later != later_.end() && items.size() < wire::kFrameItemsMax;) {
    if (later->due > now) {
      ++later;
      continue;
    }
    items.push_back(later->index);
    later = later_.erase(later);
  }
  while (next_ < std::min(count_, released_) && items.size() < items_max) items.push_back(next_++);
  return items;
}

const Outbox::Frame* Outbox::next_frame(Clock::time_point now, std::size_t items_max) {
  if (flight_.size() >= kFramesInFlightMax) return nullptr;
  std::vector<std::size_t> items = pick(now, std::min(items_max, wire::kFrameItemsMax));
  if (items.empty()) return nullptr;
  Frame frame{.number = next_number_++, .items = std::move(items), .bytes = {}};
  for (;;) {
    views_(frame.items,
           [&frame](std::span<const wire::InputView> views) { frame.bytes = wire::encode_batch(frame.number, views); });
    if (frame.bytes.size() <= wire::kFrameBytesMax || frame.items.size() == 1) break;
    const auto half = frame.items.begin() + static_cast<std::ptrdiff_t>(frame.items.size() / 2);
    again_.insert(again_.begin(), half, frame.items.end());
    frame.items.erase(half, frame.items.end());
  }
  flight_.push_back(std::move(frame));
  return &flight_.back();
}

void Outbox::unsend() {
  const Frame frame = std::move(flight_.back());
  flight_.pop_back();
  again_.insert(again_.begin(), frame.items.begin(), frame.items.end());
  --next_number_;
}

void Outbox::refuse(std::size_t index, const wire::RefusedItem& why, Clock::time_point now) {
  constexpr std::chrono::milliseconds kFirstWait{100};
  constexpr std::chrono::milliseconds kLongestWait{3000};
  if (why.retry && ++attempts_[index] < kAttemptsMax) {
    const auto wait = kFirstWait * (1U << std::min<unsigned>(attempts_[index] - 1U, 10U));
    later_.push_back({now + std::min<std::chrono::milliseconds>(wait, kLongestWait), index});
    return;
  }
  ++refused_count_;
  refused_(index, why);
}

std::size_t Outbox::acknowledge(const wire::Ack& ack, Clock::time_point now) {
  std::size_t decided = 0;
  while (!flight_.empty() && flight_.front().number <= ack.frame) {
    const Frame frame = std::move(flight_.front());
    flight_.pop_front();
    std::vector<const wire::RefusedItem*> why(frame.items.size(), nullptr);
    for (const wire::RefusedItem& refused : ack.refused) {
      if (refused.frame == frame.number && refused.index < why.size()) why[refused.index] = &refused;
    }
    for (std::size_t at = 0; at < why.size(); ++at) {
      if (why[at] == nullptr) {
        ++taken_;
      } else {
        refuse(frame.items[at], *why[at], now);
      }
    }
    decided += frame.items.size();
  }
  return decided;
}

bool Outbox::lost_frames(const wire::Ack& ack) {
  return std::any_of(ack.refused.begin(), ack.refused.end(),
                     [&ack](const wire::RefusedItem& refused) { return refused.frame > ack.frame; });
}

void Outbox::connection_lost() {
  for (auto frame = flight_.rbegin(); frame != flight_.rend(); ++frame) {
    again_.insert(again_.begin(), frame->items.begin(), frame->items.end());
    resent_ += frame->items.size();
  }
  flight_.clear();
  next_number_ = 1;
}

std::optional<Outbox::Clock::time_point> Outbox::next_retry() const {
  std::optional<Clock::time_point> due;
  for (const Later& later : later_) due = std::min(due.value_or(later.due), later.due);
  return due;
}
}  // namespace tocsin::tools
