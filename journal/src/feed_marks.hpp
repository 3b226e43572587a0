// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file How far each feed has come, kept in memory and stored with every commit that moves it.
#include <span>
#include <vector>

#include "tocsin/journal/journal.hpp"

#include "sqlite.hpp"

namespace tocsin::journal {
class FeedMarks {
 public:
  /// Reads the marks and prepares the statement. SQLITE_OK or an error.
  [[nodiscard]] int load(sqlite3* database, bool read_only);
  /// Stores what `items` change within the transaction that is open; all() keeps its old values until confirm().
  [[nodiscard]] int write(std::span<const wire::JournalItem> items);
  /// That transaction is durable.
  void confirm();
  /// By name.
  [[nodiscard]] std::vector<FeedMark> all() const;

 private:
  struct Known {
    FeedMark stored;
    bool is_stored = false;
    bool changes = false;
    std::uint64_t mark = 0;  ///< new values of the batch being written
    std::uint64_t reports = 0;
  };
  Known& known_(std::string_view feed);
  std::vector<Known> known_feeds_;  ///< sorted by name
  Statement upsert_;
};
}  // namespace tocsin::journal
