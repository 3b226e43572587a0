// SPDX-License-Identifier: Apache-2.0
// The rule slot: the upper half of code memory, where a rule image can be put without building the firmware anew.
// Layout, little endian: "TCSL", u32 size of the image, u32 CRC-32 of the image, u32 zero, then the image. Erased or
// damaged, the slot counts as empty.
#include <cstring>

#include "tocsin/board/drivers.hpp"
#include "tocsin/engine/base/crc32.hpp"

namespace tocsin::board {
namespace {
constexpr std::uintptr_t kSlotAddress = 0x00200000;
constexpr std::size_t kSlotBytes = 0x00200000;

struct SlotHeader {
  std::array<char, 4> magic;
  std::uint32_t size;
  std::uint32_t crc;
  std::uint32_t zero;
};
static_assert(sizeof(SlotHeader) == 16);
}  // namespace

std::span<const std::byte> rule_slot() {
  const std::span slot{reinterpret_cast<const std::byte*>(kSlotAddress), kSlotBytes};
  SlotHeader header{};
  std::memcpy(&header, slot.data(), sizeof header);
  if (header.magic != std::array{'T', 'C', 'S', 'L'} || header.size > kSlotBytes - sizeof header) return {};
  const auto image = slot.subspan(sizeof header, header.size);
  return crc32(image) == header.crc ? image : std::span<const std::byte>{};
}

}  // namespace tocsin::board
