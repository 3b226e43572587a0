// SPDX-License-Identifier: Apache-2.0
#include "migrations.hpp"

#include <array>
#include <cstddef>
#include <string>

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

// Step n leads from version n to n + 1. Append only: files of every earlier version are out there.
constexpr std::array kSteps = {kInit};

int migrate_inside(sqlite3* database, std::int64_t version) {
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
    if (const int code = execute(database, kSteps.at(step)); code != SQLITE_OK) return code;
  }
  const auto stamp = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                     ";PRAGMA user_version=" + std::to_string(schema_version()) + ";COMMIT";
  return execute(database, stamp.c_str());
}
}  // namespace

std::int64_t schema_version() { return static_cast<std::int64_t>(kSteps.size()); }

int migrate(sqlite3* database, std::int64_t version) {
  if (version == schema_version()) return SQLITE_OK;
  if (const int code = execute(database, "BEGIN IMMEDIATE"); code != SQLITE_OK) return code;
  const int code = migrate_inside(database, version);
  if (code != SQLITE_OK && sqlite3_get_autocommit(database) == 0) (void)execute(database, "ROLLBACK");
  return code;
}
}  // namespace tocsin::journal
