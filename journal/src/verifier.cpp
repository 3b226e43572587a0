// SPDX-License-Identifier: Apache-2.0
#include "verifier.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "migrations.hpp"
#include "open_database.hpp"
#include "row_crc.hpp"

namespace tocsin::journal {
/// One of the chains of a journal.
struct ChainTable {
  const char* what;    ///< a row of it is
  const char* select;  ///< number and hash of a row
  std::uint64_t Ends::*number;
  Hash Ends::*hash;
};

namespace {
constexpr std::array<ChainTable, 3> kChains{
    {{"batch", "SELECT id, chain FROM batch WHERE id = ?1", &Ends::batch, &Ends::batch_hash},
     {"alert event", "SELECT number, chain FROM alert WHERE number = ?1", &Ends::alert, &Ends::alert_hash},
     {"note", "SELECT id, chain FROM note WHERE id = ?1", &Ends::note, &Ends::note_hash}}};
constexpr std::uint64_t kLiveStructurePagesMax = 16384;  // 64 MiB: some tenths of a second

constexpr const char* kNotIt = "this journal is older than, or not, the one the head was kept of: ";

/// The key beside a journal is worth a look only for a file, not for what a VFS of a test holds.
std::unique_ptr<Keys> find_keys(const std::string& path, const OpenOptions& options, const VerifyOptions& wanted,
                                JournalError& error) {
  if (!wanted.keys.empty()) return Keys::load(wanted.keys, error);
  JournalError ignored;
  return Keys::load(key_path(path, options), ignored);
}
}  // namespace

std::unique_ptr<Verification> SqliteJournal::verify(const VerifyOptions& options, JournalError& error) {
  std::unique_ptr<Keys> own;
  const Keys* keys = keys_.get();
  if (keys == nullptr || !options.keys.empty()) {
    own = find_keys(path_, options_, options, error);
    if (own == nullptr && !options.keys.empty()) return nullptr;
    keys = own.get();
  }
  PublicKey expected{};
  if (!options.public_key.empty() && !bytes_of_hex(options.public_key, expected)) {
    error = {"a public key is 64 hex digits; '" + options.public_key + "' is not", 0, false};
    return nullptr;
  }
  return std::make_unique<Verifier>(*this, keys, std::move(own), options);
}

std::unique_ptr<Verification> SqliteJournal::verify_with(const Keys& keys) {
  VerifyOptions options;
  options.structure_pages_max = kLiveStructurePagesMax;
  return std::make_unique<Verifier>(*this, &keys, nullptr, options);
}

Verifier::Verifier(SqliteJournal& journal, const Keys* keys, std::unique_ptr<Keys> own_keys,
                   const VerifyOptions& options)
    : journal_{journal}, own_keys_{std::move(own_keys)}, keys_{keys}, options_{options} {
  public_key_ = journal.public_key_;
  report_.public_key = hex_of(public_key_);
  report_.keyed = keys_ != nullptr;
  if (keys_ == nullptr) {
    notice_(
        "without the key file the keyed chain was not checked: whoever can write the file could have changed what "
        "comes after the signed head, and checksums");
  }
}

void Verifier::fault_(std::string text) {
  ++report_.fault_count;
  if (report_.faults.size() < VerifyReport::kFaultsMax) report_.faults.push_back(std::move(text));
}

void Verifier::notice_(std::string text) {
  if (!report_.notice.empty()) report_.notice += "; ";
  report_.notice += std::move(text);
}

bool Verifier::step(std::uint32_t rows) {
  switch (phase_) {
    case Phase::file:
      check_structure_();
      phase_ = Phase::small_tables;
      return true;
    case Phase::small_tables:
      check_tables_();
      check_heads_();
      if (options_.kept_head) check_kept_head_(*options_.kept_head);
      phase_ = Phase::checkpoints;
      return true;
    case Phase::checkpoints:
      check_checkpoints_();
      begin_rows_();
      phase_ = Phase::rows;
      return true;
    case Phase::rows:
      if (!check_rows_(rows)) phase_ = Phase::ends;
      return true;
    case Phase::ends:
      check_ends_();
      phase_ = Phase::done;
      return false;
    case Phase::done:
      return false;
  }
  return false;
}

void Verifier::check_structure_() {
  auto* database = journal_.database_.get();
  if (tables_of(database) != expected_tables()) fault_("the tables are not those of a journal of this version");
  if (journal_.number_of_(journal_.page_count_) > options_.structure_pages_max) return;
  Statement check;
  int code = check.prepare(database, "PRAGMA integrity_check");
  if (code == SQLITE_OK) code = check.step();
  for (; code == SQLITE_ROW; code = check.step()) {
    if (check.text(0) != "ok") fault_("the file's structure: " + std::string{check.text(0)});
  }
  if (code != SQLITE_DONE) fault_(explain(database, code, "cannot check the structure of", journal_.path_).text);
}

void Verifier::check_small_table_(const char* what, const char* sql) {
  auto* database = journal_.database_.get();
  Statement select;
  int code = select.prepare(database, sql);
  if (code == SQLITE_OK) code = select.step();
  for (; code == SQLITE_ROW; code = select.step()) {
    fault_(std::string{what} + " '" + std::string{select.text(0)} + "' is damaged (its checksum does not hold)");
  }
  if (code != SQLITE_DONE)
    fault_(explain(database, code, ("cannot read each " + std::string{what} + " of").c_str(), journal_.path_).text);
}

void Verifier::check_tables_() {
  check_small_table_("feed mark", "SELECT feed FROM feed_mark WHERE crc IS NOT tocsin_crc(mark, reports, feed)");
  check_small_table_("principal", "SELECT name FROM principal WHERE crc IS NOT tocsin_crc(id, name)");
  check_small_table_("refusal count",
                     "SELECT principal || ' ' || reason FROM rejection "
                     "WHERE crc IS NOT tocsin_crc(principal, reason, count, first_at, sample)");
  check_small_table_("cursor", "SELECT consumer FROM cursor WHERE crc IS NOT tocsin_crc(number, consumer)");
  check_small_table_("fact", "SELECT key FROM meta WHERE crc IS NOT tocsin_crc(value, key)");
  if (const auto outcome = journal_.read_images([](const StoredImage&) { return true; })) fault_(outcome->text);
}

void Verifier::check_heads_() {
  if (keys_ != nullptr && keys_->public_key() != public_key_) {
    fault_("the keys are not this journal's: it names the public key " + report_.public_key + ", theirs is " +
           hex_of(keys_->public_key()));
    keys_ = nullptr;
    report_.keyed = false;
  }
  if (!options_.public_key.empty() && options_.public_key != report_.public_key) {
    fault_("the journal names the public key " + report_.public_key + ", not the expected one");
  }
  for (const auto kind : {HeadKind::newest, HeadKind::removed}) {
    const bool is_newest = kind == HeadKind::newest;
    const char* name = is_newest ? "the signed head" : "the signed head of what retention removed";
    Head head;
    const int code = read_head(journal_.database_.get(), kind, head);
    if (code == SQLITE_DONE) {
      if (is_newest) fault_("the signed head is missing");
      continue;
    }
    if (code != SQLITE_ROW) {
      fault_(std::string{name} + " is damaged");
      continue;
    }
    if (!is_signed(head, journal_.id_, public_key_))
      fault_(std::string{name} + " is damaged: its signature does not hold");
    if (!is_newest) continue;
    newest_ = head;
    has_newest_ = true;
    report_.signed_batch = head.ends.batch;
  }
  Statement others;
  std::int64_t count = 0;
  if (query_number(journal_.database_.get(), "SELECT count(*) FROM head WHERE kind NOT IN (1, 2)", count) !=
          SQLITE_OK ||
      count != 0) {
    fault_("the table of signed heads holds others than the two there are");
  }
}

// The id and the key first: a head of another journal says nothing of this one's batches.
void Verifier::check_kept_head_(const SignedHead& kept) {
  Head head;
  if (!is_kept_head(kept, head)) {
    return fault_("the kept head was changed, or is not what `tocsin log head` printed: its signature does not hold");
  }
  if (kept.journal != hex_of(journal_.id_)) {
    return fault_(kNotIt + ("its id is " + hex_of(journal_.id_)) + ", the head's " + kept.journal);
  }
  if (kept.public_key != report_.public_key) {
    return fault_(kNotIt + ("its public key is " + report_.public_key) + ", the head's " + kept.public_key);
  }
  for (const auto& chain : kChains) check_kept_end_(chain, head.ends);
}

// Each of the three: retention lets batches go before alert events and notes, and no later batch covers those again.
void Verifier::check_kept_end_(const ChainTable& chain, const Ends& kept) {
  const auto& removed = journal_.removed_.ends;
  const auto number = kept.*chain.number;
  const auto first = removed.*chain.number;
  if (number == 0) return;
  const auto name = name_(chain.what, number);
  if (number < first) {
    return notice_("retention removed " + name + ", which the kept head speaks of: that no " + chain.what + " before " +
                   std::to_string(first + 1) + " was exchanged cannot be shown any more; keep a new head");
  }
  auto found = first;
  auto hash = removed.*chain.hash;
  if (number > first) {
    const int code = journal_.read_end_(chain.select, number, found, hash);
    if (code != SQLITE_OK) return fault_(journal_.explain_(code, ("cannot read " + name + " of").c_str()).text);
  }
  if (found != number) {
    return fault_(kNotIt + name + " is not there, the last one is " + std::to_string(journal_.ends_.*chain.number));
  }
  if (hash != kept.*chain.hash) fault_(kNotIt + name + " is another one");
}

void Verifier::check_checkpoints_() {
  std::int64_t rows = 0;
  const int code = query_number(journal_.database_.get(), "SELECT count(*) FROM checkpoint", rows);
  const auto valid = journal_.checkpoints().size();
  if (code != SQLITE_OK || static_cast<std::uint64_t>(rows) != valid) {
    fault_("of " + std::to_string(rows) + " checkpoints only " + std::to_string(valid) +
           " can be used; recovery takes the other, or replays all");
  }
}

void Verifier::begin_rows_() {
  ends_ = journal_.removed_.ends;
  if (keys_ != nullptr && ends_.batch == 0 && ends_.alert == 0) ends_ = start_of(keys_->chain_key(), journal_.id_);
  if (options_.since_checkpoint) {
    const auto found = journal_.checkpoints();
    const auto batch = found.empty() ? 0 : found.front().batch_id;
    if (batch > ends_.batch) {
      is_partial_ = true;
      (void)journal_.read_end_("SELECT id, chain FROM batch WHERE id = ?1", batch, ends_.batch, ends_.batch_hash);
      (void)journal_.read_end_("SELECT number, chain FROM alert WHERE batch_id <= ?1 ORDER BY number DESC LIMIT 1",
                               batch, ends_.alert, ends_.alert_hash);
      (void)journal_.read_end_("SELECT id, chain FROM note WHERE batch_id <= ?1 ORDER BY id DESC LIMIT 1", batch,
                               ends_.note, ends_.note_hash);
    }
  }
  report_.first_batch = ends_.batch + 1;
  check_alerts_until_(ends_.batch);
  check_notes_until_(ends_.batch);
  check_head_at_(ends_);
}

/// Retention may have taken what this run had not come to yet.
void Verifier::skip_removed_() {
  const auto& removed = journal_.removed_.ends;
  if (removed.batch > ends_.batch) {
    ends_.batch = removed.batch;
    ends_.batch_hash = removed.batch_hash;
    saw_newest_ = saw_newest_ || removed.batch >= newest_.ends.batch;
  }
  if (removed.alert > ends_.alert) {
    ends_.alert = removed.alert;
    ends_.alert_hash = removed.alert_hash;
  }
  if (removed.note > ends_.note) {
    ends_.note = removed.note;
    ends_.note_hash = removed.note_hash;
  }
}

bool Verifier::check_rows_(std::uint32_t rows) {
  skip_removed_();
  auto& row = journal_.select_batches_;
  const ResetGuard guard{row};
  int code = row.bind(1, ends_.batch).step();
  for (std::uint32_t count = 0; code == SQLITE_ROW && count < rows; ++count, code = row.step()) {
    check_batch_(row);
    check_head_at_(ends_);
  }
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    fault_(journal_.explain_(code, (name_("cannot read batch", ends_.batch + 1) + " or a later one of").c_str()).text);
  }
  return false;
}

