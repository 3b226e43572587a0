// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What was refused, counted by principal and reason, kept in memory and stored with the commit that adds to it.
#include <cstdint>
#include <span>
#include <vector>

#include "tocsin/journal/journal.hpp"

#include "principals.hpp"
#include "sqlite.hpp"

namespace tocsin::journal {
class Rejections {
 public:
  /// Reads the counts and prepares the statement. SQLITE_OK or an error.
  [[nodiscard]] int load(sqlite3* database, bool read_only);
  /// Adds `rows` up with what is known. New principals get their number here: call it before Principals::write_new().
  void stage(std::span<const RejectionRow> rows, engine::Instant clock, Principals& principals);
  /// Stores the staged counts within the transaction that is open; all() keeps its old values until confirm().
  [[nodiscard]] int write();
  /// That transaction is durable.
  void confirm();
  [[nodiscard]] std::vector<RejectionRow> all(const Principals& principals) const;

 private:
  struct Count {
    std::uint16_t principal = 0;
    std::uint8_t reason = 0;
    std::uint64_t count = 0;
    engine::Instant first_at = 0;
    std::string sample;
    std::uint64_t added = 0;  ///< by the batch being written
  };
  [[nodiscard]] Count& known_(std::uint16_t principal, std::uint8_t reason);
  std::vector<Count> counts_;  ///< sorted by principal, then reason; a count of 0 is not stored yet
  Statement upsert_;
};
}  // namespace tocsin::journal
