// SPDX-License-Identifier: Apache-2.0
/// What: what a sender encodes is what a reader gets, for ingest frames and journal rows; a bad item costs itself only.
/// How: round trips of random lines (seed printed on failure), and items made wrong one at a time.
#include "tocsin/wire/batch_codec.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "tocsin/test_support/random_input.hpp"

#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using test_support::Prng;
using test_support::RandomInput;
using wire::InputView;
using wire::Refusal;

namespace {
constexpr int kRounds = 300;

std::string text_of(std::uint64_t seed) { return std::string{"seed "}.append(std::to_string(seed)); }
}  // namespace

TEST_GROUP(Batch) {
  std::vector<std::byte> bytes;  // what the reader reads
  wire::BatchReader reader;
  InputView view;

  bool open(std::span<const InputView> views) {
    bytes = wire::encode_batch(1, views);
    return reader.open(bytes);
  }
};

TEST(Batch, reads_back_what_was_encoded) {
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    Prng prng{seed};
    std::vector<RandomInput> inputs(static_cast<std::size_t>(prng.below(wire::kFrameItemsMax + 1)));
    std::vector<InputView> views;
    for (auto& input : inputs) views.push_back(input.make(prng));
    bytes = wire::encode_batch(seed, views);
    if (bytes.size() > wire::kFrameBytesMax) continue;
    CHECK_TRUE_TEXT(reader.open(bytes), text_of(seed).c_str());
    UNSIGNED_LONGLONGS_EQUAL(seed, reader.frame());
    LONGS_EQUAL(views.size(), reader.count());
    for (std::size_t i = 0; i < views.size(); ++i) {
      STRCMP_EQUAL_TEXT("none", wire::name_of(reader.item(i, view)), text_of(seed).c_str());
      CHECK_TRUE_TEXT(golden::same(views[i], view), text_of(seed).c_str());
    }
  }
}

TEST(Batch, refuses_a_bad_item_and_takes_its_neighbours) {
  std::vector<InputView> views(5, golden::inputs()[1]);
  views[0].value = std::numeric_limits<double>::quiet_NaN();
  views[2].time = engine::kInstantMax + 1;
  views[3].seq.reset();
  const std::string long_name(65, 'x');
  views[4].actor = long_name;
  CHECK_TRUE(open(views));
  const Refusal expected[] = {Refusal::bad_value, Refusal::none, Refusal::bad_time, Refusal::bad_seq,
                              Refusal::too_long};
  for (std::size_t i = 0; i < views.size(); ++i) {
    STRCMP_EQUAL(wire::name_of(expected[i]), wire::name_of(reader.item(i, view)));
  }
}

TEST(Batch, takes_the_largest_frame_and_refuses_one_item_more) {
  std::vector<InputView> views(wire::kFrameItemsMax, golden::inputs()[0]);
  CHECK_TRUE(open(views));
  LONGS_EQUAL(wire::kFrameItemsMax, reader.count());
  views.push_back(golden::inputs()[0]);
  CHECK_FALSE(open(views));
}

TEST(Batch, refuses_a_frame_that_is_too_large) {
  const std::string note(wire::kNoteBytesMax * 4, 'n');
  std::vector<InputView> views(wire::kFrameItemsMax, golden::inputs()[0]);
  for (auto& item : views) item.note = note;
  CHECK_FALSE(open(views));
}

TEST(Batch, costs_little_where_fields_are_absent) {
  const std::vector<InputView> views(wire::kFrameItemsMax, golden::inputs()[1]);
  CHECK_TRUE(wire::encode_batch(1, views).size() <= wire::kFrameItemsMax * 96);
}

TEST(Batch, may_be_empty) {
  bytes = wire::encode_batch(3, {});
  CHECK_TRUE(reader.open(bytes));
  LONGS_EQUAL(0, reader.count());
  UNSIGNED_LONGLONGS_EQUAL(3, reader.frame());
}

TEST_GROUP(JournalBatch) {
  std::vector<std::byte> bytes;  // what the reader reads
  wire::JournalBatchReader reader;
  wire::JournalItem item;

  bool open(std::span<const wire::JournalItem> items) {
    bytes = wire::encode_journal_batch(items);
    return reader.open(bytes);
  }
};

TEST(JournalBatch, reads_back_what_was_encoded) {
  for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
    Prng prng{seed};
    std::vector<RandomInput> inputs(static_cast<std::size_t>(prng.below(300)));
    std::vector<wire::JournalItem> items;
    for (auto& input : inputs) {
      items.push_back({input.make(prng), prng.between(engine::kInstantMin, engine::kInstantMax),
                       static_cast<engine::Disposition>(prng.below(7)), static_cast<std::uint16_t>(prng.below(65536))});
    }
    CHECK_TRUE_TEXT(open(items), text_of(seed).c_str());
    LONGS_EQUAL(items.size(), reader.count());
    for (std::size_t i = 0; i < items.size(); ++i) {
      CHECK_TRUE_TEXT(reader.item(i, item), text_of(seed).c_str());
      CHECK_TRUE_TEXT(golden::same(items[i].input, item.input), text_of(seed).c_str());
      LONGLONGS_EQUAL(items[i].clock, item.clock);
      CHECK_TRUE(items[i].disposition == item.disposition);
      LONGS_EQUAL(items[i].principal, item.principal);
    }
  }
}

TEST(JournalBatch, has_no_limit_of_items) {
  const std::vector<wire::JournalItem> items(20'000, {golden::inputs()[0]});
  CHECK_TRUE(open(items));
  LONGS_EQUAL(20'000, reader.count());
}

TEST(JournalBatch, says_which_item_is_damaged) {
  std::vector<wire::JournalItem> items(3, {golden::inputs()[1]});
  items[1].disposition = static_cast<engine::Disposition>(7);
  CHECK_TRUE(open(items));
  CHECK_TRUE(reader.item(0, item));
  CHECK_FALSE(reader.item(1, item));
  CHECK_TRUE(reader.item(2, item));
}

TEST(JournalBatch, is_not_an_ingest_frame) {
  bytes = wire::encode_batch(1, golden::inputs());
  CHECK_FALSE(reader.open(bytes));
  CHECK_TRUE(open(std::vector<wire::JournalItem>(1)));
  wire::BatchReader frames;
  CHECK_FALSE(frames.open(bytes));
}