void Verifier::check_batch_(Statement& row) {
  const auto id = row.unsigned_number(0);
  const auto name = name_("batch", id);
  check_alerts_until_(id);
  check_notes_until_(id);
  if (id != ends_.batch + 1)
    fault_(name_("batch", ends_.batch + 1) + " is missing; the next one is " + std::to_string(id));
  ++report_.batches;
  BlobReader large{journal_.database_.get(), "batch", "inputs"};
  const bool fits = row.number(7) <= journal_.blob_bytes_max_();
  bytes_.resize(fits ? static_cast<std::size_t>(row.number(7)) : 0);
  Hash stored{};
  const bool has_hash = copy_exactly(row.blob(6), stored);
  bool whole = has_hash && fits && fetch_blob(row, 8, row.number(0), large, bytes_) == SQLITE_OK;
  const BatchRow batch{row.number(0), row.number(1), row.number(2), row.number(3), row.number(4), bytes_};
  whole = whole &&
          row_crc({batch.id, batch.clock, batch.items, batch.first, batch.last}, {stored, bytes_}) == row.number(5);
  if (!whole) fault_(name + " is damaged (its checksum does not hold)");
  if (keys_ != nullptr) append(keys_->chain_key(), batch, ends_);
  if (keys_ != nullptr && whole && ends_.batch_hash != stored) {
    fault_(name + " does not follow in the chain: it was changed, or what came before it");
  }
  ends_.batch = id;
  ends_.batch_hash = stored;
  if (id > newest_.ends.batch) ++report_.unsigned_batches;
}

