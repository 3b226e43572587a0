// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/image_file.hpp"

#include <cstring>
#include <fstream>
#include <utility>

namespace tocsin::daemon {
namespace {
constexpr std::streamoff kImageBytesMax = 16 * 1024 * 1024;
}  // namespace

std::string ImageFile::load(const std::string& path) {
  std::ifstream stream{path, std::ios::binary | std::ios::ate};
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size < 0) {
    return "the rule image '" + path + "' cannot be read; compile one with `tocsin compile BOOK -o " + path + "`";
  }
  if (size > kImageBytesMax) return "'" + path + "' is larger than 16 MiB; this is no rule image";
  size_ = static_cast<std::size_t>(size);
  words_.assign((size_ + 7) / 8, 0);
  stream.seekg(0);
  const auto bytes = std::as_writable_bytes(std::span{words_});
  if (size_ > 0 &&
      !stream.read(static_cast<char*>(static_cast<void*>(bytes.data())), static_cast<std::streamsize>(size_))) {
    return "the rule image '" + path + "' cannot be read; check the disk";
  }
  return check_(path);
}

std::string ImageFile::load(std::span<const std::byte> bytes, const std::string& what) {
  size_ = bytes.size();
  words_.assign((size_ + 7) / 8, 0);
  if (size_ > 0) std::memcpy(words_.data(), bytes.data(), size_);
  return check_(what);
}

void ImageFile::swap(ImageFile& other) noexcept {
  words_.swap(other.words_);
  std::swap(size_, other.size_);
  std::swap(image_, other.image_);
}

std::string ImageFile::check_(const std::string& what) {
  const auto error = engine::load_image(bytes(), image_);
  if (error == engine::ImageError::none) return {};
  return "'" + what + "' is no usable rule image (" + engine::describe(error) +
         "); compile it with the `tocsin` of this version";
}
}  // namespace tocsin::daemon
