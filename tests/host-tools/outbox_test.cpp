// SPDX-License-Identifier: Apache-2.0
/// What: what `inject` sends, sends again and gives up on: batching, the window, acknowledgements, refusals to come
/// back later, and breaks of the connection.
/// How: an outbox over numbered lines with a fake clock; the test is the daemon.
#include "lib/outbox.hpp"

#include <map>
#include <set>
#include <string>

#include "tocsin/test_support/prng.hpp"

#include "CppUTest/TestHarness.h"

using namespace std::chrono_literals;
using tocsin::tools::Outbox;
namespace wire = tocsin::wire;

namespace {
wire::InputView report(std::uint64_t seq, std::string_view note) {
  wire::InputView view;
  view.feed = "f";
  view.indicator = "i";
  view.seq = seq;
  view.time = 1'000'000;
  view.note = note;
  return view;
}
}  // namespace

TEST_GROUP(Outbox) {
  Outbox::Clock::time_point now{};
  std::string note;
  std::set<std::size_t> refused;
  std::unique_ptr<Outbox> outbox;

  void begin(std::size_t count) {
    outbox = std::make_unique<Outbox>(
        count,
        [this](std::span<const std::size_t> indices, const auto& use) {
          std::vector<wire::InputView> views;
          for (const std::size_t index : indices) views.push_back(report(index + 1, note));
          use(views);
        },
        [this](std::size_t index, const wire::RefusedItem&) { refused.insert(index); });
  }
  std::size_t send_all() {
    std::size_t frames = 0;
    while (outbox->next_frame(now) != nullptr) ++frames;
    return frames;
  }
};

TEST(Outbox, fills_frames_and_stops_at_the_window) {
  begin(64 * 40 + 1);
  LONGS_EQUAL(Outbox::kFramesInFlightMax, send_all());
  LONGS_EQUAL(Outbox::kFramesInFlightMax, outbox->in_flight());
  outbox->acknowledge({.frame = 9, .refused = {}}, now);
  LONGS_EQUAL(9 * 64, outbox->taken());
  LONGS_EQUAL(9, send_all());
  outbox->acknowledge({.frame = 41, .refused = {}}, now);
  CHECK(outbox->done());
  LONGS_EQUAL(64 * 40 + 1, outbox->taken());
}

TEST(Outbox, numbers_frames_from_one_and_again_after_a_break) {
  begin(130);
  UNSIGNED_LONGLONGS_EQUAL(1, outbox->next_frame(now)->number);
  UNSIGNED_LONGLONGS_EQUAL(2, outbox->next_frame(now)->number);
  outbox->acknowledge({.frame = 1, .refused = {}}, now);
  outbox->connection_lost();
  const auto* frame = outbox->next_frame(now);
  UNSIGNED_LONGLONGS_EQUAL(1, frame->number);
  LONGS_EQUAL(64, frame->items.front());
  LONGS_EQUAL(64, outbox->resent());
}

TEST(Outbox, keeps_the_order_when_it_sends_again) {
  begin(64 * 3);
  send_all();
  outbox->connection_lost();
  std::size_t expected = 0;
  while (const auto* frame = outbox->next_frame(now)) {
    for (const std::size_t item : frame->items) LONGS_EQUAL(expected++, item);
  }
  LONGS_EQUAL(64 * 3, expected);
}

TEST(Outbox, an_unsent_frame_keeps_its_number_and_place) {
  begin(70);
  CHECK(outbox->next_frame(now) != nullptr);
  CHECK(outbox->next_frame(now) != nullptr);
  outbox->unsend();
  const auto* frame = outbox->next_frame(now);
  UNSIGNED_LONGLONGS_EQUAL(2, frame->number);
  LONGS_EQUAL(64, frame->items.front());
  LONGS_EQUAL(6, frame->items.size());
}