void Verifier::check_alerts_until_(std::uint64_t batch) {
  auto& row = journal_.select_alerts_;
  const ResetGuard guard{row};
  int code = row.bind(1, ends_.alert).step();
  for (; code == SQLITE_ROW && row.unsigned_number(2) <= batch; code = row.step()) {
    const auto number = row.unsigned_number(0);
    const auto name = name_("alert event", number);
    if (number != ends_.alert + 1) {
      fault_(name_("alert event", ends_.alert + 1) + " is missing; the next one is " + std::to_string(number));
    }
    ++report_.alerts;
    BlobReader large{journal_.database_.get(), "alert", "body"};
    const bool fits = row.number(5) <= journal_.blob_bytes_max_();
    bytes_.resize(fits ? static_cast<std::size_t>(row.number(5)) : 0);
    Hash stored{};
    const bool has_hash = copy_exactly(row.blob(4), stored);
    bool whole = has_hash && fits && fetch_blob(row, 6, row.number(0), large, bytes_) == SQLITE_OK;
    const AlertRow alert{row.number(0), row.number(1), row.number(2), bytes_};
    whole = whole && row_crc({alert.number, alert.at, alert.batch_id}, {stored, bytes_}) == row.number(3);
    if (!whole) fault_(name + " is damaged (its checksum does not hold)");
    if (keys_ != nullptr) append(keys_->chain_key(), alert, ends_);
    if (keys_ != nullptr && whole && ends_.alert_hash != stored) {
      fault_(name + " does not follow in the chain: it was changed, or what came before it");
    }
    ends_.alert = number;
    ends_.alert_hash = stored;
  }
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    fault_(journal_.explain_(code, (name_("cannot read alert event", ends_.alert + 1) + " or a later one of").c_str())
               .text);
    ends_.alert = journal_.ends_.alert;  // told once
  }
}

