// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Buddy: an allocator over one fixed piece of memory.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::journal {
/// Blocks of 64 bytes times a power of two; a freed block joins its neighbour ("buddy") when that is free as well, so
/// that what is free never falls to pieces for good. No heap, no system calls. Not thread-safe.
class Buddy {
 public:
  static constexpr std::size_t kLeastBytes = 64;

  Buddy() = default;
  /// @param memory  as large as a power of two, at least 2 * kLeastBytes, aligned to 16 bytes; some of its first bytes
  ///                are used for book-keeping. It must outlive the allocator.
  explicit Buddy(std::span<std::byte> memory);

  /// Aligned to 16 bytes; null when there is no room.
  [[nodiscard]] void* allocate(std::size_t bytes);
  void free(void* block);
  /// What allocate() gave for this block: at least what was asked for.
  [[nodiscard]] std::size_t size_of(const void* block) const;
  /// What allocate(bytes) would take.
  [[nodiscard]] static std::size_t rounded(std::size_t bytes);
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t most_used() const { return most_used_; }

 private:
  static constexpr std::size_t kOrders = 32;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint8_t kFreeMark = 0x80;
  struct Links {
    std::uint32_t next;
    std::uint32_t previous;
  };
  [[nodiscard]] Links& links_(std::uint32_t atom) const;
  [[nodiscard]] std::uint32_t atom_of_(const void* block) const;
  void push_(std::uint32_t atom, std::size_t order);
  void remove_(std::uint32_t atom, std::size_t order);
  [[nodiscard]] static std::size_t order_of_(std::size_t bytes);

  std::span<std::byte> memory_;
  std::span<std::uint8_t> marks_;  ///< one per atom; at a block's first: its order, and whether it is free
  std::array<std::uint32_t, kOrders> free_{};
  std::size_t orders_ = 0;
  std::size_t used_ = 0;
  std::size_t most_used_ = 0;
};
}  // namespace tocsin::journal
