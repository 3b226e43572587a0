// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file TextBuffer: puts a short line together without the C library's formatting, which needs a heap.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tocsin::firmware {

/// At most 120 bytes of text; what does not fit is cut off.
class TextBuffer {
 public:
  TextBuffer& add(std::string_view text) {
    for (const char c : text) put_(c);
    return *this;
  }
  TextBuffer& add_decimal(std::uint32_t number) {
    std::array<char, 10> digits{};
    std::size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + number % 10U);
      number /= 10U;
    } while (number != 0);
    while (count > 0) put_(digits[--count]);
    return *this;
  }
  /// Eight hexadecimal digits after 0x.
  TextBuffer& add_hex(std::uint32_t number) {
    add("0x");
    for (unsigned shift = 32; shift > 0; shift -= 4) put_("0123456789abcdef"[(number >> (shift - 4U)) & 0xFU]);
    return *this;
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  void put_(char c) {
    if (size_ < text_.size()) text_[size_++] = c;
  }
  std::array<char, 120> text_{};
  std::size_t size_ = 0;
};

}  // namespace tocsin::firmware
