// SPDX-License-Identifier: Apache-2.0
// Commit, and the heads it signs. Nothing here allocates from our heap once names and batch sizes have been seen.
#include <algorithm>
#include <utility>

#include "row_crc.hpp"
#include "sqlite_journal.hpp"

namespace tocsin::journal {
namespace {
constexpr engine::Span kSignEveryMs = 60'000;
constexpr std::uint64_t kSignEveryBatches = 256;  ///< feed marks are worked out from the batches since the last head
constexpr std::size_t kWordBytesMax = 64;
constexpr std::uint64_t kRowOverheadBytes = 128;  ///< a row's share of pages, beside its BLOB

/// Earliest and latest time in a batch; those of its clock when it has no items.
std::pair<engine::Instant, engine::Instant> time_bounds(const CommitBatch& batch) {
  if (batch.items.empty()) return {batch.clock, batch.clock};
  auto bounds = std::pair{batch.items.front().input.time, batch.items.front().input.time};
  for (const auto& item : batch.items) {
    bounds.first = std::min(bounds.first, item.input.time);
    bounds.second = std::max(bounds.second, item.input.time);
  }
  return bounds;
}

bool has_row(const CommitBatch& batch) {
  return !batch.items.empty() || !batch.alerts.empty() || !batch.acts.empty() || !batch.gaps.empty();
}

std::span<const std::byte> cut(std::string_view text, std::size_t most) { return bytes_of(text.substr(0, most)); }

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

NoteRow note_of(const Act& act) {
  return {0, act.at, 0, 0, 0, 0, cut(act.principal, 255), cut(act.kind, kWordBytesMax), cut(act.text, kActTextMax)};
}

NoteRow note_of(const Gap& gap) {
  NoteRow note;
  note.at = gap.at;
  note.kind = static_cast<std::int64_t>(gap.kind);
  note.first = static_cast<std::int64_t>(gap.first);
  note.last = static_cast<std::int64_t>(gap.last);
  note.who = cut(gap.source, 255);
  return note;
}
}  // namespace

Outcome SqliteJournal::check_numbers_(std::span<const StoredAlert> alerts) const {
  auto expected = ends_.alert;
  for (const auto& alert : alerts) {
    if (alert.number != ++expected) {
      return JournalError{"alert event number " + std::to_string(alert.number) + " does not follow: the journal '" +
                              path_ + "' expects " + std::to_string(expected) + "; nothing of the batch was stored",
                          0, false};
    }
  }
  return std::nullopt;
}

Outcome SqliteJournal::check_first_instant_(engine::Instant first) const {
  if (first == engine::kNever || first_instant_ == engine::kNever || first == first_instant_) return std::nullopt;
  return JournalError{"the journal '" + path_ + "' already has another first instant, " +
                          std::to_string(first_instant_) + "; it never changes in a journal's life",
                      0, false};
}

Outcome SqliteJournal::commit(const CommitBatch& batch) {
  if (auto refusal = refuse_write_()) return refusal;
  if (auto refusal = check_numbers_(batch.alerts)) return refusal;
  if (auto refusal = check_first_instant_(batch.first_instant)) return refusal;
  const bool begins = batch.first_instant != engine::kNever && batch.first_instant != first_instant_;
  rejections_.stage(batch.rejections, batch.clock, principals_);
  marks_.stage(batch.items);
  const bool stores_row = has_row(batch);
  if (!stores_row && !begins && batch.rejections.empty() && batch.cursors.empty() && !principals_.has_new()) {
    return std::nullopt;
  }

  auto ends = ends_;
  const bool signs = stores_row && is_signature_due_(batch.clock);
  auto outcome = transact_("cannot store a batch in the journal", [&] {
    int code = principals_.write_new();
    if (code == SQLITE_OK) code = rejections_.write();
    if (code == SQLITE_OK) code = cursors_.write(batch.cursors, ends_.alert + batch.alerts.size());
    if (code == SQLITE_OK && begins) code = write_meta_("first_instant", batch.first_instant);
    if (code == SQLITE_OK && stores_row) code = write_rows_(batch, ends);
    if (code == SQLITE_OK && signs) code = write_newest_head_(ends, batch.clock);
    return code;
  });
  if (outcome) return outcome;
  principals_.confirm();
  rejections_.confirm();
  marks_.confirm(signs);
  cursors_.confirm();
  if (begins) first_instant_ = batch.first_instant;
  if (stores_row) last_clock_ = batch.clock;
  ends_ = ends;
  if (signs) note_signature_(ends, batch.clock);
  trim_wal_();
  return std::nullopt;
}

int SqliteJournal::write_rows_(const CommitBatch& batch, Ends& ends) {
  const auto id = static_cast<std::int64_t>(ends.batch + 1);
  for (const auto& alert : batch.alerts) {
    if (const int code = write_alert_(alert, id, ends); code != SQLITE_OK) return code;
  }
  const auto write_note = [&](NoteRow note) {
    note.batch_id = id;
    return write_note_(note, ends);
  };
  for (const auto& act : batch.acts) {
    if (const int code = write_note(note_of(act)); code != SQLITE_OK) return code;
  }
  for (const auto& gap : batch.gaps) {
    if (const int code = write_note(note_of(gap)); code != SQLITE_OK) return code;
  }
  return write_batch_(batch, id, ends);
}

int SqliteJournal::write_batch_(const CommitBatch& batch, std::int64_t id, Ends& ends) {
  const auto bytes = encoder_.encode(batch.items);
  const auto [first, last] = time_bounds(batch);
  const BatchRow row{id, batch.clock, static_cast<std::int64_t>(batch.items.size()), first, last, bytes};
  append(keys_->chain_key(), row, ends);
  const auto crc = row_crc({row.id, row.clock, row.items, row.first, row.last}, {ends.batch_hash, bytes});
  const bool is_large = bytes.size() > kLargeBytes;
  insert_batch_.bind(1, id).bind(2, row.clock).bind(3, row.items).bind(4, first).bind(5, last).bind(6, crc);
  insert_batch_.bind(7, std::span<const std::byte>{ends.batch_hash});
  const int code = (is_large ? insert_batch_.bind_zeros(8, bytes.size()) : insert_batch_.bind(8, bytes)).run();
  uncounted_bytes_ += bytes.size() + kRowOverheadBytes;
  return code == SQLITE_OK && is_large ? write_blob(database_.get(), "batch", "inputs", id, bytes) : code;
}

int SqliteJournal::write_alert_(const StoredAlert& alert, std::int64_t batch_id, Ends& ends) {
  const AlertRow row{static_cast<std::int64_t>(alert.number), alert.at, batch_id, alert.bytes};
  append(keys_->chain_key(), row, ends);
  const auto crc = row_crc({row.number, row.at, row.batch_id}, {ends.alert_hash, row.body});
  const bool is_large = row.body.size() > kLargeBytes;
  insert_alert_.bind(1, row.number).bind(2, row.at).bind(3, batch_id).bind(4, crc);
  insert_alert_.bind(5, std::span<const std::byte>{ends.alert_hash});
  const int code = (is_large ? insert_alert_.bind_zeros(6, row.body.size()) : insert_alert_.bind(6, row.body)).run();
  uncounted_bytes_ += row.body.size() + kRowOverheadBytes;
  return code == SQLITE_OK && is_large ? write_blob(database_.get(), "alert", "body", row.number, row.body) : code;
}

int SqliteJournal::write_note_(NoteRow note, Ends& ends) {
  note.id = static_cast<std::int64_t>(ends.note + 1);
  append(keys_->chain_key(), note, ends);
  const auto crc = row_crc({note.id, note.at, note.batch_id, note.kind, note.first, note.last},
                           {ends.note_hash, note.who, note.word, note.text});
  insert_note_.bind(1, note.id).bind(2, note.at).bind(3, note.batch_id).bind(4, note.kind).bind(5, note.first);
  insert_note_.bind(6, note.last).bind(7, crc).bind(8, std::span<const std::byte>{ends.note_hash});
  uncounted_bytes_ += note.text.size() + kRowOverheadBytes;
  return insert_note_.bind(9, text_of(note.who)).bind(10, text_of(note.word)).bind(11, text_of(note.text)).run();
}

int SqliteJournal::write_meta_(std::string_view key, std::int64_t value) {
  return replace_meta_.bind(1, key).bind(2, value).bind(3, row_crc({value}, {bytes_of(key)})).run();
}

// A clock that went back (another clock source, an exercise) must not put the next signature off for ever.
bool SqliteJournal::is_signature_due_(engine::Instant clock) const {
  return signed_batch_ == 0 || clock < signed_at_ || clock - signed_at_ >= kSignEveryMs ||
         ends_.batch - signed_batch_ >= kSignEveryBatches;
}

int SqliteJournal::write_newest_head_(const Ends& ends, engine::Instant at) {
  if (const int code = marks_.write(); code != SQLITE_OK) return code;
  Head head;
  head.kind = HeadKind::newest;
  head.at = at;
  head.ends = ends;
  sign(head, id_, *keys_);
  return write_head(replace_head_, head);
}

void SqliteJournal::note_signature_(const Ends& ends, engine::Instant at) {
  signed_batch_ = ends.batch;
  signed_at_ = at;
}

Outcome SqliteJournal::sign_head() {
  if (auto refusal = refuse_write_()) return refusal;
  if (signed_batch_ == ends_.batch) return std::nullopt;
  marks_.stage({});
  auto outcome = transact_("cannot sign the journal", [&] { return write_newest_head_(ends_, last_clock_); });
  if (outcome) return outcome;
  marks_.confirm(true);
  note_signature_(ends_, last_clock_);
  return outcome;
}

Outcome SqliteJournal::head(SignedHead& head) {
  Head newest;
  const int code = read_head(database_.get(), HeadKind::newest, newest);
  // Each journal has one from its making on; an empty answer could replace a good one that was kept.
  if (code == SQLITE_DONE) return explain_(SQLITE_CORRUPT, "the signed head is missing in");
  if (code != SQLITE_ROW) return explain_(code, "cannot read the signed head of");
  if (!is_signed(newest, id_, public_key_)) {
    return explain_(SQLITE_CORRUPT, "the signature does not hold of the signed head of");
  }
  const auto& ends = newest.ends;
  head = {ends.batch,
          hex_of(ends.batch_hash),
          hex_of(newest.signature),
          hex_of(public_key_),
          hex_of(id_),
          newest.at,
          ends.alert,
          ends.note,
          hex_of(ends.alert_hash),
          hex_of(ends.note_hash)};
  return std::nullopt;
}
}  // namespace tocsin::journal
