// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/base/crc32.hpp"

#include <array>
#include <cstring>

namespace tocsin {
namespace {
constexpr std::uint32_t kPolynomial = 0xEDB88320U;

/// What `bits` bits at the low end do to a checksum that is otherwise zero.
constexpr std::uint32_t shifted(std::uint32_t value, int bits) {
  for (int bit = 0; bit < bits; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
  return value;
}

#ifdef __linux__
// Eight bytes at a step ("slicing"): checkpoints are megabytes, and each byte of a flood is checked more than once.
using Table = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Table make_table() {
  Table table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) table[0][byte] = shifted(byte, 8);
  for (std::size_t slice = 1; slice < table.size(); ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = table[slice - 1][byte];
      table[slice][byte] = (before >> 8U) ^ table[0][before & 0xFFU];
    }
  }
  return table;
}
constexpr Table kTable = make_table();

std::uint32_t at(std::span<const std::byte> bytes, std::size_t index) {
  return std::to_integer<std::uint32_t>(bytes[index]);
}

#ifdef __x86_64__
// Sixteen bytes at a step, where the processor multiplies polynomials without carries.
// @source V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009:
// the reflected form; constants of table 3 for the polynomial of IEEE 802.3.
using Lanes = long long __attribute__((vector_size(16)));
constexpr std::size_t kLanes = sizeof(Lanes);
constexpr Lanes kFold64 = {0x154442BD4, 0x1C6E41596};  // x^(512+32), x^(512-32)
constexpr Lanes kFold16 = {0x1751997D0, 0x0CCAA009E};  // x^(128+32), x^(128-32)
constexpr Lanes kFold8 = {0x163CD6124, 0};             // x^64
constexpr Lanes kBarrett = {0x1DB710641, 0x1F7011641};
constexpr Lanes kLow32 = {0xFFFFFFFF, 0xFFFFFFFF};

Lanes load(const std::byte* bytes) {
  Lanes lanes;
  std::memcpy(&lanes, bytes, sizeof lanes);
  return lanes;
}

__attribute__((target("pclmul"))) Lanes fold(Lanes lanes, Lanes by, Lanes next) {
  return __builtin_ia32_pclmulqdq128(lanes, by, 0x00) ^ __builtin_ia32_pclmulqdq128(lanes, by, 0x11) ^ next;
}

/// @param bytes  at least 16, and as many as are a multiple of that. @param crc  complemented, as is what it returns.
__attribute__((target("pclmul"))) std::uint32_t fold_all(std::span<const std::byte> bytes, std::uint32_t crc) {
  const std::byte* next = bytes.data();
  const std::byte* const end = next + bytes.size();
  const auto take = [&next] {
    const Lanes lanes = load(next);
    next += kLanes;
    return lanes;
  };
  Lanes one = take() ^ Lanes { crc, 0 };
  if (bytes.size() >= 4 * kLanes) {
    Lanes two = take();
    Lanes three = take();
    Lanes four = take();
    while (end - next >= static_cast<std::ptrdiff_t>(4 * kLanes)) {
      one = fold(one, kFold64, take());
      two = fold(two, kFold64, take());
      three = fold(three, kFold64, take());
      four = fold(four, kFold64, take());
    }
    one = fold(fold(fold(one, kFold16, two), kFold16, three), kFold16, four);
  }
  while (next != end) one = fold(one, kFold16, take());
  one = __builtin_ia32_pclmulqdq128(one, kFold16, 0x10) ^ Lanes { one[1], 0 };
  const auto upper = [](Lanes lanes) {  // all but the lowest 32 bits
    const auto low = static_cast<unsigned long long>(lanes[0]);
    const auto high = static_cast<unsigned long long>(lanes[1]);
    return Lanes{static_cast<long long>(low >> 32U | high << 32U), static_cast<long long>(high >> 32U)};
  };
  one = __builtin_ia32_pclmulqdq128(one & kLow32, kFold8, 0x00) ^ upper(one);
  const Lanes quotient = __builtin_ia32_pclmulqdq128(one & kLow32, kBarrett, 0x10) & kLow32;
  one = __builtin_ia32_pclmulqdq128(quotient, kBarrett, 0x00) ^ one;
  return static_cast<std::uint32_t>(static_cast<unsigned long long>(one[0]) >> 32U);
}

/// Whether the processor does; asked once, as a virtual machine answers slowly.
bool multiplies() {
  static const bool does = [] {
    std::uint32_t leaf = 1;
    std::uint32_t features = 0;
    std::uint32_t others[2];
    asm volatile("cpuid" : "+a"(leaf), "=b"(others[0]), "+c"(features), "=d"(others[1]));
    return (features & 2U) != 0;
  }();
  return does;
}
#endif
#else
// Half a byte at a step: a microcontroller's flash is small, and its serial line is slower than this.
constexpr std::array<std::uint32_t, 16> make_table() {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t half = 0; half < table.size(); ++half) table[half] = shifted(half, 4);
  return table;
}
constexpr std::array<std::uint32_t, 16> kTable = make_table();
#endif
}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t crc) {
  crc = ~crc;
#ifdef __linux__
#ifdef __x86_64__
  if (bytes.size() >= 2 * kLanes && multiplies()) {
    const std::size_t whole = bytes.size() / kLanes * kLanes;
    crc = fold_all(bytes.first(whole), crc);
    bytes = bytes.subspan(whole);
  }
#endif
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    const std::uint32_t low = crc ^ (at(bytes, 0) | at(bytes, 1) << 8U | at(bytes, 2) << 16U | at(bytes, 3) << 24U);
    crc = kTable[7][low & 0xFFU] ^ kTable[6][(low >> 8U) & 0xFFU] ^ kTable[5][(low >> 16U) & 0xFFU] ^
          kTable[4][low >> 24U] ^ kTable[3][at(bytes, 4)] ^ kTable[2][at(bytes, 5)] ^ kTable[1][at(bytes, 6)] ^
          kTable[0][at(bytes, 7)];
  }
  for (const std::byte byte : bytes)
    crc = (crc >> 8U) ^ kTable[0][(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
#else
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    crc = (crc >> 4U) ^ kTable[crc & 0xFU];
    crc = (crc >> 4U) ^ kTable[crc & 0xFU];
  }
#endif
  return ~crc;
}
}  // namespace tocsin
