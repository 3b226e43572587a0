// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file An InputView as an Input table of schemas/report.fbs. Allocates.
#include <vector>

#include "input_table.hpp"

namespace tocsin::wire {
/// Absent fields are left out. What the reader would refuse is written as it is: refusing is the reader's.
[[nodiscard]] flatbuffers::Offset<schemas::Input> write_input(flatbuffers::FlatBufferBuilder& builder,
                                                              const InputView& view);

/// The finished buffer. The copy's storage is aligned for any scalar, as the readers ask.
[[nodiscard]] std::vector<std::byte> bytes_of(const flatbuffers::FlatBufferBuilder& builder);

/// Nothing for an empty text, so that it costs nothing.
[[nodiscard]] inline flatbuffers::Offset<flatbuffers::String> write_text(flatbuffers::FlatBufferBuilder& builder,
                                                                         std::string_view text) {
  if (text.empty()) return {};
  return builder.CreateString(text.data(), text.size());
}
}  // namespace tocsin::wire
