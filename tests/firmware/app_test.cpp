// SPDX-License-Identifier: Apache-2.0
/// What: the firmware's application between a line and an engine: what it answers to good, damaged and useless frames.
/// How: scripted devices; a book with one alert, raised by any report of `launch` and cleared an hour later. Answers
/// are read by their file identifiers, so that the same test runs where the decoders (which allocate) do not exist.
#include "tocsin/firmware/app.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tocsin/schemas/alert_generated.h"
#include "tocsin/schemas/control_generated.h"
#include "tocsin/schemas/report_generated.h"
#include "tocsin/test_support/heap_guard.hpp"

#include "book_builder.hpp"
#include "scripted_devices.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using test_support::BookBuilder;
using test_support::HeapGuard;

namespace {
constexpr engine::Instant kStart = 1'700'000'000'000;
constexpr engine::Span kHour = 3'600'000;

/// One answer of the application.
struct Answer {
  bool alert = false;
  engine::EventKind kind{};     // alert
  std::uint64_t frame = 0;      // ack
  std::vector<unsigned> index;  // ack: refused items
  std::vector<unsigned> code;
  std::string text;  // ack: of the first one
};

struct Item {
  const char* feed;
  std::uint64_t seq;
  engine::Instant time;
};

std::vector<std::byte> framed(const std::uint8_t* payload, std::size_t size) {
  const auto bytes = std::as_bytes(std::span{payload, size});
  std::array<std::byte, wire::kFrameHeaderBytes> header{};
  wire::write_frame_header(bytes, header);
  std::vector<std::byte> out(header.size() + size);
  std::copy(header.begin(), header.end(), out.begin());
  std::copy(bytes.begin(), bytes.end(), out.begin() + wire::kFrameHeaderBytes);
  return out;
}

std::vector<std::byte> batch(std::uint64_t frame, const std::vector<Item>& items) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schemas::Input>> inputs;
  for (const Item& item : items) {
    const auto feed = builder.CreateString(item.feed);
    const auto indicator = builder.CreateString("launch");
    schemas::ReportBuilder report{builder};
    report.add_feed(feed);
    report.add_indicator(indicator);
    report.add_seq(item.seq);
    report.add_time(item.time);
    const auto finished = report.Finish();
    schemas::InputBuilder input{builder};
    input.add_report(finished);
    inputs.push_back(input.Finish());
  }
  builder.Finish(schemas::CreateBatch(builder, frame, builder.CreateVector(inputs)), schemas::BatchIdentifier());
  return framed(builder.GetBufferPointer(), builder.GetSize());
}

std::vector<std::byte> clock_batch(std::uint64_t frame, engine::Instant time) {
  flatbuffers::FlatBufferBuilder builder;
  const auto clock = schemas::CreateClock(builder, time);
  schemas::InputBuilder input{builder};
  input.add_clock(clock);
  const std::vector<flatbuffers::Offset<schemas::Input>> inputs{input.Finish()};
  builder.Finish(schemas::CreateBatch(builder, frame, builder.CreateVector(inputs)), schemas::BatchIdentifier());
  return framed(builder.GetBufferPointer(), builder.GetSize());
}

std::vector<std::uint64_t> book() {
  BookBuilder builder{24 * kHour};
  builder.theater("korea");
  builder.origin("eye");
  builder.feed("radar", {0});
  builder.indicator("launch", {0});
  const auto count = builder.number(engine::Op::count, 0, kHour);
  const auto one = builder.literal(1);
  builder.alert("rings", builder.node(engine::Op::greater_equal, count, one));
  return builder.build();
}

engine::Image loaded(const std::vector<std::uint64_t>& bytes) {
  engine::Image image;
  const auto error = engine::load_image(std::as_bytes(std::span{bytes}), image);
  STRCMP_EQUAL("none", error == engine::ImageError::none ? "none" : engine::describe(error));
  return image;
}
}  // namespace

