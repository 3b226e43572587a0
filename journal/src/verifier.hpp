// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Verification over SQLite. Each step reads from where the one before ended, so nothing stays open between them.
#include <memory>
#include <string>
#include <vector>

#include "tocsin/journal/verify.hpp"

#include "sqlite_journal.hpp"

namespace tocsin::journal {
struct ChainTable;

class Verifier final : public Verification {
 public:
  /// @param keys  those to check the chain with, or null. Kept by the caller, unless they are in `own_keys`.
  Verifier(SqliteJournal& journal, const Keys* keys, std::unique_ptr<Keys> own_keys, const VerifyOptions& options);
  [[nodiscard]] bool step(std::uint32_t rows) override;
  [[nodiscard]] const VerifyReport& report() const override { return report_; }

 private:
  enum class Phase : std::uint8_t { file, small_tables, checkpoints, rows, ends, done };
  void check_structure_();
  void check_tables_();
  void check_heads_();
  void check_kept_head_(const SignedHead& kept);
  void check_kept_end_(const ChainTable& chain, const Ends& kept);
  void notice_(std::string text);
  void check_small_table_(const char* what, const char* sql);
  void check_checkpoints_();
  void begin_rows_();
  [[nodiscard]] bool check_rows_(std::uint32_t rows);
  /// Those that belong to batches up to `batch`. @returns false when more are to be checked first.
  void check_alerts_until_(std::uint64_t batch);
  void check_notes_until_(std::uint64_t batch);
  void check_batch_(Statement& row);
  void check_head_at_(const Ends& ends);
  void skip_removed_();
  void check_ends_();
  void fault_(std::string text);
  [[nodiscard]] std::string name_(const char* what, std::uint64_t number) const;

  SqliteJournal& journal_;
  std::unique_ptr<Keys> own_keys_;
  const Keys* keys_;
  VerifyOptions options_;
  VerifyReport report_;
  PublicKey public_key_{};
  Phase phase_ = Phase::file;
  Head newest_;
  bool has_newest_ = false;
  bool saw_newest_ = false;
  bool is_partial_ = false;  ///< begins at a checkpoint
  Ends ends_;                ///< as computed
  std::vector<std::byte> bytes_;
};
}  // namespace tocsin::journal
