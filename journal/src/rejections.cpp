// SPDX-License-Identifier: Apache-2.0
#include "rejections.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "row_crc.hpp"

namespace tocsin::journal {
int Rejections::load(sqlite3* database, bool read_only) {
  Statement select;
  int code = select.prepare(
      database, "SELECT principal, reason, count, first_at, sample FROM rejection ORDER BY principal, reason");
  if (code != SQLITE_OK) return code;
  for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
    counts_.push_back({static_cast<std::uint16_t>(select.number(0)), static_cast<std::uint8_t>(select.number(1)),
                       select.unsigned_number(2), select.number(3), std::string{select.text(4)}, 0});
  }
  if (code != SQLITE_DONE || read_only) return code == SQLITE_DONE ? SQLITE_OK : code;
  return upsert_.prepare(
      database,
      "INSERT INTO rejection(principal, reason, count, first_at, sample, crc) VALUES(?1, ?2, ?3, ?4, ?5, ?6) "
      "ON CONFLICT(principal, reason) DO UPDATE SET count = ?3, crc = ?6");
}

Rejections::Count& Rejections::known_(std::uint16_t principal, std::uint8_t reason) {
  const auto place = std::lower_bound(counts_.begin(), counts_.end(), std::tuple{principal, reason},
                                      [](const Count& count, const std::tuple<std::uint16_t, std::uint8_t>& key) {
                                        return std::tuple{count.principal, count.reason} < key;
                                      });
  if (place != counts_.end() && place->principal == principal && place->reason == reason) return *place;
  return *counts_.insert(place, {principal, reason, 0, 0, {}, 0});
}

void Rejections::stage(std::span<const RejectionRow> rows, engine::Instant clock, Principals& principals) {
  for (auto& count : counts_) count.added = 0;
  for (const auto& row : rows) {
    if (row.count == 0) continue;
    auto& known = known_(principals.id_of(row.principal), row.reason);
    if (known.count == 0 && known.added == 0) {
      known.first_at = clock;
      known.sample = row.sample.substr(0, kSampleBytesMax);
    }
    known.added += row.count;
  }
}

int Rejections::write() {
  for (const auto& row : counts_) {
    if (row.added == 0) continue;
    const std::string_view sample{row.sample};
    const auto total = row.count + row.added;
    const auto crc =
        row_crc({row.principal, row.reason, static_cast<std::int64_t>(total), row.first_at}, {bytes_of(sample)});
    const int code = upsert_.bind(1, std::int64_t{row.principal})
                         .bind(2, std::int64_t{row.reason})
                         .bind(3, total)
                         .bind(4, row.first_at)
                         .bind(5, sample)
                         .bind(6, crc)
                         .run();
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void Rejections::confirm() {
  for (auto& row : counts_) row.count += std::exchange(row.added, 0);
}

std::vector<RejectionRow> Rejections::all(const Principals& principals) const {
  std::vector<RejectionRow> rows;
  rows.reserve(counts_.size());
  for (const auto& count : counts_) {
    if (count.count == 0) continue;
    rows.push_back(
        {std::string{principals.name_of(count.principal)}, count.reason, count.count, count.sample, count.first_at});
  }
  return rows;
}
}  // namespace tocsin::journal
