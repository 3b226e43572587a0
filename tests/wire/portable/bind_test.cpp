// SPDX-License-Identifier: Apache-2.0
/// What: lines become inputs with the book's indices, or are refused for the right reason; the content number is one
///       for all forms of a line.
/// How: a good line of each kind, then one thing made wrong at a time.
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "tocsin/test_support/heap_guard.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/input_view.hpp"

#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using engine::Input;
using engine::InputKind;
using wire::InputView;
using wire::Refusal;
namespace sample = test_support::sample;

namespace {
constexpr engine::Instant kTime = 1'716'426'000'000;

InputView report() {
  InputView view;
  view.feed = "mnd_daily";
  view.indicator = "pla_aircraft";
  view.seq = 12;
  view.time = kTime;
  view.value = 49;
  return view;
}

InputView retraction() {
  InputView view;
  view.kind = InputKind::retraction;
  view.feed = "mnd_daily";
  view.seq = 13;
  view.target_seq = 12;
  view.time = kTime;
  return view;
}
}  // namespace

TEST_GROUP(Bind) {
  Input out;
  InputView view = report();
  engine::Instant clock = 0;

  Refusal bind() { return wire::bind(view, test_support::sample_book(), clock, out); }
  void bound() { STRCMP_EQUAL("none", wire::name_of(bind())); }
  void refused(Refusal refusal) {
    const Input before = out;
    STRCMP_EQUAL(wire::name_of(refusal), wire::name_of(bind()));
    CHECK_TRUE(out.feed == before.feed && out.time == before.time && out.content == before.content);
  }
  std::uint32_t content() {
    bound();
    return out.content;
  }
};

TEST(Bind, resolves_the_names_of_a_report) {
  view.origin = "mnd";
  view.credibility = 2;
  view.status = engine::Status::test;
  view.target_seq = 11;
  bound();
  CHECK_TRUE(out.kind == InputKind::report);
  LONGS_EQUAL(sample::mnd_daily, out.feed);
  LONGS_EQUAL(sample::pla_aircraft, out.indicator);
  LONGS_EQUAL(sample::mnd, out.origin);
  LONGS_EQUAL(2, out.credibility);
  CHECK_TRUE(out.status == engine::Status::test);
  CHECK_TRUE(out.has_target_seq);
  UNSIGNED_LONGLONGS_EQUAL(12, out.seq);
  UNSIGNED_LONGLONGS_EQUAL(11, out.target_seq);
  LONGLONGS_EQUAL(kTime, out.time);
  DOUBLES_EQUAL(49.0, out.value, 0.0);
}

TEST(Bind, resolves_actor_target_and_tags_and_refuses_none_it_does_not_know) {
  view.actor = "prc";
  view.target = "taiwan";
  view.tags.items = {"joint", "night"};
  view.tags.size = 2;
  bound();
  LONGS_EQUAL(1, out.actor);
  LONGS_EQUAL(engine::kOther, out.target);
  CHECK_TRUE(out.has_tags);
  UNSIGNED_LONGLONGS_EQUAL(1ULL << sample::night, out.tags);
  view.actor = "";
  view.target = "dprk";
  view.tags.size = 1;
  bound();
  LONGS_EQUAL(engine::kNone, out.actor);
  LONGS_EQUAL(0, out.target);
  CHECK_TRUE(out.has_tags);
  UNSIGNED_LONGLONGS_EQUAL(0, out.tags);
  view.tags.size = 0;
  bound();
  CHECK_FALSE(out.has_tags);
}

TEST(Bind, gives_a_report_without_origin_its_feeds_only_one) {
  bound();
  LONGS_EQUAL(sample::mnd, out.origin);
}

TEST(Bind, asks_for_the_origin_where_a_feed_has_several) {
  view.feed = "launches";
  view.indicator = "dprk_severe";
  refused(Refusal::origin_missing);
  view.origin = "mod";
  bound();
  LONGS_EQUAL(sample::mod, out.origin);
}

TEST(Bind, refuses_an_origin_that_the_feed_does_not_carry) {
  view.origin = "mod";
  refused(Refusal::unknown_origin);
  view.origin = "nobody";
  refused(Refusal::unknown_origin);
}

TEST(Bind, refuses_names_the_book_lacks) {
  view.feed = "mnd";
  refused(Refusal::unknown_feed);
  view.feed = "";
  refused(Refusal::unknown_feed);
  view = report();
  view.indicator = "pla_aircraf";
  refused(Refusal::unknown_indicator);
}

TEST(Bind, refuses_an_indicator_that_the_feed_does_not_carry) {
  view.indicator = "dprk_severe";
  refused(Refusal::feed_not_allowed);
}

TEST(Bind, takes_a_report_without_a_value_as_one) {
  view.value.reset();
  bound();
  DOUBLES_EQUAL(1.0, out.value, 0.0);
}

TEST(Bind, turns_minus_zero_into_zero) {
  view.value = -0.0;
  bound();
  CHECK_FALSE(std::signbit(out.value));
}

TEST(Bind, refuses_values_that_are_not_finite) {
  for (const double value : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    view.value = value;
    refused(Refusal::bad_value);
  }
}

