// SPDX-License-Identifier: Apache-2.0
// Any bytes on a serial line; then a good frame, which must arrive whatever came before it, unless its start is the end
// of a frame with a right checksum: libFuzzer finds such.
#include <algorithm>
#include <array>

#include "tocsin/test_support/fuzz.hpp"
#include "tocsin/wire/frame.hpp"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a short program

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kPayloadMax = 120;
  alignas(8) std::array<std::byte, wire::kFrameHeaderBytes + kPayloadMax> storage{};
  wire::FrameDecoder decoder{storage};
  for (std::size_t i = 0; i < size; ++i) {
    for (bool ready = decoder.push(static_cast<std::byte>(data[i])); ready; ready = decoder.next()) {
      TOCSIN_CHECK(decoder.payload().size() <= kPayloadMax);
    }
  }
  constexpr std::array<std::byte, 3> kPayload{std::byte{'e'}, std::byte{'n'}, std::byte{'d'}};
  std::array<std::byte, wire::kFrameHeaderBytes + kPayload.size()> frame{};
  wire::write_frame_header(kPayload, std::span{frame}.first<wire::kFrameHeaderBytes>());
  std::copy(kPayload.begin(), kPayload.end(), frame.begin() + wire::kFrameHeaderBytes);
  bool arrived = false;
  bool swallowed = false;
  const auto keep = [&] {
    const bool good = std::ranges::equal(decoder.payload(), kPayload);
    arrived = arrived || good;
    swallowed = swallowed || !good;
  };
  for (const std::byte byte : frame) {
    for (bool ready = decoder.push(byte); ready; ready = decoder.next()) keep();
  }
  while (decoder.give_up()) keep();
  TOCSIN_CHECK(arrived || swallowed);
  return 0;
}
