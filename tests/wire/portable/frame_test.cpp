// SPDX-License-Identifier: Apache-2.0
/// What: frames come out of a stream of bytes whole or not at all, and damage costs the damaged frame only.
/// How: streams are built with write_frame_header() and then cut, damaged at every position or filled with noise.
#include "tocsin/wire/frame.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "tocsin/engine/base/crc32.hpp"
#include "tocsin/test_support/prng.hpp"

#include "CppUTest/TestHarness.h"

using tocsin::crc32;
using tocsin::test_support::Prng;
using tocsin::wire::FrameDecoder;
using tocsin::wire::kFrameHeaderBytes;
using tocsin::wire::write_frame_header;

namespace {
constexpr std::size_t kPayloadMax = 64;
constexpr std::size_t kStreamMax = 2048;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

/// A stream of bytes to be sent.
class Stream {
 public:
  void raw(std::span<const std::byte> bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
  }
  void frame(std::span<const std::byte> payload) {
    std::array<std::byte, kFrameHeaderBytes> header{};
    write_frame_header(payload, header);
    raw(header);
    raw(payload);
  }
  void frame(std::string_view payload) { frame(bytes_of(payload)); }
  std::byte& operator[](std::size_t index) { return bytes_[index]; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::array<std::byte, kStreamMax> bytes_{};
  std::size_t size_ = 0;
};
}  // namespace

TEST_GROUP(FrameDecoder) {
  alignas(8) std::array<std::byte, kFrameHeaderBytes + kPayloadMax> storage{};
  FrameDecoder decoder{storage};
  Stream stream;
  std::size_t frames = 0;
  std::array<char, kPayloadMax> last{};
  std::size_t last_size = 0;

  void keep() {
    ++frames;
    const auto payload = decoder.payload();
    CHECK_TRUE(reinterpret_cast<std::uintptr_t>(payload.data()) % 8 == 0);
    last_size = payload.size();
    std::copy_n(reinterpret_cast<const char*>(payload.data()), payload.size(), last.begin());
  }
  void send(std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      for (bool ready = decoder.push(stream[i]); ready; ready = decoder.next()) keep();
    }
  }
  void send_all() { send(0, stream.size()); }
  [[nodiscard]] bool last_is(std::string_view text) const { return std::string_view(last.data(), last_size) == text; }
};

TEST(FrameDecoder, checksum_is_the_published_one) {
  UNSIGNED_LONGS_EQUAL(0xCBF43926U, crc32(bytes_of("123456789")));
  UNSIGNED_LONGS_EQUAL(0U, crc32({}));
}

TEST(FrameDecoder, checksum_goes_on_from_an_earlier_one) {
  UNSIGNED_LONGS_EQUAL(0xCBF43926U, crc32(bytes_of("56789"), crc32(bytes_of("1234"))));
}

TEST(FrameDecoder, header_is_sync_length_and_checksum_little_endian) {
  std::array<std::byte, kFrameHeaderBytes> header{};
  write_frame_header(bytes_of("abc"), header);
  const std::array<unsigned, 8> expected{0xB5, 0x54, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00};
  for (std::size_t i = 0; i < 4; ++i) UNSIGNED_LONGS_EQUAL(expected[i], std::to_integer<unsigned>(header[i]));
  const std::uint32_t crc =
      crc32(bytes_of(std::string_view("\x03\x00"
                                      "abc",
                                      5)));
  for (std::size_t i = 0; i < 4; ++i) {
    UNSIGNED_LONGS_EQUAL((crc >> (8U * i)) & 0xFFU, std::to_integer<unsigned>(header[4 + i]));
  }
}

TEST(FrameDecoder, gives_the_payload_back) {
  stream.frame("hello");
  send_all();
  LONGS_EQUAL(1, frames);
  CHECK_TRUE(last_is("hello"));
  LONGS_EQUAL(0, decoder.damaged());
}

TEST(FrameDecoder, takes_an_empty_payload) {
  stream.frame("");
  send_all();
  LONGS_EQUAL(1, frames);
  LONGS_EQUAL(0, last_size);
}

TEST(FrameDecoder, takes_a_payload_that_just_fits_and_refuses_one_byte_more) {
  std::array<std::byte, kPayloadMax + 1> big{};
  stream.frame(std::span{big}.first(kPayloadMax));
  stream.frame(big);
  stream.frame("after");
  send_all();
  LONGS_EQUAL(2, frames);
  CHECK_TRUE(last_is("after"));
  LONGS_EQUAL(1, decoder.damaged());
}

TEST(FrameDecoder, finds_frames_between_garbage_without_counting_damage) {
  stream.raw(bytes_of("garbage\xB5"));
  stream.frame("one");
  stream.raw(bytes_of("\xB5\xB5\xB5 noise \x54"));
  stream.frame("two");
  send_all();
  LONGS_EQUAL(2, frames);
  CHECK_TRUE(last_is("two"));
  LONGS_EQUAL(0, decoder.damaged());
}

