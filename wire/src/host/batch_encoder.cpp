// SPDX-License-Identifier: Apache-2.0
#include "tocsin/wire/batch_codec.hpp"

#include "host/input_writer.hpp"

namespace tocsin::wire {
std::vector<std::byte> encode_batch(std::uint64_t frame, std::span<const InputView> items) {
  flatbuffers::FlatBufferBuilder builder{4096};
  std::vector<flatbuffers::Offset<schemas::Input>> inputs;
  inputs.reserve(items.size());
  for (const InputView& item : items) inputs.push_back(write_input(builder, item));
  const auto vector = builder.CreateVector(inputs);
  schemas::FinishBatchBuffer(builder, schemas::CreateBatch(builder, frame, vector));
  return bytes_of(builder);
}
}  // namespace tocsin::wire
