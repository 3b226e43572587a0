// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Frames on a serial line: sync word, length, CRC-32, payload. Portable, no heap.
///
/// Layout, little endian: 0xB5 0x54 ("sync"), u16 payload length n, u32 CRC-32 (IEEE 802.3, reflected, of the length
/// field and the payload), n bytes. A receiver that finds a wrong length or CRC counts it and looks for the next sync
/// inside what it already has, so a damaged frame costs itself only.
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::wire {
inline constexpr std::size_t kFrameHeaderBytes = 8;
/// Largest payload on a serial line [bytes]; an alert event must fit.
inline constexpr std::size_t kSerialPayloadMax = 24 * 1024;

/// Writes the header for `payload` into `header` (kFrameHeaderBytes). @pre payload.size() <= kSerialPayloadMax.
void write_frame_header(std::span<const std::byte> payload, std::span<std::byte, kFrameHeaderBytes> header);

/// Finds frames in a stream of bytes. The owner gives the storage; it holds one frame.
class FrameDecoder {
 public:
  /// @param storage  8-byte aligned, kFrameHeaderBytes + the largest payload accepted.
  explicit FrameDecoder(std::span<std::byte> storage);
  /// Takes one byte. @returns true when a whole, checked frame is ready: payload() is valid until the next push().
  bool push(std::byte byte);
  /// Looks for a further frame in the bytes already taken: after a damaged length field several may lie there. Call it
  /// after each frame until it returns false. @returns as push().
  bool next();
  /// The line has been silent for long: an unfinished frame will not be finished. Counts it as damaged and looks for
  /// frames behind its start. @returns as push(); call until it returns false, then nothing unfinished is left.
  bool give_up();
  /// The frame's payload, 8-byte aligned. Empty while no frame is ready.
  [[nodiscard]] std::span<const std::byte> payload() const;
  /// Frames thrown away for a wrong length or checksum [count, wraps at 2^32].
  [[nodiscard]] std::uint32_t damaged() const { return damaged_; }

 private:
  void drop_ready_();
  bool check_();
  void resync_();
  std::span<std::byte> storage_;
  std::size_t size_ = 0;
  std::uint32_t damaged_ = 0;
  bool ready_ = false;
};
}  // namespace tocsin::wire
