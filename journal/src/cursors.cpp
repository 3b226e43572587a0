// SPDX-License-Identifier: Apache-2.0
#include "cursors.hpp"

#include <algorithm>

#include "row_crc.hpp"

namespace tocsin::journal {
int Cursors::load(sqlite3* database, bool read_only) {
  Statement select;
  int code = select.prepare(database, "SELECT consumer, number FROM cursor ORDER BY consumer");
  if (code != SQLITE_OK) return code;
  for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
    all_.push_back({std::string{select.text(0)}, select.unsigned_number(1), 0, false});
  }
  if (code != SQLITE_DONE || read_only) return code == SQLITE_DONE ? SQLITE_OK : code;
  return upsert_.prepare(database,
                         "INSERT INTO cursor(consumer, number, crc) VALUES(?1, ?2, ?3) "
                         "ON CONFLICT(consumer) DO UPDATE SET number = ?2, crc = ?3");
}

Cursors::Known& Cursors::known_(std::string_view consumer) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Known& one) { return one.consumer == consumer; });
  return found != all_.end() ? *found : all_.emplace_back(Known{std::string{consumer}, 0, 0, false});
}

int Cursors::write(std::span<const Cursor> cursors, std::uint64_t last_alert) {
  for (auto& one : all_) one.pending = 0;
  for (const auto& cursor : cursors) {
    auto& one = known_(cursor.consumer);
    one.is_mark = cursor.is_mark;
    if (cursor.is_mark) {
      one.pending = cursor.number;
      continue;
    }
    const auto number = std::min(cursor.number, last_alert);
    if (number > one.number) one.pending = std::max(one.pending, number);
  }
  for (const auto& one : all_) {
    if (one.pending == 0 || one.pending == one.number) continue;
    const std::string_view consumer{one.consumer};
    const auto crc = row_crc({static_cast<std::int64_t>(one.pending)}, {bytes_of(consumer)});
    if (const int code = upsert_.bind(1, consumer).bind(2, one.pending).bind(3, crc).run(); code != SQLITE_OK) {
      return code;
    }
  }
  return SQLITE_OK;
}

void Cursors::confirm() {
  for (auto& one : all_) one.number = one.is_mark && one.pending > 0 ? one.pending : std::max(one.number, one.pending);
}

std::vector<std::string> Cursors::names() const {
  std::vector<std::string> names;
  names.reserve(all_.size());
  for (const auto& one : all_) names.push_back(one.consumer);
  return names;
}

std::uint64_t Cursors::number_of(std::string_view consumer) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Known& one) { return one.consumer == consumer; });
  return found != all_.end() ? found->number : 0;
}
}  // namespace tocsin::journal
