// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Batch: what one commit will hold, and the storage its views point into.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/journal/journal.hpp"
#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::daemon {
/// An alert event to publish once it is durable.
struct Announcement {
  std::uint16_t alert = engine::kNone;  ///< index in the image
  engine::Level level{};
};

/// The inputs and alert events since the last commit. One owner, one thread.
class Batch {
 public:
  static constexpr std::size_t kFramesBytesMax = 256 * 1024;
  static constexpr std::size_t kItemsMax = 512;
  static constexpr std::size_t kAlertBytesMax = 1024 * 1024;

  Batch();
  /// Room for one more frame of the largest size?
  [[nodiscard]] bool has_room() const;
  /// Storage for a frame, 8-byte aligned, valid until clear(). @pre has_room(), size <= wire::kFrameBytesMax.
  [[nodiscard]] std::span<std::byte> reserve(std::size_t size);
  void add(const wire::JournalItem& item) { items_.push_back(item); }
  /// Copies the alert event's bytes.
  void add(const journal::StoredAlert& alert, Announcement announcement);
  void clear();

  [[nodiscard]] bool empty() const { return items_.empty() && alerts_.empty(); }
  [[nodiscard]] std::span<const wire::JournalItem> items() const { return items_; }
  [[nodiscard]] std::span<const journal::StoredAlert> alerts() const { return alerts_; }
  /// One per alert.
  [[nodiscard]] std::span<const Announcement> announcements() const { return announcements_; }

 private:
  std::vector<std::uint64_t> frames_;
  std::size_t frames_used_ = 0;  ///< words
  std::size_t alert_bytes_ = 0;
  std::vector<wire::JournalItem> items_;
  std::deque<std::vector<std::byte>> alert_storage_;
  std::vector<journal::StoredAlert> alerts_;
  std::vector<Announcement> announcements_;
};
}  // namespace tocsin::daemon
