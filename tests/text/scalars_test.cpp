// SPDX-License-Identifier: Apache-2.0
/// What: times, numbers, durations and words have one spelling, and times that do not exist are refused.
/// How: tables of edges; every day of the calendar's odd years and random instants and numbers read back.
#include <bit>
#include <charconv>
#include <cmath>
#include <string>

#include "tocsin/test_support/prng.hpp"
#include "tocsin/text/json_lines.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using test_support::Prng;

TEST_GROUP(Instant){};

TEST(Instant, has_one_spelling) {
  const std::pair<engine::Instant, const char*> rows[] = {
      {0, "1970-01-01T00:00:00Z"},
      {1, "1970-01-01T00:00:00.001Z"},
      {999, "1970-01-01T00:00:00.999Z"},
      {1'716'426'000'000, "2024-05-23T01:00:00Z"},
      {1'709'164'800'000, "2024-02-29T00:00:00Z"},
      {951'782'400'000, "2000-02-29T00:00:00Z"},
      {engine::kInstantMax, "9999-12-31T23:59:59.999Z"},
  };
  for (const auto& [instant, spelling] : rows) {
    STRCMP_EQUAL(spelling, text::format_instant(instant).c_str());
    engine::Instant read = -1;
    CHECK_TRUE_TEXT(text::parse_instant(spelling, read), spelling);
    LONGLONGS_EQUAL(instant, read);
  }
}

TEST(Instant, outside_its_range_is_a_bare_number) {
  STRCMP_EQUAL("-1", text::format_instant(-1).c_str());
  STRCMP_EQUAL("-9223372036854775808", text::format_instant(engine::kNever).c_str());
}

TEST(Instant, reads_back_at_random) {
  Prng prng{7};
  for (int i = 0; i < 20'000; ++i) {
    const engine::Instant instant = prng.between(engine::kInstantMin, engine::kInstantMax);
    engine::Instant read = -1;
    CHECK_TRUE(text::parse_instant(text::format_instant(instant), read));
    LONGLONGS_EQUAL(instant, read);
  }
}

TEST(Instant, may_leave_out_seconds_and_shorten_milliseconds) {
  const std::pair<const char*, engine::Instant> rows[] = {{"1970-01-01T00:01Z", 60'000},
                                                          {"1970-01-01T00:00:01Z", 1000},
                                                          {"1970-01-01T00:00:01.5Z", 1500},
                                                          {"1970-01-01T00:00:01.05Z", 1050},
                                                          {"1970-01-01T00:00:01.050Z", 1050}};
  for (const auto& [spelling, instant] : rows) {
    engine::Instant read = -1;
    CHECK_TRUE_TEXT(text::parse_instant(spelling, read), spelling);
    LONGLONGS_EQUAL(instant, read);
  }
}

TEST(Instant, that_does_not_exist_or_is_spelt_otherwise_is_refused) {
  const char* const rows[] = {"",
                              "Z",
                              "2024-05-23",
                              "2024-05-23T01Z",
                              "2024-05-23T01:00:00",
                              "2024-05-23T01:00:00z",
                              "2024-05-23t01:00:00Z",
                              "2024-05-23 01:00:00Z",
                              "2024-05-23T01:00:00+00:00",
                              "2024-02-30T00:00:00Z",
                              "2023-02-29T00:00:00Z",
                              "1900-02-29T00:00:00Z",
                              "2024-13-01T00:00:00Z",
                              "2024-00-01T00:00:00Z",
                              "2024-01-00T00:00:00Z",
                              "2024-01-32T00:00:00Z",
                              "2024-04-31T00:00:00Z",
                              "2024-01-01T24:00:00Z",
                              "2024-01-01T00:60:00Z",
                              "2024-01-01T00:00:60Z",
                              "1969-12-31T23:59:59Z",
                              "10000-01-01T00:00:00Z",
                              "2024-01-01T00:00:00.Z",
                              "2024-01-01T00:00:00.1234Z",
                              "2024-01-01T00:00:00.12",
                              "2024-01-01T00:00Zx",
                              " 2024-01-01T00:00Z",
                              "2024-1-01T00:00Z",
                              "-024-01-01T00:00Z",
                              "2024-01-01T00:00:00.-1Z"};
  for (const char* spelling : rows) {
    engine::Instant read = -7;
    CHECK_FALSE_TEXT(text::parse_instant(spelling, read), spelling);
    LONGLONGS_EQUAL(-7, read);
  }
}

TEST_GROUP(Number){};

TEST(Number, has_one_spelling) {
  const std::pair<double, const char*> rows[] = {{0.0, "0"},
                                                 {-0.0, "0"},
                                                 {49.0, "49"},
                                                 {-3.0, "-3"},
                                                 {0.1, "0.1"},
                                                 {-0.5, "-0.5"},
                                                 {1e15, "1000000000000000"},
                                                 {9007199254740991.0, "9007199254740991"},
                                                 {1e300, "1e+300"},
                                                 {5e-324, "5e-324"}};
  for (const auto& [number, spelling] : rows) STRCMP_EQUAL(spelling, text::format_number(number).c_str());
}

TEST(Number, reads_back_to_the_same_bits) {
  Prng prng{11};
  for (int i = 0; i < 20'000; ++i) {
    const double number = std::bit_cast<double>(prng.next());
    if (!std::isfinite(number)) continue;
    const std::string spelling = text::format_number(number);
    double read = 0;
    const auto result = std::from_chars(spelling.data(), spelling.data() + spelling.size(), read);
    CHECK_TRUE(result.ptr == spelling.data() + spelling.size());
    CHECK_TRUE_TEXT(read == number, spelling.c_str());
  }
}

TEST_GROUP(Span){};

TEST(Span, is_in_the_largest_unit_that_divides_it) {
  const std::pair<engine::Span, const char*> rows[] = {{86'400'000, "1d"},  {129'600'000, "36h"}, {90'000, "90s"},
                                                       {1500, "1500ms"},    {604'800'000, "7d"},  {3'600'000, "1h"},
                                                       {5'400'000, "90m"},  {1, "1ms"},           {0, "0s"},
                                                       {259'200'000, "3d"}, {1000, "1s"}};
  for (const auto& [span, spelling] : rows) STRCMP_EQUAL(spelling, text::format_span(span).c_str());
}

TEST_GROUP(Words){};

TEST(Words, are_those_of_the_contract) {
  const char* const events[] = {"raised", "escalated", "eased", "cleared", "unknown", "known", "retracted"};
  for (std::uint8_t i = 0; i < 7; ++i) {
    STRCMP_EQUAL(events[i], std::string{text::name_of(static_cast<engine::EventKind>(i))}.c_str());
  }
  const char* const levels[] = {"calm", "watch", "elevated", "high", "critical", "unknown"};
  for (std::uint8_t i = 0; i < 6; ++i) {
    STRCMP_EQUAL(levels[i], std::string{text::name_of(static_cast<engine::Level>(i))}.c_str());
  }
  const char* const truths[] = {"false", "unknown", "true"};
  for (std::uint8_t i = 0; i < 3; ++i) {
    STRCMP_EQUAL(truths[i], std::string{text::name_of(static_cast<engine::Truth>(i))}.c_str());
  }
}
