// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What fuzz targets share.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "tocsin/engine/base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tocsin::test_support {
/// An 8-byte aligned copy of a fuzzer's input, in memory of just its size, so that a sanitizer sees a read beyond it.
class AlignedInput {
 public:
  AlignedInput(const std::uint8_t* data, std::size_t size) : bytes_(size) {
    if (size > 0) std::memcpy(bytes_.data(), data, size);
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;  // from the heap, which aligns for any scalar
};
}  // namespace tocsin::test_support
