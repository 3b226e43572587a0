// SPDX-License-Identifier: Apache-2.0
/// What: the encoders give the bytes of schemas/golden/, so that buffers of today can be read tomorrow.
/// How: known values are encoded and compared byte for byte. TOCSIN_WRITE_GOLDEN=1 in the environment writes the files
///      instead and fails: only for a new file, or a change that schemas/README.md allows.
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"
#include "tocsin/wire/control_codec.hpp"

#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names

namespace {
using Bytes = std::vector<std::byte>;

std::string path_of(const std::string& name) {
  return std::string{TOCSIN_SOURCE_DIR} + "/schemas/golden/" + name + ".bin";
}

Bytes read_file(const std::string& name) {
  std::ifstream file(path_of(name), std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  const std::string text = content.str();
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

void check(const std::string& name, std::span<const std::byte> encoded) {
  const Bytes actual(encoded.begin(), encoded.end());
  if (std::getenv("TOCSIN_WRITE_GOLDEN") != nullptr) {
    std::ofstream file(path_of(name), std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(actual.data()), static_cast<std::streamsize>(actual.size()));
    FAIL("the golden file was written; run again without TOCSIN_WRITE_GOLDEN");
  }
  const Bytes golden = read_file(name);
  LONGS_EQUAL_TEXT(golden.size(), actual.size(), name.c_str());
  MEMCMP_EQUAL_TEXT(golden.data(), actual.data(), golden.size(), name.c_str());
}
}  // namespace

TEST_GROUP(Golden){};

TEST(Golden, batch) { check("batch", wire::encode_batch(golden::kFrame, golden::inputs())); }

namespace {
std::vector<wire::JournalItem> journaled() {
  std::vector<wire::JournalItem> items;
  for (const auto& input : golden::inputs()) {
    const auto index = static_cast<std::uint16_t>(items.size());
    items.push_back({input, 1'716'426'000'000 + index, static_cast<engine::Disposition>(index), index});
  }
  return items;
}
}  // namespace

TEST(Golden, journal_row) { check("journal_row", wire::encode_journal_batch(journaled())); }

TEST(Golden, a_row_that_an_earlier_version_wrote_as_tables_is_read) {
  const Bytes row = read_file("journal_batch");
  wire::JournalBatchReader reader;
  CHECK_TRUE(reader.open(row));
  const auto expected = journaled();
  LONGS_EQUAL(expected.size(), reader.count());
  wire::JournalItem item;
  for (const auto& one : expected) {
    CHECK_TRUE(reader.next(item));
    CHECK_TRUE(golden::same(one.input, item.input));
    LONGLONGS_EQUAL(one.clock, item.clock);
    CHECK_TRUE(one.disposition == item.disposition);
    LONGS_EQUAL(one.principal, item.principal);
  }
  CHECK_FALSE(reader.next(item));
}

TEST(Golden, alert_event) {
  alignas(16) static std::array<std::byte, wire::kAlertBytesMax> arena;
  check("alert_event", wire::encode_alert(golden::event(), test_support::sample_book(), golden::context(), arena));
}

TEST(Golden, ack) {
  check("ack", wire::encode_ack({7,
                                 {{6, 2, wire::Refusal::unknown_feed, false, "no feed \"mnd\": correct the name"},
                                  {7, 0, wire::Refusal::full, true, "send it again later"}}}));
}

TEST(Golden, control_request) {
  check("control_request", wire::encode_request({wire::ControlKind::alerts_since, 5, "mnd_daily", 41, 10}));
}

TEST(Golden, control_reply) {
  wire::ControlReply reply;
  reply.id = 5;
  reply.mark = 12;
  reply.has_mark = true;
  reply.alerts = {Bytes(3, std::byte{0xAB})};
  reply.more = true;
  reply.status.emplace();
  reply.status->version = "0.1.0";
  reply.status->theaters = {{"strait", engine::Level::high}};
  reply.status->alerts = {{"distraction", true, engine::Level::watch, engine::Truth::yes, 1'716'817'440'000}};
  reply.status->feeds = {{"mnd_daily", 12, true, 3, 1'716'426'000'000, true}};
  reply.status->refusals = {{"desk", wire::Refusal::unknown_feed, 3, "mnd"}};
  check("control_reply", wire::encode_reply(reply));
}

TEST(Golden, rule_image) { check("rule_image", test_support::sample_image()); }
