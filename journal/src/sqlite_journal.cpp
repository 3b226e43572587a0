// SPDX-License-Identifier: Apache-2.0
#include "sqlite_journal.hpp"

#include <algorithm>
#include <utility>

#include "explain.hpp"
#include "open_database.hpp"
#include "row_crc.hpp"

namespace tocsin::journal {
namespace {

int note_wal_pages(void* pages, sqlite3* /*database*/, const char* /*name*/, int count) {
  *static_cast<std::uint32_t*>(pages) = static_cast<std::uint32_t>(count);
  return SQLITE_OK;
}

/// Earliest and latest time in a batch; those of its clock when it has no items.
std::pair<engine::Instant, engine::Instant> time_bounds(const CommitBatch& batch) {
  if (batch.items.empty()) return {batch.clock, batch.clock};
  auto bounds = std::pair{batch.items.front().input.time, batch.items.front().input.time};
  for (const auto& item : batch.items) {
    bounds.first = std::min(bounds.first, item.input.time);
    bounds.second = std::max(bounds.second, item.input.time);
  }
  return bounds;
}
}  // namespace

std::unique_ptr<Journal> Journal::open(const std::string& path, const OpenOptions& options, JournalError& error) {
  auto database = open_database(path, options, error);
  if (database == nullptr) return nullptr;
  auto journal = std::make_unique<SqliteJournal>(std::move(database), path, options);
  if (auto trouble = journal->load()) {
    error = std::move(*trouble);
    return nullptr;
  }
  return journal;
}

SqliteJournal::SqliteJournal(Database database, std::string path, const OpenOptions& options)
    : path_{std::move(path)},
      read_only_{options.read_only},
      wal_pages_max_{options.wal_pages_max},
      database_{std::move(database)} {
  (void)sqlite3_wal_hook(database_.get(), note_wal_pages, &wal_pages_);
}

// After a failed sync nothing more may be moved between the files: closing would checkpoint.
SqliteJournal::~SqliteJournal() {
  if (broken_) (void)sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Outcome SqliteJournal::load() {
  int code = prepare_reads_();
  if (code == SQLITE_OK && !read_only_) code = prepare_writes_();
  if (code == SQLITE_OK) code = load_state_();
  if (code == SQLITE_OK) code = principals_.load(database_.get(), read_only_);
  if (code == SQLITE_OK) code = marks_.load(database_.get(), read_only_);
  if (code == SQLITE_OK) code = rejections_.load(database_.get(), read_only_);
  if (code != SQLITE_OK) return explain_(code, "cannot read the journal");
  load_slots_();
  return std::nullopt;
}

int SqliteJournal::prepare_reads_() {
  auto* database = database_.get();
  int code = select_batches_.prepare(
      database, "SELECT id, clock, items, t_min, t_max, crc, inputs FROM batch WHERE id > ?1 ORDER BY id");
  if (code == SQLITE_OK) {
    code = select_alerts_.prepare(
        database, "SELECT number, at, batch_id, crc, body FROM alert WHERE number > ?1 ORDER BY number");
  }
  if (code == SQLITE_OK) {
    code = select_images_.prepare(database, "SELECT hash, from_batch, crc, body FROM image ORDER BY id");
  }
  if (code == SQLITE_OK) {
    code = select_slot_.prepare(
        database, "SELECT serial, batch_id, image_hash, engine_version, crc, state FROM checkpoint WHERE slot = ?1");
  }
  return code;
}

int SqliteJournal::prepare_writes_() {
  const std::pair<Statement*, const char*> kStatements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&insert_batch_,
       "INSERT INTO batch(id, clock, items, t_min, t_max, crc, inputs) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&insert_alert_, "INSERT INTO alert(number, at, batch_id, crc, body) VALUES(?1, ?2, ?3, ?4, ?5)"},
      {&replace_slot_,
       "INSERT OR REPLACE INTO checkpoint(slot, serial, batch_id, image_hash, engine_version, crc, state) "
       "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&insert_image_, "INSERT INTO image(hash, from_batch, crc, body) VALUES(?1, ?2, ?3, ?4)"},
      {&insert_meta_, "INSERT INTO meta(key, value) VALUES(?1, ?2)"},
  };
  for (const auto& [statement, sql] : kStatements) {
    if (const int code = statement->prepare(database_.get(), sql); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int SqliteJournal::load_state_() {
  auto* database = database_.get();
  std::int64_t batch = 0;
  std::int64_t alert = 0;
  std::int64_t images = 0;
  std::int64_t hash = 0;
  int code = query_number(database, "SELECT id FROM batch ORDER BY id DESC LIMIT 1", batch);
  if (code == SQLITE_OK) code = query_number(database, "SELECT clock FROM batch ORDER BY id DESC LIMIT 1", last_clock_);
  if (code == SQLITE_OK) code = query_number(database, "SELECT number FROM alert ORDER BY number DESC LIMIT 1", alert);
  if (code == SQLITE_OK) code = query_number(database, "SELECT count(*) FROM image", images);
  if (code == SQLITE_OK) code = query_number(database, "SELECT hash FROM image ORDER BY id DESC LIMIT 1", hash);
  if (code == SQLITE_OK) {
    code = query_number(database, "SELECT value FROM meta WHERE key = 'first_instant'", first_instant_);
  }
  last_batch_ = static_cast<std::uint64_t>(batch);
  last_alert_ = static_cast<std::uint64_t>(alert);
  has_image_ = images != 0;
  last_image_hash_ = static_cast<std::uint64_t>(hash);
  return code;
}

Outcome SqliteJournal::refuse_write_() const {
  if (broken_) return broken_;
  if (read_only_) return JournalError{"the journal '" + path_ + "' was opened for reading only", 0, false};
  return std::nullopt;
}

Outcome SqliteJournal::check_numbers_(std::span<const StoredAlert> alerts) const {
  auto expected = last_alert_;
  for (const auto& alert : alerts) {
    if (alert.number != ++expected) {
      return JournalError{"alert event number " + std::to_string(alert.number) + " does not follow: the journal '" +
                              path_ + "' expects " + std::to_string(expected) + "; nothing of the batch was stored",
                          0, false};
    }
  }
  return std::nullopt;
}

Outcome SqliteJournal::transact_(const char* what, const std::function<int()>& write) {
  // A rollback can fail as well; SQLite then keeps the transaction open until the disk answers again.
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)rollback_.run();
  int code = begin_.run();
  if (code == SQLITE_OK) code = write();
  if (code == SQLITE_OK) code = commit_.run();
  if (code == SQLITE_OK) return std::nullopt;
  auto error = explain_(code, what);
  if (error.fatal) broken_ = error;
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)rollback_.run();
  return error;
}

Outcome SqliteJournal::commit(const CommitBatch& batch) {
  if (auto refusal = refuse_write_()) return refusal;
  if (auto refusal = check_numbers_(batch.alerts)) return refusal;
  if (auto refusal = check_first_instant_(batch.first_instant)) return refusal;
  const bool begins = batch.first_instant != first_instant_ && batch.first_instant != engine::kNever;
  const bool has_row = !batch.items.empty() || !batch.alerts.empty();
  rejections_.stage(batch.rejections, batch.clock, principals_);
  if (!has_row && !begins && batch.rejections.empty() && !principals_.has_new()) return std::nullopt;

  auto outcome = transact_("cannot store a batch in the journal", [&] {
    int code = principals_.write_new();
    if (code == SQLITE_OK) code = rejections_.write();
    if (code == SQLITE_OK) code = marks_.write(batch.items);
    if (code == SQLITE_OK && begins) {
      code = insert_meta_.bind(1, std::string_view{"first_instant"}).bind(2, batch.first_instant).run();
    }
    if (code == SQLITE_OK && has_row) code = write_batch_(batch);
    return code;
  });
  if (outcome) return outcome;
  principals_.confirm();
  rejections_.confirm();
  marks_.confirm();
  if (begins) first_instant_ = batch.first_instant;
  if (has_row) {
    ++last_batch_;
    last_clock_ = batch.clock;
    last_alert_ += batch.alerts.size();
  }
  trim_wal_();
  return std::nullopt;
}

int SqliteJournal::write_batch_(const CommitBatch& batch) {
  const auto id = static_cast<std::int64_t>(last_batch_ + 1);
  const auto bytes = wire::encode_journal_batch(batch.items);
  const auto items = static_cast<std::int64_t>(batch.items.size());
  const auto [first, last] = time_bounds(batch);
  const int code = insert_batch_.bind(1, id)
                       .bind(2, batch.clock)
                       .bind(3, items)
                       .bind(4, first)
                       .bind(5, last)
                       .bind(6, row_crc({id, batch.clock, items, first, last}, bytes))
                       .bind(7, std::span{bytes})
                       .run();
  if (code != SQLITE_OK) return code;
  for (const auto& alert : batch.alerts) {
    const auto number = static_cast<std::int64_t>(alert.number);
    const int alert_code = insert_alert_.bind(1, number)
                               .bind(2, alert.at)
                               .bind(3, id)
                               .bind(4, row_crc({number, alert.at, id}, alert.bytes))
                               .bind(5, alert.bytes)
                               .run();
    if (alert_code != SQLITE_OK) return alert_code;
  }
  return SQLITE_OK;
}

// A failure here does not touch what was committed. Any but that of a sync is simply tried again after the next commit:
// the WAL then only grows.
void SqliteJournal::trim_wal_() {
  if (wal_pages_ < wal_pages_max_) return;
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) wal_pages_ = 0;
  if (is_sync_failure(code)) broken_ = explain_(code, "cannot move committed batches into the journal");
}

Outcome SqliteJournal::store_image(std::uint64_t image_hash, std::span<const std::byte> image) {
  if (auto refusal = refuse_write_()) return refusal;
  if (has_image_ && last_image_hash_ == image_hash) return std::nullopt;
  const auto hash = static_cast<std::int64_t>(image_hash);
  const auto from_batch = static_cast<std::int64_t>(last_batch_ + 1);
  auto outcome = transact_("cannot store a rule image in the journal", [&] {
    return insert_image_.bind(1, hash)
        .bind(2, from_batch)
        .bind(3, row_crc({hash, from_batch}, image))
        .bind(4, image)
        .run();
  });
  if (outcome) return outcome;
  has_image_ = true;
  last_image_hash_ = image_hash;
  trim_wal_();
  return std::nullopt;
}

Outcome SqliteJournal::check_first_instant_(engine::Instant first) const {
  if (first == engine::kNever || first_instant_ == engine::kNever || first == first_instant_) return std::nullopt;
  return JournalError{"the journal '" + path_ + "' already has another first instant, " +
                          std::to_string(first_instant_) + "; it never changes in a journal's life",
                      0, false};
}

JournalError SqliteJournal::explain_(int code, const char* what) const {
  return explain(database_.get(), code, what, path_);
}
}  // namespace tocsin::journal
