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

TEST(Batch, joins_gaps_that_go_on_unless_they_are_of_another_count) {
  Batch batch{Batch::kBytesMax};
  const auto lose = [&batch](std::uint64_t first, std::uint64_t last, std::uint32_t count) {
    tocsin::journal::Gap gap;
    gap.source = "agency";
    gap.first = first;
    gap.last = last;
    CHECK_TRUE(batch.add(gap, count));
  };
  lose(5, 6, 0);
  lose(7, 9, 1);
  lose(7, 7, 0);
  UNSIGNED_LONGS_EQUAL(2, batch.gaps().size());
  UNSIGNED_LONGLONGS_EQUAL(5, batch.gaps()[0].first);
  UNSIGNED_LONGLONGS_EQUAL(7, batch.gaps()[0].last);
  UNSIGNED_LONGLONGS_EQUAL(7, batch.gaps()[1].first);
  for (std::uint64_t i = 0; i < 100; ++i) lose(20 + 2 * i, 20 + 2 * i, 1);  // told roughly in the end
  UNSIGNED_LONGS_EQUAL(9, batch.gaps().size());
  batch.clear();
  lose(8, 8, 0);
  UNSIGNED_LONGS_EQUAL(1, batch.gaps().size());
}
