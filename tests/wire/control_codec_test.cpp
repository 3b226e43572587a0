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
  status.step_p50_ns = 18;
  status.step_p99_ns = 19;
  status.step_max_ns = 20;
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
  const wire::Ack ack{7, {{6, 2, static_cast<Refusal>(19), false, ""}}};
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
  request.kind = static_cast<wire::ControlKind>(15);
  CHECK_FALSE(wire::decode_request(wire::encode_request(request)).has_value());
}

TEST(Control, request_with_every_field_reads_back) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::believe;
  request.consumer = "siren";
  request.number = 1ULL << 40U;
  request.text = "seen by the duty officer";
  request.image = {std::byte{1}, std::byte{2}};
  request.since_checkpoint = true;
  const auto read = wire::decode_request(wire::encode_request(request)).value_or(wire::ControlRequest{});
  CHECK_TRUE(read.kind == wire::ControlKind::believe);
  STRCMP_EQUAL("siren", read.consumer.c_str());
  UNSIGNED_LONGLONGS_EQUAL(1ULL << 40U, read.number);
  STRCMP_EQUAL(request.text.c_str(), read.text.c_str());
  CHECK_TRUE(request.image == read.image);
  CHECK_TRUE(read.since_checkpoint);
  request.text = std::string(1025, 'x');
  CHECK_FALSE(wire::decode_request(wire::encode_request(request)).has_value());
}

TEST(Control, status_says_how_the_daemon_is) {
  wire::ControlReply reply;
  auto& status = reply.status.emplace();
  status.clock = status.first_instant = status.reach = 0;
  status.boot = 21;
  status.horizon_ms = 22;
  status.finalised_early = 23;
  status.worst_step = 24;
  status.saturated_indicators = {"closure"};
  status.alarms = {{"clock", "nobody set it", true}, {"journal", "", false}};
  status.journal.bytes = 31;
  status.journal.commit_p99_us = 32;
  status.journal.in_flight = true;
  status.endpoints = {{"tcp://127.0.0.1:5555", 3, 41, 42, 43}};
  status.handshakes_refused = {{"unknown_key", 51}};
  status.senders = {{"desk", 256, 61, 62}};
  status.gaps = {{"pub", 71, 72}, {"other", 73, engine::kNever}};
  status.subscriptions = 81;
  status.subscriptions_refused = 82;
  status.log_level = "info";
  wire::FeedStatus feed;
  feed.name = "mnd_daily";
  feed.rate = 1.5;
  feed.rejected = 91;
  feed.rejected_by.back() = 91;
  feed.lost = 92;
  feed.lag_ms = -93;
  feed.mean_lag_ms = 94;
  status.feeds = {feed};
  reply.boot = 1;
  reply.credit = 2;
  reply.cursor = 0;
  reply.text = "under way";
  reply.done = true;
  reply.pages_left = 3;
  reply.gone_first = 4;
  reply.gone_last = 17;
  const auto read = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  CHECK_TRUE(read.boot == 1 && read.credit == 2 && read.cursor == 0U && read.done && read.pages_left == 3);
  STRCMP_EQUAL("under way", read.text.c_str());
  CHECK_TRUE(read.gone_first == 4 && read.gone_last == 17);
  const auto& back = read.status.value();
  CHECK_TRUE(back.boot == 21 && back.horizon_ms == 22 && back.finalised_early == 23 && back.worst_step == 24);
  STRCMP_EQUAL("closure", back.saturated_indicators.at(0).c_str());
  CHECK_TRUE(back.alarms.at(0).raised && !back.alarms.at(1).raised);
  CHECK_TRUE(back.journal.bytes == 31 && back.journal.commit_p99_us == 32 && back.journal.in_flight);
  const auto& endpoint = back.endpoints.at(0);
  CHECK_TRUE(endpoint.live == 3 && endpoint.accepted == 41 && endpoint.handshakes_failed == 42);
  UNSIGNED_LONGLONGS_EQUAL(51, back.handshakes_refused.at(0).count);
  const auto& sender = back.senders.at(0);
  CHECK_TRUE(sender.credit == 256 && sender.unacked == 61 && sender.over_quota == 62);
  LONGLONGS_EQUAL(72, back.gaps.at(0).last_at);
  LONGLONGS_EQUAL(engine::kNever, back.gaps.at(1).last_at);
  CHECK_TRUE(back.subscriptions == 81 && back.subscriptions_refused == 82);
  CHECK_TRUE(back.feeds.at(0).rejected == 91 && back.feeds.at(0).lost == 92);
  CHECK_TRUE(back.feeds.at(0).rejected_by == feed.rejected_by);
  DOUBLES_EQUAL(1.5, back.feeds.at(0).rate, 0);
  CHECK_TRUE(back.feeds.at(0).lag_ms == -93 && back.feeds.at(0).mean_lag_ms == 94);
  reply.status->feeds = {{}, feed};
  reply.status->feeds.back().lag_ms = INT64_MIN;
  CHECK_FALSE(wire::decode_reply(wire::encode_reply(reply)).has_value());
  reply.status->feeds.pop_back();
  const auto silent = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  CHECK_FALSE(silent.status.value().feeds.at(0).lag_ms.has_value());
}

