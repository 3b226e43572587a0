// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The journal over SQLite. README.md describes the file.
#include <array>
#include <string>
#include <vector>

#include "tocsin/journal/journal.hpp"

#include "backup.hpp"
#include "chain.hpp"
#include "cursors.hpp"
#include "explain.hpp"
#include "feed_marks.hpp"
#include "head.hpp"
#include "keys.hpp"
#include "principals.hpp"
#include "rejections.hpp"
#include "sqlite.hpp"

namespace tocsin::journal {
class SqliteJournal final : public Journal {
 public:
  /// @param keys  null when the journal is opened for reading only.
  SqliteJournal(Database database, std::unique_ptr<Keys> keys, std::string path, const OpenOptions& options,
                std::string notice);
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
  [[nodiscard]] Outcome read_acts(const std::function<bool(const Act&)>& visit) override;
  [[nodiscard]] Outcome read_gaps(const std::function<bool(const Gap&)>& visit) override;
  [[nodiscard]] Outcome read_notes(std::uint64_t after, const std::function<bool(const Note&)>& visit) override;
  [[nodiscard]] std::uint64_t cursor(std::string_view consumer) override { return cursors_.number_of(consumer); }
  [[nodiscard]] std::vector<std::string> consumers() override { return cursors_.names(); }
  [[nodiscard]] std::vector<FeedMark> feed_marks() override { return marks_.all(); }
  [[nodiscard]] std::vector<RejectionRow> rejections() override { return rejections_.all(principals_); }
  [[nodiscard]] std::uint64_t last_batch_id() override { return ends_.batch; }
  [[nodiscard]] std::uint64_t last_alert_number() override { return ends_.alert; }
  [[nodiscard]] std::uint64_t last_note_id() override { return ends_.note; }
  [[nodiscard]] engine::Instant last_clock() override { return last_clock_; }
  [[nodiscard]] engine::Instant first_instant() override { return first_instant_; }
  [[nodiscard]] std::uint16_t principal_id(std::string_view name) override { return principals_.id_of(name); }
  [[nodiscard]] std::string_view principal_name(std::uint16_t id) const override { return principals_.name_of(id); }
  [[nodiscard]] JournalState state() override;
  [[nodiscard]] const std::string& notice() const override { return notice_; }
  [[nodiscard]] Outcome retain(engine::Instant now) override;
  [[nodiscard]] bool wants_checkpoint() const override { return wants_checkpoint_; }
  [[nodiscard]] Outcome sign_head() override;
  [[nodiscard]] Outcome head(SignedHead& head) override;
  [[nodiscard]] Outcome probe() override;
  [[nodiscard]] Outcome backup_begin(const std::string& path) override;
  [[nodiscard]] BackupStep backup_step(std::uint32_t pages) override;
  void backup_abort() override { backup_.abort(); }
  [[nodiscard]] std::unique_ptr<Verification> verify(const VerifyOptions& options, JournalError& error) override;
  /// All of it, with keys that outlive the run.
  [[nodiscard]] std::unique_ptr<Verification> verify_with(const Keys& keys);

 private:
  friend class Verifier;
  /// How far retention is to go, and why.
  struct Pressure {
    bool by_bound = false;
    bool by_bytes = false;
    bool by_age = false;
    bool urgent = false;             ///< the bound is near: at once, not when it is worth a sync
    std::uint64_t excess_bytes = 0;  ///< by_bound and by_bytes: to be removed
    [[nodiscard]] bool any() const { return by_bound || by_bytes || by_age; }
  };

  [[nodiscard]] int load_state_();
  [[nodiscard]] int load_ends_();
  [[nodiscard]] int load_meta_();
  [[nodiscard]] Outcome catch_up_marks_();
  void load_slots_();
  [[nodiscard]] int prepare_reads_();
  [[nodiscard]] int prepare_writes_();
  [[nodiscard]] Outcome refuse_write_() const;
  [[nodiscard]] Outcome check_numbers_(std::span<const StoredAlert> alerts) const;
  [[nodiscard]] Outcome check_first_instant_(engine::Instant first) const;
  /// Runs `write` in a transaction of its own. On an error nothing of it is stored. A template: std::function
  /// allocates.
  template <typename Write>
  [[nodiscard]] Outcome transact_(const char* what, const Write& write);
  [[nodiscard]] Outcome end_transaction_(int code, const char* what);

