// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The numbers of those who speak: one per name, for the life of the journal.
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "sqlite.hpp"

namespace tocsin::journal {
/// All names in memory, those not stored yet last. Numbers count from 1.
class Principals {
 public:
  /// Reads the names and prepares the insert. SQLITE_OK or an error.
  [[nodiscard]] int load(sqlite3* database, bool read_only);
  [[nodiscard]] std::uint16_t id_of(std::string_view name);
  [[nodiscard]] std::string_view name_of(std::uint16_t id) const;
  [[nodiscard]] bool has_new() const { return stored_ < names_.size(); }
  /// Inserts the new names within the transaction that is open.
  [[nodiscard]] int write_new();
  /// That transaction is durable.
  void confirm() { stored_ = names_.size(); }

 private:
  std::deque<std::string> names_;  ///< a deque: name_of() hands out views
  std::size_t stored_ = 0;
  bool read_only_ = false;
  Statement insert_;
};
}  // namespace tocsin::journal
