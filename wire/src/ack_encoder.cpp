// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/schemas/control_generated.h"
#include "tocsin/wire/ack_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "arena.hpp"
#include "input_table.hpp"

namespace tocsin::wire {
namespace {
constexpr std::size_t kTextMax = 128;
constexpr std::size_t kItemBytes = 64;  // a RefusedItem with its place in the vector and its text's overhead
static_assert(kFrameItemsMax * (kItemBytes + kTextMax) + 512 <= kAckBytesMax);
}  // namespace

std::span<const std::byte> encode_ack(std::uint64_t frame, std::span<const RefusedNote> refused,
                                      std::span<std::byte> arena) {
  TOCSIN_CHECK(is_aligned(arena) && arena.size() >= kAckBytesMax && refused.size() <= kFrameItemsMax);
  arena = arena.first(kAckBytesMax);
  Arena allocator{arena};
  flatbuffers::FlatBufferBuilder builder{arena.size(), &allocator};
  std::array<flatbuffers::Offset<schemas::RefusedItem>, kFrameItemsMax> items;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    const std::string_view words = refused[i].text.substr(0, kTextMax);
    const auto text = builder.CreateString(words.data(), words.size());
    const Refusal code = refused[i].code;
    items[i] = schemas::CreateRefusedItem(builder, frame, refused[i].index, static_cast<std::uint8_t>(code),
                                          is_retry(code), text);
  }
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schemas::RefusedItem>>> list;
  if (!refused.empty()) list = builder.CreateVector(items.data(), refused.size());
  builder.Finish(schemas::CreateAck(builder, frame, list), "TCAK");
  return std::as_bytes(std::span{builder.GetBufferPointer(), builder.GetSize()});
}
}  // namespace tocsin::wire
