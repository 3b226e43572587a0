// SPDX-License-Identifier: Apache-2.0
#include "journal_jobs.hpp"

#include <ctime>

namespace tocsin::daemon {
std::int64_t steady_ns() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void CommitJob::run(journal::Journal& journal) {
  const auto begin = steady_ns();
  outcome = journal.commit(batch);
  last_batch = journal.last_batch_id();
  took_ns = steady_ns() - begin;
}

void CheckpointJob::run(journal::Journal& journal) {
  const auto begin = steady_ns();
  stored = journal.last_batch_id() >= checkpoint.batch_id;
  outcome.reset();
  if (stored) outcome = journal.store_checkpoint(checkpoint);
  stored = stored && !outcome;
  took_ns = steady_ns() - begin;
}

void HousekeepingJob::run(journal::Journal& journal) {
  outcome = journal.retain(now);
  wants_checkpoint = journal.wants_checkpoint();
  state = journal.state();
}

void ProbeJob::run(journal::Journal& journal) { outcome = journal.probe(); }

void AlertsJob::run(journal::Journal& journal) {
  query.alerts.clear();
  query.more = false;
  outcome = read_alerts(journal, query);
}
}  // namespace tocsin::daemon