TEST_GROUP(App) {
  std::vector<std::uint64_t> image_bytes = book();
  engine::Image image = loaded(image_bytes);
  std::vector<std::uint64_t> block = std::vector<std::uint64_t>(engine::layout_of(image).block_bytes / 8 + 1);
  std::vector<std::uint64_t> frame =
      std::vector<std::uint64_t>((wire::kFrameHeaderBytes + firmware::kBatchBytesMax) / 8);
  std::vector<std::uint64_t> arena = std::vector<std::uint64_t>(wire::kAlertBytesMax / 8);
  std::vector<std::uint64_t> answer_storage =
      std::vector<std::uint64_t>((wire::kFrameHeaderBytes + wire::kSerialPayloadMax) / 8);
  tests::ScriptedUart uart;
  tests::ScriptedTick tick;
  tests::ScriptedWatchdog watchdog;
  tests::ScriptedResetLog reset_log;
  firmware::App app{image,
                    {.block = std::as_writable_bytes(std::span{block}),
                     .frame = std::as_writable_bytes(std::span{frame}),
                     .arena = std::as_writable_bytes(std::span{arena})},
                    {.uart = uart, .tick = tick, .watchdog = watchdog, .reset_log = reset_log}};

  /// Lets the application work until it sleeps, and reads what it said.
  std::vector<Answer> answers() {
    while (app.poll()) {
    }
    std::vector<Answer> out;
    wire::FrameDecoder decoder{std::as_writable_bytes(std::span{answer_storage})};
    for (const std::byte byte : uart.take_written()) {
      if (decoder.push(byte)) out.push_back(read(decoder.payload()));
    }
    UNSIGNED_LONGS_EQUAL(0, decoder.damaged());
    return out;
  }
  std::vector<Answer> answers_to(const std::vector<std::byte>& bytes) {
    uart.arrive(bytes);
    return answers();
  }

  static Answer read(std::span<const std::byte> payload) {
    Answer answer;
    flatbuffers::Verifier verifier{reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()};
    if (flatbuffers::BufferHasIdentifier(payload.data(), schemas::AlertEventIdentifier())) {
      CHECK_TRUE(schemas::VerifyAlertEventBuffer(verifier));
      answer.alert = true;
      answer.kind = static_cast<engine::EventKind>(schemas::GetAlertEvent(payload.data())->kind());
      return answer;
    }
    CHECK_TRUE(verifier.VerifyBuffer<schemas::Ack>("TCAK"));
    const auto* ack = flatbuffers::GetRoot<schemas::Ack>(payload.data());
    answer.frame = ack->frame();
    if (ack->refused() == nullptr) return answer;
    for (const schemas::RefusedItem* item : *ack->refused()) {
      answer.index.push_back(item->index());
      answer.code.push_back(item->code());
      if (answer.text.empty() && item->text() != nullptr) answer.text = item->text()->c_str();
    }
    return answer;
  }
};

TEST(App, says_that_it_is_there_with_an_ack_of_frame_0) {
  app.announce();
  const auto said = answers();
  LONGS_EQUAL(1, said.size());
  CHECK_FALSE(said[0].alert);
  UNSIGNED_LONGLONGS_EQUAL(0, said[0].frame);
  LONGS_EQUAL(0, said[0].index.size());
}

TEST(App, says_why_it_restarted) {
  reset_log.text = "fault 4, stack overflow";
  reset_log.restarts = 3;
  app.announce();
  const auto said = answers();
  LONGS_EQUAL(1, said.size());
  LONGS_EQUAL(1, said[0].code.size());
  LONGS_EQUAL(0, said[0].code[0]);
  STRCMP_EQUAL("restart 3: fault 4, stack overflow", said[0].text.c_str());
}

TEST(App, sends_the_alert_events_of_a_batch_before_its_ack) {
  const auto said = answers_to(batch(7, {{"radar", 1, kStart}}));
  LONGS_EQUAL(2, said.size());
  CHECK_TRUE(said[0].alert);
  ENUMS_EQUAL_INT(engine::EventKind::raised, said[0].kind);
  CHECK_FALSE(said[1].alert);
  UNSIGNED_LONGLONGS_EQUAL(7, said[1].frame);
  LONGS_EQUAL(0, said[1].index.size());
}

TEST(App, starts_at_the_first_clock_item) {
  (void)answers_to(clock_batch(1, kStart));
  LONGLONGS_EQUAL(kStart, app.engine().first_instant());
  LONGLONGS_EQUAL(kStart, app.engine().clock());
}

TEST(App, moves_its_clock_with_clock_items) {
  (void)answers_to(batch(1, {{"radar", 1, kStart}}));
  const auto said = answers_to(clock_batch(2, kStart + 2 * kHour));
  LONGS_EQUAL(2, said.size());
  ENUMS_EQUAL_INT(engine::EventKind::cleared, said[0].kind);
}

TEST(App, acknowledges_a_repeated_batch_without_a_second_alert) {
  const auto bytes = batch(1, {{"radar", 1, kStart}});
  LONGS_EQUAL(2, answers_to(bytes).size());
  const auto said = answers_to(bytes);
  LONGS_EQUAL(1, said.size());
  UNSIGNED_LONGLONGS_EQUAL(1, said[0].frame);
  LONGS_EQUAL(0, said[0].index.size());
}

TEST(App, refuses_one_item_and_takes_the_rest_of_its_batch) {
  const auto said = answers_to(batch(3, {{"sonar", 1, kStart}, {"radar", 1, kStart}}));
  LONGS_EQUAL(2, said.size());
  CHECK_TRUE(said[0].alert);
  LONGS_EQUAL(1, said[1].index.size());
  LONGS_EQUAL(0, said[1].index[0]);
  LONGS_EQUAL(static_cast<int>(wire::Refusal::unknown_feed), said[1].code[0]);
  STRCMP_EQUAL(wire::sentence_of(wire::Refusal::unknown_feed), said[1].text.c_str());
  LONGS_EQUAL(1, app.counters().refused);
}