void Verifier::check_notes_until_(std::uint64_t batch) {
  auto& row = journal_.select_notes_;
  const ResetGuard guard{row};
  int code = row.bind(1, ends_.note).step();
  for (; code == SQLITE_ROW && row.unsigned_number(2) <= batch; code = row.step()) {
    const auto number = row.unsigned_number(0);
    const auto name = name_("note", number);
    if (number != ends_.note + 1) {
      fault_(name_("note", ends_.note + 1) + " is missing; the next one is " + std::to_string(number));
    }
    ++report_.notes;
    const NoteRow note{row.number(0), row.number(1), row.number(2), row.number(3), row.number(4),
                       row.number(5), row.blob(8),   row.blob(9),   row.blob(10)};
    Hash stored{};
    const bool whole = copy_exactly(row.blob(7), stored) &&
                       row_crc({note.id, note.at, note.batch_id, note.kind, note.first, note.last},
                               {stored, note.who, note.word, note.text}) == row.number(6);
    if (!whole) fault_(name + " is damaged (its checksum does not hold)");
    if (keys_ != nullptr) append(keys_->chain_key(), note, ends_);
    if (keys_ != nullptr && whole && ends_.note_hash != stored) {
      fault_(name + " does not follow in the chain: it was changed, or what came before it");
    }
    ends_.note = number;
    ends_.note_hash = stored;
  }
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    fault_(journal_.explain_(code, (name_("cannot read note", ends_.note + 1) + " or a later one of").c_str()).text);
    ends_.note = journal_.ends_.note;
  }
}

void Verifier::check_head_at_(const Ends& ends) {
  if (!has_newest_ || saw_newest_ || ends.batch != newest_.ends.batch) return;
  saw_newest_ = true;
  auto known = newest_.ends;
  for (const auto& chain : kChains) {
    // The hash with which a chain begins is made with the keys.
    if (keys_ == nullptr && known.*chain.number == 0) known.*chain.hash = ends.*chain.hash;
  }
  if (ends == known) return;
  fault_(name_("batch", ends.batch) + " is not what was signed: it or its alert events were exchanged");
}

void Verifier::check_ends_() {
  check_alerts_until_(ends_.batch);
  if (ends_.alert < journal_.ends_.alert) {
    fault_(name_("alert event", ends_.alert + 1) + " belongs to a batch that is not there");
  }
  if (ends_.note < journal_.ends_.note) fault_(name_("note", ends_.note + 1) + " belongs to a batch that is not there");
  if (has_newest_ && !saw_newest_ && newest_.ends.batch > ends_.batch) {
    fault_("the end is missing: batch " + std::to_string(newest_.ends.batch) +
           " was signed, but the last one there is " + std::to_string(ends_.batch));
  }
  if (has_newest_ && ends_.batch == newest_.ends.batch &&
      (ends_.alert != newest_.ends.alert || ends_.note != newest_.ends.note)) {
    fault_("the end is missing: alert event " + std::to_string(newest_.ends.alert) +
           " was signed, but the last one there is " + std::to_string(ends_.alert));
  }
}

std::string Verifier::name_(const char* what, std::uint64_t number) const {
  return std::string{what} + " " + std::to_string(number);
}
}  // namespace tocsin::journal
