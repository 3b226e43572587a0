// SPDX-License-Identifier: Apache-2.0
#include "principals.hpp"

#include <algorithm>

#include "row_crc.hpp"

namespace tocsin::journal {
int Principals::load(sqlite3* database, bool read_only) {
  read_only_ = read_only;
  Statement select;
  int code = select.prepare(database, "SELECT id, name FROM principal ORDER BY id");
  if (code != SQLITE_OK) return code;
  for (code = select.step(); code == SQLITE_ROW; code = select.step()) {
    if (select.unsigned_number(0) != names_.size() + 1) return SQLITE_CORRUPT;  // we number without gaps
    names_.emplace_back(select.text(1));
  }
  if (code != SQLITE_DONE) return code;
  stored_ = names_.size();
  return read_only ? SQLITE_OK : insert_.prepare(database, "INSERT INTO principal(id, name, crc) VALUES(?1, ?2, ?3)");
}

std::uint16_t Principals::id_of(std::string_view name) {
  if (name.empty()) return 0;
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) {
    if (read_only_ || names_.size() >= UINT16_MAX) return 0;
    names_.emplace_back(name);
    return static_cast<std::uint16_t>(names_.size());
  }
  return static_cast<std::uint16_t>(found - names_.begin() + 1);
}

std::string_view Principals::name_of(std::uint16_t id) const {
  return id == 0 || id > names_.size() ? std::string_view{} : std::string_view{names_[id - 1U]};
}

int Principals::write_new() {
  for (std::size_t index = stored_; index < names_.size(); ++index) {
    const std::string_view name{names_[index]};
    const auto crc = row_crc({static_cast<std::int64_t>(index + 1)}, {bytes_of(name)});
    const int code = insert_.bind(1, std::uint64_t{index + 1}).bind(2, name).bind(3, crc).run();
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}
}  // namespace tocsin::journal
