// SPDX-License-Identifier: Apache-2.0
#include "inline_daemon.hpp"

#include <utility>

namespace tocsin::daemon::faults {
bool InlineDaemon::seal(bool checkpoint) {
  if (!core_.seal(commit_.batch)) return false;
  const auto& sealed = core_.sealed();
  const bool has_row = !sealed.items().empty() || !sealed.alerts().empty();
  if (has_row && (checkpoint || core_.checkpoint_due())) {
    core_.save_checkpoint(core_.last_batch() + 1, checkpoint_.checkpoint);
    checkpoint_out_ = true;
  }
  return true;
}

CommitResult InlineDaemon::settle() {
  if (!core_.in_flight()) return CommitResult::nothing;
  auto& journal = core_.journal();
  commit_.run(journal);
  if (checkpoint_out_) checkpoint_.run(journal);
  const auto result = core_.settle(commit_.outcome, commit_.last_batch);
  if (commit_.outcome) (void)failed_(commit_.outcome);
  if (result == CommitResult::done) {
    for (const auto& alert : core_.sealed().alerts()) published_.emplace_back(alert.bytes.begin(), alert.bytes.end());
    core_.release();
  }
  if (checkpoint_out_ && checkpoint_.outcome) (void)failed_(checkpoint_.outcome);
  checkpoint_out_ = false;
  return result;
}

std::vector<std::vector<std::byte>> InlineDaemon::take_published() { return std::exchange(published_, {}); }

CommitResult InlineDaemon::failed_(const journal::Outcome& outcome) {
  error_ = outcome->text;
  must_end_ = must_end_ || outcome->fatal;
  return outcome->fatal ? CommitResult::fatal : CommitResult::trouble;
}

void InlineDaemon::keep_house() {
  housekeeping_.now = core_.batch_clock();
  housekeeping_.run(core_.journal());
  if (housekeeping_.wants_checkpoint) core_.want_checkpoint();
  if (housekeeping_.outcome) (void)failed_(housekeeping_.outcome);
}

CommitResult InlineDaemon::probe() {
  probe_.run(core_.journal());
  if (probe_.outcome) return failed_(probe_.outcome);
  error_ = core_.recover_again();
  must_end_ = must_end_ || !error_.empty();
  return error_.empty() ? CommitResult::done : CommitResult::fatal;
}

bool InlineDaemon::stop() {
  (void)settle();
  if (core_.in_trouble() || must_end_) return false;
  (void)commit(false);
  if (core_.in_trouble() || must_end_) return false;
  if (error_ = core_.store_checkpoint(); !error_.empty()) return false;
  const auto outcome = core_.journal().sign_head();
  return !outcome || (failed_(outcome), false);
}
}  // namespace tocsin::daemon::faults