TEST(Bind, refuses_times_outside_1970_to_9999) {
  for (const engine::Instant time : {engine::Instant{-1}, engine::kInstantMax + 1, engine::kNever, engine::kForever}) {
    view = report();
    view.time = time;
    refused(Refusal::bad_time);
    view = report();
    view.received = time;
    refused(Refusal::bad_time);
  }
  view.received.reset();
  view.time = engine::kInstantMax;
  bound();
  view.time = engine::kInstantMin;
  bound();
}

TEST(Bind, refuses_sequence_numbers_that_are_missing_or_too_large_or_name_themselves) {
  view.seq.reset();
  refused(Refusal::bad_seq);
  view.seq = engine::kSeqEnd;
  refused(Refusal::bad_seq);
  view.seq = 12;
  view.target_seq = 12;
  refused(Refusal::bad_seq);
  view.target_seq = engine::kSeqEnd;
  refused(Refusal::bad_seq);
  view = retraction();
  view.target_seq.reset();
  refused(Refusal::bad_seq);
}

TEST(Bind, refuses_texts_that_are_too_long) {
  static const std::array<char, 600> kLong = [] {
    std::array<char, 600> text{};
    text.fill('x');
    return text;
  }();
  const std::string_view text{kLong.data(), kLong.size()};
  struct Row {
    std::string_view InputView::*field;
    std::size_t bytes_max;
  };
  const std::array<Row, 5> rows{{{&InputView::actor, 64},
                                 {&InputView::target, 64},
                                 {&InputView::unit, 64},
                                 {&InputView::ref, 200},
                                 {&InputView::note, 480}}};
  for (const Row& row : rows) {
    view = report();
    view.*row.field = text.substr(0, row.bytes_max);
    bound();
    view.*row.field = text.substr(0, row.bytes_max + 1);
    refused(Refusal::too_long);
  }
  view = report();
  view.tags.items[0] = text.substr(0, 65);
  view.tags.size = 1;
  refused(Refusal::too_long);
}

TEST(Bind, refuses_fields_out_of_range) {
  view.credibility = 7;
  refused(Refusal::bad_field);
  view = report();
  view.status = static_cast<engine::Status>(3);
  refused(Refusal::bad_field);
  view = report();
  view.marking = static_cast<wire::Marking>(6);
  refused(Refusal::bad_field);
  view = report();
  view.latitude = 10;  // without a longitude
  refused(Refusal::bad_field);
  view.longitude = 180.5;
  refused(Refusal::bad_field);
  view.longitude = 180;
  bound();
  view.latitude = std::numeric_limits<double>::quiet_NaN();
  refused(Refusal::bad_field);
  view = report();
  view.release.size = 9;
  refused(Refusal::bad_field);
}

TEST(Bind, refuses_texts_that_are_not_clean_utf8) {
  const std::array<std::string_view, 12> bad{
      "\xFF",  "\xC3",      "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xF0\x80\x80\x80",
      "a\x80", "tab\there", "\x7F",     "\xC2\x85",     "line\nend"};
  for (const std::string_view text : bad) {
    view = report();
    view.actor = text;
    refused(Refusal::bad_field);
  }
  view = report();
  view.actor = "\xE8\x87\xBA\xE7\x81\xA3 \xF0\x9F\x94\x94 \xC3\xA9";
  bound();
  view.note = "tab\tand\nline";  // a note may have both
  bound();
  view.note = "bell\x07";
  refused(Refusal::bad_field);
}

/// Texts are looked at eight bytes at a time where they are plain: each byte is, at each place.
TEST(Bind, finds_an_unclean_byte_wherever_it_is) {
  for (std::size_t place = 0; place < 19; ++place) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::string note(19, 'x');
      note[place] = static_cast<char>(byte);
      view.note = note;
      const bool clean = (byte >= 0x20 && byte < 0x7F) || byte == '\t' || byte == '\n';
      STRCMP_EQUAL(wire::name_of(clean ? Refusal::none : Refusal::bad_field), wire::name_of(bind()));
    }
  }
}

TEST(Bind, refuses_a_kind_that_does_not_exist) {
  view.kind = static_cast<InputKind>(4);
  refused(Refusal::malformed);
}

TEST(Bind, gives_a_missing_received_as_soon_as_possible) {
  clock = kTime - 1;
  bound();
  LONGLONGS_EQUAL(kTime, out.received);
  clock = kTime + 5;
  bound();
  LONGLONGS_EQUAL(kTime + 5, out.received);
}

TEST(Bind, keeps_a_given_received_even_when_the_clock_is_ahead) {
  clock = kTime + 100;
  view.received = kTime + 7;
  bound();
  LONGLONGS_EQUAL(kTime + 7, out.received);
}

TEST(Bind, moves_the_clock_of_a_clock_line_only_to_its_time) {
  view = InputView{};
  view.kind = InputKind::clock;
  view.time = kTime;
  clock = kTime + 100;
  bound();
  LONGLONGS_EQUAL(kTime, out.received);
  LONGLONGS_EQUAL(kTime, out.time);
  LONGS_EQUAL(engine::kNone, out.feed);
}

