// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The tables, as a list of steps from each schema version to the next.
#include <cstdint>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "keys.hpp"

namespace tocsin::journal {
/// PRAGMA application_id of a journal: "Tcsn".
inline constexpr std::int64_t kApplicationId = 0x5463736E;
/// PRAGMA user_version that this program reads and writes.
[[nodiscard]] std::int64_t schema_version();
/// Brings the tables from `version` to schema_version() in one transaction; what is not chained yet is chained with
/// `keys`. SQLITE_OK or an error; then nothing changed.
[[nodiscard]] int migrate(sqlite3* database, std::int64_t version, const Keys& keys);
/// The tables as SQLite keeps their text, by name: what a journal of this version must have, neither more nor less.
[[nodiscard]] std::vector<std::string> tables_of(sqlite3* database);
/// Likewise, of a new journal. Made at the first call, in a database in memory.
[[nodiscard]] const std::vector<std::string>& expected_tables();
}  // namespace tocsin::journal
