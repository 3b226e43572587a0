// SPDX-License-Identifier: Apache-2.0
// What becomes durable, and what is told then: batches to the journal's thread, acknowledgements, journal trouble.
#include <algorithm>

#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"

#include "server.hpp"
#include "start_watch.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kProbeMs = 1000;          // while the journal is in trouble
constexpr std::int64_t kRefusalLingerMs = 1000;  // refusals alone do not cost one commit each
constexpr std::int64_t kHouseMs = 1000;
constexpr std::int64_t kAcksApartMs = 1;
constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kCheckpointRetryMs = 60'000;  // a full disk does not get better by trying
// Under load the next one waits for so many times what the last one took, so that commits do not wait for checkpoints
// most of the time; and at most so long, since what came meanwhile is read again at a start.
constexpr std::int64_t kCheckpointPart = 64;
constexpr std::int64_t kCheckpointSpacingMsMax = 1000;
constexpr const char* kLostText =
    "the journal failed before this was durable and is well again; connect anew, count from 1 and send again what was "
    "not acknowledged";
}  // namespace

void Server::settle_() {
  const auto now = steady_ms();
  if (core_.in_trouble()) {
    if (!probe_out_ && now >= probe_at_ms_ && journal_.post(probe_)) probe_out_ = true;
    post_logs_();
    acknowledge_();  // what was durable before
    return;
  }
  if (!core_.batch().empty() && batch_since_ms_ == 0) batch_since_ms_ = now;
  if (core_.has_uncommitted_refusals() && refusals_since_ms_ == 0) refusals_since_ms_ = now;
  if (core_.batch().empty() && !core_.in_flight()) {
    stored_(core_.slab());  // only duplicates and refusals: nothing of them needs to become durable first
    core_.clear_batch();
  }
  if (commit_is_due_()) seal_();
  post_logs_();  // after the commit: it is done before they read
  if (!core_.in_flight() && core_.batch().empty() && may_checkpoint_(now)) {
    send_checkpoint_(core_.last_batch());
  }
  if (backup_.active && !backup_.out && !reload_.ready && !stopping_) backup_.out = journal_.post(backup_);
  if (verify_job_.more && !verify_job_.out && !reload_.ready && !stopping_) {
    verify_job_.out = journal_.post(verify_job_);
  }
  // Under load an acknowledgement for each commit would cost both ends more than the commit: they gather for a moment.
  // More input waits then and is taken at once, so this is soon asked again.
  const bool goes_on = !drained_ && core_.has_room() && !reload_.ready && !stopping_;
  if (goes_on && now < acknowledged_at_ms_ + kAcksApartMs) return;
  acknowledged_at_ms_ = now;
  acknowledge_();
}

engine::Span Server::linger_ms_() const {
  return core_.batch().can_wait() ? std::max(config_.linger_ms, config_.heartbeat_linger_ms) : config_.linger_ms;
}

bool Server::commit_is_due_() const {
  if (core_.in_flight()) return false;
  const auto now = steady_ms();
  if (!core_.batch().empty()) {
    return stopping_ || reload_.ready || log_waits_() || !core_.has_room() || now >= batch_since_ms_ + linger_ms_();
  }
  return core_.has_uncommitted_refusals() &&
         (stopping_ || log_waits_() || now >= refusals_since_ms_ + kRefusalLingerMs);
}

void Server::seal_() {
  keep_broadcast_marks_();
  if (!core_.seal(commit_.batch)) return;
  TOCSIN_CHECK(journal_.post(commit_));  // there is a place for each job there is
  batch_since_ms_ = 0;
  refusals_since_ms_ = 0;
  const auto& sealed = core_.sealed();
  const bool has_row = !sealed.items().empty() || !sealed.alerts().empty();
  if (has_row && may_checkpoint_(steady_ms())) send_checkpoint_(core_.last_batch() + 1);
}

bool Server::may_checkpoint_(std::int64_t now) const {
  return core_.checkpoint_due() && now >= checkpoint_at_ms_ && now >= checkpoint_apart_ms_;
}

void Server::send_checkpoint_(std::uint64_t batch_id) {
  if (checkpoint_out_) return;
  core_.save_checkpoint(batch_id, checkpoint_.checkpoint);
  checkpoint_out_ = journal_.post(checkpoint_);
}

void Server::serve_journal_() {
  while (JournalJob* job = journal_.take_done()) take_back_(*job);
}

void Server::take_back_(JournalJob& job) {
  if (&job == &commit_) return commit_done_();
  if (&job == &checkpoint_) return checkpoint_done_();
  if (&job == &housekeeping_) return housekeeping_done_();
  if (&job == &probe_) return probe_done_();
  if (&job == &backup_) return backup_done_();
  if (&job == &verify_job_) return verify_done_();
  if (&job == &warm_) return warm_done_();
  if (&job == &find_event_) return event_found_();
  for (auto& one : log_jobs_) {
    if (&job == &one) return log_done_(one);
  }
  for (auto& one : alerts_jobs_) {
    if (&job == &one) return alerts_done_(one);
  }
}

void Server::commit_done_() {
  const std::size_t slab = 1 - core_.slab();
  switch (core_.settle(commit_.outcome, commit_.last_batch)) {
    case CommitResult::fatal:
      return fail_();
    case CommitResult::trouble:
      return enter_trouble_();
    case CommitResult::nothing:
    case CommitResult::done:
      break;
  }
  commit_times_.add(commit_.took_ns);
  stored_(slab);
  broadcast_stored_(slab);
  publish_();
  core_.release();
  house_due_ = true;
  settle_();  // the next one goes out before anything else
  keep_house_();
}