  /// Each moves `ends` over what it writes.
  [[nodiscard]] int write_rows_(const CommitBatch& batch, Ends& ends);
  [[nodiscard]] int write_alert_(const StoredAlert& alert, std::int64_t batch_id, Ends& ends);
  [[nodiscard]] int write_note_(NoteRow note, Ends& ends);
  [[nodiscard]] int write_batch_(const CommitBatch& batch, std::int64_t id, Ends& ends);
  [[nodiscard]] int write_meta_(std::string_view key, std::int64_t value);
  [[nodiscard]] int write_newest_head_(const Ends& ends, engine::Instant at);
  [[nodiscard]] bool is_signature_due_(engine::Instant clock) const;
  void note_signature_(const Ends& ends, engine::Instant at);

  /// Whether a slot holds a checkpoint whose CRC holds; `select_slot_` then stands on its row, and `state` is its BLOB.
  [[nodiscard]] bool stands_on_valid_slot_(std::int64_t slot, std::vector<std::byte>& state);
  /// No BLOB can be longer: what says so is damaged.
  [[nodiscard]] std::int64_t blob_bytes_max_() { return static_cast<std::int64_t>(number_of_(page_count_) << 16U); }

  [[nodiscard]] Pressure pressure_(engine::Instant now);
  [[nodiscard]] std::uint64_t removable_until_() const;
  [[nodiscard]] std::uint64_t stride_until_(const Pressure& pressure, engine::Instant now, std::uint64_t budget,
                                            std::uint64_t until);
  [[nodiscard]] Outcome remove_batches_(std::uint64_t until, bool shed, engine::Instant now);
  [[nodiscard]] Outcome remove_oldest_alerts_(std::uint64_t budget, engine::Instant now);
  [[nodiscard]] int read_end_(const char* sql, std::uint64_t key, std::uint64_t& number, Hash& hash);
  [[nodiscard]] int run_removal_(Statement& remove, std::uint64_t until);
  [[nodiscard]] std::uint64_t number_of_(Statement& pragma);

  void trim_wal_();
  [[nodiscard]] JournalError explain_(int code, const char* what) const {
    return explain(database_.get(), code, what, path_);
  }
  [[nodiscard]] JournalError damaged_(const std::string& thing) const;
  [[nodiscard]] JournalError unread_(int code, const std::string& thing) const;
  [[nodiscard]] JournalError missing_(const std::string& thing) const;

  std::string path_;
  std::string notice_;
  OpenOptions options_;
  std::unique_ptr<Keys> keys_;
  Database database_;  ///< before the statements: it closes after them
  Principals principals_;
  FeedMarks marks_;
  Rejections rejections_;
  Cursors cursors_;
  wire::JournalBatchEncoder encoder_;
  Statement begin_, commit_, rollback_;
  Statement insert_batch_, insert_alert_, insert_note_, replace_slot_, insert_image_, replace_meta_, replace_head_;
  Statement remove_batches_until_, remove_alerts_until_, remove_notes_until_, remove_images_until_;
  Statement select_batches_, select_alerts_, select_images_, select_slot_, select_notes_, select_sizes_;
  Statement page_count_, freelist_count_;
  std::vector<std::uint64_t> aligned_;  ///< what read_alerts() shows

  JournalId id_{};
  PublicKey public_key_{};
  Ends ends_;     ///< after the last batch
  Head removed_;  ///< what retention took away
  std::uint64_t signed_batch_ = 0;
  engine::Instant signed_at_ = engine::kNever;
  engine::Instant last_clock_ = engine::kNever;
  engine::Instant first_instant_ = engine::kNever;
  struct Slot {
    std::int64_t serial = 0;  ///< 0: empty or damaged
    std::uint64_t batch_id = 0;
    std::uint64_t first_needed = 0;
  };
  std::array<Slot, 2> slots_{};
  bool has_image_ = false;
  std::uint64_t last_image_hash_ = 0;
  std::uint64_t uncounted_bytes_ = 0;  ///< committed since the last stride of retention
  engine::Instant last_stride_ = engine::kNever;
  bool wants_checkpoint_ = false;
  std::uint32_t wal_pages_ = 0;  ///< pages in the WAL after the last commit; SQLite's hook sets it
  bool loaded_ = false;
  Outcome broken_;  ///< the fatal error, once there was one
  Backup backup_;   ///< last: it ends before the connection does
};

template <typename Write>
Outcome SqliteJournal::transact_(const char* what, const Write& write) {
  // A rollback can fail as well; SQLite then keeps the transaction open until the disk answers again.
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)rollback_.run();
  int code = begin_.run();
  if (code == SQLITE_OK) code = write();
  if (code == SQLITE_OK) code = commit_.run();
  if (code == SQLITE_OK) return std::nullopt;
  return end_transaction_(code, what);
}
}  // namespace tocsin::journal
