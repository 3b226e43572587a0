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
  /// A BLOB of so many zeros, for write_blob() to fill.
  Statement& bind_zeros(int index, std::size_t size);

  /// SQLITE_ROW, SQLITE_DONE or an error, also of a bind before it.
  [[nodiscard]] int step();
  /// Steps a statement that gives no rows and resets it. SQLITE_OK or an error.
  [[nodiscard]] int run();
  /// Ends the run; the parameters are unbound.
  void reset();

  [[nodiscard]] bool is_null(int column) const;
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

/// From this size on a BLOB is written and read in place, past SQLite's copies of the row [bytes]: a flood's batch or a
/// checkpoint would otherwise need a block of its size from SQLite's memory.
inline constexpr std::size_t kLargeBytes = 16 * 1024;

/// Opens one BLOB in place after another. A read transaction is open until close().
class BlobReader {
 public:
  BlobReader(sqlite3* database, const char* table, const char* column)
      : database_{database}, table_{table}, column_{column} {}
  ~BlobReader() { close(); }
  BlobReader(const BlobReader&) = delete;
  BlobReader& operator=(const BlobReader&) = delete;
  BlobReader(BlobReader&&) = delete;
  BlobReader& operator=(BlobReader&&) = delete;
  /// Fills `out` with the first bytes of the BLOB of row `id`. SQLITE_OK or an error.
  [[nodiscard]] int read(std::int64_t id, std::span<std::byte> out);
  void close();

 private:
  sqlite3* database_;
  const char* table_;
  const char* column_;
  sqlite3_blob* blob_ = nullptr;
};
/// The BLOB of row `id`, on which `row` stands: from `column`, or when that is null, being large, in place. It must
/// fill `out`. SQLITE_OK or an error.
[[nodiscard]] int fetch_blob(const Statement& row, int column, std::int64_t id, BlobReader& large,
                             std::span<std::byte> out);
/// Writes over a BLOB of the same size, which zeroblob() made. SQLITE_OK or an error.
[[nodiscard]] int write_blob(sqlite3* database, const char* table, const char* column, std::int64_t id,
                             std::span<const std::byte> bytes);

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
