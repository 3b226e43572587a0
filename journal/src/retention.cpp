// SPDX-License-Identifier: Apache-2.0
// What may go when there is too much: the oldest inputs up to what a checkpoint needs, then the oldest alert events.
// In strides: each is one transaction that removes about twice what was committed since the one before it, so that the
// journal shrinks under any load and no stride holds a commit up for long.
#include <algorithm>

#include "sqlite_journal.hpp"

namespace tocsin::journal {
namespace {
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kStrideBytes = 128 * 1024;  ///< committed since the last stride, so that one is worth its sync
constexpr std::uint64_t kStrideLeastBytes = 256 * 1024;
constexpr engine::Span kStrideEveryMs = 3'600'000;  ///< a quiet journal forgets what is too old as well
constexpr std::uint64_t kStrideRowsMax = 4096;
constexpr std::uint64_t kRowOverheadBytes = 128;
}  // namespace

SqliteJournal::Pressure SqliteJournal::pressure_(engine::Instant now) {
  Pressure pressure;
  const auto used = number_of_(page_count_) - number_of_(freelist_count_);
  const std::uint64_t bound = options_.max_page_count;
  const auto begin = bound - bound / 5;
  if (bound != 0 && used > begin) {
    pressure.by_bound = true;
    pressure.urgent = used > bound - bound / 10;
    pressure.excess_bytes = (used - begin) * kPageBytes;
  }
  if (options_.retain_bytes != 0 && used * kPageBytes > options_.retain_bytes) {
    pressure.by_bytes = true;
    pressure.excess_bytes = std::max(pressure.excess_bytes, used * kPageBytes - options_.retain_bytes);
  }
  if (options_.retain_age_ms != 0 && ends_.batch > removed_.ends.batch + 1) {
    const ResetGuard guard{select_sizes_};
    const bool found = select_sizes_.bind(1, removed_.ends.batch).step() == SQLITE_ROW;
    pressure.by_age = found && select_sizes_.number(1) < now - options_.retain_age_ms;
  }
  return pressure;
}

/// The last batch that neither checkpoint needs and that is not the last one.
std::uint64_t SqliteJournal::removable_until_() const {
  auto until = ends_.batch == 0 ? 0 : ends_.batch - 1;
  for (const auto& slot : slots_) {
    if (slot.serial == 0) return 0;
    until = std::min(until, slot.first_needed == 0 ? slot.batch_id : slot.first_needed - 1);
  }
  return until;
}

/// The last batch of a stride that begins after those removed already; the same as those when there is none.
std::uint64_t SqliteJournal::stride_until_(const Pressure& pressure, engine::Instant now, std::uint64_t budget,
                                           std::uint64_t until) {
  auto last = removed_.ends.batch;
  std::uint64_t removed_bytes = 0;
  const ResetGuard guard{select_sizes_};
  int code = select_sizes_.bind(1, last).step();
  for (std::uint64_t rows = 0; code == SQLITE_ROW && rows < kStrideRowsMax; ++rows, code = select_sizes_.step()) {
    const auto id = select_sizes_.unsigned_number(0);
    const bool is_old = options_.retain_age_ms != 0 && select_sizes_.number(1) < now - options_.retain_age_ms;
    if (id > until || removed_bytes >= budget || (!is_old && removed_bytes >= pressure.excess_bytes)) break;
    removed_bytes += select_sizes_.unsigned_number(2) + kRowOverheadBytes;
    last = id;
  }
  return last;
}

Outcome SqliteJournal::retain(engine::Instant now) {
  if (auto refusal = refuse_write_()) return refusal;
  if (options_.max_page_count == 0 && options_.retain_bytes == 0 && options_.retain_age_ms == 0) return std::nullopt;
  const auto worth = options_.max_page_count == 0
                         ? kStrideBytes
                         : std::min(kStrideBytes, std::uint64_t{options_.max_page_count} * kPageBytes / 64);
  const auto pressure = pressure_(now);
  if (!pressure.any()) {
    wants_checkpoint_ = false;
    return std::nullopt;
  }
  const bool is_time = last_stride_ == engine::kNever || now - last_stride_ >= kStrideEveryMs || now < last_stride_;
  if (!pressure.urgent && !is_time && uncounted_bytes_ < worth) return std::nullopt;

  const auto budget = std::max(2 * uncounted_bytes_, std::min(kStrideLeastBytes, 4 * worth));
  const auto until = removable_until_();
  const auto last = stride_until_(pressure, now, budget, until);
  last_stride_ = now;
  // Worth a checkpoint only if a good part of what is stored lies before a new one.
  std::uint64_t newest = 0;
  for (const auto& slot : slots_) newest = std::max(newest, slot.serial == 0 ? 0 : slot.batch_id);
  const bool limited = last == until || last == removed_.ends.batch;
  wants_checkpoint_ =
      limited && ends_.batch > newest && (ends_.batch - newest) * 64 >= ends_.batch - removed_.ends.batch;
  if (last > removed_.ends.batch) {
    if (auto outcome = remove_batches_(last, pressure.by_bound, now)) return outcome;
  }
  // No input is left to remove, and none that a checkpoint would set free, or there is no time for that.
  const bool too_large = pressure.by_bound || pressure.by_bytes;
  if (!too_large || !limited || (wants_checkpoint_ && !pressure.urgent)) return std::nullopt;
  return remove_oldest_alerts_(budget, now);
}

int SqliteJournal::run_removal_(Statement& remove, std::uint64_t until) { return remove.bind(1, until).run(); }

Outcome SqliteJournal::remove_batches_(std::uint64_t until, bool shed, engine::Instant now) {
  auto removed = removed_;
  removed.at = now;
  if (shed) {
    if (removed.shed_first == 0) removed.shed_first = removed.ends.batch + 1;
    removed.shed_last = until;
  }
  auto outcome = transact_("cannot remove the oldest batches of the journal", [&] {
    int code =
        read_end_("SELECT id, chain FROM batch WHERE id = ?1", until, removed.ends.batch, removed.ends.batch_hash);
    if (code == SQLITE_OK) code = run_removal_(remove_batches_until_, until);
    if (code == SQLITE_OK) code = run_removal_(remove_images_until_, until);
    if (code != SQLITE_OK) return code;
    sign(removed, id_, *keys_);
    return write_head(replace_head_, removed);
  });
  if (outcome) return outcome;
  removed_ = removed;
  uncounted_bytes_ = 0;
  trim_wal_();
  return std::nullopt;
}

/// Only those whose batch is gone, and never the last: its number must be known.
Outcome SqliteJournal::remove_oldest_alerts_(std::uint64_t budget, engine::Instant now) {
  constexpr const char* kAlertUntil =
      "SELECT number, chain FROM alert WHERE number <= ?1 AND batch_id <= (SELECT batch FROM head WHERE kind = 2) "
      "ORDER BY number DESC LIMIT 1";
  constexpr const char* kNoteUntil =
      "SELECT id, chain FROM note WHERE id <= ?1 AND batch_id <= (SELECT batch FROM head WHERE kind = 2) "
      "ORDER BY id DESC LIMIT 1";
  auto removed = removed_;
  removed.at = now;
  // An alert event is some kilobytes; counting each would mean to read it.
  const auto rows = std::max<std::uint64_t>(budget / kPageBytes, 1);
  const auto alert = std::min(removed.ends.alert + rows, ends_.alert == 0 ? 0 : ends_.alert - 1);
  const auto note = std::min(removed.ends.note + rows, ends_.note == 0 ? 0 : ends_.note - 1);
  auto outcome = transact_("cannot remove the oldest alert events of the journal", [&] {
    int code = read_end_(kAlertUntil, alert, removed.ends.alert, removed.ends.alert_hash);
    if (code == SQLITE_OK) code = read_end_(kNoteUntil, note, removed.ends.note, removed.ends.note_hash);
    if (code == SQLITE_OK) code = run_removal_(remove_alerts_until_, removed.ends.alert);
    if (code == SQLITE_OK) code = run_removal_(remove_notes_until_, removed.ends.note);
    if (code != SQLITE_OK) return code;
    sign(removed, id_, *keys_);
    return write_head(replace_head_, removed);
  });
  if (outcome) return outcome;
  removed_ = removed;
  uncounted_bytes_ = 0;
  trim_wal_();
  return std::nullopt;
}

// Room first, should it be full; then the newest head once more, which is the smallest durable write there is.
Outcome SqliteJournal::probe() {
  if (auto refusal = refuse_write_()) return refusal;
  if (last_clock_ != engine::kNever) {
    last_stride_ = engine::kNever;
    if (auto outcome = retain(last_clock_)) return outcome;
  }
  const auto at = last_clock_ == engine::kNever ? 0 : last_clock_;
  marks_.stage({});
  auto outcome = transact_("cannot write to the journal", [&] { return write_newest_head_(ends_, at); });
  if (outcome) return outcome;
  marks_.confirm(true);
  note_signature_(ends_, at);
  return std::nullopt;
}
}  // namespace tocsin::journal
