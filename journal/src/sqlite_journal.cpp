// SPDX-License-Identifier: Apache-2.0
// Opening, where the journal stands, transactions and the WAL.
#include "sqlite_journal.hpp"

#include <utility>

#include "open_database.hpp"
#include "row_crc.hpp"

namespace tocsin::journal {
namespace {
int note_wal_pages(void* pages, sqlite3* /*database*/, const char* /*name*/, int count) {
  *static_cast<std::uint32_t*>(pages) = static_cast<std::uint32_t>(count);
  return SQLITE_OK;
}
}  // namespace

std::unique_ptr<Journal> Journal::open(const std::string& path, const OpenOptions& options, JournalError& error) {
  std::unique_ptr<Keys> keys;
  std::string notice;
  auto database = open_database(path, options, keys, notice, error);
  if (database == nullptr) return nullptr;
  auto journal =
      std::make_unique<SqliteJournal>(std::move(database), std::move(keys), path, options, std::move(notice));
  if (auto trouble = journal->load()) {
    error = std::move(*trouble);
    return nullptr;
  }
  return journal;
}

SqliteJournal::SqliteJournal(Database database, std::unique_ptr<Keys> keys, std::string path,
                             const OpenOptions& options, std::string notice)
    : path_{std::move(path)},
      notice_{std::move(notice)},
      options_{options},
      keys_{std::move(keys)},
      database_{std::move(database)} {
  (void)sqlite3_wal_hook(database_.get(), note_wal_pages, &wal_pages_);
}

// After a failed sync nothing more may be moved between the files: closing would checkpoint. And what was not loaded as
// a whole must not be signed, as marks are stored with the signature.
SqliteJournal::~SqliteJournal() {
  backup_.abort();
  if (loaded_ && !options_.read_only && !broken_) (void)sign_head();
  if (broken_) (void)sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Outcome SqliteJournal::load() {
  int code = prepare_reads_();
  if (code == SQLITE_OK && !options_.read_only) code = prepare_writes_();
  if (code == SQLITE_OK) code = load_state_();
  if (code == SQLITE_OK) code = principals_.load(database_.get(), options_.read_only);
  if (code == SQLITE_OK) code = marks_.load(database_.get(), options_.read_only);
  if (code == SQLITE_OK) code = rejections_.load(database_.get(), options_.read_only);
  if (code == SQLITE_OK) code = cursors_.load(database_.get(), options_.read_only);
  if (code != SQLITE_OK) return explain_(code, "cannot read the journal");
  load_slots_();
  if (auto trouble = catch_up_marks_()) return trouble;
  loaded_ = true;
  return std::nullopt;
}

// The table is as of the newest signed head. A damaged batch ends it: whoever reads that batch is told. One that the
// disk does not give out now is another matter: marks that lack it must not be stored.
Outcome SqliteJournal::catch_up_marks_() {
  std::vector<wire::JournalItem> items;
  auto outcome = read_batches(signed_batch_, [&](const StoredBatch& batch) {
    wire::JournalBatchReader reader;
    if (!reader.open(batch.bytes)) return true;
    items.clear();
    for (std::size_t left = reader.count(); left > 0; --left) {
      wire::JournalItem item;
      if (reader.next(item)) items.push_back(item);
    }
    marks_.stage(items);
    marks_.confirm(false);
    return true;
  });
  const bool is_damage = outcome && (outcome->code == 0 || (outcome->code & 0xFF) == SQLITE_CORRUPT);
  return is_damage ? std::nullopt : outcome;
}

// Large BLOBs are left out of the row and read in place: see fetch_().
int SqliteJournal::prepare_reads_() {
  static_assert(kLargeBytes == 16384, "stands in the statements");
  const std::pair<Statement*, const char*> kStatements[] = {
      {&select_batches_,
       "SELECT id, clock, items, t_min, t_max, crc, chain, length(inputs), iif(length(inputs) <= 16384, inputs, NULL) "
       "FROM batch WHERE id > ?1 ORDER BY id"},
      {&select_alerts_,
       "SELECT number, at, batch_id, crc, chain, length(body), iif(length(body) <= 16384, body, NULL) "
       "FROM alert WHERE number > ?1 ORDER BY number"},
      {&select_notes_,
       "SELECT id, at, batch_id, kind, first, last, crc, chain, who, word, text FROM note WHERE id > ?1 ORDER BY id"},
      {&select_images_,
       "SELECT hash, from_batch, crc, id, length(body), iif(length(body) <= 16384, body, NULL) FROM image ORDER BY id"},
      {&select_slot_,
       "SELECT serial, batch_id, image_hash, engine_version, first_needed, crc, slot, length(state), "
       "iif(length(state) <= 16384, state, NULL) FROM checkpoint WHERE slot = ?1"},
      {&page_count_, "PRAGMA page_count"},
      {&freelist_count_, "PRAGMA freelist_count"},
  };
  for (const auto& [statement, sql] : kStatements) {
    if (const int code = statement->prepare(database_.get(), sql); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int SqliteJournal::prepare_writes_() {
  const std::pair<Statement*, const char*> kStatements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&rollback_, "ROLLBACK"},
      {&insert_batch_,
       "INSERT INTO batch(id, clock, items, t_min, t_max, crc, chain, inputs) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
      {&insert_alert_, "INSERT INTO alert(number, at, batch_id, crc, chain, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
      {&insert_note_,
       "INSERT INTO note(id, at, batch_id, kind, first, last, crc, chain, who, word, text) "
       "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
      {&replace_slot_,
       "INSERT OR REPLACE INTO checkpoint(slot, serial, batch_id, image_hash, engine_version, first_needed, crc, "
       "state) "
       "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
      {&insert_image_, "INSERT INTO image(hash, from_batch, crc, body) VALUES(?1, ?2, ?3, ?4)"},
      {&replace_meta_, "INSERT OR REPLACE INTO meta(key, value, crc) VALUES(?1, ?2, ?3)"},
      {&replace_head_, kReplaceHead},
      {&remove_batches_until_, "DELETE FROM batch WHERE id <= ?1"},
      {&remove_alerts_until_, "DELETE FROM alert WHERE number <= ?1"},
      {&remove_notes_until_, "DELETE FROM note WHERE id <= ?1"},
      // An image goes when the next one ruled from a batch that is gone, too, or is the first one left.
      {&remove_images_until_, "DELETE FROM image WHERE id < (SELECT max(id) FROM image WHERE from_batch <= ?1 + 1)"},
      {&select_sizes_, "SELECT id, clock, length(inputs) FROM batch WHERE id > ?1 ORDER BY id"},
  };
  for (const auto& [statement, sql] : kStatements) {
    if (const int code = statement->prepare(database_.get(), sql); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int SqliteJournal::load_state_() {
  auto* database = database_.get();
  std::int64_t images = 0;
  std::int64_t hash = 0;
  int code = load_meta_();
  if (code == SQLITE_OK) code = load_ends_();
  if (code == SQLITE_OK) code = query_number(database, "SELECT clock FROM batch ORDER BY id DESC LIMIT 1", last_clock_);
  if (code == SQLITE_OK) code = query_number(database, "SELECT count(*) FROM image", images);
  if (code == SQLITE_OK) code = query_number(database, "SELECT hash FROM image ORDER BY id DESC LIMIT 1", hash);
  has_image_ = images != 0;
  last_image_hash_ = static_cast<std::uint64_t>(hash);
  return code;
}

int SqliteJournal::load_meta_() {
  Statement select;
  int code = select.prepare(database_.get(), "SELECT key, value FROM meta");
  if (code != SQLITE_OK) return code;
  for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
    const auto key = select.text(0);
    if (key == "first_instant") first_instant_ = select.number(1);
    if (key == "id" && !copy_exactly(select.blob(1), id_)) return SQLITE_CORRUPT;
    if (key == "public_key" && !copy_exactly(select.blob(1), public_key_)) return SQLITE_CORRUPT;
  }
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

/// Number and hash of one table's last row; both stay what they are when it is empty.
int SqliteJournal::read_end_(const char* sql, std::uint64_t key, std::uint64_t& number, Hash& hash) {
  Statement select;
  if (const int code = select.prepare(database_.get(), sql); code != SQLITE_OK) return code;
  const int code = select.bind(1, key).step();
  if (code != SQLITE_ROW) return code == SQLITE_DONE ? SQLITE_OK : code;
  number = select.unsigned_number(0);
  return copy_exactly(select.blob(1), hash) ? SQLITE_OK : SQLITE_CORRUPT;
}

int SqliteJournal::load_ends_() {
  if (keys_ != nullptr) removed_.ends = start_of(keys_->chain_key(), id_);
  removed_.kind = HeadKind::removed;
  Head newest;
  for (auto* head : {&removed_, &newest}) {
    const auto kind = head == &removed_ ? HeadKind::removed : HeadKind::newest;
    const int code = read_head(database_.get(), kind, *head);
    if (code != SQLITE_ROW && code != SQLITE_DONE) return code;
  }
  signed_batch_ = newest.ends.batch;
  signed_at_ = newest.at;
  ends_ = removed_.ends;
  constexpr const char* kLastBatch = "SELECT id, chain FROM batch WHERE id <= ?1 ORDER BY id DESC LIMIT 1";
  constexpr const char* kLastAlert = "SELECT number, chain FROM alert WHERE number <= ?1 ORDER BY number DESC LIMIT 1";
  constexpr const char* kLastNote = "SELECT id, chain FROM note WHERE id <= ?1 ORDER BY id DESC LIMIT 1";
  int code = read_end_(kLastBatch, INT64_MAX, ends_.batch, ends_.batch_hash);
  if (code == SQLITE_OK) code = read_end_(kLastAlert, INT64_MAX, ends_.alert, ends_.alert_hash);
  if (code == SQLITE_OK) code = read_end_(kLastNote, INT64_MAX, ends_.note, ends_.note_hash);
  return code;
}

Outcome SqliteJournal::refuse_write_() const {
  if (broken_) return broken_;
  if (options_.read_only) return JournalError{"the journal '" + path_ + "' was opened for reading only", 0, false};
  return std::nullopt;
}

Outcome SqliteJournal::end_transaction_(int code, const char* what) {
  auto error = explain_(code, what);
  if (error.fatal) broken_ = error;
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)rollback_.run();
  return error;
}

// A failure here does not touch what was committed. Any but that of a sync is simply tried again after the next commit:
// the WAL then only grows.
void SqliteJournal::trim_wal_() {
  if (wal_pages_ < options_.wal_pages_max) return;
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) wal_pages_ = 0;
  if (is_sync_failure(code)) broken_ = explain_(code, "cannot move committed batches into the journal");
}

std::uint64_t SqliteJournal::number_of_(Statement& pragma) {
  const ResetGuard guard{pragma};
  return pragma.step() == SQLITE_ROW ? pragma.unsigned_number(0) : 0;
}

JournalState SqliteJournal::state() {
  JournalState state;
  state.pages = number_of_(page_count_);
  state.free_pages = number_of_(freelist_count_);
  state.page_bound = options_.max_page_count;
  state.wal_pages = wal_pages_;
  state.first_batch = ends_.batch > removed_.ends.batch ? removed_.ends.batch + 1 : 0;
  state.first_alert = ends_.alert > removed_.ends.alert ? removed_.ends.alert + 1 : 0;
  state.gone_alert = removed_.ends.alert;
  state.signed_batch = signed_batch_;
  if (removed_.shed_last != 0) state.shed_batches = removed_.shed_last - removed_.shed_first + 1;
  return state;
}
}  // namespace tocsin::journal
