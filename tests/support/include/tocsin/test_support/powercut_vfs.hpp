// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file PowercutVfs: an SQLite file system in memory that loses power and whose disk fails, on request.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tocsin::test_support {

/// A disk in memory, registered with SQLite under a name (give it as OpenOptions::vfs).
///
/// It keeps for each file what programs read and what the disk really holds. A write reaches the disk at the next sync
/// of its file; until then a power cut keeps, forgets or tears each 512-byte sector of it as the seed says. A file's
/// new length, a new file and a removed one are as uncertain until a sync. Bytes that no write touched never change
/// ("powersafe overwrite", which SQLite assumes of every disk). A sync that fails loses what it should have saved, as
/// Linux does: the pages count as clean, and the next sync does not write them.
///
/// Locks always succeed and there is no shared memory, so open a WAL database with locking_mode=EXCLUSIVE and once at
/// a time. Time, sleep and randomness are those of SQLite's default. May be used from several threads.
class PowercutVfs {
 public:
  enum class Operation : std::uint8_t {
    any,    ///< each of those below
    read,   ///< SQLITE_IOERR_READ
    write,  ///< also truncation and removal; SQLITE_IOERR_WRITE
    sync,   ///< SQLITE_IOERR_FSYNC
  };
  enum class Repeat : std::uint8_t { once, for_ever };

  /// Registers the file system. @param name  unique among those registered; not the default one's.
  explicit PowercutVfs(const std::string& name);
  /// Unregisters it. @pre all its files are closed.
  ~PowercutVfs();
  PowercutVfs(const PowercutVfs&) = delete;
  PowercutVfs& operator=(const PowercutVfs&) = delete;
  PowercutVfs(PowercutVfs&&) = delete;
  PowercutVfs& operator=(PowercutVfs&&) = delete;

  /// Cuts the power now. Until power_on() everything fails; files opened before it fail also afterwards.
  void cut(std::uint64_t seed);
  /// Cuts the power in the midst of the `n`-th change (write, truncation, sync, removal) from now on, n >= 1.
  void cut_at(std::uint64_t n, std::uint64_t seed);
  /// Kills the process that has the files: as cut(), but the disk keeps all that was written.
  void kill();
  [[nodiscard]] bool is_cut() const;
  /// Disarms cut_at() and lets files be opened again, with what the cut or kill left of them.
  void power_on();

  /// Makes the `n`-th operation of this kind from now on fail, n >= 1, and with for_ever all those after it.
  /// @param code  SQLite's extended result code; 0: the one named at Operation.
  void fail_at(Operation operation, std::uint64_t n, Repeat repeat, int code = 0);
  /// Ends failing. @returns whether any operation has failed since fail_at() or the last mend().
  bool mend();

  /// Changes so far: what cut_at() counts.
  [[nodiscard]] std::uint64_t changes() const;
  /// What programs read now; empty when there is no such file. @param name  as given to SQLite.
  [[nodiscard]] std::vector<std::byte> contents(const std::string& name) const;
  /// Makes a file, durably, with these contents. @pre it is not open.
  void put(const std::string& name, std::span<const std::byte> contents);
  /// Removes every file. @pre all are closed.
  void format();

  struct Disk;  ///< internal

 private:
  std::unique_ptr<Disk> disk_;
};

}  // namespace tocsin::test_support
