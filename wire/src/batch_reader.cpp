// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "input_table.hpp"

namespace tocsin::wire {
namespace {
// Of each item the Input and what it holds; twice that, so that tables a newer sender nests are no reason to refuse.
constexpr std::size_t kTablesMax = kFrameItemsMax * 4;

const schemas::Batch& batch_at(const void* batch) { return *static_cast<const schemas::Batch*>(batch); }
}  // namespace

bool BatchReader::open(std::span<const std::byte> buffer) {
  batch_ = nullptr;
  if (buffer.size() < kBufferBytesMin || buffer.size() > kFrameBytesMax || !is_aligned(buffer)) return false;
  auto verifier = make_verifier(buffer, kTablesMax);
  if (!verifier.VerifyBuffer<schemas::Batch>(schemas::BatchIdentifier())) return false;
  const auto* batch = flatbuffers::GetRoot<schemas::Batch>(buffer.data());
  const auto* items = batch->items();
  if (items != nullptr && items->size() > kFrameItemsMax) return false;
  batch_ = batch;
  return true;
}

std::uint64_t BatchReader::frame() const { return batch_ == nullptr ? 0 : batch_at(batch_).frame(); }

std::size_t BatchReader::count() const {
  const auto* items = batch_ == nullptr ? nullptr : batch_at(batch_).items();
  return items == nullptr ? 0 : items->size();
}

Refusal BatchReader::item(std::size_t index, InputView& out) const {
  const auto* items = batch_ == nullptr ? nullptr : batch_at(batch_).items();
  TOCSIN_CHECK(items != nullptr && index < items->size());
  return read_input(items->Get(static_cast<flatbuffers::uoffset_t>(index)), out);
}
}  // namespace tocsin::wire
