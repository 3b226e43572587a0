// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Acks (schemas/control.fbs) encoded without a heap, for a serial line. control_codec.hpp decodes them.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tocsin/wire/input_view.hpp"

namespace tocsin::wire {
/// What an ack says of one item of its frame. The text is cut after 128 bytes.
struct RefusedNote {
  std::uint32_t index = 0;  ///< item within the frame
  Refusal code{};
  std::string_view text;
};

/// Enough for an ack that refuses every item of a frame [bytes].
inline constexpr std::size_t kAckBytesMax = 16 * 1024;

/// Encodes "every frame up to `frame` is decided, but for these items of it" into `arena` without a heap.
/// @param refused  at most kFrameItemsMax (batch_codec.hpp; checked).
/// @param arena    8-byte aligned scratch of at least kAckBytesMax (checked).
/// @returns the encoded bytes inside `arena`.
[[nodiscard]] std::span<const std::byte> encode_ack(std::uint64_t frame, std::span<const RefusedNote> refused,
                                                    std::span<std::byte> arena);
}  // namespace tocsin::wire
