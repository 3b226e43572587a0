// SPDX-License-Identifier: Apache-2.0
/// What: a batch takes frames while it holds fewer bytes than it was made for; the last one may go beyond, whatever its
/// size; and the daemon's two batches suit the book's size unless the config says otherwise.
#include "tocsin/daemon/batch.hpp"

#include "tocsin/test_support/sample_image.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using tocsin::wire::kFrameBytesMax;

TEST_GROUP(Batch){};

TEST(Batch, takes_small_frames_until_it_holds_its_bytes) {
  constexpr std::size_t kFrame = 1024;
  Batch batch{64 * kFrame};
  for (int i = 0; i < 64; ++i) {
    CHECK_TRUE(batch.has_room());
    (void)batch.reserve(kFrame);
  }
  CHECK_FALSE(batch.has_room());
  batch.clear();
  CHECK_TRUE(batch.has_room());
}

TEST(Batch, has_room_for_a_last_frame_of_the_largest_size) {
  Batch batch{Batch::kBytesMin};
  const auto first = batch.reserve(Batch::kBytesMin - 8);
  CHECK_TRUE(batch.has_room());
  const auto last = batch.reserve(kFrameBytesMax);
  CHECK_FALSE(batch.has_room());
  POINTERS_EQUAL(first.data() + Batch::kBytesMin - 8, last.data());  // in the storage that was there from the start
}

TEST(Batch, the_config_wins_over_the_books_size) {
  const auto& image = tocsin::test_support::sample_book();
  const auto engine_bytes = tocsin::engine::layout_of(image).block_bytes;
  BoundsConfig bounds;
  UNSIGNED_LONGS_EQUAL(engine_bytes <= 1024 * 1024 ? 65'536 : 196'608, batch_bytes(bounds, image));
  bounds.batch_bytes = 20'480;
  UNSIGNED_LONGS_EQUAL(20'480, batch_bytes(bounds, image));
}
