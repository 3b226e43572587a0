// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Batch: what one commit will hold, and the storage its views point into.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/journal/journal.hpp"
#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::daemon {
/// Bytes kept in blocks that never move. Storage once taken is kept; clear() makes it free for the next use.
class Arena {
 public:
  static constexpr std::size_t kBlockBytes = 256 * 1024;

  /// @param block_bytes  size of a block; the first is taken at once. A block's memory is touched as it fills.
  explicit Arena(std::size_t block_bytes = kBlockBytes);
  /// Storage for `size` bytes, 8-byte aligned, valid until clear(). @pre size <= the size of a block.
  [[nodiscard]] std::span<std::byte> take(std::size_t size);
  /// A copy of `bytes`, as take() gives it.
  [[nodiscard]] std::span<const std::byte> keep(std::span<const std::byte> bytes);
  void clear();
  [[nodiscard]] std::size_t used() const { return used_; }  ///< [bytes], rounded up

 private:
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;  // NOLINT(*-avoid-c-arrays): never initialised, so not touched
  std::size_t block_words_;
  std::size_t block_ = 0;  ///< the one that fills
  std::size_t words_ = 0;  ///< used of it
  std::size_t used_ = 0;
};

/// An alert event to publish.
struct Announcement {
  std::uint16_t alert = engine::kNone;  ///< index in the image
  engine::Level level{};
  engine::Instant at = 0;
  /// The event as it is told when the journal turns out to be in trouble: without its number, marked not journaled.
  std::span<const std::byte> unjournaled;
};

/// The inputs, alert events, acts, cursors and gaps since the last commit. One owner, one thread at a time.
class Batch {
 public:
  static constexpr std::size_t kBytesMin = 16 * 1024;
  static constexpr std::size_t kBytesMax = 192 * 1024;  ///< with a last frame of the largest size 256 KiB
  static constexpr std::size_t kItemsMax = 1024;
  static constexpr std::size_t kAlertBytesMax = 2 * Arena::kBlockBytes;  ///< no frame is taken beyond that
  static constexpr std::size_t kWordsMax = 64;                           ///< acts, cursors and gaps, each

  /// @param bytes  of frames; frames are taken while it holds fewer, so the last one may go beyond.
  /// kBytesMin..kBytesMax
  explicit Batch(std::size_t bytes = kBytesMax);
  /// Room for one more frame, of whatever size?
  [[nodiscard]] bool has_room() const;
  /// Storage for a frame, 8-byte aligned, valid until clear(). @pre has_room(), size <= wire::kFrameBytesMax.
  [[nodiscard]] std::span<std::byte> reserve(std::size_t size);
  /// A new item with that input, for the caller to complete. Valid until the next.
  wire::JournalItem& add(const wire::InputView& input) {
    wire::JournalItem& item = items_.emplace_back();
    item.input = input;
    news_ = news_ || input.kind != engine::InputKind::heartbeat;
    return item;
  }
  /// Copies the bytes of the alert event and of the announcement.
  void add(const journal::StoredAlert& alert, const Announcement& announcement);
  /// @{ Copy the texts. @returns false when there are kWordsMax already; nothing changes.
  [[nodiscard]] bool add(const journal::Act& act);
  [[nodiscard]] bool add(const journal::Cursor& cursor);
  /// @param count  which of its source's counts the numbers belong to: a gap that goes on is one, of another count not.
  [[nodiscard]] bool add(const journal::Gap& gap, std::uint32_t count = 0);
  /// As add(), whatever is there: for what follows from something that is in this very batch.
  void add_own(const journal::Act& act);
  /// @}
  void clear();

  /// Nothing that a commit is needed for.
  [[nodiscard]] bool empty() const {
    return items_.empty() && alerts_.empty() && acts_.empty() && cursors_.empty() && gaps_.empty();
  }
  /// Nothing but heartbeats that raised nothing: their commit may wait for others'.
  [[nodiscard]] bool can_wait() const {
    return !news_ && alerts_.empty() && acts_.empty() && cursors_.empty() && gaps_.empty();
  }
  [[nodiscard]] std::span<const wire::JournalItem> items() const { return items_; }
  [[nodiscard]] std::span<const journal::StoredAlert> alerts() const { return alerts_; }
  /// One per alert.
  [[nodiscard]] std::span<const Announcement> announcements() const { return announcements_; }
  [[nodiscard]] std::span<const journal::Act> acts() const { return acts_; }
  [[nodiscard]] std::span<const journal::Cursor> cursors() const { return cursors_; }
  [[nodiscard]] std::span<const journal::Gap> gaps() const { return gaps_; }

 private:
  [[nodiscard]] std::string_view keep_(std::string_view text);

  std::size_t bytes_;
  Arena frames_;
  Arena kept_;  ///< alert events and texts
  std::vector<wire::JournalItem> items_;
  bool news_ = false;  ///< an item is no heartbeat
  std::vector<journal::StoredAlert> alerts_;
  std::vector<Announcement> announcements_;
  std::vector<journal::Act> acts_;
  std::vector<journal::Cursor> cursors_;
  std::vector<journal::Gap> gaps_;
  std::vector<std::uint32_t> gap_counts_;  ///< of each gap
};
}  // namespace tocsin::daemon
