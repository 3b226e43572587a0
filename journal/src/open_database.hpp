// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Opening the file: whose it is, which version, and how SQLite is to treat it.
#include <string>

#include "tocsin/journal/journal.hpp"

#include "keys.hpp"
#include "sqlite.hpp"

namespace tocsin::journal {
/// A connection to a journal of this program's schema version, or null with `error` set and the file unchanged.
/// Unless it is opened for reading only, `keys` are those to go on with, and `notice` says what is damaged and left
/// out.
[[nodiscard]] Database open_database(const std::string& path, const OpenOptions& options, std::unique_ptr<Keys>& keys,
                                     std::string& notice, JournalError& error);
/// Likewise, for reading a file that nobody writes: no lock, no WAL, nothing created beside it.
[[nodiscard]] Database open_finished(const std::string& path, const OpenOptions& options, JournalError& error);
/// A connection to a new file of a backup, without a lock or a journal of its own. SQLITE_OK or an error.
[[nodiscard]] int open_copy(const std::string& path, const OpenOptions& options, Database& database);
/// Where the key file is.
[[nodiscard]] std::string key_path(const std::string& path, const OpenOptions& options);
}  // namespace tocsin::journal