TEST(Control, counts_a_processor_may_not_read_in_place_are_refused) {
  wire::ControlReply reply;
  auto& feed = reply.status.emplace(full_status()).feeds.emplace_back();
  feed.rejected = 1;
  feed.rejected_by.front() = 1;
  auto bytes = wire::encode_reply(reply);
  CHECK_TRUE(wire::decode_reply(bytes).has_value());
  // As if the list began 4 bytes later, where its first count, 1, is a length: what follows is a count off its place.
  const auto word = [&bytes](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  std::size_t list = 0;
  while (word(list) != wire::kRefusals || word(list + 4) != 1 || list % 8 != 4) list += 4;
  std::size_t link = 0;
  while (link + word(link) != list) link += 4;
  const std::uint32_t moved = word(link) + 4;
  std::memcpy(bytes.data() + link, &moved, sizeof moved);
  CHECK_FALSE(wire::decode_reply(bytes).has_value());
}

TEST(Control, status_says_how_long_a_step_takes) {
  wire::ControlReply reply;
  reply.status = full_status();
  const auto read = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  const auto& back = read.status.value();
  CHECK_TRUE(back.step_p50_ns == 18 && back.step_p99_ns == 19 && back.step_max_ns == 20);
}

TEST(Control, reply_to_verify_reads_back) {
  wire::ControlReply reply;
  auto& answer = reply.verify.emplace();
  answer.faults = {"batch 3: its checksum does not hold", "alert event 4 is missing"};
  answer.fault_count = 5;
  answer.batches = 6;
  answer.alerts = 7;
  answer.notes = 8;
  answer.first_batch = 9;
  answer.signed_batch = 10;
  answer.unsigned_batches = 11;
  answer.keyed = true;
  answer.public_key = "ab";
  answer.notice = "no key";
  const auto read = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  CHECK_TRUE(read.verify.has_value());
  const auto& back = *read.verify;
  CHECK_TRUE(back.faults == answer.faults);
  CHECK_TRUE(back.fault_count == 5 && back.batches == 6 && back.alerts == 7 && back.notes == 8);
  CHECK_TRUE(back.first_batch == 9 && back.signed_batch == 10 && back.unsigned_batches == 11 && back.keyed);
  STRCMP_EQUAL("ab", back.public_key.c_str());
  STRCMP_EQUAL("no key", back.notice.c_str());
  CHECK_FALSE(wire::decode_reply(wire::encode_reply({})).value_or(reply).verify.has_value());
}

TEST(Control, request_for_why_reads_back_with_and_without_an_instant) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::why;
  request.name = "distraction";
  auto read = wire::decode_request(wire::encode_request(request)).value_or(wire::ControlRequest{});
  CHECK_TRUE(read.kind == wire::ControlKind::why && !read.at.has_value());
  STRCMP_EQUAL("distraction", read.name.c_str());
  request.at = 1'716'426'000'000;
  read = wire::decode_request(wire::encode_request(request)).value_or(wire::ControlRequest{});
  LONGLONGS_EQUAL(1'716'426'000'000, read.at.value_or(0));
  request.name = std::string(65, 'x');
  CHECK_FALSE(wire::decode_request(wire::encode_request(request)).has_value());
}

