// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Arena: the memory of a FlatBufferBuilder that must not use a heap.
#include <cstddef>
#include <cstdint>
#include <span>

#include <flatbuffers/flatbuffers.h>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::wire {
/// Hands out the one block it was given, once.
class Arena final : public flatbuffers::Allocator {
 public:
  explicit Arena(std::span<std::byte> block) : block_{block} {}
  std::uint8_t* allocate(std::size_t size) override {
    TOCSIN_CHECK(size <= block_.size());
    return reinterpret_cast<std::uint8_t*>(block_.data());
  }
  void deallocate(std::uint8_t* /*block*/, std::size_t /*size*/) override {}
  std::uint8_t* reallocate_downward(std::uint8_t* old, std::size_t /*old_size*/, std::size_t new_size, std::size_t,
                                    std::size_t) override {
    TOCSIN_CHECK(new_size == 0);  // the room was counted wrongly
    return old;
  }

 private:
  std::span<std::byte> block_;
};
}  // namespace tocsin::wire
