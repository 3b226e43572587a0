// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Opening the file: whose it is, which version, and how SQLite is to treat it.
#include <string>

#include "tocsin/journal/journal.hpp"

#include "sqlite.hpp"

namespace tocsin::journal {
/// A connection to a journal of this program's schema version, or null with `error` set and the file unchanged.
[[nodiscard]] Database open_database(const std::string& path, const OpenOptions& options, JournalError& error);
}  // namespace tocsin::journal
