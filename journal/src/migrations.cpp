// SPDX-License-Identifier: Apache-2.0
#include "migrations.hpp"

#include <array>
#include <cstddef>
#include <string>

#include "chain.hpp"
#include "head.hpp"
#include "row_crc.hpp"
#include "sqlite.hpp"

namespace tocsin::journal {
namespace {
// The columns a start or a query looks at stand before the BLOB, so that it need not be read to see them. No table has
// a secondary index: each would cost one more page per commit (README.md).
constexpr const char* kInit = R"sql(
CREATE TABLE batch(
  id INTEGER PRIMARY KEY, clock INTEGER NOT NULL, items INTEGER NOT NULL, t_min INTEGER NOT NULL,
  t_max INTEGER NOT NULL, crc INTEGER NOT NULL, inputs BLOB NOT NULL) STRICT;
CREATE TABLE alert(
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, batch_id INTEGER NOT NULL, crc INTEGER NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE TABLE feed_mark(
  feed TEXT PRIMARY KEY, mark INTEGER NOT NULL, reports INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE principal(id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE rejection(
  principal INTEGER NOT NULL, reason INTEGER NOT NULL, count INTEGER NOT NULL, first_at INTEGER NOT NULL,
  sample TEXT NOT NULL, PRIMARY KEY(principal, reason)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint(
  slot INTEGER PRIMARY KEY, serial INTEGER NOT NULL, batch_id INTEGER NOT NULL, image_hash INTEGER NOT NULL,
  engine_version INTEGER NOT NULL, crc INTEGER NOT NULL, state BLOB NOT NULL) STRICT;
CREATE TABLE image(
  id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, from_batch INTEGER NOT NULL, crc INTEGER NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// The chain's hash stands before the BLOB, too, so both tables are made anew; chain_rows() moves the old ones over.
constexpr const char* kChain = R"sql(
ALTER TABLE batch RENAME TO old_batch;
ALTER TABLE alert RENAME TO old_alert;
ALTER TABLE checkpoint RENAME TO old_checkpoint;
CREATE TABLE batch(
  id INTEGER PRIMARY KEY, clock INTEGER NOT NULL, items INTEGER NOT NULL, t_min INTEGER NOT NULL,
  t_max INTEGER NOT NULL, crc INTEGER NOT NULL, chain BLOB NOT NULL, inputs BLOB NOT NULL) STRICT;
CREATE TABLE alert(
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, batch_id INTEGER NOT NULL, crc INTEGER NOT NULL,
  chain BLOB NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE note(
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, batch_id INTEGER NOT NULL, kind INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, crc INTEGER NOT NULL, chain BLOB NOT NULL, who TEXT NOT NULL,
  word TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE checkpoint(
  slot INTEGER PRIMARY KEY, serial INTEGER NOT NULL, batch_id INTEGER NOT NULL, image_hash INTEGER NOT NULL,
  engine_version INTEGER NOT NULL, first_needed INTEGER NOT NULL, crc INTEGER NOT NULL, state BLOB NOT NULL) STRICT;
CREATE TABLE head(
  kind INTEGER PRIMARY KEY, at INTEGER NOT NULL, batch INTEGER NOT NULL, alert INTEGER NOT NULL, note INTEGER NOT NULL,
  shed_first INTEGER NOT NULL, shed_last INTEGER NOT NULL, batch_hash BLOB NOT NULL, alert_hash BLOB NOT NULL,
  note_hash BLOB NOT NULL, signature BLOB NOT NULL) STRICT;
CREATE TABLE cursor(
  consumer TEXT PRIMARY KEY, number INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
ALTER TABLE feed_mark ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
ALTER TABLE principal ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rejection ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
UPDATE feed_mark SET crc = tocsin_crc(mark, reports, feed);
UPDATE principal SET crc = tocsin_crc(id, name);
UPDATE rejection SET crc = tocsin_crc(principal, reason, count, first_at, sample);
UPDATE meta SET crc = tocsin_crc(value, key);
INSERT INTO checkpoint SELECT slot, serial, batch_id, image_hash, engine_version, 0,
    tocsin_crc(slot, serial, batch_id, image_hash, engine_version, 0, state), state
  FROM old_checkpoint WHERE crc = tocsin_crc(slot, serial, batch_id, image_hash, engine_version, state);
DROP TABLE old_checkpoint;
)sql";
// New rows of `batch` are packed (wire/src/host/packed_batch.hpp); the old ones stay, and are read as they are.
constexpr const char* kPacked = "";
constexpr const char* kDropOld = "DROP TABLE old_batch;DROP TABLE old_alert";

// Step n leads from version n to n + 1. Append only: files of every earlier version are out there.
constexpr std::array kSteps = {kInit, kChain, kPacked};
constexpr std::int64_t kFirstChained = 2;

int run_steps(sqlite3* database, std::int64_t version) {
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
    if (const int code = execute(database, kSteps.at(step)); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

/// Moves the rows of a journal without a chain into one with. A damaged row stays what it is, with a checksum that says
/// so, and is chained as it stands.
class Chainer {
 public:
  Chainer(sqlite3* database, const Keys& keys) : database_{database}, keys_{keys} {}

  int run() {
    JournalId id{};
    randombytes_buf(id.data(), id.size());
    ends_ = start_of(keys_.chain_key(), id);
    int code = store_meta_("id", id);
    if (code == SQLITE_OK) code = store_meta_("public_key", keys_.public_key());
    if (code == SQLITE_OK) code = prepare_();
    if (code == SQLITE_OK) code = move_batches_();
    if (code == SQLITE_OK) code = move_alerts_(INT64_MAX);
    if (code != SQLITE_OK) return code;
    Head head;
    head.at = clock_;
    head.ends = ends_;
    sign(head, id, keys_);
    code = write_head(replace_head_, head);
    select_batches_.reset();
    select_alerts_.reset();
    return code;
  }

 private:
  int store_meta_(std::string_view key, std::span<const std::byte> value) {
    Statement insert;
    const int code = insert.prepare(database_, "INSERT INTO meta(key, value, crc) VALUES(?1, ?2, ?3)");
    return code != SQLITE_OK ? code
                             : insert.bind(1, key).bind(2, value).bind(3, row_crc({}, {value, bytes_of(key)})).run();
  }
  int prepare_() {
    int code = select_batches_.prepare(database_,
                                       "SELECT id, clock, items, t_min, t_max, crc, inputs FROM old_batch ORDER BY id");
    if (code == SQLITE_OK) {
      code = select_alerts_.prepare(database_, "SELECT number, at, batch_id, crc, body FROM old_alert ORDER BY number");
    }
    if (code == SQLITE_OK) code = insert_batch_.prepare(database_, "INSERT INTO batch VALUES(?1,?2,?3,?4,?5,?6,?7,?8)");
    if (code == SQLITE_OK) code = insert_alert_.prepare(database_, "INSERT INTO alert VALUES(?1,?2,?3,?4,?5,?6)");
    if (code == SQLITE_OK) code = replace_head_.prepare(database_, kReplaceHead);
    if (code == SQLITE_OK) alert_code_ = select_alerts_.step();
    return code;
  }
  int move_batches_() {
    auto& from = select_batches_;
    int code = from.step();
    for (; code == SQLITE_ROW; code = from.step()) {
      if (const int alerts = move_alerts_(from.number(0)); alerts != SQLITE_OK) return alerts;
      const BatchRow row{from.number(0), from.number(1), from.number(2), from.number(3), from.number(4), from.blob(6)};
      const auto former = row_crc({row.id, row.clock, row.items, row.first, row.last}, {row.inputs});
      append(keys_.chain_key(), row, ends_);
      auto crc = row_crc({row.id, row.clock, row.items, row.first, row.last}, {ends_.batch_hash, row.inputs});
      if (former != from.number(5)) crc ^= 1;
      clock_ = row.clock;
      for (int column = 0; column < 5; ++column) insert_batch_.bind(column + 1, from.number(column));
      const int inserted =
          insert_batch_.bind(6, crc).bind(7, std::span<const std::byte>{ends_.batch_hash}).bind(8, row.inputs).run();
      if (inserted != SQLITE_OK) return inserted;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }
  /// Those of the batches up to `batch`.
  int move_alerts_(std::int64_t batch) {
    auto& from = select_alerts_;
    for (; alert_code_ == SQLITE_ROW && from.number(2) <= batch; alert_code_ = from.step()) {
      const AlertRow row{from.number(0), from.number(1), from.number(2), from.blob(4)};
      const auto former = row_crc({row.number, row.at, row.batch_id}, {row.body});
      append(keys_.chain_key(), row, ends_);
      auto crc = row_crc({row.number, row.at, row.batch_id}, {ends_.alert_hash, row.body});
      if (former != from.number(3)) crc ^= 1;
      for (int column = 0; column < 3; ++column) insert_alert_.bind(column + 1, from.number(column));
      const int inserted =
          insert_alert_.bind(4, crc).bind(5, std::span<const std::byte>{ends_.alert_hash}).bind(6, row.body).run();
      if (inserted != SQLITE_OK) return inserted;
    }
    return alert_code_ == SQLITE_ROW || alert_code_ == SQLITE_DONE ? SQLITE_OK : alert_code_;
  }

  sqlite3* database_;
  const Keys& keys_;
  Ends ends_;
  engine::Instant clock_ = 0;
  int alert_code_ = SQLITE_DONE;
  Statement select_batches_, select_alerts_, insert_batch_, insert_alert_, replace_head_;
};

int migrate_inside(sqlite3* database, std::int64_t version, const Keys& keys) {
  int code = run_steps(database, version);
  if (code == SQLITE_OK && version < kFirstChained) {
    code = Chainer{database, keys}.run();
    if (code == SQLITE_OK) code = execute(database, kDropOld);
  }
  if (code != SQLITE_OK) return code;
  const auto stamp = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                     ";PRAGMA user_version=" + std::to_string(schema_version()) + ";COMMIT";
  return execute(database, stamp.c_str());
}
}  // namespace

std::int64_t schema_version() { return static_cast<std::int64_t>(kSteps.size()); }

int migrate(sqlite3* database, std::int64_t version, const Keys& keys) {
  if (version == schema_version()) return SQLITE_OK;
  if (const int code = execute(database, "BEGIN IMMEDIATE"); code != SQLITE_OK) return code;
  const int code = migrate_inside(database, version, keys);
  if (code != SQLITE_OK && sqlite3_get_autocommit(database) == 0) (void)execute(database, "ROLLBACK");
  return code;
}

std::vector<std::string> tables_of(sqlite3* database) {
  std::vector<std::string> tables;
  Statement select;
  if (select.prepare(database, "SELECT sql FROM sqlite_master ORDER BY type, name") != SQLITE_OK) return tables;
  while (select.step() == SQLITE_ROW) tables.emplace_back(select.text(0));
  return tables;
}

namespace {
std::vector<std::string> make_expected_tables() {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(":memory:", &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const Database database{connection};
  if (code != SQLITE_OK || add_crc_function(connection) != SQLITE_OK) return {};
  if (run_steps(connection, 0) != SQLITE_OK || execute(connection, kDropOld) != SQLITE_OK) return {};
  return tables_of(connection);
}
}  // namespace

const std::vector<std::string>& expected_tables() {
  static const std::vector<std::string> tables = make_expected_tables();
  return tables;
}
}  // namespace tocsin::journal
