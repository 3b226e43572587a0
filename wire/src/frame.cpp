// SPDX-License-Identifier: Apache-2.0
#include "tocsin/wire/frame.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/engine/base/crc32.hpp"

namespace tocsin::wire {
namespace {
constexpr std::byte kSync0{0xB5};
constexpr std::byte kSync1{0x54};
constexpr std::size_t kLengthOffset = 2;
constexpr std::size_t kCrcOffset = 4;

std::size_t length_at(std::span<const std::byte> header) {
  return std::to_integer<std::size_t>(header[kLengthOffset]) |
         (std::to_integer<std::size_t>(header[kLengthOffset + 1]) << 8U);
}

std::uint32_t crc_at(std::span<const std::byte> header) {
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < 4; ++i) crc |= std::to_integer<std::uint32_t>(header[kCrcOffset + i]) << (8U * i);
  return crc;
}
}  // namespace

void write_frame_header(std::span<const std::byte> payload, std::span<std::byte, kFrameHeaderBytes> header) {
  TOCSIN_CHECK(payload.size() <= kSerialPayloadMax);
  header[0] = kSync0;
  header[1] = kSync1;
  header[kLengthOffset] = static_cast<std::byte>(payload.size() & 0xFFU);
  header[kLengthOffset + 1] = static_cast<std::byte>(payload.size() >> 8U);
  const std::uint32_t crc = crc32(payload, crc32(header.subspan(kLengthOffset, 2)));
  for (std::size_t i = 0; i < 4; ++i) header[kCrcOffset + i] = static_cast<std::byte>((crc >> (8U * i)) & 0xFFU);
}

FrameDecoder::FrameDecoder(std::span<std::byte> storage) : storage_{storage} {
  TOCSIN_CHECK(storage.size() > kFrameHeaderBytes && reinterpret_cast<std::uintptr_t>(storage.data()) % 8 == 0);
}

bool FrameDecoder::push(std::byte byte) {
  drop_ready_();
  storage_[size_++] = byte;
  return check_();
}

bool FrameDecoder::next() {
  drop_ready_();
  return check_();
}

bool FrameDecoder::give_up() {
  if (next()) return true;
  while (size_ >= 2) {  // a lone first sync byte is no frame yet
    ++damaged_;
    resync_();
    if (check_()) return true;
  }
  return false;
}

std::span<const std::byte> FrameDecoder::payload() const {
  if (!ready_) return {};
  return storage_.subspan(kFrameHeaderBytes, length_at(storage_));
}

void FrameDecoder::drop_ready_() {
  if (!ready_) return;
  const std::size_t frame = kFrameHeaderBytes + length_at(storage_);
  std::copy(storage_.begin() + static_cast<std::ptrdiff_t>(frame),
            storage_.begin() + static_cast<std::ptrdiff_t>(size_), storage_.begin());
  size_ -= frame;
  ready_ = false;
}

// Afterwards the storage holds a whole frame (true), or starts with a part of one, or is empty.
bool FrameDecoder::check_() {
  while (size_ > 0) {
    if (storage_[0] != kSync0 || (size_ > 1 && storage_[1] != kSync1)) {  // noise between frames
      resync_();
      continue;
    }
    if (size_ < kFrameHeaderBytes) return false;
    const std::size_t length = length_at(storage_);
    if (length <= storage_.size() - kFrameHeaderBytes) {
      if (size_ < kFrameHeaderBytes + length) return false;
      const auto checked = storage_.subspan(kFrameHeaderBytes, length);
      if (crc32(checked, crc32(storage_.subspan(kLengthOffset, 2))) == crc_at(storage_)) {
        ready_ = true;
        return true;
      }
    }
    ++damaged_;
    resync_();
  }
  return false;
}

// Drops the first byte and all up to the next place where a frame may start.
void FrameDecoder::resync_() {
  const auto end = storage_.begin() + static_cast<std::ptrdiff_t>(size_);
  auto start = storage_.begin() + 1;
  for (; start != end; ++start) {
    if (*start == kSync0 && (start + 1 == end || *(start + 1) == kSync1)) break;
  }
  std::copy(start, end, storage_.begin());
  size_ = static_cast<std::size_t>(end - start);
}
}  // namespace tocsin::wire
