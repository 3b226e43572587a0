// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The write-ahead log as bytes: what SQLite does not look after when it opens one.
#include <cstddef>
#include <string>

#include <sqlite3.h>

namespace tocsin::journal {
inline constexpr std::size_t kWalFrameHeaderBytes = 24;
/// A frame of the WAL: its header and a page.
inline constexpr std::size_t kWalFrameBytes = kWalFrameHeaderBytes + 4096;

/// Makes durable what was recovered from the WAL, and tells what of it is damaged. Call it right after the first read
/// of a writer's connection, before it writes anything.
///
/// After a failed sync the kernel may go on showing what is not on the disk, and call the next sync a success: whatever
/// a new process recovers from such a WAL must be written once more before anything is built on it.
///
/// SQLite ends its recovery at the first frame that does not hold, as the last one may be torn. But each transaction is
/// synced before the next begins: where another one follows, the torn one was durable, and the file was damaged later.
/// @param notice  out: what is damaged, in words for an operator; empty when nothing is.
/// @returns an SQLite result code.
[[nodiscard]] int secure_wal(sqlite3* database, std::string& notice);
}  // namespace tocsin::journal
