// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file InlineDaemon: the daemon without sockets and threads. The jobs of the journal's thread run when the test says
/// so, between any two steps of the engine, as they may in the real one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/core.hpp"

#include "journal_jobs.hpp"

namespace tocsin::daemon::faults {
class InlineDaemon {
 public:
  /// @param config, clock  outlive the daemon.
  InlineDaemon(const Config& config, const MachineClock& clock) : core_{config, clock} {}

  /// @returns why it cannot start, or empty.
  [[nodiscard]] std::string open(const std::string& vfs) { return core_.open(vfs); }
  [[nodiscard]] Core& core() { return core_; }

  /// Hands the filling batch to the journal, with a checkpoint behind it if one is due or wanted. @pre nothing is in
  /// flight and the journal is well. @returns false when there was nothing to store.
  bool seal(bool checkpoint);
  [[nodiscard]] bool in_flight() const { return core_.in_flight(); }
  /// Runs what the journal's thread has to do. @returns what became of the batch; nothing if none was in flight.
  CommitResult settle();
  /// The alert events that settle() made durable since the last call, encoded: what would be published.
  [[nodiscard]] std::vector<std::vector<std::byte>> take_published();
  /// seal() and settle().
  CommitResult commit(bool checkpoint) { return seal(checkpoint) ? settle() : CommitResult::nothing; }
  /// Retention and what else is done between commits.
  void keep_house();
  /// Tries a journal in trouble, and recovers if it is well. @returns done: recovered; trouble: not yet; fatal.
  CommitResult probe();
  /// As a clean stop does: commits, stores a checkpoint, signs. @returns false when that failed.
  bool stop();
  /// A sync failed, or recovery did: the process ends without another word.
  [[nodiscard]] bool must_end() const { return must_end_; }
  /// What the last failure said.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  CommitResult failed_(const journal::Outcome& outcome);

  Core core_;
  CommitJob commit_;
  CheckpointJob checkpoint_;
  HousekeepingJob housekeeping_;
  ProbeJob probe_;
  std::vector<std::vector<std::byte>> published_;
  bool checkpoint_out_ = false;
  bool must_end_ = false;
  std::string error_;
};
}  // namespace tocsin::daemon::faults
