// SPDX-License-Identifier: Apache-2.0
#include "sqlite.hpp"

namespace tocsin::journal {
int execute(sqlite3* database, const char* sql) { return sqlite3_exec(database, sql, nullptr, nullptr, nullptr); }

int query_number(sqlite3* database, const char* sql, std::int64_t& value) {
  Statement statement;
  if (const int code = statement.prepare(database, sql); code != SQLITE_OK) return code;
  const int code = statement.step();
  if (code == SQLITE_ROW) value = statement.number(0);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int Statement::prepare(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  return code;
}

Statement& Statement::bind(int index, std::int64_t value) {
  note_(sqlite3_bind_int64(statement_.get(), index, value));
  return *this;
}

// An empty view may have no address, which SQLite would take for NULL.
Statement& Statement::bind(int index, std::string_view text) {
  note_(
      sqlite3_bind_text64(statement_.get(), index, text.empty() ? "" : text.data(), text.size(), nullptr, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, std::span<const std::byte> blob) {
  note_(blob.empty() ? sqlite3_bind_zeroblob(statement_.get(), index, 0)
                     : sqlite3_bind_blob64(statement_.get(), index, blob.data(), blob.size(), nullptr));
  return *this;
}

int Statement::step() { return bind_code_ != SQLITE_OK ? bind_code_ : sqlite3_step(statement_.get()); }

int Statement::run() {
  const int code = step();
  reset();
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

// What sqlite3_reset returns is the error of the last step, which its caller has.
void Statement::reset() {
  (void)sqlite3_reset(statement_.get());
  (void)sqlite3_clear_bindings(statement_.get());
  bind_code_ = SQLITE_OK;
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto bytes = blob(column);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
}
}  // namespace tocsin::journal
