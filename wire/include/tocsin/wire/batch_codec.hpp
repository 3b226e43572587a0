// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Batches of inputs: the ingest frame (a Batch of schemas/report.fbs) and the journal's row.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tocsin/wire/input_view.hpp"

namespace tocsin::wire {
/// Bounds of one ingest frame; a socket's MAXMSGSIZE is kFrameBytesMax.
inline constexpr std::size_t kFrameBytesMax = 64 * 1024;
inline constexpr std::size_t kFrameItemsMax = 64;

/// Reads a Batch out of a buffer. No heap; the buffer must be 8-byte aligned and outlive the reader and its views.
class BatchReader {
 public:
  /// Verifies the whole buffer with narrow limits (depth, tables, size, file identifier).
  /// @returns false when the buffer is not a batch; the reader then has no items.
  [[nodiscard]] bool open(std::span<const std::byte> buffer);
  /// The sender's number of this frame on its connection.
  [[nodiscard]] std::uint64_t frame() const;
  [[nodiscard]] std::size_t count() const;
  /// Item `index` (< count()). @returns none, or why this item alone is refused (its fields are then partly set).
  [[nodiscard]] Refusal item(std::size_t index, InputView& out) const;

 private:
  const void* batch_ = nullptr;
};

/// Encodes one ingest frame. Host only (allocates).
[[nodiscard]] std::vector<std::byte> encode_batch(std::uint64_t frame, std::span<const InputView> items);

/// One journaled input: what came, from whom, and what became of it.
struct JournalItem {
  InputView input;
  engine::Instant clock = 0;  ///< the engine's clock it was stepped with
  engine::Disposition disposition = engine::Disposition::taken;
  std::uint16_t principal = 0;  ///< index in the journal's principal table
};
/// Encodes a journal row from its items, packed (wire/src/host/packed_batch.hpp). Host only.
[[nodiscard]] std::vector<std::byte> encode_journal_batch(std::span<const JournalItem> items);

/// The same bytes into storage that is kept: once it has grown to the largest batch, encoding allocates nothing. Host
/// only.
class JournalBatchEncoder {
 public:
  JournalBatchEncoder();
  ~JournalBatchEncoder();
  JournalBatchEncoder(const JournalBatchEncoder&) = delete;
  JournalBatchEncoder& operator=(const JournalBatchEncoder&) = delete;
  JournalBatchEncoder(JournalBatchEncoder&&) = delete;
  JournalBatchEncoder& operator=(JournalBatchEncoder&&) = delete;
  /// Valid until the next call.
  [[nodiscard]] std::span<const std::byte> encode(std::span<const JournalItem> items);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

/// Reads a journal row, item by item: a packed one, or a JournalBatch of schemas/report.fbs as earlier versions wrote
/// it. The row is 8-byte aligned and outlives the reader and its views. Host only.
class JournalBatchReader {
 public:
  JournalBatchReader();
  ~JournalBatchReader();
  JournalBatchReader(const JournalBatchReader&) = delete;
  JournalBatchReader& operator=(const JournalBatchReader&) = delete;
  JournalBatchReader(JournalBatchReader&&) = delete;
  JournalBatchReader& operator=(JournalBatchReader&&) = delete;
  /// @returns false when it is no journal row; the reader then has no items.
  [[nodiscard]] bool open(std::span<const std::byte> buffer);
  [[nodiscard]] std::size_t count() const;
  /// The next of count() items. @returns false when it is damaged; the one after it may be whole. `out` is then partly
  /// set.
  [[nodiscard]] bool next(JournalItem& out);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};
}  // namespace tocsin::wire
