// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/batch.hpp"

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon {
Batch::Batch() { frames_.reserve(kFramesBytesMax / sizeof(std::uint64_t)); }

bool Batch::has_room() const {
  return (frames_used_ * sizeof(std::uint64_t)) + wire::kFrameBytesMax <= kFramesBytesMax &&
         items_.size() + wire::kFrameItemsMax <= kItemsMax && alert_bytes_ < kAlertBytesMax;
}

std::span<std::byte> Batch::reserve(std::size_t size) {
  const std::size_t words = (size + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  TOCSIN_CHECK(frames_used_ + words <= frames_.capacity());  // views point inside: it must not move
  if (frames_.size() < frames_used_ + words) frames_.resize(frames_used_ + words);
  const auto storage = std::as_writable_bytes(std::span{frames_}.subspan(frames_used_, words)).first(size);
  frames_used_ += words;
  return storage;
}

void Batch::add(const journal::StoredAlert& alert, Announcement announcement) {
  alert_bytes_ += alert.bytes.size();
  const auto& bytes = alert_storage_.emplace_back(alert.bytes.begin(), alert.bytes.end());
  alerts_.push_back({alert.number, alert.at, bytes});
  announcements_.push_back(announcement);
}

void Batch::clear() {
  frames_used_ = 0;
  alert_bytes_ = 0;
  items_.clear();
  alerts_.clear();
  alert_storage_.clear();
  announcements_.clear();
}
}  // namespace tocsin::daemon
