// SPDX-License-Identifier: Apache-2.0
/// What: the disk that loses power forgets only what was not synced, and really does forget it.
/// How: SQLite itself on top, with syncs and without; without them a cut must do harm, or it would prove nothing.
#include "tocsin/test_support/powercut_vfs.hpp"

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::journal::test;
using tocsin::test_support::PowercutVfs;

namespace {
constexpr const char* kVfs = "powercut-self-test";

struct CloseQuietly {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Connection = std::unique_ptr<sqlite3, CloseQuietly>;

Connection open_table(const char* synchronous) {
  sqlite3* raw = nullptr;
  (void)sqlite3_open_v2("t.db", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, kVfs);
  Connection connection{raw};
  const auto sql = std::string{"PRAGMA locking_mode=EXCLUSIVE;PRAGMA journal_mode=WAL;PRAGMA synchronous="} +
                   synchronous + ";PRAGMA wal_autocheckpoint=10;CREATE TABLE IF NOT EXISTS t(x)";
  (void)sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr);
  return connection;
}

bool insert(const Connection& connection) {
  return sqlite3_exec(connection.get(), "INSERT INTO t VALUES(randomblob(3000))", nullptr, nullptr, nullptr) ==
         SQLITE_OK;
}

/// Rows in the table, or -1 when SQLite cannot tell.
int count_rows(const Connection& connection) {
  int count = -1;
  const auto keep = [](void* to, int, char** columns, char**) {
    *static_cast<int*>(to) = std::atoi(columns[0]);
    return 0;
  };
  (void)sqlite3_exec(connection.get(), "SELECT count(*) FROM t", keep, &count, nullptr);
  return count;
}

struct Harm {
  int rows_lost = 0;
  int damaged = 0;
};

/// Cuts the power at a random change, 60 times, and counts the harm done to rows that SQLite had confirmed.
Harm harm_done(PowercutVfs& disk, const char* synchronous) {
  Harm harm;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    disk.format();
    int confirmed = 0;
    {
      const auto connection = open_table(synchronous);
      Prng random{seed};
      disk.cut_at(20 + random.below(300), seed);
      while (!disk.is_cut()) confirmed += insert(connection) ? 1 : 0;
    }
    disk.power_on();
    const int found = count_rows(open_table(synchronous));
    if (found >= 0 && found < confirmed) harm.rows_lost += confirmed - found;
    if (found < 0 || integrity_of("t.db", kVfs) != "ok") ++harm.damaged;
  }
  return harm;
}
}  // namespace

TEST_GROUP(PowercutVfs) { PowercutVfs disk{kVfs}; };

TEST(PowercutVfs, does_no_harm_when_each_commit_is_synced) {
  const auto harm = harm_done(disk, "FULL");
  LONGS_EQUAL(0, harm.rows_lost);
  LONGS_EQUAL(0, harm.damaged);
}

TEST(PowercutVfs, loses_confirmed_rows_when_only_checkpoints_are_synced) {
  const auto harm = harm_done(disk, "NORMAL");
  CHECK_TRUE(harm.rows_lost > 0);
  LONGS_EQUAL(0, harm.damaged);
}

TEST(PowercutVfs, damages_the_file_when_nothing_is_synced) { CHECK_TRUE(harm_done(disk, "OFF").damaged > 0); }

TEST(PowercutVfs, keeps_a_file_that_was_closed_cleanly_and_refuses_old_handles_after_a_cut) {
  (void)insert(open_table("FULL"));
  const auto old = open_table("FULL");
  LONGS_EQUAL(1, count_rows(old));
  disk.cut(7);
  CHECK_TRUE(disk.is_cut());
  CHECK_FALSE(insert(old));
  disk.power_on();
  CHECK_FALSE(insert(old));
  LONGS_EQUAL(1, count_rows(open_table("FULL")));
}

TEST(PowercutVfs, fails_the_operation_asked_for_once_or_for_ever) {
  const auto connection = open_table("FULL");
  disk.fail_at(PowercutVfs::Operation::sync, 2, PowercutVfs::Repeat::once);
  CHECK_TRUE(insert(connection));
  CHECK_FALSE(insert(connection));
  LONGS_EQUAL(SQLITE_IOERR_FSYNC, sqlite3_extended_errcode(connection.get()));
  CHECK_TRUE(insert(connection));
  CHECK_TRUE(disk.mend());
  disk.fail_at(PowercutVfs::Operation::write, 1, PowercutVfs::Repeat::for_ever, SQLITE_FULL);
  CHECK_FALSE(insert(connection));
  CHECK_FALSE(insert(connection));
  LONGS_EQUAL(SQLITE_FULL, sqlite3_extended_errcode(connection.get()));
  CHECK_TRUE(disk.mend());
  CHECK_TRUE(insert(connection));
  CHECK_FALSE(disk.mend());
}

TEST(PowercutVfs, gives_the_same_disk_for_the_same_seed) {
  // SQLite salts its WAL at random, so the bytes are written straight to the file system.
  Bytes first;
  for (int round = 0; round < 2; ++round) {
    disk.format();
    auto* vfs = sqlite3_vfs_find(kVfs);
    std::vector<std::max_align_t> storage(static_cast<std::size_t>(vfs->szOsFile));
    auto* file = reinterpret_cast<sqlite3_file*>(storage.data());
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
    LONGS_EQUAL(SQLITE_OK, vfs->xOpen(vfs, "raw", file, flags, &flags));
    Prng random{5};
    const auto synced = random_bytes(random, 8192);
    const auto unsynced = random_bytes(random, 16384);
    (void)file->pMethods->xWrite(file, synced.data(), 8192, 0);
    (void)file->pMethods->xSync(file, 0);
    (void)file->pMethods->xWrite(file, unsynced.data(), 16384, 4096);
    (void)file->pMethods->xClose(file);
    disk.cut(11);
    disk.power_on();
    const auto left = disk.contents("raw");
    CHECK_TRUE(left.size() >= 8192);
    CHECK_TRUE(std::equal(synced.begin(), synced.begin() + 4096, left.begin()));
    if (round == 0) first = left;
    CHECK_TRUE(left == first);
  }
}
