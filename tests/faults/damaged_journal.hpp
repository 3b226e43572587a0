// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file DamagedJournal: a daemon started on a journal whose bytes are not what was written.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fixture.hpp"

namespace tocsin::daemon::faults {
/// The two files of a journal.
struct JournalFiles {
  std::vector<std::byte> main;
  std::vector<std::byte> wal;
};

/// A small journal as a killed daemon leaves it: two checkpoints, some batches in the file and the newest in the WAL.
/// Deterministic but for its keys.
class DamagedJournal {
 public:
  DamagedJournal();

  [[nodiscard]] const JournalFiles& files() const { return files_; }
  /// The same after a clean stop: nothing in a WAL.
  [[nodiscard]] const JournalFiles& stopped() const { return stopped_; }

  /// How a daemon took a damaged journal.
  struct Start {
    bool serves = false;  ///< it came up
    bool told = false;    ///< it said that something is damaged, at the start or when that was read or verified
    std::size_t lost_batches = 0;  ///< of the newest
    std::string wrong;             ///< what it must not do: serve other data, lose silently; empty: nothing
  };
  /// Starts a daemon on these files, reads all it has, and lets it take one more report.
  [[nodiscard]] Start start(const JournalFiles& files);

 private:
  void examine_(journal::Journal& journal, Start& start) const;

  test::Site site_{"clock = \"input\""};    ///< where the journal is made
  test::Site victim_{"clock = \"input\""};  ///< where the damaged one is started
  JournalFiles files_;
  JournalFiles stopped_;
  std::vector<std::vector<std::byte>> batches_;
  std::vector<std::vector<std::byte>> alerts_;
};

/// Changes the files as the bytes say: each 8 of them are one change (which file, where, how). Any bytes will do.
[[nodiscard]] JournalFiles damaged(const JournalFiles& files, std::span<const std::byte> script);
}  // namespace tocsin::daemon::faults
