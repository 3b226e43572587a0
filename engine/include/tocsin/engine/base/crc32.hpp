// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file CRC-32, the one checksum of checkpoints, frames and rows.
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin {
/// CRC-32 (IEEE 802.3, bits reversed) of `bytes`, going on from `crc` (0 to start). Any thread.
[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t crc = 0);
}  // namespace tocsin
