// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The few SQLite calls the journal makes, with ownership. Everything returns SQLite's extended result codes.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <sqlite3.h>

namespace tocsin::journal {
struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
/// A connection. Statements must be gone before it closes.
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// Runs statements that give no rows, or whose rows do not matter.
[[nodiscard]] int execute(sqlite3* database, const char* sql);
/// The first column of the first row as a number; `value` keeps what it had when there is no row.
[[nodiscard]] int query_number(sqlite3* database, const char* sql, std::int64_t& value);

/// A prepared statement that is kept. Parameters and columns are counted from 1 and 0, as SQLite does.
/// Bound text and BLOBs are not copied: they must live until the statement has run.
class Statement {
 public:
  [[nodiscard]] int prepare(sqlite3* database, const char* sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::uint64_t value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::span<const std::byte> blob);

  /// SQLITE_ROW, SQLITE_DONE or an error, also of a bind before it.
  [[nodiscard]] int step();
  /// Steps a statement that gives no rows and resets it. SQLITE_OK or an error.
  [[nodiscard]] int run();
  /// Ends the run; the parameters are unbound.
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::uint64_t unsigned_number(int column) const { return static_cast<std::uint64_t>(number(column)); }
  /// Valid until the next step or reset, as blob().
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::span<const std::byte> blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void note_(int code) {
    if (code != SQLITE_OK && bind_code_ == SQLITE_OK) bind_code_ = code;
  }
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_code_ = SQLITE_OK;
};

/// Resets a statement at the end of a scope, so that it never holds a read transaction open.
class ResetGuard {
 public:
  explicit ResetGuard(Statement& statement) : statement_{statement} {}
  ~ResetGuard() { statement_.reset(); }
  ResetGuard(const ResetGuard&) = delete;
  ResetGuard& operator=(const ResetGuard&) = delete;
  ResetGuard(ResetGuard&&) = delete;
  ResetGuard& operator=(ResetGuard&&) = delete;

 private:
  Statement& statement_;
};
}  // namespace tocsin::journal
