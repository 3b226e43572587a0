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
      CHECK_TRUE_TEXT(reader.next(item), text_of(seed).c_str());
      CHECK_TRUE_TEXT(golden::same(items[i].input, item.input), text_of(seed).c_str());
      LONGLONGS_EQUAL(items[i].clock, item.clock);
      CHECK_TRUE(items[i].disposition == item.disposition);
      LONGS_EQUAL(items[i].principal, item.principal);
    }
  }
}

TEST(JournalBatch, is_packed_as_it_is_described) {
  std::vector<wire::JournalItem> items(2);
  items[0].clock = 70;
  items[0].disposition = engine::Disposition::stale;
  items[0].principal = 300;
  items[0].input.feed = "ab";
  items[0].input.indicator = "ab";
  items[0].input.time = 6;
  items[0].input.seq = 5;
  items[0].input.value = 1.0;
  items[0].input.note = "n";
  items[1].clock = 71;
  items[1].input = items[0].input;
  items[1].input.kind = engine::InputKind::retraction;
  items[1].input.seq = 4;
  items[1].input.target_seq = 5;
  const std::string stale{static_cast<char>(0x40U | static_cast<unsigned>(engine::Disposition::stale) << 2U)};
  std::string expected{"TCJ2\x02"};
  expected += stale + "\x41" + std::string{"\x8C\x01", 2} + std::string{"\xAC\x02", 2};  // flags, +70, 300
  expected += std::string{"\x7F", 1} +
              "\x01\x02"
              "ab" +
              "\x0A";  // -64, new name, +5
  expected += std::string{"\x02\x00", 2} + std::string{"\0\0\0\0\0\0\xF0\x3F", 8} + "\x01n";
  expected += "\xC2" + std::string(1, '\0') + "\x02" + std::string(1, '\0');  // retraction, taken; +1; principal 0
  expected += std::string{"\x81\x01", 2} +
              "\x02"
              "\x01"
              "\x02";  // -65, the name, -1, +1
  bytes = wire::encode_journal_batch(items);
  LONGS_EQUAL(expected.size(), bytes.size());
  MEMCMP_EQUAL(expected.data(), bytes.data(), bytes.size());
}

TEST(JournalBatch, costs_little_for_reports_alike) {
  std::vector<wire::JournalItem> items(1'000, {golden::inputs()[1]});
  items[0].clock = 1'716'426'000'000;
  for (std::size_t i = 1; i < items.size(); ++i) {
    items[i].clock = items[i - 1].clock + 1;
    items[i].input.time = items[i].clock - 3'600'000;
    items[i].input.seq = i;
  }
  CHECK_TRUE(open(items));
  CHECK_TRUE(bytes.size() <= items.size() * 24);
}

TEST(JournalBatch, keeps_more_names_apart_than_it_remembers) {
  std::vector<std::string> names;
  for (int i = 0; i < 5'000; ++i) names.push_back("name" + std::to_string(i % 2'500));
  std::vector<wire::JournalItem> items;
  for (const auto& name : names) {
    items.push_back({golden::inputs()[1]});
    items.back().input.actor = name;
  }
  CHECK_TRUE(open(items));
  for (const auto& name : names) {
    CHECK_TRUE(reader.next(item));
    CHECK_TRUE(item.input.actor == name);
  }
}

TEST(JournalBatch, ends_where_a_row_is_cut_short) {
  std::vector<wire::JournalItem> items;
  for (const auto& input : golden::inputs()) items.push_back({input});
  const auto whole = wire::encode_journal_batch(items);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    bytes.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    if (!reader.open(bytes)) continue;
    std::size_t read = 0;
    while (reader.next(item)) ++read;
    CHECK_TRUE(read < items.size());
    CHECK_FALSE(reader.next(item));
  }
  bytes = whole;
  bytes.push_back(std::byte{0});  // and where there is more than it says
  CHECK_TRUE(reader.open(bytes));
  for (std::size_t i = 1; i < items.size(); ++i) CHECK_TRUE(reader.next(item));
  CHECK_FALSE(reader.next(item));
}

TEST(JournalBatch, survives_any_byte_changed) {
  std::vector<wire::JournalItem> items;
  for (const auto& input : golden::inputs()) items.push_back({input});
  const auto whole = wire::encode_journal_batch(items);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      bytes = whole;
      bytes[at] ^= static_cast<std::byte>(1U << bit);
      if (!reader.open(bytes)) continue;
      for (std::size_t i = 0; i < reader.count(); ++i) (void)reader.next(item);
      CHECK_FALSE(reader.next(item));
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
  CHECK_TRUE(reader.next(item));
  CHECK_FALSE(reader.next(item));
  CHECK_TRUE(reader.next(item));
  CHECK_FALSE(reader.next(item));  // there is no fourth
}

TEST(JournalBatch, is_not_an_ingest_frame) {
  bytes = wire::encode_batch(1, golden::inputs());
  CHECK_FALSE(reader.open(bytes));
  CHECK_TRUE(open(std::vector<wire::JournalItem>(1)));
  wire::BatchReader frames;
  CHECK_FALSE(frames.open(bytes));
}
