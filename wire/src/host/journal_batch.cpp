// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "host/input_writer.hpp"

namespace tocsin::wire {
namespace {
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr const char* kJournalIdentifier = "TCJB";
}  // namespace

struct JournalBatchEncoder::Storage {
  FlatBufferBuilder builder{4096};
  std::vector<Offset<schemas::JournalItem>> entries;
};

JournalBatchEncoder::JournalBatchEncoder() : storage_{std::make_unique<Storage>()} {}
JournalBatchEncoder::~JournalBatchEncoder() = default;

std::span<const std::byte> JournalBatchEncoder::encode(std::span<const JournalItem> items) {
  auto& builder = storage_->builder;
  auto& entries = storage_->entries;
  builder.Clear();
  entries.clear();
  for (const JournalItem& item : items) {
    const auto input = write_input(builder, item.input);
    entries.push_back(schemas::CreateJournalItem(builder, input, item.clock,
                                                 static_cast<std::uint8_t>(item.disposition), item.principal));
  }
  const auto vector = builder.CreateVector(entries);
  builder.Finish(schemas::CreateJournalBatch(builder, vector), kJournalIdentifier);
  return {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()};
}

std::vector<std::byte> encode_journal_batch(std::span<const JournalItem> items) {
  JournalBatchEncoder encoder;
  const auto bytes = encoder.encode(items);
  return {bytes.begin(), bytes.end()};
}

bool JournalBatchReader::open(std::span<const std::byte> buffer) {
  batch_ = nullptr;
  if (buffer.size() < kBufferBytesMin || !is_aligned(buffer) || buffer.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return false;
  }
  auto verifier = make_verifier(buffer, buffer.size() / 4);  // no limit of items, but each costs at least its offset
  if (!verifier.VerifyBuffer<schemas::JournalBatch>(kJournalIdentifier)) return false;
  batch_ = flatbuffers::GetRoot<schemas::JournalBatch>(buffer.data());
  return true;
}

std::size_t JournalBatchReader::count() const {
  if (batch_ == nullptr) return 0;
  const auto* items = static_cast<const schemas::JournalBatch*>(batch_)->items();
  return items == nullptr ? 0 : items->size();
}

bool JournalBatchReader::item(std::size_t index, JournalItem& out) const {
  TOCSIN_CHECK(index < count());
  const auto* items = static_cast<const schemas::JournalBatch*>(batch_)->items();
  if (items == nullptr) return false;  // count() is then 0; GCC cannot see that
  const auto* entry = items->Get(static_cast<flatbuffers::uoffset_t>(index));
  if (read_input(entry->input(), out.input) != Refusal::none) return false;
  if (entry->disposition() > static_cast<std::uint8_t>(engine::Disposition::full)) return false;
  out.clock = entry->clock();
  out.disposition = static_cast<engine::Disposition>(entry->disposition());
  out.principal = entry->principal();
  return true;
}
}  // namespace tocsin::wire
