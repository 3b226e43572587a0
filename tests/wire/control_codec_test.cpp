// SPDX-License-Identifier: Apache-2.0
/// What: acks, requests and replies read back as they were written; other buffers are refused.
#include "tocsin/wire/control_codec.hpp"

#include <array>
#include <cstring>

#include "tocsin/wire/ack_codec.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using wire::Refusal;

namespace {
wire::StatusReport full_status() {
  wire::StatusReport status;
  status.version = "0.1.0";
  status.site = "taipei";
  status.book_title = "Taiwan-Korea linkage";
  status.book_hash = 0xFEDCBA9876543210U;
  status.pid = 4711;
  status.clock = 1'716'426'000'000;
  status.first_instant = 1;
  status.reach = engine::kNever;
  status.uptime_ms = 5;
  status.taken = 6;
  status.duplicate = 7;
  status.reused = 8;
  status.stale = 9;
  status.withdrawn = 10;
  status.not_evaluated = 11;
  status.late = 12;
  status.batches = 13;
  status.newest_alert = 14;
  status.resident_bytes = 15;
  status.engine_bytes = 16;
  status.lost_broadcast = 17;
  status.journal_ok = false;
  status.journal_error = "disk full";
  status.theaters = {{"korea", engine::Level::unknown}, {"strait", engine::Level::high}};
  status.alerts = {{"distraction", true, engine::Level::watch, engine::Truth::yes, 99},
                   {"strait_activity", false, engine::Level::calm, engine::Truth::unknown, 0}};
  status.feeds = {{"mnd_daily", 12, true, 3, 1'716'426'000'000, true}, {"analyst", 0, false, 0, engine::kNever, false}};
  status.refusals = {{"desk", Refusal::unknown_feed, 3, "mnd\t{..."}};
  return status;
}
}  // namespace

TEST_GROUP(Ack){};

TEST(Ack, reads_back) {
  const wire::Ack ack{7, {{6, 2, Refusal::unknown_feed, false, "no feed mnd"}, {7, 0, Refusal::full, true, ""}}};
  const auto read = wire::decode_ack(wire::encode_ack(ack)).value_or(wire::Ack{});
  UNSIGNED_LONGLONGS_EQUAL(7, read.frame);
  LONGS_EQUAL(2, read.refused.size());
  UNSIGNED_LONGLONGS_EQUAL(6, read.refused[0].frame);
  LONGS_EQUAL(2, read.refused[0].index);
  CHECK_TRUE(read.refused[0].code == Refusal::unknown_feed && !read.refused[0].retry);
  STRCMP_EQUAL("no feed mnd", read.refused[0].text.c_str());
  CHECK_TRUE(read.refused[1].code == Refusal::full && read.refused[1].retry);
}

TEST(Ack, of_a_board_reads_back_too) {
  alignas(16) static std::array<std::byte, wire::kAckBytesMax> arena;
  const wire::RefusedNote refused[] = {{3, Refusal::over_quota, "slower"}};
  const auto read = wire::decode_ack(wire::encode_ack(5, refused, arena)).value_or(wire::Ack{});
  UNSIGNED_LONGLONGS_EQUAL(5, read.frame);
  LONGS_EQUAL(1, read.refused.size());
  LONGS_EQUAL(3, read.refused[0].index);
  CHECK_TRUE(read.refused[0].retry);
  STRCMP_EQUAL("slower", read.refused[0].text.c_str());
}

TEST(Ack, with_a_code_that_does_not_exist_is_refused) {
  const wire::Ack ack{7, {{6, 2, static_cast<Refusal>(18), false, ""}}};
  CHECK_FALSE(wire::decode_ack(wire::encode_ack(ack)).has_value());
}

TEST_GROUP(Control){};

TEST(Control, request_reads_back) {
  const wire::ControlRequest request{wire::ControlKind::alerts_since, 1ULL << 60U, "mnd_daily", 41, 10};
  const auto read = wire::decode_request(wire::encode_request(request)).value_or(wire::ControlRequest{});
  CHECK_TRUE(read.kind == wire::ControlKind::alerts_since);
  UNSIGNED_LONGLONGS_EQUAL(1ULL << 60U, read.id);
  STRCMP_EQUAL("mnd_daily", read.feed.c_str());
  UNSIGNED_LONGLONGS_EQUAL(41, read.since);
  LONGS_EQUAL(10, read.limit);
}

TEST(Control, request_of_a_kind_that_does_not_exist_is_refused) {
  wire::ControlRequest request;
  request.kind = static_cast<wire::ControlKind>(4);
  CHECK_FALSE(wire::decode_request(wire::encode_request(request)).has_value());
}

TEST(Control, request_with_a_feed_name_too_long_is_refused) {
  wire::ControlRequest request;
  request.feed = std::string(65, 'x');
  CHECK_FALSE(wire::decode_request(wire::encode_request(request)).has_value());
}