TEST(FrameDecoder, is_not_confused_by_a_sync_word_inside_the_payload) {
  stream.frame("a\xB5\x54\xB5\x54z");
  stream.frame("b");
  send_all();
  LONGS_EQUAL(2, frames);
  CHECK_TRUE(last_is("b"));
  LONGS_EQUAL(0, decoder.damaged());
}

TEST(FrameDecoder, finds_a_whole_frame_inside_a_damaged_one) {
  Stream inner;
  inner.frame("inner");
  std::array<std::byte, kPayloadMax> payload{};
  for (std::size_t i = 0; i < inner.size(); ++i) payload[i] = inner[i];
  stream.frame(std::span{payload}.first(inner.size()));
  stream[4] ^= std::byte{1};  // the outer checksum
  send_all();
  LONGS_EQUAL(1, frames);
  CHECK_TRUE(last_is("inner"));
  LONGS_EQUAL(1, decoder.damaged());
}

TEST(FrameDecoder, loses_only_the_frame_that_is_damaged_whatever_byte_it_is) {
  Stream clean;
  clean.frame("first");
  const std::size_t start = clean.size();
  clean.frame("middle");
  const std::size_t end = clean.size();
  for (int i = 0; i < 12; ++i) clean.frame("last!");  // a damaged length can swallow up to kPayloadMax bytes
  for (std::size_t position = start; position < end; ++position) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      FrameDecoder fresh{storage};
      std::size_t count = 0;
      std::size_t middles = 0;
      Stream damaged = clean;
      damaged[position] ^= static_cast<std::byte>(1U << bit);
      for (std::size_t i = 0; i < damaged.size(); ++i) {
        for (bool ready = fresh.push(damaged[i]); ready; ready = fresh.next()) {
          ++count;
          if (fresh.payload().size() == 6) ++middles;
        }
      }
      LONGS_EQUAL(13, count);
      LONGS_EQUAL(0, middles);
    }
  }
}

TEST(FrameDecoder, waits_for_the_rest_of_a_frame) {
  stream.frame("hello");
  send(0, stream.size() - 1);
  LONGS_EQUAL(0, frames);
  CHECK_TRUE(decoder.payload().empty());
  send(stream.size() - 1, stream.size());
  LONGS_EQUAL(1, frames);
}

TEST(FrameDecoder, gives_up_a_truncated_frame_when_told_and_finds_those_behind_its_start) {
  stream.frame("cut");
  stream[2] = std::byte{60};  // claims more than will ever come
  stream.frame("one");
  stream.frame("two");
  send_all();
  LONGS_EQUAL(0, frames);
  for (bool ready = decoder.give_up(); ready; ready = decoder.next()) keep();
  LONGS_EQUAL(2, frames);
  CHECK_TRUE(last_is("two"));
  LONGS_EQUAL(1, decoder.damaged());
}

TEST(FrameDecoder, gives_up_every_false_start_but_no_whole_frame) {
  for (int i = 0; i < 3; ++i) stream.raw(bytes_of("\xB5\x54\x40"));
  stream.frame("one");
  stream.raw(bytes_of("\xB5\x54\x40"));
  stream.frame("two");
  send_all();
  while (decoder.give_up()) keep();
  LONGS_EQUAL(2, frames);
  CHECK_TRUE(last_is("two"));
  CHECK_FALSE(decoder.give_up());
}

TEST(FrameDecoder, gives_each_frame_once_even_without_calls_of_next) {
  stream.frame("cut");
  stream[2] = std::byte{40};  // 40 + 8 bytes: swallows the three small frames behind it
  stream.frame("a");
  stream.frame("b");
  stream.frame("c");
  stream.raw(bytes_of("................................"));
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (decoder.push(stream[i])) keep();
  }
  LONGS_EQUAL(3, frames);
  CHECK_TRUE(last_is("c"));
}

TEST(FrameDecoder, never_writes_past_its_storage_and_never_gives_a_frame_nobody_sent) {
  alignas(8) std::array<std::byte, kFrameHeaderBytes + 32 + 8> guarded{};
  guarded.fill(std::byte{0xA5});
  FrameDecoder fresh{std::span{guarded}.first(kFrameHeaderBytes + 32)};
  Prng prng{20240523};
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t roll = prng.below(4);
    std::byte byte{0xB5};
    if (roll == 1) byte = std::byte{0x54};
    if (roll == 2) byte = static_cast<std::byte>(prng.below(40));
    if (roll == 3) byte = static_cast<std::byte>(prng.below(256));
    CHECK_FALSE(fresh.push(byte));  // a checksum hit by chance: once in 4 billion
  }
  for (std::size_t i = kFrameHeaderBytes + 32; i < guarded.size(); ++i) CHECK_TRUE(guarded[i] == std::byte{0xA5});
  CHECK_TRUE(fresh.damaged() > 0);
}