TEST(Bind, binds_heartbeats_and_retractions) {
  view = InputView{};
  view.kind = InputKind::heartbeat;
  view.feed = "launches";
  view.time = kTime;
  bound();
  LONGS_EQUAL(sample::launches, out.feed);
  CHECK_TRUE(out.kind == InputKind::heartbeat);
  view = retraction();
  bound();
  CHECK_TRUE(out.kind == InputKind::retraction && out.has_target_seq);
  UNSIGNED_LONGLONGS_EQUAL(13, out.seq);
  UNSIGNED_LONGLONGS_EQUAL(12, out.target_seq);
}

TEST(Bind, content_is_everything_but_received) {
  const std::uint32_t before = content();
  view.received = kTime + 1000;
  UNSIGNED_LONGS_EQUAL(before, content());
}

TEST(Bind, content_of_equal_meaning_is_equal) {
  view.value.reset();
  const std::uint32_t absent = content();
  view.value = 1.0;
  UNSIGNED_LONGS_EQUAL(absent, content());
  view.value = 0.0;
  const std::uint32_t zero = content();
  view.value = -0.0;
  UNSIGNED_LONGS_EQUAL(zero, content());
}

TEST(Bind, content_changes_with_every_field) {
  view = golden::inputs()[0];
  const std::uint32_t before = content();
  const std::array<void (*)(InputView&), 17> changes{
      [](InputView& v) { v.status = engine::Status::actual; },
      [](InputView& v) { v.marking = wire::Marking::red; },
      [](InputView& v) { v.credibility = 3; },
      [](InputView& v) { v.indicator = "plan_ships"; },
      [](InputView& v) { v.origin = ""; },
      [](InputView& v) { v.actor = "prc "; },
      [](InputView& v) { v.target = ""; },
      [](InputView& v) { v.unit = "Aircraft"; },
      [](InputView& v) { v.ref = ""; },
      [](InputView& v) { v.note = "other"; },
      [](InputView& v) { v.tags.size = 1; },
      [](InputView& v) { std::swap(v.release.items[0], v.release.items[1]); },
      [](InputView& v) { v.seq = 3; },
      [](InputView& v) { v.target_seq.reset(); },
      [](InputView& v) { v.value = 49.25; },
      [](InputView& v) { v.latitude = -23.0; },
      [](InputView& v) { v.time += 1; },
  };
  for (const auto change : changes) {
    view = golden::inputs()[0];
    change(view);
    CHECK_TRUE(content() != before);
  }
}

TEST(Bind, content_keeps_neighbouring_texts_apart) {
  view.actor = "ab";
  view.target = "c";
  const std::uint32_t before = content();
  view.actor = "a";
  view.target = "bc";
  CHECK_TRUE(content() != before);
}

TEST(Bind, content_is_the_same_number_on_every_target) {
  const auto inputs = golden::inputs();
  const std::array<std::uint32_t, 5> expected{0x0746D1BEU, 0x0A9948ECU, 0x48CEBBA9U, 0x3108D63FU, 0x82688CA8U};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    view = inputs[i];
    UNSIGNED_LONGS_EQUAL(expected[i], content());
  }
}

TEST(Bind, needs_no_heap) {
  view = golden::inputs()[0];
  (void)test_support::sample_book();
  const test_support::HeapGuard guard;
  const Refusal refusal = bind();
  const auto allocations = guard.allocations();
  UNSIGNED_LONGLONGS_EQUAL(0, allocations);
  CHECK_TRUE(refusal == Refusal::none);
}

TEST_GROUP(Refusal){};

TEST(Refusal, has_a_distinct_name_and_a_sentence_for_every_number) {
  for (unsigned i = 0; i <= static_cast<unsigned>(Refusal::not_durable); ++i) {
    const std::string_view name{wire::name_of(static_cast<Refusal>(i))};
    CHECK_FALSE(name.empty());
    CHECK_TRUE(std::string_view{wire::sentence_of(static_cast<Refusal>(i))}.size() > name.size());
    for (unsigned j = 0; j < i; ++j) CHECK_TRUE(name != wire::name_of(static_cast<Refusal>(j)));
  }
  STRCMP_EQUAL("over_quota", wire::name_of(Refusal::over_quota));
  STRCMP_EQUAL("not_durable", wire::name_of(Refusal::not_durable));
  STRCMP_EQUAL("bad_seq", wire::name_of(Refusal::bad_seq));
}

TEST(Refusal, is_final_but_for_those_that_time_mends) {
  for (unsigned i = 0; i <= static_cast<unsigned>(Refusal::not_durable); ++i) {
    const auto refusal = static_cast<Refusal>(i);
    const bool mends = refusal == Refusal::too_far_ahead || refusal == Refusal::full ||
                       refusal == Refusal::over_quota || refusal == Refusal::not_durable;
    CHECK_TRUE(wire::is_retry(refusal) == mends);
  }
}

TEST(Refusal, names_a_number_it_does_not_know_malformed) {
  STRCMP_EQUAL("malformed", wire::name_of(static_cast<Refusal>(200)));
}
