// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the server asks of the journal's thread. Each job is made once, filled, posted, and read when handed
/// back.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tocsin/daemon/core.hpp"
#include "tocsin/engine/base/types.hpp"
#include "tocsin/journal/journal.hpp"

#include "alert_query.hpp"
#include "journal_thread.hpp"
#include "log_query.hpp"
#include "reload.hpp"

namespace tocsin::daemon {
/// A clock that only runs forward [ns].
[[nodiscard]] std::int64_t steady_ns();
/// The same [ms].
[[nodiscard]] inline std::int64_t steady_ms() { return steady_ns() / 1'000'000; }

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

/// How long something took, in units of so many ns.
class Durations {
 public:
  explicit Durations(std::int64_t unit_ns) : unit_ns_{unit_ns} {}
  void add(std::int64_t took_ns);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Of the last 1024. @param share  0 to 1.
  [[nodiscard]] std::uint32_t quantile(double share) const;
  [[nodiscard]] std::uint32_t max() const { return max_; }

 private:
  static constexpr std::size_t kKept = 1024;
  std::int64_t unit_ns_;
  std::array<std::uint32_t, kKept> took_{};
  std::uint64_t count_ = 0;
  std::uint32_t max_ = 0;
};

/// Who asked on the control socket, for an answer that comes later.
struct Asker {
  std::string identity;
  bool delimited = false;  ///< a REQ socket asks so
  std::uint64_t id = 0;
  const Principal* principal = nullptr;
};

/// Reads alert events for somebody.
struct AlertsJob final : JournalJob {
  void run(journal::Journal& journal) override;
  Asker asker;
  AlertQuery query;
  journal::Outcome outcome;
  bool out = false;
};

/// Reads a page of the journal for somebody.
struct LogJob final : JournalJob {
  void run(journal::Journal& journal) override { outcome = read_log(journal, query); }
  Asker asker;
  LogQuery query;
  journal::Outcome outcome;
  bool out = false;
  bool waits = false;  ///< for a commit of the refusals since the last one; then it goes out
};

/// Looks up whose alert event an operator acknowledges.
struct FindEventJob final : JournalJob {
  void run(journal::Journal& journal) override;
  Asker asker;
  std::uint64_t number = 0;
  std::string note;
  const AudienceConfig* audience = nullptr;  ///< null: may see all
  std::string name;                          ///< out: the alert's; empty: the event is not there any more
  bool seen = false;                         ///< out: it is there, and the audience may see it
  bool out = false;
};

/// Lets a new book step over what is stored, a stride at a time.
struct WarmJob final : JournalJob {
  static constexpr std::size_t kItems = 1024;  ///< inputs of a stride: a commit waits for one at most
  void run(journal::Journal& journal) override { progress = successor->warm(journal, kItems); }
  Successor* successor = nullptr;
  Successor::Progress progress{};
  bool out = false;
};

/// Checks whether the journal is what was written, some rows at a time. Posted again and again until it is not `more`.
struct VerifyJob final : JournalJob {
  /// A commit waits for one step at most; a row holds up to a whole batch of frames.
  static constexpr std::uint32_t kRows = 64;
  /// SQLite's look at its own structure is one step: of a larger file it is left to a stopped daemon, or a backup.
  static constexpr std::uint64_t kStructurePages = 4096;
  void run(journal::Journal& journal) override;
  journal::VerifyOptions options;
  std::string who;                                      ///< asks, by its connection
  std::unique_ptr<journal::Verification> verification;  ///< ours while the job is not out
  std::string error;                                    ///< why there is none, or empty
  bool more = false;
  bool out = false;
  bool active = false;  ///< asked for, and its end not told yet
};

/// Copies the journal, a few pages at a time. Posted again and again until it is not `more`.
struct BackupJob final : JournalJob {
  static constexpr std::uint32_t kPages = 256;
  void run(journal::Journal& journal) override;
  std::string who;  ///< began it, by its connection, and was not told its end yet
  std::string path;
  bool begun = false;
  bool out = false;
  bool active = false;  ///< asked for, and neither done nor failed
  journal::BackupStep step;
};
}  // namespace tocsin::daemon
