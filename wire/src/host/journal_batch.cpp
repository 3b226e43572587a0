// SPDX-License-Identifier: Apache-2.0
// Journal rows: written packed, read in either form.
#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "field_checks.hpp"
#include "host/packed_batch.hpp"
#include "input_table.hpp"

namespace tocsin::wire {
namespace {
constexpr const char* kTablesIdentifier = "TCJB";

/// @returns nullptr when it is no JournalBatch of schemas/report.fbs, as rows of schema 2 and before are.
const schemas::JournalBatch* tables_of(std::span<const std::byte> row) {
  if (row.size() < kBufferBytesMin || !is_aligned(row) || row.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) return nullptr;
  auto verifier = make_verifier(row, row.size() / 4);  // no limit of items, but each costs at least its offset
  if (!verifier.VerifyBuffer<schemas::JournalBatch>(kTablesIdentifier)) return nullptr;
  return flatbuffers::GetRoot<schemas::JournalBatch>(row.data());
}

bool is_known(engine::Disposition disposition) { return disposition <= engine::Disposition::full; }
}  // namespace

struct JournalBatchEncoder::Storage {
  packed::Writer writer;
};

JournalBatchEncoder::JournalBatchEncoder() : storage_{std::make_unique<Storage>()} {}
JournalBatchEncoder::~JournalBatchEncoder() = default;

std::span<const std::byte> JournalBatchEncoder::encode(std::span<const JournalItem> items) {
  return storage_->writer.encode(items);
}

std::vector<std::byte> encode_journal_batch(std::span<const JournalItem> items) {
  JournalBatchEncoder encoder;
  const auto bytes = encoder.encode(items);
  return {bytes.begin(), bytes.end()};
}

struct JournalBatchReader::Storage {
  packed::Reader packed;
  const schemas::JournalBatch* tables = nullptr;
  std::size_t next = 0;  ///< of the tables
};

JournalBatchReader::JournalBatchReader() : storage_{std::make_unique<Storage>()} {}
JournalBatchReader::~JournalBatchReader() = default;

bool JournalBatchReader::open(std::span<const std::byte> buffer) {
  storage_->next = 0;
  storage_->tables = nullptr;
  if (storage_->packed.open(buffer)) return true;
  storage_->tables = tables_of(buffer);
  return storage_->tables != nullptr;
}

std::size_t JournalBatchReader::count() const {
  if (storage_->tables == nullptr) return storage_->packed.count();
  const auto* items = storage_->tables->items();
  return items == nullptr ? 0 : items->size();
}

bool JournalBatchReader::next(JournalItem& out) {
  if (storage_->tables == nullptr) {
    return storage_->packed.next(out) && is_known(out.disposition) && check_fields(out.input) == Refusal::none;
  }
  const auto* items = storage_->tables->items();
  if (items == nullptr || storage_->next == items->size()) return false;
  const auto* entry = items->Get(static_cast<flatbuffers::uoffset_t>(storage_->next++));
  out.clock = entry->clock();
  out.disposition = static_cast<engine::Disposition>(entry->disposition());
  out.principal = entry->principal();
  return read_input(entry->input(), out.input) == Refusal::none && is_known(out.disposition);
}
}  // namespace tocsin::wire
