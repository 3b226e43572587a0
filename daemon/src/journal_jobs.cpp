// SPDX-License-Identifier: Apache-2.0
#include "journal_jobs.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::daemon {
void Durations::add(std::int64_t took_ns) {
  const auto took = static_cast<std::uint32_t>(std::clamp<std::int64_t>(took_ns / unit_ns_, 0, UINT32_MAX));
  took_[count_++ % kKept] = took;
  max_ = std::max(max_, took);
}

std::uint32_t Durations::quantile(double share) const {
  auto sorted = took_;
  const auto size = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count_, kKept));
  if (size == 0) return 0;
  const auto at = std::min(static_cast<std::ptrdiff_t>(share * static_cast<double>(size)), size - 1);
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.begin() + size);
  return sorted[static_cast<std::size_t>(at)];
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

void BackupJob::run(journal::Journal& journal) {
  if (!begun) {
    step = {};
    if (auto failed = journal.backup_begin(path)) {
      step.state = journal::BackupState::failed;
      step.error = std::move(*failed);
    }
    begun = true;
    return;
  }
  step = journal.backup_step(kPages);
}

void VerifyJob::run(journal::Journal& journal) {
  if (verification) {
    more = verification->step(kRows);
    return;
  }
  journal::JournalError failed;
  verification = journal.verify(options, failed);
  more = verification != nullptr;
  if (!more) error = std::move(failed.text);
}

void FindEventJob::run(journal::Journal& journal) {
  const auto record = find_alert(journal, number);
  name = record ? record->name : std::string{};
  seen = record && visible(audience, *record);
}

void ProbeJob::run(journal::Journal& journal) { outcome = journal.probe(); }

void AlertsJob::run(journal::Journal& journal) { outcome = read_alerts(journal, query); }
}  // namespace tocsin::daemon
