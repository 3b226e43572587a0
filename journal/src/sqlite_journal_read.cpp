// SPDX-License-Identifier: Apache-2.0
// Reading back: batches, alert events, notes and images, each checked against its CRC before it is shown.
#include <algorithm>
#include <utility>

#include "row_crc.hpp"
#include "sqlite_journal.hpp"

namespace tocsin::journal {
namespace {
std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
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

// What the disk does not give out now is not damaged for that.
JournalError SqliteJournal::unread_(int code, const std::string& thing) const {
  const int cause = code & 0xFF;
  if (cause != SQLITE_IOERR && cause != SQLITE_NOMEM) return damaged_(thing);
  return explain_(code, ("cannot read " + thing + " of").c_str());
}

Outcome SqliteJournal::read_batches(std::uint64_t after, const std::function<bool(const StoredBatch&)>& visit) {
  const auto size_max = blob_bytes_max_();
  if (size_max == 0) return explain_(sqlite3_extended_errcode(database_.get()), "cannot read the size of");
  auto& row = select_batches_;
  const ResetGuard guard{row};
  BlobReader large{database_.get(), "batch", "inputs"};
  StoredBatch batch;
  auto expected = std::max(after, removed_.ends.batch) + 1;
  int code = row.bind(1, after).step();
  for (; code == SQLITE_ROW; code = row.step(), ++expected) {
    batch.id = row.unsigned_number(0);
    const auto name = "batch " + std::to_string(expected);
    if (batch.id != expected) return missing_(name);
    if (row.number(7) > size_max) return damaged_(name);
    batch.bytes.resize(static_cast<std::size_t>(row.number(7)));
    if (const int got = fetch_blob(row, 8, row.number(0), large, batch.bytes); got != SQLITE_OK)
      return unread_(got, name);
    const auto crc = row_crc({row.number(0), row.number(1), row.number(2), row.number(3), row.number(4)},
                             {row.blob(6), batch.bytes});
    if (crc != row.number(5)) return damaged_(name);
    batch.clock = row.number(1);
    batch.items = static_cast<std::uint32_t>(row.number(2));
    if (!visit(batch)) return std::nullopt;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  return explain_(code, ("cannot read batch " + std::to_string(expected) + " or a later one of").c_str());
}

Outcome SqliteJournal::read_alerts(std::uint64_t after, const std::function<bool(const StoredAlert&)>& visit) {
  const auto size_max = blob_bytes_max_();
  if (size_max == 0) return explain_(sqlite3_extended_errcode(database_.get()), "cannot read the size of");
  auto& row = select_alerts_;
  const ResetGuard guard{row};
  BlobReader large{database_.get(), "alert", "body"};
  StoredAlert alert;
  auto expected = std::max(after, removed_.ends.alert) + 1;
  int code = row.bind(1, after).step();
  for (; code == SQLITE_ROW; code = row.step(), ++expected) {
    alert.number = row.unsigned_number(0);
    const auto name = "alert event " + std::to_string(expected);
    if (alert.number != expected) return missing_(name);
    if (row.number(5) > size_max) return damaged_(name);
    const auto size = static_cast<std::size_t>(row.number(5));
    aligned_.resize((size + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
    const auto bytes = std::as_writable_bytes(std::span{aligned_}).first(size);
    if (const int got = fetch_blob(row, 6, row.number(0), large, bytes); got != SQLITE_OK) return unread_(got, name);
    if (row_crc({row.number(0), row.number(1), row.number(2)}, {row.blob(4), bytes}) != row.number(3)) {
      return damaged_(name);
    }
    alert.at = row.number(1);
    alert.bytes = bytes;
    if (!visit(alert)) return std::nullopt;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  return explain_(code, ("cannot read alert event " + std::to_string(expected) + " or a later one of").c_str());
}

Outcome SqliteJournal::read_notes(std::uint64_t after, const std::function<bool(const Note&)>& visit) {
  auto& row = select_notes_;
  const ResetGuard guard{row};
  auto expected = std::max(after, removed_.ends.note) + 1;
  int code = row.bind(1, after).step();
  for (; code == SQLITE_ROW; code = row.step(), ++expected) {
    const auto name = "note " + std::to_string(expected);
    if (row.unsigned_number(0) != expected) return missing_(name);
    const auto crc = row_crc({row.number(0), row.number(1), row.number(2), row.number(3), row.number(4), row.number(5)},
                             {row.blob(7), row.blob(8), row.blob(9), row.blob(10)});
    if (crc != row.number(6)) return damaged_(name);
    Note note;
    note.number = expected;
    note.is_gap = row.number(3) != 0;
    if (note.is_gap) {
      note.gap = {row.number(1), text_of(row.blob(8)), row.unsigned_number(4), row.unsigned_number(5),
                  static_cast<GapKind>(row.number(3))};
    } else {
      note.act = {row.number(1), text_of(row.blob(8)), text_of(row.blob(9)), text_of(row.blob(10))};
    }
    if (!visit(note)) return std::nullopt;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  return explain_(code, "cannot read the operator acts and gaps of");
}

Outcome SqliteJournal::read_acts(const std::function<bool(const Act&)>& visit) {
  return read_notes(0, [&](const Note& note) { return note.is_gap || visit(note.act); });
}

Outcome SqliteJournal::read_gaps(const std::function<bool(const Gap&)>& visit) {
  if (removed_.shed_last != 0 && !visit({removed_.at, {}, removed_.shed_first, removed_.shed_last, GapKind::shed})) {
    return std::nullopt;
  }
  return read_notes(0, [&](const Note& note) { return !note.is_gap || visit(note.gap); });
}

Outcome SqliteJournal::read_images(const std::function<bool(const StoredImage&)>& visit) {
  const auto size_max = blob_bytes_max_();
  if (size_max == 0) return explain_(sqlite3_extended_errcode(database_.get()), "cannot read the size of");
  auto& row = select_images_;
  const ResetGuard guard{row};
  BlobReader large{database_.get(), "image", "body"};
  int code = row.step();
  for (; code == SQLITE_ROW; code = row.step()) {
    const auto name = "the rule image from batch " + std::to_string(row.number(1));
    if (row.number(4) > size_max) return damaged_(name);
    StoredImage image{row.unsigned_number(0), row.unsigned_number(1), {}};
    image.bytes.resize(static_cast<std::size_t>(row.number(4)));
    if (const int got = fetch_blob(row, 5, row.number(3), large, image.bytes); got != SQLITE_OK)
      return unread_(got, name);
    if (row_crc({row.number(0), row.number(1)}, {image.bytes}) != row.number(2)) return damaged_(name);
    if (!visit(image)) return std::nullopt;
  }
  if (code == SQLITE_DONE) return std::nullopt;
  return explain_(code, "cannot read the rule images of");
}
}  // namespace tocsin::journal