TEST(Control, reply_to_why_reads_back) {
  wire::ControlReply reply;
  reply.why.emplace();
  reply.why->image = {std::byte{1}, std::byte{2}, std::byte{3}};
  wire::WhyReport& report = reply.why->report;
  report.at = 1'716'426'000'000;
  report.clock = report.at + 1;
  report.first_instant = report.at - 1;
  report.reach = engine::kNever;
  report.alert = 7;
  report.state = {true, engine::Level::high, engine::Truth::unknown, report.at - 5, report.at - 6, report.at - 4};
  report.needs = {{2, true}, {0, false}};
  report.nodes = {{3, {engine::Truth::yes, true, true, 49.5, 12, report.at + 5, engine::kNever}},
                  {9, {engine::Truth::unknown, false, false, 0, 0, engine::kForever, report.at - 9}}};
  report.feeds = {{1, true, report.at - 100}, {2, false, engine::kNever}};
  report.blind_indicators = {4, 5};
  const auto read = wire::decode_reply(wire::encode_reply(reply));
  CHECK_TRUE(read.has_value() && read->why.has_value());
  const wire::WhyReport& back = read->why->report;
  LONGLONGS_EQUAL(report.at, back.at);
  LONGLONGS_EQUAL(report.clock, back.clock);
  LONGLONGS_EQUAL(report.first_instant, back.first_instant);
  LONGLONGS_EQUAL(report.reach, back.reach);
  LONGS_EQUAL(7, back.alert);
  LONGS_EQUAL(engine::kNone, back.condition);
  CHECK_TRUE(back.state.raised && back.state.level == engine::Level::high);
  CHECK_TRUE(back.state.when == engine::Truth::unknown);
  LONGLONGS_EQUAL(report.at - 5, back.state.raised_at);
  LONGLONGS_EQUAL(report.at - 6, back.state.last_raise);
  LONGLONGS_EQUAL(report.at - 4, back.state.clear_since);
  CHECK_TRUE(back.needs.size() == 2 && back.needs[0].origins == 2 && back.needs[0].met && !back.needs[1].met);
  const engine::NodeView* number = back.find(3);
  const engine::NodeView* condition = back.find(9);
  CHECK_TRUE(number != nullptr && condition != nullptr && back.find(4) == nullptr);
  CHECK_TRUE(number->truth == engine::Truth::yes && number->known && number->saturated);
  DOUBLES_EQUAL(49.5, number->value, 0.0);
  LONGS_EQUAL(12, number->reports);
  LONGLONGS_EQUAL(report.at + 5, number->due);
  LONGLONGS_EQUAL(engine::kNever, number->witness);
  CHECK_TRUE(condition->truth == engine::Truth::unknown && !condition->known && !condition->saturated);
  LONGLONGS_EQUAL(engine::kForever, condition->due);
  LONGLONGS_EQUAL(report.at - 9, condition->witness);
  CHECK_TRUE(back.find_feed(1) != nullptr && back.find_feed(1)->overdue);
  LONGLONGS_EQUAL(report.at - 100, back.find_feed(1)->last_contact);
  LONGLONGS_EQUAL(engine::kNever, back.find_feed(2)->last_contact);
  CHECK_TRUE(back.is_blind(5) && !back.is_blind(6));
  CHECK_TRUE(read->why->image == reply.why->image);
  report.nodes[0].view.truth = static_cast<engine::Truth>(3);
  CHECK_FALSE(wire::decode_reply(wire::encode_reply(reply)).has_value());
}

