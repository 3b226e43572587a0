// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Journal: the durable log of all that was received and all that was said, in one SQLite file.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::journal {
/// What went wrong, in words fit for an operator, and SQLite's extended result code (0: not SQLite).
struct JournalError {
  std::string text;
  int code = 0;
};
/// Empty when all went well.
using Outcome = std::optional<JournalError>;

/// One alert event ready to be stored: its number and its encoded bytes (schemas/alert.fbs).
struct StoredAlert {
  std::uint64_t number = 0;
  engine::Instant at = 0;
  std::vector<std::byte> bytes;
};

/// Refusals since the last commit, by principal and reason.
struct RejectionRow {
  std::string principal;
  std::uint8_t reason = 0;
  std::uint64_t count = 0;
  std::string sample;
};

/// One transaction: inputs with their disposition, the alert events they led to, marks and counts.
struct CommitBatch {
  std::span<const wire::JournalItem> items;
  std::span<const StoredAlert> alerts;
  std::span<const RejectionRow> rejections;
  engine::Instant clock = 0;   ///< the engine's clock after the batch
};

struct FeedMark {
  std::string feed;
  std::uint64_t mark = 0;
  std::uint64_t reports = 0;
};

struct StoredBatch {
  std::uint64_t id = 0;
  engine::Instant clock = 0;
  std::vector<std::byte> bytes;   ///< wire::JournalBatchReader reads it
};

struct StoredCheckpoint {
  std::uint64_t batch_id = 0;           ///< the last batch it includes
  std::uint64_t image_hash = 0;
  std::uint32_t engine_version = 0;
  std::vector<std::byte> bytes;
};

struct OpenOptions {
  bool read_only = false;
  std::string vfs;                      ///< empty: SQLite's default. Tests give a fault-injecting one.
  std::uint32_t max_page_count = 0;     ///< 0: no bound
};

/// The journal. One owner, one thread; holds the file exclusively (a second writer is refused when opening).
class Journal {
 public:
  /// Opens or creates the file (WAL, synchronous FULL) and brings its schema up to date.
  /// @returns nothing and sets `error` when it cannot be opened, is held by another process or is no journal.
  [[nodiscard]] static std::unique_ptr<Journal> open(const std::string& path, const OpenOptions& options, JournalError& error);
  virtual ~Journal() = default;

  /// Writes everything in one transaction and returns after it is durable. On error nothing of it is stored; an error
  /// of a sync is fatal: the process must end and recover.
  [[nodiscard]] virtual Outcome commit(const CommitBatch& batch) = 0;
  /// Stores a checkpoint that includes all batches committed so far; the older of the two slots is overwritten.
  [[nodiscard]] virtual Outcome store_checkpoint(const StoredCheckpoint& checkpoint) = 0;
  /// Stores the rule image that rules from the next batch on, unless the newest stored one is the same.
  [[nodiscard]] virtual Outcome store_image(std::uint64_t image_hash, std::span<const std::byte> image) = 0;

  /// Checkpoints whose CRC holds, newest first (0..2).
  [[nodiscard]] virtual std::vector<StoredCheckpoint> checkpoints() = 0;
  /// Calls `visit` for each batch with id > `after`, oldest first, until it returns false.
  [[nodiscard]] virtual Outcome read_batches(std::uint64_t after, const std::function<bool(const StoredBatch&)>& visit) = 0;
  /// Calls `visit` for each alert event with number > `after`, oldest first, until it returns false.
  [[nodiscard]] virtual Outcome read_alerts(std::uint64_t after, const std::function<bool(const StoredAlert&)>& visit) = 0;
  [[nodiscard]] virtual std::vector<FeedMark> feed_marks() = 0;
  [[nodiscard]] virtual std::vector<RejectionRow> rejections() = 0;
  [[nodiscard]] virtual std::uint64_t last_batch_id() = 0;
  [[nodiscard]] virtual std::uint64_t last_alert_number() = 0;
  /// The engine's clock after the last batch, or kNever for an empty journal.
  [[nodiscard]] virtual engine::Instant last_clock() = 0;
  /// The first instant of the engine that wrote this journal, or kNever before set_first_instant().
  [[nodiscard]] virtual engine::Instant first_instant() = 0;
  [[nodiscard]] virtual Outcome set_first_instant(engine::Instant first) = 0;
  /// Number of a principal's name in this journal (made when new; durable with the next commit).
  [[nodiscard]] virtual std::uint16_t principal_id(std::string_view name) = 0;
};
}  // namespace tocsin::journal
