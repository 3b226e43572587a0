// SPDX-License-Identifier: Apache-2.0
#include "explain.hpp"

#include <cstring>

namespace tocsin::journal {
namespace {
const char* mend_of(int code) {
  if (is_sync_failure(code)) {
    return "the disk did not confirm a write; check it, then start again: what was acknowledged is recovered";
  }
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "it is held by another process; ask it through the control socket, or stop it first";
    case SQLITE_FULL:
      return "the disk or the journal's own bound is full; free space or raise the bound, it then goes on by itself";
    case SQLITE_IOERR:
      return "the disk gave an error; check its health and its cables";
    case SQLITE_CORRUPT:
      return "the file is damaged; keep a copy for inspection and restore a backup";
    case SQLITE_NOTADB:
      return "it is not a Tocsin journal; check the path";
    case SQLITE_READONLY:
      return "it may not be written; check the permissions of the file and its folder, and whether the disk is mounted "
             "read-only";
    case SQLITE_CANTOPEN:
      return "check that its folder exists and that this user may read and write there";
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "check the permissions of the file and its folder";
    case SQLITE_NOMEM:
      return "memory ran out";
    default:
      return "see SQLite's message";
  }
}
}  // namespace

bool is_sync_failure(int code) { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

JournalError explain(sqlite3* database, int code, const std::string& what, const std::string& path) {
  JournalError error;
  error.code = code;
  error.fatal = is_sync_failure(code);
  error.text = what + " '" + path + "': " + mend_of(code) + " (" + sqlite3_errstr(code);
  const int cause = code & 0xFF;
  const int number = database != nullptr ? sqlite3_system_errno(database) : 0;
  if (number != 0 && (cause == SQLITE_IOERR || cause == SQLITE_CANTOPEN || cause == SQLITE_FULL)) {
    error.text += std::string{", "} + std::strerror(number);
  }
  error.text += ", SQLite code " + std::to_string(code) + ")";
  return error;
}
}  // namespace tocsin::journal
