// SPDX-License-Identifier: Apache-2.0
/// What: alert events are encoded without a heap into the same bytes on every target, and always fit.
/// How: the golden event against the golden bytes; the largest events that a record can hold.
#include <algorithm>
#include <array>

#include "tocsin/test_support/heap_guard.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/frame.hpp"

#include "golden_bytes.hpp"
#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names

namespace {
alignas(16) std::array<std::byte, wire::kAlertBytesMax + 16> arena;
engine::AlertEvent scratch;

std::span<const std::byte> encode(const engine::AlertEvent& event, std::size_t arena_bytes = wire::kAlertBytesMax) {
  return wire::encode_alert(event, test_support::sample_book(), golden::context(), std::span{arena}.first(arena_bytes));
}
}  // namespace

TEST_GROUP(AlertEncoder){};

TEST(AlertEncoder, sample_book_has_the_same_bytes_on_every_target) {
  const auto bytes = test_support::sample_image();
  const auto expected = std::as_bytes(std::span{golden_bytes::rule_image});
  LONGS_EQUAL(expected.size(), bytes.size());
  CHECK_TRUE(std::equal(bytes.begin(), bytes.end(), expected.begin()));
}

TEST(AlertEncoder, gives_the_golden_bytes_on_every_target) {
  const auto bytes = encode(golden::event());
  const auto expected = std::as_bytes(std::span{golden_bytes::alert_event});
  LONGS_EQUAL(expected.size(), bytes.size());
  CHECK_TRUE(std::equal(bytes.begin(), bytes.end(), expected.begin()));
  CHECK_TRUE(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0);
}

TEST(AlertEncoder, does_not_depend_on_a_larger_arena) {
  const auto bytes = encode(golden::event(), wire::kAlertBytesMax + 16);
  const auto expected = std::as_bytes(std::span{golden_bytes::alert_event});
  CHECK_TRUE(bytes.size() == expected.size() && std::equal(bytes.begin(), bytes.end(), expected.begin()));
}

TEST(AlertEncoder, gives_nothing_when_the_arena_is_too_small) { CHECK_TRUE(encode(golden::event(), 4096).empty()); }

TEST(AlertEncoder, fits_the_largest_event_a_record_can_hold) {
  scratch = golden::event();
  scratch.overdue_feeds[0] = 0xF;
  scratch.blind_indicators[0] = 0x1F;
  scratch.item_count = engine::kEvidenceItemsMax;
  scratch.report_count = engine::kEvidenceReportsMax;
  for (std::uint16_t i = 0; i < engine::kEvidenceItemsMax; ++i) {
    auto& item = scratch.items[i];
    item = golden::event().items[0];
    item.first_report = static_cast<std::uint16_t>(i * 4);
    item.report_count = 4;
  }
  for (std::uint16_t i = 0; i < engine::kEvidenceReportsMax; ++i) {
    auto& report = scratch.reports[i];
    report = golden::event().reports[0];
    report.seq = (1ULL << 52U) + i;
    report.feed = static_cast<std::uint16_t>(i % 4);
    report.origin = static_cast<std::uint16_t>(i / 4 % 4);
  }
  const auto bytes = encode(scratch);
  CHECK_TRUE(!bytes.empty() && bytes.size() <= wire::kSerialPayloadMax);
  CHECK_TRUE(bytes.size() > engine::kEvidenceReportsMax * 32);  // they are there
}

TEST(AlertEncoder, encodes_a_retraction_and_its_reason) {
  scratch = golden::event();
  scratch.kind = engine::EventKind::retracted;
  const std::size_t plain = encode(scratch).size();
  scratch.retracted_kind = engine::EventKind::raised;
  scratch.reason = {test_support::sample::launches, false, 40, scratch.at};
  CHECK_TRUE(encode(scratch).size() > plain);
}

TEST(AlertEncoder, needs_no_heap) {
  (void)encode(golden::event());  // builds the sample book
  const test_support::HeapGuard guard;
  const auto bytes = encode(golden::event());
  const auto allocations = guard.allocations();
  UNSIGNED_LONGLONGS_EQUAL(0, allocations);
  CHECK_FALSE(bytes.empty());
}
