// SPDX-License-Identifier: Apache-2.0
#include "rejections.hpp"

#include <algorithm>
#include <tuple>

namespace tocsin::journal {
int Rejections::load(sqlite3* database, bool read_only) {
  Statement select;
  int code = select.prepare(
      database, "SELECT principal, reason, count, first_at, sample FROM rejection ORDER BY principal, reason");
  if (code != SQLITE_OK) return code;
  for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
    counts_.push_back({static_cast<std::uint16_t>(select.number(0)), static_cast<std::uint8_t>(select.number(1)),
                       select.unsigned_number(2), select.number(3), std::string{select.text(4)}});
  }
  if (code != SQLITE_DONE || read_only) return code == SQLITE_DONE ? SQLITE_OK : code;
  return upsert_.prepare(database,
                         "INSERT INTO rejection(principal, reason, count, first_at, sample) "
                         "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(principal, reason) DO UPDATE SET count = ?3");
}

std::vector<Rejections::Count>::iterator Rejections::place_of_(std::vector<Count>& counts, std::uint16_t principal,
                                                               std::uint8_t reason) {
  return std::lower_bound(counts.begin(), counts.end(), std::tuple{principal, reason},
                          [](const Count& count, const std::tuple<std::uint16_t, std::uint8_t>& key) {
                            return std::tuple{count.principal, count.reason} < key;
                          });
}

void Rejections::stage(std::span<const RejectionRow> rows, engine::Instant clock, Principals& principals) {
  staged_.clear();
  for (const auto& row : rows) {
    if (row.count == 0) continue;
    const auto principal = principals.id_of(row.principal);
    const auto is_wanted = [&](const auto& place, const auto& counts) {
      return place != counts.end() && place->principal == principal && place->reason == row.reason;
    };
    auto place = place_of_(staged_, principal, row.reason);
    if (!is_wanted(place, staged_)) {
      const auto stored = place_of_(counts_, principal, row.reason);
      auto count = is_wanted(stored, counts_)
                       ? *stored
                       : Count{principal, row.reason, 0, clock, row.sample.substr(0, kSampleBytesMax)};
      place = staged_.insert(place, std::move(count));
    }
    place->count += row.count;
  }
}

int Rejections::write() {
  for (const auto& row : staged_) {
    const int code = upsert_.bind(1, std::int64_t{row.principal})
                         .bind(2, std::int64_t{row.reason})
                         .bind(3, row.count)
                         .bind(4, row.first_at)
                         .bind(5, std::string_view{row.sample})
                         .run();
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void Rejections::confirm() {
  for (auto& row : staged_) {
    const auto place = place_of_(counts_, row.principal, row.reason);
    if (place != counts_.end() && place->principal == row.principal && place->reason == row.reason) {
      *place = std::move(row);
    } else {
      counts_.insert(place, std::move(row));
    }
  }
  staged_.clear();
}

std::vector<RejectionRow> Rejections::all(const Principals& principals) const {
  std::vector<RejectionRow> rows;
  rows.reserve(counts_.size());
  for (const auto& count : counts_) {
    rows.push_back(
        {std::string{principals.name_of(count.principal)}, count.reason, count.count, count.sample, count.first_at});
  }
  return rows;
}
}  // namespace tocsin::journal