TEST(Control, reply_with_a_status_reads_back) {
  wire::ControlReply reply;
  reply.id = 3;
  reply.status = full_status();
  const auto read = wire::decode_reply(wire::encode_reply(reply));
  CHECK_TRUE(read.has_value() && read->status.has_value() && read->ok && !read->has_mark && !read->more);
  const wire::StatusReport status = read->status.value_or(wire::StatusReport{});
  const wire::StatusReport expected = full_status();
  STRCMP_EQUAL("0.1.0", status.version.c_str());
  STRCMP_EQUAL("taipei", status.site.c_str());
  STRCMP_EQUAL("Taiwan-Korea linkage", status.book_title.c_str());
  UNSIGNED_LONGLONGS_EQUAL(expected.book_hash, status.book_hash);
  LONGLONGS_EQUAL(expected.clock, status.clock);
  LONGLONGS_EQUAL(engine::kNever, status.reach);
  const std::uint64_t counts[] = {status.pid,          status.uptime_ms,     status.taken,        status.duplicate,
                                  status.reused,       status.stale,         status.withdrawn,    status.not_evaluated,
                                  status.late,         status.batches,       status.newest_alert, status.resident_bytes,
                                  status.engine_bytes, status.lost_broadcast};
  const std::uint64_t expected_counts[] = {4711, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
  for (std::size_t i = 0; i < std::size(counts); ++i) UNSIGNED_LONGLONGS_EQUAL(expected_counts[i], counts[i]);
  CHECK_FALSE(status.journal_ok);
  STRCMP_EQUAL("disk full", status.journal_error.c_str());
  LONGS_EQUAL(2, status.theaters.size());
  CHECK_TRUE(status.theaters[0].level == engine::Level::unknown);
  LONGS_EQUAL(2, status.alerts.size());
  CHECK_TRUE(status.alerts[0].raised && status.alerts[0].when == engine::Truth::yes);
  LONGLONGS_EQUAL(99, status.alerts[0].raised_at);
  CHECK_FALSE(status.alerts[1].raised);
  LONGS_EQUAL(2, status.feeds.size());
  CHECK_TRUE(status.feeds[0].any && status.feeds[0].overdue);
  UNSIGNED_LONGLONGS_EQUAL(12, status.feeds[0].mark);
  CHECK_FALSE(status.feeds[1].any);
  LONGLONGS_EQUAL(engine::kNever, status.feeds[1].last_contact);
  LONGS_EQUAL(1, status.refusals.size());
  CHECK_TRUE(status.refusals[0].reason == Refusal::unknown_feed);
  STRCMP_EQUAL("mnd\t{...", status.refusals[0].sample.c_str());
}

TEST(Control, reply_with_alerts_reads_back_each_aligned) {
  wire::ControlReply reply;
  reply.more = true;
  reply.alerts = {std::vector<std::byte>(9, std::byte{1}), std::vector<std::byte>(16, std::byte{2})};
  const auto read = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  CHECK_TRUE(read.more);
  LONGS_EQUAL(2, read.alerts.size());
  CHECK_TRUE(read.alerts[0] == reply.alerts[0] && read.alerts[1] == reply.alerts[1]);
}

TEST(Control, reply_of_hello_tells_a_mark_of_zero_from_none) {
  wire::ControlReply reply;
  reply.has_mark = true;
  CHECK_TRUE(wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{}).has_mark);
  reply.has_mark = false;
  CHECK_FALSE(wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{}).has_mark);
}

TEST(Control, reply_that_failed_says_why) {
  wire::ControlReply reply;
  reply.ok = false;
  reply.error = "no feed mnd: the book has mnd_daily";
  const auto read = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  CHECK_FALSE(read.ok);
  STRCMP_EQUAL(reply.error.c_str(), read.error.c_str());
}

TEST(Control, status_of_the_largest_book_fits) {
  wire::ControlReply reply;
  reply.status.emplace();
  reply.status->alerts.resize(1024, {"an_alert_with_a_rather_long_name", true, {}, {}, 1});
  reply.status->feeds.resize(256, {"a_feed", 1, true, 1, 1, false});
  reply.status->refusals.resize(1000, {"someone", Refusal::bad_value, 1, "x"});
  const auto read = wire::decode_reply(wire::encode_reply(reply));
  CHECK_TRUE(read.has_value() && read->status.has_value());
  LONGS_EQUAL(1024, read->status->alerts.size());
}

TEST(Control, buffers_of_another_kind_or_cut_are_refused) {
  const auto ack = wire::encode_ack({});
  const auto request = wire::encode_request({});
  const auto reply = wire::encode_reply({});
  CHECK_FALSE(wire::decode_request(ack).has_value());
  CHECK_FALSE(wire::decode_reply(request).has_value());
  CHECK_FALSE(wire::decode_ack(reply).has_value());
  for (std::size_t size = 0; size < 8; ++size) CHECK_FALSE(wire::decode_ack(std::span{ack}.first(size)).has_value());
}

TEST(Control, every_flipped_bit_is_survived) {
  wire::ControlReply reply;
  reply.status = full_status();
  reply.alerts = {std::vector<std::byte>(9, std::byte{1})};
  auto bytes = wire::encode_reply(reply);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    bytes[i / 8] ^= static_cast<std::byte>(1U << (i % 8));
    if (!wire::decode_reply(bytes)) ++refused;
    bytes[i / 8] ^= static_cast<std::byte>(1U << (i % 8));
  }
  CHECK_TRUE(refused > 100);
}
