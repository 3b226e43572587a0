// SPDX-License-Identifier: Apache-2.0
// Reading back: batches, alert events, images and checkpoints, each checked against its CRC before it is shown.
#include <algorithm>
#include <utility>

#include "row_crc.hpp"
#include "sqlite_journal.hpp"

namespace tocsin::journal {
namespace {
std::vector<std::byte> copy_of(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }
}  // namespace

JournalError SqliteJournal::damaged_(const std::string& thing) const {
  return {thing + " of the journal '" + path_ +
              "' is damaged (its checksum does not hold); keep a copy for inspection and restore a backup",
          0, false};
}

JournalError SqliteJournal::missing_(const std::string& thing) const {
  return {thing + " of the journal '" + path_ +
              "' is missing between others; keep a copy for inspection and restore a backup",
          0, false};
}

Outcome SqliteJournal::read_batches(std::uint64_t after, const std::function<bool(const StoredBatch&)>& visit) {
  auto& row = select_batches_;
  const ResetGuard guard{row};
  int code = row.bind(1, after).step();
  StoredBatch batch;
  for (; code == SQLITE_ROW; code = row.step()) {
    const auto previous = std::exchange(batch.id, row.unsigned_number(0));
    if (previous != 0 && batch.id != previous + 1) return missing_("batch " + std::to_string(previous + 1));
    const auto bytes = row.blob(6);
    const auto crc = row_crc({row.number(0), row.number(1), row.number(2), row.number(3), row.number(4)}, bytes);
    if (crc != row.number(5)) return damaged_("batch " + std::to_string(batch.id));
    batch.clock = row.number(1);
    batch.items = static_cast<std::uint32_t>(row.number(2));
    batch.bytes.assign(bytes.begin(), bytes.end());
    if (!visit(batch)) return std::nullopt;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  return explain_(code, ("cannot read batch " + std::to_string(batch.id + 1) + " or a later one of").c_str());
}

Outcome SqliteJournal::read_alerts(std::uint64_t after, const std::function<bool(const StoredAlert&)>& visit) {
  auto& row = select_alerts_;
  const ResetGuard guard{row};
  int code = row.bind(1, after).step();
  StoredAlert alert;
  for (; code == SQLITE_ROW; code = row.step()) {
    const auto previous = std::exchange(alert.number, row.unsigned_number(0));
    if (previous != 0 && alert.number != previous + 1) return missing_("alert event " + std::to_string(previous + 1));
    const auto bytes = row.blob(4);
    if (row_crc({row.number(0), row.number(1), row.number(2)}, bytes) != row.number(3)) {
      return damaged_("alert event " + std::to_string(alert.number));
    }
    alert.at = row.number(1);
    aligned_.resize((bytes.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
    std::copy(bytes.begin(), bytes.end(), std::as_writable_bytes(std::span{aligned_}).begin());
    alert.bytes = std::as_bytes(std::span{aligned_}).first(bytes.size());
    if (!visit(alert)) return std::nullopt;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  return explain_(code, ("cannot read alert event " + std::to_string(alert.number + 1) + " or a later one of").c_str());
}

Outcome SqliteJournal::read_images(const std::function<bool(const StoredImage&)>& visit) {
  auto& row = select_images_;
  const ResetGuard guard{row};
  int code = row.step();
  for (; code == SQLITE_ROW; code = row.step()) {
    const auto bytes = row.blob(3);
    if (row_crc({row.number(0), row.number(1)}, bytes) != row.number(2)) {
      return damaged_("the rule image from batch " + std::to_string(row.number(1)));
    }
    if (!visit({row.unsigned_number(0), row.unsigned_number(1), copy_of(bytes)})) return std::nullopt;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  return explain_(code, "cannot read the rule images of");
}

bool SqliteJournal::stands_on_valid_slot_(std::int64_t slot) {
  auto& row = select_slot_;
  if (row.bind(1, slot).step() != SQLITE_ROW) return false;
  const auto crc = row_crc({slot, row.number(0), row.number(1), row.number(2), row.number(3)}, row.blob(5));
  return crc == row.number(4) && row.unsigned_number(1) <= last_batch_;
}

// A slot that cannot be read counts as damaged: recovery then starts from the other one, or from the first batch.
void SqliteJournal::load_slots_() {
  for (std::size_t slot = 0; slot < slot_serials_.size(); ++slot) {
    const ResetGuard guard{select_slot_};
    slot_serials_.at(slot) = stands_on_valid_slot_(static_cast<std::int64_t>(slot)) ? select_slot_.number(0) : 0;
  }
}

std::vector<StoredCheckpoint> SqliteJournal::checkpoints() {
  std::vector<std::pair<std::int64_t, StoredCheckpoint>> found;
  for (std::size_t slot = 0; slot < slot_serials_.size(); ++slot) {
    auto& row = select_slot_;
    const ResetGuard guard{row};
    if (!stands_on_valid_slot_(static_cast<std::int64_t>(slot))) continue;
    found.emplace_back(row.number(0),
                       StoredCheckpoint{row.unsigned_number(1), row.unsigned_number(2),
                                        static_cast<std::uint32_t>(row.number(3)), copy_of(row.blob(5))});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<StoredCheckpoint> checkpoints;
  checkpoints.reserve(found.size());
  for (auto& [serial, checkpoint] : found) checkpoints.push_back(std::move(checkpoint));
  return checkpoints;
}

Outcome SqliteJournal::store_checkpoint(const StoredCheckpoint& checkpoint) {
  if (auto refusal = refuse_write_()) return refusal;
  if (checkpoint.batch_id > last_batch_) {
    return JournalError{"a checkpoint of batch " + std::to_string(checkpoint.batch_id) + " came before that batch: '" +
                            path_ + "' ends with batch " + std::to_string(last_batch_),
                        0, false};
  }
  const std::size_t index = slot_serials_[0] <= slot_serials_[1] ? 0 : 1;
  const auto slot = static_cast<std::int64_t>(index);
  const auto serial = std::max(slot_serials_[0], slot_serials_[1]) + 1;
  const auto batch_id = static_cast<std::int64_t>(checkpoint.batch_id);
  const auto hash = static_cast<std::int64_t>(checkpoint.image_hash);
  const auto version = std::int64_t{checkpoint.engine_version};
  auto outcome = transact_("cannot store a checkpoint in the journal", [&] {
    return replace_slot_.bind(1, slot)
        .bind(2, serial)
        .bind(3, batch_id)
        .bind(4, hash)
        .bind(5, version)
        .bind(6, row_crc({slot, serial, batch_id, hash, version}, checkpoint.bytes))
        .bind(7, std::span{checkpoint.bytes})
        .run();
  });
  if (outcome) return outcome;
  slot_serials_.at(index) = serial;
  trim_wal_();
  return std::nullopt;
}

Outcome SqliteJournal::read_acts(const std::function<bool(const Act&)>& /*visit*/) { return std::nullopt; }
Outcome SqliteJournal::read_gaps(const std::function<bool(const Gap&)>& /*visit*/) { return std::nullopt; }
std::uint64_t SqliteJournal::cursor(std::string_view /*consumer*/) { return 0; }
JournalState SqliteJournal::state() { return {}; }
Outcome SqliteJournal::retain(engine::Instant /*now*/) { return refuse_write_(); }
Outcome SqliteJournal::sign_head() { return refuse_write_(); }
Outcome SqliteJournal::probe() { return refuse_write_(); }
Outcome SqliteJournal::backup_begin(const std::string& /*path*/) { return refuse_write_(); }
BackupStep SqliteJournal::backup_step(std::uint32_t /*pages*/) {
  return {BackupState::failed, 0, {"no backup", 0, false}};
}
}  // namespace tocsin::journal
