// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The journal over SQLite. README.md describes the file.
#include <array>
#include <string>
#include <vector>

#include "tocsin/journal/journal.hpp"

#include "feed_marks.hpp"
#include "principals.hpp"
#include "rejections.hpp"
#include "sqlite.hpp"

namespace tocsin::journal {
class SqliteJournal final : public Journal {
 public:
  SqliteJournal(Database database, std::string path, const OpenOptions& options);
  ~SqliteJournal() override;
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;
  SqliteJournal(SqliteJournal&&) = delete;
  SqliteJournal& operator=(SqliteJournal&&) = delete;

  /// Reads where the journal stands and prepares the statements.
  [[nodiscard]] Outcome load();

  [[nodiscard]] Outcome commit(const CommitBatch& batch) override;
  [[nodiscard]] Outcome store_checkpoint(const StoredCheckpoint& checkpoint) override;
  [[nodiscard]] Outcome store_image(std::uint64_t image_hash, std::span<const std::byte> image) override;
  [[nodiscard]] std::vector<StoredCheckpoint> checkpoints() override;
  [[nodiscard]] Outcome read_batches(std::uint64_t after,
                                     const std::function<bool(const StoredBatch&)>& visit) override;
  [[nodiscard]] Outcome read_alerts(std::uint64_t after, const std::function<bool(const StoredAlert&)>& visit) override;
  [[nodiscard]] Outcome read_images(const std::function<bool(const StoredImage&)>& visit) override;
  [[nodiscard]] std::vector<FeedMark> feed_marks() override { return marks_.all(); }
  [[nodiscard]] std::vector<RejectionRow> rejections() override { return rejections_.all(principals_); }
  [[nodiscard]] std::uint64_t last_batch_id() override { return last_batch_; }
  [[nodiscard]] std::uint64_t last_alert_number() override { return last_alert_; }
  [[nodiscard]] engine::Instant last_clock() override { return last_clock_; }
  [[nodiscard]] engine::Instant first_instant() override { return first_instant_; }
  [[nodiscard]] std::uint16_t principal_id(std::string_view name) override { return principals_.id_of(name); }
  [[nodiscard]] std::string_view principal_name(std::uint16_t id) const override { return principals_.name_of(id); }
  [[nodiscard]] Outcome read_acts(const std::function<bool(const Act&)>& visit) override;
  [[nodiscard]] Outcome read_gaps(const std::function<bool(const Gap&)>& visit) override;
  [[nodiscard]] std::uint64_t cursor(std::string_view consumer) override;
  [[nodiscard]] JournalState state() override;
  [[nodiscard]] Outcome retain(engine::Instant now) override;
  [[nodiscard]] bool wants_checkpoint() const override { return false; }
  [[nodiscard]] Outcome sign_head() override;
  [[nodiscard]] Outcome probe() override;
  [[nodiscard]] Outcome backup_begin(const std::string& path) override;
  [[nodiscard]] BackupStep backup_step(std::uint32_t pages) override;
  void backup_abort() override {}

 private:
  [[nodiscard]] int load_state_();
  void load_slots_();
  [[nodiscard]] int prepare_reads_();
  [[nodiscard]] int prepare_writes_();
  [[nodiscard]] Outcome refuse_write_() const;
  [[nodiscard]] Outcome check_numbers_(std::span<const StoredAlert> alerts) const;
  [[nodiscard]] Outcome check_first_instant_(engine::Instant first) const;
  /// Runs `write` in a transaction of its own. On an error nothing of it is stored.
  [[nodiscard]] Outcome transact_(const char* what, const std::function<int()>& write);
  [[nodiscard]] int write_batch_(const CommitBatch& batch);
  /// Whether a slot holds a checkpoint whose CRC holds; `select_slot_` then stands on its row.
  [[nodiscard]] bool stands_on_valid_slot_(std::int64_t slot);
  void trim_wal_();
  [[nodiscard]] JournalError explain_(int code, const char* what) const;
  [[nodiscard]] JournalError damaged_(const std::string& thing) const;
  [[nodiscard]] JournalError missing_(const std::string& thing) const;

  std::string path_;
  bool read_only_;
  std::uint32_t wal_pages_max_;
  Database database_;  ///< before the statements: it closes after them
  Principals principals_;
  FeedMarks marks_;
  Rejections rejections_;
  Statement begin_, commit_, rollback_;
  Statement insert_batch_, insert_alert_, replace_slot_, insert_image_, insert_meta_;
  Statement select_batches_, select_alerts_, select_images_, select_slot_;

  std::uint64_t last_batch_ = 0;
  std::uint64_t last_alert_ = 0;
  engine::Instant last_clock_ = engine::kNever;
  engine::Instant first_instant_ = engine::kNever;
  std::array<std::int64_t, 2> slot_serials_{};  ///< 0: empty or damaged
  bool has_image_ = false;
  std::uint64_t last_image_hash_ = 0;
  std::vector<std::uint64_t> aligned_;  ///< what read_alerts() shows
  std::uint32_t wal_pages_ = 0;         ///< pages in the WAL after the last commit; SQLite's hook sets it
  Outcome broken_;                      ///< the fatal error, once there was one
};
}  // namespace tocsin::journal
