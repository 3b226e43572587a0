// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The tables, as a list of steps from each schema version to the next.
#include <cstdint>

#include <sqlite3.h>

namespace tocsin::journal {
/// PRAGMA application_id of a journal: "Tcsn".
inline constexpr std::int64_t kApplicationId = 0x5463736E;
/// PRAGMA user_version that this program reads and writes.
[[nodiscard]] std::int64_t schema_version();
/// Brings the tables from `version` to schema_version() in one transaction. SQLITE_OK or an error; then nothing
/// changed.
[[nodiscard]] int migrate(sqlite3* database, std::int64_t version);
}  // namespace tocsin::journal
