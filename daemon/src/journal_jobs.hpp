// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the server asks of the journal's thread. Each job is made once, filled, posted, and read when handed
/// back.
#include <cstdint>
#include <string>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/journal/journal.hpp"

#include "alert_query.hpp"
#include "journal_thread.hpp"

namespace tocsin::daemon {
/// A clock that only runs forward [ns].
[[nodiscard]] std::int64_t steady_ns();

/// Stores a batch.
struct CommitJob final : JournalJob {
  void run(journal::Journal& journal) override;
  journal::CommitBatch batch;
  journal::Outcome outcome;
  std::uint64_t last_batch = 0;  ///< after it
  std::int64_t took_ns = 0;
};

/// Stores a checkpoint, unless the batch it ends with was not stored.
struct CheckpointJob final : JournalJob {
  void run(journal::Journal& journal) override;
  journal::StoredCheckpoint checkpoint;
  journal::Outcome outcome;
  bool stored = false;
  std::int64_t took_ns = 0;
};

/// Removes what retention lets go, and looks at the journal's size.
struct HousekeepingJob final : JournalJob {
  void run(journal::Journal& journal) override;
  engine::Instant now = 0;
  journal::Outcome outcome;
  bool wants_checkpoint = false;
  journal::JournalState state;
};

/// Tries whether a journal in trouble is well again.
struct ProbeJob final : JournalJob {
  void run(journal::Journal& journal) override;
  journal::Outcome outcome;
};

/// Who asked on the control socket, for an answer that comes later.
struct Asker {
  std::string identity;
  bool delimited = false;  ///< a REQ socket asks so
  std::uint64_t id = 0;
};

/// Reads alert events for somebody.
struct AlertsJob final : JournalJob {
  void run(journal::Journal& journal) override;
  Asker asker;
  AlertQuery query;
  journal::Outcome outcome;
  bool out = false;
};
}  // namespace tocsin::daemon
