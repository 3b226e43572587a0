// SPDX-License-Identifier: Apache-2.0
/// What: each alert event is shown once, none is passed over, and numbers that fall are told from such that waited.
/// How: a track with numbers and one byte for each event; the test is the subscription and the control socket.
#include "lib/event_track.hpp"

#include <array>

#include "CppUTest/TestHarness.h"

using tocsin::tools::EventTrack;
using tocsin::tools::Heard;

TEST_GROUP(EventTrack) {
  EventTrack track{true};

  static std::array<std::byte, 1> bytes_of(int kind) { return {static_cast<std::byte>(kind)}; }
  void hear(Heard expected, std::uint64_t number, int kind = 0) {
    LONGS_EQUAL(static_cast<int>(expected), static_cast<int>(track.live(number, bytes_of(kind))));
  }
  void head(Heard expected, std::uint64_t number) {
    LONGS_EQUAL(static_cast<int>(expected), static_cast<int>(track.head(number)));
  }
  void fetch(bool shown, std::uint64_t number, int kind = 0) {
    CHECK_EQUAL(shown, track.fetched(number, bytes_of(kind)));
  }
};

TEST(EventTrack, one_after_the_other_is_shown_once_however_many_audiences_there_are) {
  for (std::uint64_t number = 1; number < 4; ++number) {
    hear(Heard::fresh, number);
    hear(Heard::seen, number);
    LONGS_EQUAL(number, track.mark());
    head(Heard::seen, number);
  }
}

TEST(EventTrack, what_is_beyond_a_hole_is_shown_and_the_mark_stays_before_it) {
  track.restart(3);
  hear(Heard::fresh, 6);
  hear(Heard::fresh, 8);
  LONGS_EQUAL(3, track.mark());
  LONGS_EQUAL(8, track.newest());
  fetch(true, 4);
  fetch(true, 5);
  LONGS_EQUAL(6, track.mark());
  fetch(false, 6);
  fetch(true, 7);
  fetch(false, 8);
  LONGS_EQUAL(8, track.mark());
  hear(Heard::seen, 8);
  hear(Heard::fresh, 9);
}

TEST(EventTrack, what_is_not_for_us_fills_a_hole_as_well) {
  hear(Heard::fresh, 2);
  hear(Heard::fresh, 4);
  track.fetched_up_to(1);
  LONGS_EQUAL(2, track.mark());
  track.fetched_up_to(3);
  LONGS_EQUAL(4, track.mark());
  LONGS_EQUAL(4, track.newest());
}

TEST(EventTrack, without_a_way_to_fetch_the_mark_goes_over_holes) {
  track = EventTrack{false};
  hear(Heard::fresh, 3);
  hear(Heard::fresh, 7);
  LONGS_EQUAL(7, track.mark());
}

TEST(EventTrack, numbers_that_fall_on_a_connection_are_of_another_journal) {
  hear(Heard::fresh, 1);
  hear(Heard::fresh, 2);
  hear(Heard::back, 1);
  head(Heard::back, 1);
  track.restart(0);
  hear(Heard::fresh, 1);
  LONGS_EQUAL(1, track.mark());
}

TEST(EventTrack, so_are_lower_ones_on_the_next_connection) {
  track.restart(7);
  track.connected();
  head(Heard::seen, 7);
  head(Heard::back, 1);
  hear(Heard::back, 1);
}

TEST(EventTrack, and_the_same_one_with_other_bytes) {
  hear(Heard::fresh, 1, 'a');
  hear(Heard::seen, 1, 'a');
  hear(Heard::back, 1, 'b');
  track.connected();
  hear(Heard::back, 1, 'b');
  track.restart(0);
  fetch(true, 1, 'b');
  hear(Heard::seen, 1, 'b');
  hear(Heard::back, 1, 'a');
}

TEST(EventTrack, an_event_that_is_known_without_being_shown_is_told_from_another_of_its_number) {
  track.restart(3);
  LONGS_EQUAL(0, track.last());
  track.know(3, bytes_of('a'));
  LONGS_EQUAL(3, track.last());
  LONGS_EQUAL(3, track.mark());
  CHECK_TRUE(track.is_last(bytes_of('a')));
  hear(Heard::seen, 3, 'a');
  hear(Heard::back, 3, 'b');
  track.restart(2);
  LONGS_EQUAL(0, track.last());
  hear(Heard::fresh, 3, 'b');
}

TEST(EventTrack, what_waited_while_more_was_fetched_is_doubtful_until_vouched_for) {
  for (std::uint64_t number = 1; number < 6; ++number) fetch(true, number);
  head(Heard::doubtful, 2);
  hear(Heard::doubtful, 3);
  hear(Heard::seen, 3);
  track.vouch();
  head(Heard::seen, 3);
  hear(Heard::seen, 4);
  hear(Heard::back, 3);
  hear(Heard::seen, 5);
  fetch(true, 6);
  head(Heard::doubtful, 5);
  track.connected();
  head(Heard::back, 5);
}