TEST(Outbox, tells_what_is_refused_for_good_once) {
  begin(3);
  send_all();
  outbox->acknowledge(
      {.frame = 1,
       .refused = {{.frame = 1, .index = 1, .code = wire::Refusal::unknown_feed, .retry = false, .text = ""}}},
      now);
  LONGS_EQUAL(2, outbox->taken());
  LONGS_EQUAL(1, outbox->refused());
  LONGS_EQUAL(1, refused.count(1));
  CHECK(outbox->done());
}

TEST(Outbox, sends_again_later_what_may_come_later_and_gives_up_in_the_end) {
  begin(1);
  unsigned attempts = 0;
  while (!outbox->done()) {
    const auto* frame = outbox->next_frame(now);
    if (frame == nullptr) {
      CHECK(outbox->next_retry().has_value());
      CHECK(*outbox->next_retry() > now);
      now = *outbox->next_retry();
      continue;
    }
    ++attempts;
    outbox->acknowledge(
        {.frame = frame->number,
         .refused = {{.frame = frame->number, .index = 0, .code = wire::Refusal::full, .retry = true, .text = ""}}},
        now);
  }
  UNSIGNED_LONGS_EQUAL(Outbox::kAttemptsMax, attempts);
  LONGS_EQUAL(1, outbox->refused());
  CHECK(now - Outbox::Clock::time_point{} < 60s);
}

TEST(Outbox, holds_lines_back_until_they_are_released) {
  begin(10);
  outbox->release_until(0);
  LONGS_EQUAL(0, send_all());
  outbox->release_until(4);
  const auto* frame = outbox->next_frame(now);
  LONGS_EQUAL(4, frame->items.size());
  LONGS_EQUAL(0, send_all());
}

TEST(Outbox, knows_when_the_daemon_misses_frames) {
  CHECK_FALSE(Outbox::lost_frames(
      {.frame = 7, .refused = {{.frame = 7, .index = 0, .code = wire::Refusal::full, .retry = true, .text = ""}}}));
  CHECK(Outbox::lost_frames(
      {.frame = 0,
       .refused = {{.frame = 7, .index = 0, .code = wire::Refusal::malformed, .retry = true, .text = ""}}}));
}

TEST(Outbox, splits_a_frame_that_would_be_too_large) {
  note.assign(wire::kNoteBytesMax * 4, 'x');  // longer than the daemon takes: only the size matters here
  begin(64);
  std::size_t items = 0;
  while (const auto* frame = outbox->next_frame(now)) {
    CHECK(frame->bytes.size() <= wire::kFrameBytesMax);
    items += frame->items.size();
  }
  LONGS_EQUAL(64, items);
  CHECK(outbox->in_flight() > 1);
}

TEST(Outbox, decides_every_line_whatever_breaks) {
  constexpr std::uint64_t kSeed = 20240523;
  tocsin::test_support::Prng random{kSeed};
  begin(1000);
  std::map<std::size_t, unsigned> stored;
  std::deque<Outbox::Frame> wire_queue;
  for (unsigned turn = 0; !outbox->done(); ++turn) {
    CHECK_TEXT(turn < 100'000, "seed 20240523 never ends");
    if (const auto* frame = outbox->next_frame(now)) wire_queue.push_back(*frame);
    if (random.below(20) == 0) {
      // What was on its way may have arrived or not; either way no acknowledgement came.
      if (!wire_queue.empty() && random.below(2) == 0) {
        for (const std::size_t item : wire_queue.front().items) ++stored[item];
      }
      wire_queue.clear();
      outbox->connection_lost();
    } else if (!wire_queue.empty() && random.below(2) == 0) {
      const Outbox::Frame frame = wire_queue.front();
      wire_queue.pop_front();
      for (const std::size_t item : frame.items) ++stored[item];
      outbox->acknowledge({.frame = frame.number, .refused = {}}, now);
    }
  }
  LONGS_EQUAL(1000, outbox->taken());
  LONGS_EQUAL(1000, stored.size());
}