TEST(Control, request_to_shelve_reads_back) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::shelve;
  request.name = "distraction";
  request.text = "exercise announced";
  request.span_ms = 28'800'000;
  request.until_clear = true;
  const auto read = wire::decode_request(wire::encode_request(request)).value_or(wire::ControlRequest{});
  CHECK_TRUE(read.kind == wire::ControlKind::shelve && read.until_clear);
  STRCMP_EQUAL("distraction", read.name.c_str());
  STRCMP_EQUAL("exercise announced", read.text.c_str());
  LONGLONGS_EQUAL(28'800'000, read.span_ms);
}

TEST(Control, status_tells_who_shelved_an_alert_and_that_it_came_back) {
  wire::ControlReply reply;
  reply.status = full_status();
  auto& shelf = reply.status->alerts[0].shelf.emplace();
  shelf = {"duty", "known", 100, 200, engine::Level::watch, true, {}, 0};
  reply.status->alerts[1].shelf = {"chief", "x", 1, 2, engine::Level::high, false, "rose", 150};
  const auto read = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  CHECK_TRUE(read.status.has_value());
  const auto& first = read.status->alerts.at(0).shelf.value();
  STRCMP_EQUAL("duty", first.by.c_str());
  STRCMP_EQUAL("known", first.why.c_str());
  LONGLONGS_EQUAL(100, first.at);
  LONGLONGS_EQUAL(200, first.until);
  CHECK_TRUE(first.level == engine::Level::watch && first.until_clear && first.ended.empty());
  const auto& second = read.status->alerts.at(1).shelf.value();
  STRCMP_EQUAL("rose", second.ended.c_str());
  LONGLONGS_EQUAL(150, second.ended_at);
  CHECK_FALSE(second.until_clear);
}

TEST(Control, reply_with_a_page_of_the_journal_reads_back) {
  wire::ControlReply reply;
  reply.more = true;
  reply.cursor = 9;
  auto& log = reply.log.emplace();
  log.newest = 12;
  log.batches = {{8, 77, {std::byte{1}, std::byte{2}}}, {9, 78, {}}};
  log.acts = {{3, 79, "duty", "shelve", "distraction \xFF cut"}};  // as the journal has it
  log.gaps = {{0, 80, "", 1, 2}, {4, 81, "radar", 5, 6}};
  log.rejections = {{"desk", Refusal::unknown_feed, 3, "mnd"}};
  log.head = {12, "c0", "51", "0b", "10", -5, 34, 56, "a0", "e0"};
  const auto read = wire::decode_reply(wire::encode_reply(reply)).value_or(wire::ControlReply{});
  CHECK_TRUE(read.log.has_value() && read.more && read.cursor == 9U);
  UNSIGNED_LONGLONGS_EQUAL(12, read.log->newest);
  UNSIGNED_LONGS_EQUAL(2, read.log->batches.size());
  CHECK_TRUE(read.log->batches[0].bytes == log.batches[0].bytes && read.log->batches[1].bytes.empty());
  LONGLONGS_EQUAL(78, read.log->batches[1].clock);
  STRCMP_EQUAL("distraction \xFF cut", read.log->acts.at(0).text.c_str());
  UNSIGNED_LONGLONGS_EQUAL(3, read.log->acts.at(0).number);
  STRCMP_EQUAL("", read.log->gaps.at(0).source.c_str());
  UNSIGNED_LONGLONGS_EQUAL(6, read.log->gaps.at(1).last);
  CHECK_TRUE(read.log->rejections.at(0).reason == Refusal::unknown_feed);
  const auto& head = read.log->head.value();
  UNSIGNED_LONGLONGS_EQUAL(12, head.batch);
  STRCMP_EQUAL("c0 51 0b 10", (head.chain + ' ' + head.signature + ' ' + head.public_key + ' ' + head.journal).c_str());
  STRCMP_EQUAL("a0 e0", (head.alert_chain + ' ' + head.note_chain).c_str());
  CHECK_TRUE(head.at == -5 && head.alert == 34 && head.note == 56);
  log.gaps[0].at = engine::kNever;
  CHECK_FALSE(wire::decode_reply(wire::encode_reply(reply)).has_value());
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
