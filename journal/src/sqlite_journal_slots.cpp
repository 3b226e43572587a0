// SPDX-License-Identifier: Apache-2.0
// Checkpoints, two slots in turn, and rule images.
#include <algorithm>
#include <utility>

#include "row_crc.hpp"
#include "sqlite_journal.hpp"

namespace tocsin::journal {
// The state is read in pieces: it may be larger than all the memory that SQLite has.
bool SqliteJournal::stands_on_valid_slot_(std::int64_t slot, std::vector<std::byte>& state) {
  const auto size_max = blob_bytes_max_();
  auto& row = select_slot_;
  if (row.bind(1, slot).step() != SQLITE_ROW || row.number(7) > size_max) return false;
  BlobReader large{database_.get(), "checkpoint", "state"};
  state.resize(static_cast<std::size_t>(row.number(7)));
  if (fetch_blob(row, 8, slot, large, state) != SQLITE_OK) return false;
  const auto crc = row_crc({slot, row.number(0), row.number(1), row.number(2), row.number(3), row.number(4)}, {state});
  return crc == row.number(5) && row.unsigned_number(1) <= ends_.batch;
}

// A slot that cannot be read counts as damaged: recovery then starts from the other one, or from the first batch.
void SqliteJournal::load_slots_() {
  std::vector<std::byte> state;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    auto& row = select_slot_;
    const ResetGuard guard{row};
    slots_.at(slot) = {};
    if (!stands_on_valid_slot_(static_cast<std::int64_t>(slot), state)) continue;
    slots_.at(slot) = {row.number(0), row.unsigned_number(1), row.unsigned_number(4)};
  }
}

std::vector<StoredCheckpoint> SqliteJournal::checkpoints() {
  std::vector<std::pair<std::int64_t, StoredCheckpoint>> found;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    auto& row = select_slot_;
    const ResetGuard guard{row};
    StoredCheckpoint checkpoint;
    if (!stands_on_valid_slot_(static_cast<std::int64_t>(slot), checkpoint.bytes)) continue;
    checkpoint.batch_id = row.unsigned_number(1);
    checkpoint.image_hash = row.unsigned_number(2);
    checkpoint.engine_version = static_cast<std::uint32_t>(row.number(3));
    checkpoint.first_needed_batch = row.unsigned_number(4);
    found.emplace_back(row.number(0), std::move(checkpoint));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<StoredCheckpoint> checkpoints;
  checkpoints.reserve(found.size());
  for (auto& [serial, checkpoint] : found) checkpoints.push_back(std::move(checkpoint));
  return checkpoints;
}

Outcome SqliteJournal::store_checkpoint(const StoredCheckpoint& checkpoint) {
  if (auto refusal = refuse_write_()) return refusal;
  if (checkpoint.batch_id > ends_.batch) {
    return JournalError{"a checkpoint of batch " + std::to_string(checkpoint.batch_id) + " came before that batch: '" +
                            path_ + "' ends with batch " + std::to_string(ends_.batch),
                        0, false};
  }
  const std::size_t index = slots_[0].serial <= slots_[1].serial ? 0 : 1;
  const auto slot = static_cast<std::int64_t>(index);
  const auto serial = std::max(slots_[0].serial, slots_[1].serial) + 1;
  const auto batch_id = static_cast<std::int64_t>(checkpoint.batch_id);
  const auto hash = static_cast<std::int64_t>(checkpoint.image_hash);
  const auto version = std::int64_t{checkpoint.engine_version};
  const auto first_needed = std::min(checkpoint.first_needed_batch, checkpoint.batch_id + 1);
  const auto needed = static_cast<std::int64_t>(first_needed);
  const std::span<const std::byte> state{checkpoint.bytes};
  const auto crc = row_crc({slot, serial, batch_id, hash, version, needed}, {state});
  marks_.stage({});
  auto outcome = transact_("cannot store a checkpoint in the journal", [&] {
    replace_slot_.bind(1, slot).bind(2, serial).bind(3, batch_id).bind(4, hash).bind(5, version).bind(6, needed);
    int code = replace_slot_.bind(7, crc).bind_zeros(8, state.size()).run();
    if (code == SQLITE_OK) code = write_blob(database_.get(), "checkpoint", "state", slot, state);
    if (code == SQLITE_OK) code = write_newest_head_(ends_, last_clock_);
    return code;
  });
  if (outcome) return outcome;
  slots_.at(index) = {serial, checkpoint.batch_id, first_needed};
  wants_checkpoint_ = false;
  marks_.confirm(true);
  note_signature_(ends_, last_clock_);
  trim_wal_();
  return std::nullopt;
}

Outcome SqliteJournal::store_image(std::uint64_t image_hash, std::span<const std::byte> image) {
  if (auto refusal = refuse_write_()) return refusal;
  if (has_image_ && last_image_hash_ == image_hash) return std::nullopt;
  const auto hash = static_cast<std::int64_t>(image_hash);
  const auto from_batch = static_cast<std::int64_t>(ends_.batch + 1);
  auto outcome = transact_("cannot store a rule image in the journal", [&] {
    insert_image_.bind(1, hash).bind(2, from_batch).bind(3, row_crc({hash, from_batch}, {image}));
    if (const int code = insert_image_.bind_zeros(4, image.size()).run(); code != SQLITE_OK) return code;
    return write_blob(database_.get(), "image", "body", sqlite3_last_insert_rowid(database_.get()), image);
  });
  if (outcome) return outcome;
  has_image_ = true;
  last_image_hash_ = image_hash;
  trim_wal_();
  return std::nullopt;
}
}  // namespace tocsin::journal
