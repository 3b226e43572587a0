// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file How far each durable consumer has come, kept in memory and stored with the commit that moves it.
#include <span>
#include <string>
#include <vector>

#include "tocsin/journal/journal.hpp"

#include "sqlite.hpp"

namespace tocsin::journal {
class Cursors {
 public:
  /// Reads the cursors and prepares the statement. SQLITE_OK or an error.
  [[nodiscard]] int load(sqlite3* database, bool read_only);
  /// Stores those that move on within the transaction that is open. None of a consumer goes back, nor beyond
  /// `last_alert`.
  [[nodiscard]] int write(std::span<const Cursor> cursors, std::uint64_t last_alert);
  /// That transaction is durable.
  void confirm();
  /// 0 when it is not known.
  [[nodiscard]] std::uint64_t number_of(std::string_view consumer) const;
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Known {
    std::string consumer;
    std::uint64_t number = 0;
    std::uint64_t pending = 0;
    bool is_mark = false;
  };
  [[nodiscard]] Known& known_(std::string_view consumer);
  std::vector<Known> all_;
  Statement upsert_;
};
}  // namespace tocsin::journal
