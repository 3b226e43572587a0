// SPDX-License-Identifier: Apache-2.0
/// What: a received batch is read in place without a heap, and nothing damaged gets through.
/// How: the golden batch, whole, cut at every length, with every bit flipped, and moved off its alignment.
#include <algorithm>
#include <array>
#include <cstring>

#include "tocsin/test_support/heap_guard.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "golden_bytes.hpp"
#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using wire::BatchReader;
using wire::InputView;
using wire::Refusal;

namespace {
constexpr std::size_t kSize = sizeof golden_bytes::batch;
alignas(16) std::array<std::byte, kSize + 16> buffer;  // not a member: CppUTest's allocator knows no such alignment
}  // namespace

TEST_GROUP(BatchReader) {
  BatchReader reader;
  InputView view;

  void setup() override { std::memcpy(buffer.data(), golden_bytes::batch, kSize); }
  [[nodiscard]] static std::span<const std::byte> whole() { return std::span{buffer}.first(kSize); }
  // Reads all there is; the sanitizers and the processor's faults judge.
  void read_all() {
    for (std::size_t i = 0; i < reader.count(); ++i) {
      engine::Input input;
      if (reader.item(i, view) == Refusal::none) (void)wire::bind(view, test_support::sample_book(), 0, input);
    }
  }
};

TEST(BatchReader, reads_the_golden_batch_back) {
  CHECK_TRUE(reader.open(whole()));
  UNSIGNED_LONGLONGS_EQUAL(golden::kFrame, reader.frame());
  const auto expected = golden::inputs();
  LONGS_EQUAL(expected.size(), reader.count());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    STRCMP_EQUAL("none", wire::name_of(reader.item(i, view)));
    CHECK_TRUE(golden::same(expected[i], view));
  }
}

TEST(BatchReader, refuses_a_batch_that_is_cut_anywhere) {
  for (std::size_t size = 0; size < kSize; ++size) {
    if (reader.open(whole().first(size))) read_all();  // the last bytes may be padding of the last text
    CHECK_TRUE(size > kSize - 8 || reader.count() == 0);
  }
}

TEST(BatchReader, survives_every_flipped_bit) {
  std::size_t refused = 0;
  for (std::size_t byte = 0; byte < kSize; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      buffer[byte] ^= static_cast<std::byte>(1U << bit);
      if (reader.open(whole())) {
        read_all();
      } else {
        ++refused;
      }
      buffer[byte] ^= static_cast<std::byte>(1U << bit);
    }
  }
  CHECK_TRUE(refused > 0);
}

TEST(BatchReader, refuses_a_buffer_that_is_not_aligned) {
  std::memmove(buffer.data() + 4, buffer.data(), kSize);
  CHECK_FALSE(reader.open(std::span{buffer}.subspan(4, kSize)));
  LONGS_EQUAL(0, reader.count());
}

TEST(BatchReader, refuses_another_kind_of_buffer) {
  CHECK_FALSE(reader.open(std::as_bytes(std::span{golden_bytes::alert_event})));
  CHECK_FALSE(reader.open({}));
}

TEST(BatchReader, has_nothing_left_of_an_earlier_batch_after_a_refusal) {
  CHECK_TRUE(reader.open(whole()));
  CHECK_FALSE(reader.open(whole().first(16)));
  LONGS_EQUAL(0, reader.count());
  UNSIGNED_LONGLONGS_EQUAL(0, reader.frame());
}

TEST(BatchReader, needs_no_heap) {
  const test_support::HeapGuard guard;
  bool good = reader.open(whole());
  for (std::size_t i = 0; i < reader.count(); ++i) good = reader.item(i, view) == Refusal::none && good;
  const auto allocations = guard.allocations();
  UNSIGNED_LONGLONGS_EQUAL(0, allocations);
  CHECK_TRUE(good);
}
