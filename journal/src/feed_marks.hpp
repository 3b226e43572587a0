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
  [[nodiscard]] const std::vector<FeedMark>& all() const { return marks_; }

 private:
  FeedMark& changed_mark_(std::string_view feed);
  std::vector<FeedMark> marks_;    ///< sorted by name
  std::vector<FeedMark> changed_;  ///< new values of the batch being written
  Statement upsert_;
};
}  // namespace tocsin::journal
