// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file SQLite's result codes in an operator's words.
#include <string>

#include <sqlite3.h>

#include "tocsin/journal/journal.hpp"

namespace tocsin::journal {
/// True for a failed sync: what was to be made durable may or may not be, and asking again proves nothing.
[[nodiscard]] bool is_sync_failure(int code);
/// The error for `code`, met while doing `what` ("storing a batch") to the file `path`.
/// @param database  the connection, for the operating system's error number; may be null.
[[nodiscard]] JournalError explain(sqlite3* database, int code, const std::string& what, const std::string& path);
}  // namespace tocsin::journal
