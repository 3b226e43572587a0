// SPDX-License-Identifier: Apache-2.0
/// What: acks of a whole frame are encoded without a heap and always fit. That they read back is checked with the
///       decoder, in control_codec_test.cpp.
#include <array>
#include <string_view>

#include "tocsin/test_support/heap_guard.hpp"
#include "tocsin/wire/ack_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names

namespace {
alignas(16) std::array<std::byte, wire::kAckBytesMax> arena;
}

TEST_GROUP(AckEncoder){};

TEST(AckEncoder, fits_a_frame_of_which_every_item_is_refused_with_the_longest_text) {
  static const std::array<char, 300> kWords = [] {
    std::array<char, 300> words{};
    words.fill('w');
    return words;
  }();
  std::array<wire::RefusedNote, wire::kFrameItemsMax> refused{};
  for (std::uint32_t i = 0; i < refused.size(); ++i) {
    refused[i] = {i, wire::Refusal::unknown_feed, {kWords.data(), kWords.size()}};
  }
  const test_support::HeapGuard guard;
  const auto bytes = wire::encode_ack(9, refused, arena);
  const auto allocations = guard.allocations();
  UNSIGNED_LONGLONGS_EQUAL(0, allocations);
  CHECK_TRUE(bytes.size() > refused.size() * 128 && bytes.size() <= arena.size());
}

TEST(AckEncoder, is_short_when_nothing_is_refused) { CHECK_TRUE(wire::encode_ack(1, {}, arena).size() <= 32); }