void Server::checkpoint_done_() {
  checkpoint_out_ = false;
  if (checkpoint_.stored) {
    checkpoint_batch_ = checkpoint_.checkpoint.batch_id;
    checkpoint_done_ms_ = steady_ms();
    checkpoint_apart_ms_ =
        checkpoint_done_ms_ + std::min(kCheckpointPart * checkpoint_.took_ns / kMillisecondNs, kCheckpointSpacingMsMax);
    LogLine(Severity::info, "checkpoint")
        .field("batch", checkpoint_.checkpoint.batch_id)
        .milliseconds("ms", checkpoint_.took_ns);
    return;
  }
  core_.want_checkpoint();
  if (!checkpoint_.outcome) return;  // its batch was not stored, and that was told
  LogLine(Severity::error, "checkpoint").field("error", checkpoint_.outcome->text);
  checkpoint_at_ms_ = steady_ms() + kCheckpointRetryMs;
  if (checkpoint_.outcome->fatal) fail_();
}

void Server::keep_house_() {
  if (!house_due_ || housekeeping_out_ || core_.in_trouble() || steady_ms() < house_at_ms_) return;
  housekeeping_.now = core_.batch_clock();
  housekeeping_out_ = journal_.post(housekeeping_);
  house_due_ = !housekeeping_out_;
  house_at_ms_ = steady_ms() + kHouseMs;
}

void Server::housekeeping_done_() {
  housekeeping_out_ = false;
  if (housekeeping_.wants_checkpoint) {  // or nothing can be removed, however full the journal is
    core_.want_checkpoint();
    checkpoint_apart_ms_ = 0;
  }
  if (!housekeeping_.outcome) return;
  LogLine(Severity::error, "retention").field("error", housekeeping_.outcome->text);
  house_at_ms_ = steady_ms() + kCheckpointRetryMs;
  if (housekeeping_.outcome->fatal) fail_();
}

void Server::stored_(std::size_t slab) {
  for (auto& ingest : ingest_) {
    for (auto& [identity, connection] : ingest.connections) connection.stored(slab);
  }
  std::fill(unacked_[slab].begin(), unacked_[slab].end(), 0U);
  unacked_all_[slab] = 0;
  keep_promises_(slab);
}

void Server::keep_promises_(std::size_t slab) {
  for (auto& promise : promises_[slab]) reply_(promise.asker, promise.reply);
  promises_[slab].clear();
}

void Server::break_promises_() {
  for (auto& promises : promises_) {
    for (auto& promise : promises) {
      wire::ControlReply failed;
      failed.ok = false;
      failed.error = "the journal is in trouble, so this was not stored: " + core_.journal_error();
      reply_(promise.asker, failed);
    }
    promises.clear();
  }
}

void Server::acknowledge_() {
  for (auto& ingest : ingest_) acknowledge_(ingest);
}

void Server::acknowledge_(Ingest& ingest) {
  for (auto it = ingest.connections.begin(); it != ingest.connections.end();) {
    auto& connection = it->second;
    if (!connection.ready()) {
      ++it;
      continue;
    }
    const auto bytes = ack_writer_.encode(connection.to_tell().frame, connection.to_tell().refused);
    auto sent = ingest.socket.send(std::string_view{it->first}, true);
    if (sent == SendResult::sent) sent = ingest.socket.send(bytes, false);
    if (sent == SendResult::full) {  // stays due: the next turn tries again
      ++it;
      continue;
    }
    if (sent != SendResult::sent) {
      ++acks_lost_;  // the peer left; it will send again what it heard nothing of
      LogLine(Severity::info, "peer_left").field("endpoint", ingest.endpoint).field("acks_lost", acks_lost_);
      it = ingest.connections.erase(it);
      continue;
    }
    connection.told();
    ++it;
  }
}

void Server::enter_trouble_() {
  batch_since_ms_ = 0;
  refusals_since_ms_ = 0;
  probe_at_ms_ = steady_ms() + kProbeMs;
  for (auto& ingest : ingest_) {
    for (auto& [identity, connection] : ingest.connections) connection.forget_waiting();
  }
  for (auto& counts : unacked_) std::fill(counts.begin(), counts.end(), 0U);
  unacked_all_ = {};
  break_promises_();
  if (verify_job_.more && !verify_job_.out) end_verify_("the journal is in trouble: " + core_.journal_error());
}

void Server::probe_done_() {
  probe_out_ = false;
  probe_at_ms_ = steady_ms() + kProbeMs;
  if (!probe_.outcome) return heal_();
  if (!probe_.outcome->fatal) return;
  core_.give_up(*probe_.outcome);
  fail_();
}

// What was decided in memory only is thrown away; the journal says where things stand, and the senders say the rest
// again.
void Server::heal_() {
  if (!journal_.idle()) return;  // somebody still reads: the next probe is soon enough
  if (reload_.next) end_reload_("the journal was in trouble; ask again");
  StartWatch watch{notifier_};  // the whole journal may have to be gone through
  BookChange change;
  const auto error = core_.recover_again([&watch] { return watch.go_on(); }, &change);
  recovers_ = error.empty();
  if (watch.stopped_by() != 0) {
    stopping_ = true;
    return;
  }
  if (!error.empty()) {
    LogLine(Severity::error, "recovery_failed").field("error", error);
    return fail_();
  }
  // The alarm `book` stays as it is: the book in memory, of which it was told, rules; and what was refused, was.
  for (const auto& told : change.told) tell_change_(told);
  if (core_.in_trouble()) return;  // it failed again: the next probe
  throw_broadcast_away_();
  for (auto& ingest : ingest_) {
    for (auto& [identity, connection] : ingest.connections) connection.lost(kLostText);
  }
  acknowledge_();
  publish_head_();
}

void Server::fail_() {
  exit_status_ = 1;
  stopping_ = true;
}
}  // namespace tocsin::daemon
