// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file How far each feed has come: kept in memory, worked out from the batches, and stored with each signed head, so
/// that a lone report's commit need not touch another page.
#include <span>
#include <vector>

#include "tocsin/journal/journal.hpp"

#include "sqlite.hpp"

namespace tocsin::journal {
class FeedMarks {
 public:
  /// Reads the marks and prepares the statement. SQLITE_OK or an error.
  [[nodiscard]] int load(sqlite3* database, bool read_only);
  /// Works out what `items` change; all() keeps its old values until confirm().
  void stage(std::span<const wire::JournalItem> items);
  /// Stores all that is not stored, what is staged with it, within the transaction that is open.
  [[nodiscard]] int write();
  /// What was staged is durable. @param written  and so is what write() stored.
  void confirm(bool written);
  /// By name.
  [[nodiscard]] std::vector<FeedMark> all() const;

 private:
  struct Known {
    FeedMark now;
    bool any = false;        ///< of a batch that is durable
    bool changes = false;    ///< staged
    bool behind = false;     ///< the table does not say so yet
    std::uint64_t mark = 0;  ///< new values of the batch being written
    std::uint64_t reports = 0;
  };
  Known& known_(std::string_view feed);
  std::vector<Known> known_feeds_;  ///< sorted by name
  Statement upsert_;
};
}  // namespace tocsin::journal
