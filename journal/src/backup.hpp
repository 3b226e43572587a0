// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file One backup under way: pages are copied, then the copy is read back and verified, then it gets its name.
#include <memory>
#include <string>

#include "tocsin/journal/journal.hpp"

#include "keys.hpp"
#include "sqlite.hpp"

namespace tocsin::journal {
class Backup {
 public:
  Backup() = default;
  ~Backup() { abort(); }
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;
  Backup(Backup&&) = delete;
  Backup& operator=(Backup&&) = delete;

  [[nodiscard]] bool is_under_way() const { return !path_.empty(); }
  [[nodiscard]] Outcome begin(sqlite3* source, const std::string& path, const OpenOptions& options);
  [[nodiscard]] BackupStep step(std::uint32_t pages, const Keys& keys);
  void abort();

 private:
  [[nodiscard]] BackupStep copy_(std::uint32_t pages);
  [[nodiscard]] BackupStep read_back_(std::uint32_t pages, const Keys& keys);
  [[nodiscard]] BackupStep fail_(JournalError error);
  [[nodiscard]] std::string draft_() const;

  std::string path_;  ///< of the finished copy; empty: none under way
  OpenOptions options_;
  Database copy_database_;
  sqlite3_backup* pages_ = nullptr;
  std::unique_ptr<Journal> written_;  ///< the copy, opened for reading
  std::unique_ptr<Verification> verification_;
  std::uint64_t pages_left_ = 0;
};
}  // namespace tocsin::journal
