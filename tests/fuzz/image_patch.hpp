// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Rule images that are almost right: a good one with some of its numbers overwritten, still a valid FlatBuffer.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::fuzz {
/// Takes a fuzzer's bytes one after the other; zeros when they are used up.
class Script {
 public:
  explicit Script(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
  [[nodiscard]] bool done() const { return bytes_.empty(); }
  std::uint8_t byte();
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() | byte() << 8U); }
  /// An index into `size` elements, size > 0.
  std::size_t index(std::size_t size) { return size <= 256 ? byte() % size : word() % size; }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// The bytes of an image in 8-byte words, so that they are aligned; `size` of them count.
struct ImageBytes {
  std::vector<std::uint64_t> words;
  std::size_t size = 0;
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span{words}).first(size); }
};

/// Overwrites as many numbers as the script's next byte says: in a table, a record and a field that the script chooses.
void patch(ImageBytes& image, Script& script);

/// Loads the image. When only its `block_bytes` is wrong, mends that, so that what a patch made larger or smaller does
/// not end there.
engine::ImageError load_mended(ImageBytes& bytes, engine::Image& out);
}  // namespace tocsin::fuzz
