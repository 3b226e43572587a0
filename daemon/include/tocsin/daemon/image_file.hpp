// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file ImageFile: a compiled watch book read from disk, checked, and owned.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::daemon {
/// Owns the bytes an engine::Image looks into. Not movable once loaded: the image points inside.
class ImageFile {
 public:
  ImageFile() = default;
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  /// Reads and checks the file. @returns what is wrong and how to mend it, or empty.
  [[nodiscard]] std::string load(const std::string& path);
  /// Copies and checks an image that came another way. @param what  names it in the error.
  [[nodiscard]] std::string load(std::span<const std::byte> bytes, const std::string& what);
  /// What points into either image stays valid.
  void swap(ImageFile& other) noexcept;
  [[nodiscard]] const engine::Image& image() const { return image_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span{words_}).first(size_); }

 private:
  [[nodiscard]] std::string check_(const std::string& what);

  std::vector<std::uint64_t> words_;  ///< 8-byte aligned, as the loader needs it
  std::size_t size_ = 0;
  engine::Image image_;
};
}  // namespace tocsin::daemon
