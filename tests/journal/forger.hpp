// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Forger: somebody who can write a closed journal and has its key file. Every checksum, hash and signature of
/// what it leaves holds.
#include <map>
#include <memory>
#include <string>

#include "chain.hpp"
#include "head.hpp"
#include "keys.hpp"
#include "row_crc.hpp"
#include "sqlite.hpp"

#include "CppUTest/TestHarness.h"

namespace tocsin::journal::test {
class Forger {
 public:
  Forger(const std::string& path, const std::string& key_path) {
    JournalError error;
    OpenOptions options;
    options.read_only = true;
    SignedHead head;
    CHECK_FALSE(Journal::open(path, options, error)->head(head).has_value());
    CHECK_TRUE(bytes_of_hex(head.journal, id_));
    keys_ = Keys::load(key_path, error);
    CHECK_TEXT(keys_ != nullptr, error.text.c_str());
    sqlite3* database = nullptr;
    LONGS_EQUAL(SQLITE_OK, sqlite3_open(path.c_str(), &database));
    database_.reset(database);
    LONGS_EQUAL(SQLITE_OK, add_crc_function(database));
  }
  void run(const char* sql) { LONGS_EQUAL_TEXT(SQLITE_OK, execute(database_.get(), sql), sql); }
  /// @param batches  false: their chain stays, which only who has the keys sees.
  void chain_and_sign(bool batches = true) {
    Head removed;
    removed.ends = start_of(keys_->chain_key(), id_);
    (void)read_head(database_.get(), HeadKind::removed, removed);
    ends_ = removed.ends;
    chain_alerts_();
    chain_notes_();
    Head head;
    LONGS_EQUAL(SQLITE_ROW, read_head(database_.get(), HeadKind::newest, head));
    if (batches) {
      chain_batches_(removed.ends);
      head.ends.batch_hash = ends_.batch_hash;
    }
    head.ends.alert_hash = ends_.alert_hash;
    head.ends.note_hash = ends_.note_hash;
    sign(head, id_, *keys_);
    Statement replace;
    LONGS_EQUAL(SQLITE_OK, replace.prepare(database_.get(), kReplaceHead));
    LONGS_EQUAL(SQLITE_OK, write_head(replace, head));
  }

 private:
  /// Calls `link` with each row after number `last`, by number, and stores the hash that this gives.
  template <typename MakeLink>
  void chain_rows_(std::uint64_t last, const char* select, const char* update, const MakeLink& link) {
    Statement row;
    Statement store;
    LONGS_EQUAL(SQLITE_OK, row.prepare(database_.get(), select));
    LONGS_EQUAL(SQLITE_OK, store.prepare(database_.get(), update));
    for (auto number = last + 1; row.bind(1, number).step() == SQLITE_ROW; ++number) {
      const auto hash = link(row);
      row.reset();
      const int code = store.bind(1, number).bind(2, std::span<const std::byte>{hash}).run();
      LONGS_EQUAL(SQLITE_OK, code);
    }
    row.reset();
  }
  void chain_alerts_() {
    chain_rows_(ends_.alert, "SELECT number, at, batch_id, body FROM alert WHERE number = ?1",
                "UPDATE alert SET chain = ?2, crc = tocsin_crc(number, at, batch_id, ?2, body) WHERE number = ?1",
                [this](const Statement& row) {
                  append(keys_->chain_key(), AlertRow{row.number(0), row.number(1), row.number(2), row.blob(3)}, ends_);
                  alerted_[row.number(2)] = ends_;
                  return ends_.alert_hash;
                });
  }
  void chain_notes_() {
    chain_rows_(ends_.note, "SELECT id, at, batch_id, kind, first, last, who, word, text FROM note WHERE id = ?1",
                "UPDATE note SET chain = ?2, crc = tocsin_crc(id, at, batch_id, kind, first, last, ?2, who, word, "
                "text) WHERE id = ?1",
                [this](const Statement& row) {
                  const NoteRow note{row.number(0), row.number(1), row.number(2), row.number(3), row.number(4),
                                     row.number(5), row.blob(6),   row.blob(7),   row.blob(8)};
                  append(keys_->chain_key(), note, ends_);
                  noted_[note.batch_id] = ends_;
                  return ends_.note_hash;
                });
  }
  void chain_batches_(const Ends& removed) {
    const auto last = ends_;
    ends_ = removed;
    chain_rows_(ends_.batch, "SELECT id, clock, items, t_min, t_max, inputs FROM batch WHERE id = ?1",
                "UPDATE batch SET chain = ?2, crc = tocsin_crc(id, clock, items, t_min, t_max, ?2, inputs) "
                "WHERE id = ?1",
                [&](const Statement& row) {
                  stand_at_(row.number(0));
                  append(
                      keys_->chain_key(),
                      BatchRow{row.number(0), row.number(1), row.number(2), row.number(3), row.number(4), row.blob(5)},
                      ends_);
                  return ends_.batch_hash;
                });
    ends_.alert_hash = last.alert_hash;
    ends_.note_hash = last.note_hash;
  }
  /// Where the other two chains stood when a batch was stored.
  void stand_at_(std::int64_t batch) {
    if (auto next = alerted_.upper_bound(batch); next != alerted_.begin()) {
      const auto& ends = (--next)->second;
      ends_.alert = ends.alert;
      ends_.alert_hash = ends.alert_hash;
    }
    if (auto next = noted_.upper_bound(batch); next != noted_.begin()) {
      const auto& ends = (--next)->second;
      ends_.note = ends.note;
      ends_.note_hash = ends.note_hash;
    }
  }

  JournalId id_{};
  std::unique_ptr<Keys> keys_;
  Database database_;
  Ends ends_;
  std::map<std::int64_t, Ends> alerted_;  ///< by batch: after its last alert event
  std::map<std::int64_t, Ends> noted_;    ///< likewise: after its last note
};
}  // namespace tocsin::journal::test
