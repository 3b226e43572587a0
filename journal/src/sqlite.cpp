// SPDX-License-Identifier: Apache-2.0
#include "sqlite.hpp"

#include <algorithm>

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

Statement& Statement::bind_zeros(int index, std::size_t size) {
  note_(sqlite3_bind_zeroblob64(statement_.get(), index, size));
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

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

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

int BlobReader::read(std::int64_t id, std::span<std::byte> out) {
  if (out.empty()) return SQLITE_OK;
  int code = blob_ != nullptr ? sqlite3_blob_reopen(blob_, id)
                              : sqlite3_blob_open(database_, "main", table_, column_, id, 0, &blob_);
  if (code == SQLITE_OK) code = sqlite3_blob_read(blob_, out.data(), static_cast<int>(out.size()), 0);
  if (code != SQLITE_OK) close();
  return code;
}

// What closing returns is the error of the last call, which its caller has.
void BlobReader::close() {
  if (blob_ != nullptr) (void)sqlite3_blob_close(blob_);
  blob_ = nullptr;
}

int fetch_blob(const Statement& row, int column, std::int64_t id, BlobReader& large, std::span<std::byte> out) {
  if (row.is_null(column)) return large.read(id, out);
  const auto bytes = row.blob(column);
  if (bytes.size() != out.size()) return SQLITE_CORRUPT;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return SQLITE_OK;
}

int write_blob(sqlite3* database, const char* table, const char* column, std::int64_t id,
               std::span<const std::byte> bytes) {
  if (bytes.empty()) return SQLITE_OK;
  sqlite3_blob* blob = nullptr;
  int code = sqlite3_blob_open(database, "main", table, column, id, 1, &blob);
  if (code == SQLITE_OK) code = sqlite3_blob_write(blob, bytes.data(), static_cast<int>(bytes.size()), 0);
  const int closed = sqlite3_blob_close(blob);
  return code != SQLITE_OK ? code : closed;
}
}  // namespace tocsin::journal