TEST(App, refuses_a_number_that_was_used_with_other_content) {
  (void)answers_to(batch(1, {{"radar", 1, kStart}}));
  const auto said = answers_to(batch(2, {{"radar", 1, kStart + 1}}));
  LONGS_EQUAL(1, said.size());
  LONGS_EQUAL(static_cast<int>(wire::Refusal::reused_seq), said[0].code[0]);
}

TEST(App, can_refuse_every_item_of_the_largest_batch) {
  const auto said = answers_to(batch(9, std::vector<Item>(wire::kFrameItemsMax, {"x", 1, kStart})));
  LONGS_EQUAL(1, said.size());
  LONGS_EQUAL(wire::kFrameItemsMax, said[0].code.size());
}

TEST(App, says_that_a_whole_frame_without_a_batch_is_malformed) {
  const std::array<std::uint8_t, 24> nonsense{};
  (void)answers_to(batch(4, {{"radar", 1, kStart}}));
  const auto said = answers_to(framed(nonsense.data(), nonsense.size()));
  LONGS_EQUAL(1, said.size());
  UNSIGNED_LONGLONGS_EQUAL(4, said[0].frame);
  LONGS_EQUAL(static_cast<int>(wire::Refusal::malformed), said[0].code[0]);
  LONGS_EQUAL(1, app.counters().not_batches);
}

TEST(App, does_not_answer_a_damaged_frame_and_takes_the_next_try) {
  auto bytes = batch(1, {{"radar", 1, kStart}});
  bytes[bytes.size() / 2] ^= std::byte{1};
  LONGS_EQUAL(0, answers_to(bytes).size());
  LONGS_EQUAL(1, app.damaged_frames());
  bytes[bytes.size() / 2] ^= std::byte{1};
  LONGS_EQUAL(2, answers_to(bytes).size());
}

TEST(App, gives_a_frame_up_that_stops_in_the_middle) {
  auto bytes = batch(1, {{"radar", 1, kStart}});
  const std::vector<std::byte> half(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2));
  LONGS_EQUAL(0, answers_to(half).size());
  tick.now += firmware::kFrameGapMs;
  LONGS_EQUAL(0, answers().size());
  LONGS_EQUAL(1, app.damaged_frames());
  LONGS_EQUAL(2, answers_to(bytes).size());
}

TEST(App, waits_for_the_rest_of_a_frame_that_pauses_briefly) {
  auto bytes = batch(1, {{"radar", 1, kStart}});
  const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2);
  (void)answers_to({bytes.begin(), middle});
  tick.now += firmware::kFrameGapMs - 1;
  LONGS_EQUAL(0, answers().size());
  LONGS_EQUAL(2, answers_to({middle, bytes.end()}).size());
  LONGS_EQUAL(0, app.damaged_frames());
}

TEST(App, finds_the_frame_behind_a_damaged_length) {
  auto bytes = batch(1, {{"radar", 1, kStart}});
  auto damaged = bytes;
  damaged[3] = std::byte{0x10};  // claims 4 KiB, so that the good frame lies inside
  LONGS_EQUAL(0, answers_to(damaged).size());
  LONGS_EQUAL(0, answers_to(bytes).size());
  tick.now += firmware::kFrameGapMs;
  LONGS_EQUAL(2, answers().size());
}

TEST(App, works_one_byte_at_a_time) {
  uart.chunk_bytes = 1;
  LONGS_EQUAL(2, answers_to(batch(1, {{"radar", 1, kStart}})).size());
}

TEST(App, kicks_the_watchdog_when_idle_and_while_it_works) {
  (void)app.poll();
  LONGS_EQUAL(1, watchdog.kicks);
  uart.arrive(batch(1, std::vector<Item>(wire::kFrameItemsMax, {"x", 1, kStart})));
  std::uint32_t polls = 2;
  while (app.poll()) ++polls;
  CHECK_TRUE(watchdog.kicks >= polls + wire::kFrameItemsMax);
}

TEST(App, gives_an_answer_up_that_the_line_does_not_take) {
  uart.stuck = true;
  tick.per_look = 10;
  uart.arrive(batch(1, {{"radar", 1, kStart}}));
  while (app.poll()) {
  }
  LONGS_EQUAL(2, app.counters().stalled);
  CHECK_TRUE(watchdog.kicks > 100);
  uart.stuck = false;
  LONGS_EQUAL(1, answers_to(batch(1, {{"radar", 1, kStart}})).size());
}

TEST(App, uses_no_heap) {
  const auto first = batch(1, {{"radar", 1, kStart}, {"sonar", 1, kStart}});
  const auto second = clock_batch(2, kStart + 2 * kHour);
  uart.arrive(first);
  uart.arrive(second);
  const HeapGuard guard;
  app.announce();
  while (app.poll()) {
  }
  const auto allocations = guard.allocations();
  UNSIGNED_LONGLONGS_EQUAL(0, allocations);
  LONGS_EQUAL(2, app.counters().events);
}
