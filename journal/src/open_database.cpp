// SPDX-License-Identifier: Apache-2.0
#include "open_database.hpp"

#include <cstdlib>
#include <sys/stat.h>

#include "explain.hpp"
#include "head.hpp"
#include "migrations.hpp"
#include "row_crc.hpp"
#include "wal_file.hpp"

namespace tocsin::journal {
namespace {
constexpr std::int64_t kOldestReadable = 2;  ///< its tables are those of today, and its rows are read in their own form
// The WAL is checkpointed by commit itself, which sees how that ended; SQLite's own automatic one throws its result
// away.
constexpr const char* kWriterPragmas = "PRAGMA synchronous=FULL;PRAGMA wal_autocheckpoint=0;PRAGMA secure_delete=OFF";
constexpr const char* kCommonPragmas =
    "PRAGMA page_size=4096;PRAGMA temp_store=MEMORY;PRAGMA mmap_size=0;PRAGMA trusted_schema=OFF;"
    "PRAGMA cell_size_check=ON";

int set_pragma(sqlite3* database, const char* name, std::uint64_t value) {
  const auto sql = std::string{"PRAGMA "} + name + "=" + std::to_string(value);
  return execute(database, sql.c_str());
}

// Dirty pages of a transaction beyond the cache go to the WAL early (cache_spill is on): a large batch or a checkpoint
// then needs no more memory than a small one.
int set_up_connection(sqlite3* database, const OpenOptions& options) {
  if (const int code = execute(database, kCommonPragmas); code != SQLITE_OK) return code;
  if (const int code = set_pragma(database, "cache_size", options.cache_pages); code != SQLITE_OK) return code;
  return add_crc_function(database);
}

int open_file(const std::string& name, int flags, const OpenOptions& options, Database& database) {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  database.reset(connection);
  return code;
}

struct Identity {
  std::int64_t application = 0;
  std::int64_t version = 0;
  std::int64_t tables = 0;
};

int read_identity(sqlite3* database, Identity& identity) {
  int code = query_number(database, "PRAGMA application_id", identity.application);
  if (code == SQLITE_OK) code = query_number(database, "PRAGMA user_version", identity.version);
  if (code == SQLITE_OK) code = query_number(database, "SELECT count(*) FROM sqlite_master", identity.tables);
  return code;
}

/// Why a file that SQLite can read is still not one to use; empty when it is.
std::string objection_to(const Identity& identity, const OpenOptions& options) {
  const bool blank = identity.application == 0 && identity.version == 0 && identity.tables == 0;
  if (blank) return options.read_only ? "it is empty; the daemon has not written to it yet" : "";
  if (identity.application != kApplicationId) {
    return "it is the SQLite database of another program, not a Tocsin journal; check the path";
  }
  const auto versions = std::to_string(identity.version) + ", this program knows " + std::to_string(schema_version());
  if (identity.version > schema_version()) {
    return "a newer version of Tocsin wrote it (schema " + versions + "); use that version or a newer one";
  }
  if (options.read_only && identity.version < kOldestReadable) {
    return "an older version of Tocsin wrote it (schema " + versions + "); start tocsind once to bring it up to date";
  }
  return "";
}

/// SQLite answers with the mode that it could set, and not with an error when that is another.
/// The change itself goes through a rollback journal. EXTRA makes its removal durable: should a power cut bring it
/// back later, it would undo the change and all that came after.
int enter_wal_mode(sqlite3* database) {
  if (const int code = execute(database, "PRAGMA synchronous=EXTRA"); code != SQLITE_OK) return code;
  Statement statement;
  if (const int code = statement.prepare(database, "PRAGMA journal_mode=WAL"); code != SQLITE_OK) return code;
  if (const int code = statement.step(); code != SQLITE_ROW) return code;
  return statement.text(0) == "wal" ? SQLITE_OK : SQLITE_CANTOPEN;
}

/// After a burst the WAL is cut to its usual size and no further: what is written over syncs sooner than what is
/// appended.
int bound_wal(sqlite3* database, const OpenOptions& options) {
  const std::uint64_t spare = options.wal_pages_max / 16;  // the commit that fills it goes beyond
  return set_pragma(database, "journal_size_limit", (options.wal_pages_max + spare) * kWalFrameBytes);
}

int set_up_writer(sqlite3* database, const OpenOptions& options, const Identity& identity, const Keys& keys) {
  (void)expected_tables();  // now, while SQLite's memory is empty, rather than when a backup is read back
  if (const int code = enter_wal_mode(database); code != SQLITE_OK) return code;
  if (const int code = execute(database, kWriterPragmas); code != SQLITE_OK) return code;
  if (const int code = bound_wal(database, options); code != SQLITE_OK) return code;
  // The WAL begins anew, so what follows its newest transaction is always this process's own (wal_file.hpp). It keeps
  // its length: cut short by a power cut in the midst of that, what is left of it would undo what was moved out of it.
  // On a full disk this does not work, and must not keep the daemon from starting.
  const int emptied = execute(database, "PRAGMA wal_checkpoint(RESTART)");
  if (is_sync_failure(emptied)) return emptied;
  if (const int code = migrate(database, identity.version, keys); code != SQLITE_OK) return code;
  if (options.max_page_count != 0) {
    if (const int code = set_pragma(database, "max_page_count", options.max_page_count); code != SQLITE_OK) return code;
  }
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

/// Says which keys are the journal's own. False when it does not.
bool read_public_key(sqlite3* database, PublicKey& out) {
  Statement select;
  return select.prepare(database, "SELECT value FROM meta WHERE key = 'public_key'") == SQLITE_OK &&
         select.step() == SQLITE_ROW && copy_exactly(select.blob(0), out);
}

/// How to put the key file beside the journal, where it lies as long as the daemon has no folder of keys, in the place
/// of another one.
std::string copy_over(const std::string& beside, const std::string& file) {
  const char* const credentials = std::getenv("CREDENTIALS_DIRECTORY");
  const bool is_copy = credentials != nullptr && *credentials != '\0' && file.starts_with(credentials);
  return is_copy ? "copy it over the file that the credential is made from"
                 : "run: cp -fp '" + beside + "' '" + file + "'";
}

std::string another_journals(const std::string& file, const std::string& path, const PublicKey& known) {
  const auto beside = path + ".key";
  JournalError ignored;
  const auto other = beside == file ? nullptr : Keys::load(beside, ignored);
  const bool fits = other != nullptr && other->public_key() == known;
  return "the key file '" + file + "' is another journal's: '" + path +
         "' was begun with the key whose public half is " + hex_of(known) + "; " +
         (fits ? "that one is '" + beside + "': " + copy_over(beside, file) : "restore that one");
}

/// The keys this journal goes on with; null with `error` set when they are not to be had. A new one, or one from before
/// there were keys, makes the file; for any other it must be the one that the journal was begun with.
std::unique_ptr<Keys> find_keys(sqlite3* database, const std::string& path, const OpenOptions& options,
                                const Identity& identity, JournalError& error) {
  const auto file = key_path(path, options);
  if (identity.version < 2) return Keys::load_or_make(file, error);
  auto keys = Keys::load(file, error);
  if (keys == nullptr) return nullptr;
  PublicKey known{};
  if (!read_public_key(database, known)) {
    error = {"cannot open the journal '" + path +
                 "': the file is damaged, it does not say which keys are its own; "
                 "restore a backup",
             SQLITE_CORRUPT, false};
    return nullptr;
  }
  if (known == keys->public_key()) return keys;
  error = {another_journals(file, path, known), 0, false};
  return nullptr;
}

/// SQLite's name for a file that nobody writes: no lock, no WAL, nothing created beside it.
std::string immutable_name(const std::string& path) {
  std::string name = "file:";
  for (const char letter : path) {
    if (letter == '%' || letter == '?' || letter == '#') {
      constexpr const char* kDigits = "0123456789ABCDEF";
      const auto value = static_cast<unsigned char>(letter);
      name += {'%', kDigits[value >> 4U], kDigits[value & 0xFU]};
    } else {
      name += letter;
    }
  }
  return name + "?immutable=1";
}

bool has_wal(const std::string& path) {
  struct stat status {};
  return ::stat((path + "-wal").c_str(), &status) == 0 && status.st_size > 0;
}

/// What SQLite would take for a new file, and throw its WAL away.
bool is_cut_off(const std::string& path) {
  constexpr off_t kSmallestPage = 512;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || status.st_size == 0) return has_wal(path);
  return status.st_size < kSmallestPage;
}

/// Whether opening failed only because SQLite wanted to make its helper files in a folder where it may not.
bool is_write_protected(int code) { return (code & 0xFF) == SQLITE_CANTOPEN || (code & 0xFF) == SQLITE_READONLY; }

int open_and_identify(const std::string& path, const OpenOptions& options, Database& database, Identity& identity) {
  const int flags = options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  int code = open_file(path, flags, options, database);
  // Until the file is known to be ours nothing may change it, not even by tidying up another program's WAL. The lock
  // is exclusive from the first read, so the WAL needs no shared memory and a second daemon is refused at once.
  if (code == SQLITE_OK) code = sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (code == SQLITE_OK && !options.read_only) code = execute(database.get(), "PRAGMA locking_mode=EXCLUSIVE");
  if (code == SQLITE_OK) code = set_up_connection(database.get(), options);
  if (code == SQLITE_OK) code = read_identity(database.get(), identity);
  if (!options.read_only || !is_write_protected(code) || has_wal(path)) return code;

  Database unlocked;
  if (open_file(immutable_name(path), flags | SQLITE_OPEN_URI, options, unlocked) != SQLITE_OK) return code;
  if (set_up_connection(unlocked.get(), options) != SQLITE_OK) return code;
  if (read_identity(unlocked.get(), identity) != SQLITE_OK) return code;
  database = std::move(unlocked);
  return SQLITE_OK;
}
}  // namespace

std::string key_path(const std::string& path, const OpenOptions& options) {
  return options.keys.empty() ? path + ".key" : options.keys;
}

KeysTrouble look_at_keys(const std::string& path, const OpenOptions& options) {
  const auto file = key_path(path, options);
  JournalError ignored;
  const auto keys = Keys::load(file, ignored);
  if (keys == nullptr) return {};
  const auto database = open_finished(path, options, ignored);
  PublicKey known{};
  if (database != nullptr && read_public_key(database.get(), known)) {
    return {known == keys->public_key() ? "" : another_journals(file, path, known), true};
  }
  // What it says of itself may still lie in the WAL alone, which is the daemon's while that runs.
  const auto beside = path + ".key";
  const auto other = beside == file || !has_wal(path) ? nullptr : Keys::load(beside, ignored);
  if (other == nullptr || other->public_key() == keys->public_key()) return {};
  return {"the key file '" + file + "' is not the one beside the journal; if that was begun with '" + beside + "', " +
              copy_over(beside, file),
          false};
}

Database open_database(const std::string& path, const OpenOptions& options, std::unique_ptr<Keys>& keys,
                       std::string& notice, JournalError& error) {
  Database database;
  Identity identity;
  const std::string what = "cannot open the journal";
  if (is_cut_off(path)) {
    error = {what + " '" + path +
                 "': it is not a Tocsin journal, or nearly all of one is gone; check the path, or restore "
                 "a backup; to begin anew remove it and '" +
                 path + "-wal'",
             SQLITE_CORRUPT, false};
    return nullptr;
  }
  int code = open_and_identify(path, options, database, identity);
  if (code != SQLITE_OK) {
    error = explain(database.get(), code, what, path);
    return nullptr;
  }
  if (const auto objection = objection_to(identity, options); !objection.empty()) {
    error = {what + " '" + path + "': " + objection, 0, false};
    return nullptr;
  }
  if (options.read_only) return database;
  keys = find_keys(database.get(), path, options, identity, error);
  if (keys == nullptr) return nullptr;
  code = secure_wal(database.get(), notice);
  if (code == SQLITE_OK) code = set_up_writer(database.get(), options, identity, *keys);
  if (code != SQLITE_OK) {
    error = explain(database.get(), code, what, path);
    return nullptr;
  }
  return database;
}

Database open_finished(const std::string& path, const OpenOptions& options, JournalError& error) {
  Database database;
  Identity identity;
  int code = open_file(immutable_name(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, options, database);
  if (code == SQLITE_OK) code = set_up_connection(database.get(), options);
  if (code == SQLITE_OK) code = read_identity(database.get(), identity);
  if (code == SQLITE_OK && objection_to(identity, options).empty()) return database;
  error = explain(database.get(), code == SQLITE_OK ? SQLITE_CORRUPT : code, "cannot read the copy back", path);
  return nullptr;
}

// Should the power go, the unfinished copy is worth nothing anyway; its last page is synced.
int open_copy(const std::string& path, const OpenOptions& options, Database& database) {
  int code = open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options, database);
  if (code == SQLITE_OK) code = set_up_connection(database.get(), options);
  if (code == SQLITE_OK) {
    code = execute(database.get(), "PRAGMA locking_mode=EXCLUSIVE;PRAGMA journal_mode=OFF;PRAGMA synchronous=FULL");
  }
  return code;
}
}  // namespace tocsin::journal
