// SPDX-License-Identifier: Apache-2.0
/// What: every number and filter of the language, on reports whose answers can be worked out in the head.
/// How: a book of one indicator (and one node a test), a handful of reports, the value at chosen instants.
#include <limits>
#include <string>
#include <vector>

#include "tocsin/model/model.hpp"

#include "image_parts.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Evaluation;
using tocsin::model::Model;
using tocsin::model::NumberPiece;

namespace {
constexpr Instant kFirst = 1'700'000'000'000;  // 2023-11-14T22:13:20Z
constexpr Span kHour = 3'600'000;
constexpr Span kDay = 24 * kHour;
}  // namespace

TEST_GROUP(Numbers) {
  ImageParts parts;
  std::vector<Input> lines;
  std::uint64_t seq = 1;

  void setup() override {
    parts.horizon_ms = 1000 * kDay;
    for (const char letter : {'A', 'B', 'F'}) parts.origin(letter);
    parts.feed();
  }
  /// A report so long after the first instant.
  Input& report(Span after, double value, std::uint16_t origin = 0) {
    lines.push_back(report_at(kFirst + after, 0, value, seq++, origin));
    return lines.back();
  }
  /// The last node of the book at an instant.
  NumberPiece number(Span after) {
    const Image image = parts.image();
    Model model{image, kFirst};
    for (const Input& line : lines) ENUMS_EQUAL_INT(Disposition::taken, model.take(line));
    return model.evaluate(kFirst + 100 * kDay)
        .number(static_cast<std::uint16_t>(image.nodes.size() - 1), kFirst + after);
  }
  void expect(double wanted, Span after) {
    const NumberPiece piece = number(after);
    CHECK_TRUE(piece.known);
    DOUBLES_EQUAL(wanted, piece.value, 0.0);
  }
  void expect_unknown(Span after) { CHECK_FALSE(number(after).known); }
  Node& take(Op op, Span window = 0, Span ago = 0) {
    if (parts.indicators.empty()) parts.indicator({0});
    parts.node(op, 0, 0, window, ago);
    return parts.nodes.back();
  }
  /// A book whose only node counts what passes the filter.
  void filtered(FilterKey key, Op comparison, std::uint16_t ref, double value = 0) {
    take(Op::count, kDay);
    FilterTerm term{};
    term.key = static_cast<std::uint8_t>(key);
    term.comparison = static_cast<std::uint8_t>(comparison);
    term.ref = ref;
    term.value = value;
    parts.nodes.back().filter = parts.filter(0, {term});
  }
};

TEST(Numbers, count_looks_back_over_a_half_open_window) {
  take(Op::count, kHour);
  report(10, 5);
  report(20, 6);
  expect(0, 9);
  expect(1, 10);
  expect(2, 20);
  expect(2, kHour + 9);
  expect(1, kHour + 10);
  expect(0, kHour + 20);
}

TEST(Numbers, a_window_ending_ago_is_the_same_window_earlier) {
  take(Op::sum, kHour, kDay);
  report(10, 5);
  expect(0, 10);
  expect(0, kDay + 9);
  expect(5, kDay + 10);
  expect(5, kDay + kHour + 9);
  expect(0, kDay + kHour + 10);
}

TEST(Numbers, days_are_distinct_utc_days) {
  take(Op::days, 10 * kDay);
  report(0, 1);
  report(kHour, 1);
  report(2 * kHour, 1);  // 00:13:20Z of the next day
  expect(1, kHour);
  expect(2, 2 * kHour);
}

TEST(Numbers, origins_are_distinct) {
  take(Op::origins, kDay);
  report(0, 1, 0);
  report(1, 1, 1);
  report(2, 1, 0);
  expect(2, 2);
}

TEST(Numbers, of_no_reports_are_unknown_but_for_counts_and_sums) {
  for (const Op op : {Op::last, Op::mean, Op::min, Op::max, Op::median, Op::mad, Op::stddev, Op::quantile}) {
    take(op, op == Op::last ? 0 : kHour);
    expect_unknown(5);
  }
  for (const Op op : {Op::count, Op::sum, Op::days, Op::origins}) {
    take(op, kHour);
    expect(0, 5);
  }
}

TEST(Numbers, statistics_of_a_window) {
  for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) report(static_cast<Span>(seq), value);
  take(Op::mean, kHour);
  expect(5, 10);
  take(Op::stddev, kHour);
  expect(2, 10);
  take(Op::min, kHour);
  expect(2, 10);
  take(Op::max, kHour);
  expect(9, 10);
  take(Op::median, kHour);
  expect(4.5, 10);
  expect(4, 5);  // of 2 4 4 4 5
  take(Op::mad, kHour);
  expect(0.5, 10);  // of 2.5 .5 .5 .5 .5 .5 2.5 4.5
  take(Op::last);
  expect(9, 10);
}

TEST(Numbers, quantile_is_the_nearest_rank_in_exact_decimal) {
  for (int i = 1; i <= 20; ++i) report(i, i);
  struct Row {
    std::int64_t numerator;
    std::uint8_t digits;
    double wanted;
  };
  for (const Row& row : {Row{0, 0, 1}, Row{1, 0, 20}, Row{95, 2, 19}, Row{950, 3, 19}, Row{951, 3, 20}, Row{5, 1, 10},
                         Row{15, 2, 3}, Row{1'000'000'000'000'000, 15, 20}, Row{1, 15, 1}}) {
    Node& node = take(Op::quantile, kHour);
    node.numerator = row.numerator;
    node.digits = row.digits;
    expect(row.wanted, 25);
  }
}

TEST(Numbers, from_fewer_reports_than_asked_for_are_unknown) {
  take(Op::count, kHour).at_least = 2;
  report(10, 1);
  report(20, 1);
  expect_unknown(10);
  expect(2, 20);
  expect_unknown(kHour + 10);
}

TEST(Numbers, at_least_counts_after_the_filter) {
  filtered(FilterKey::value, Op::greater_equal, 0, 20);
  parts.nodes.back().at_least = 1;
  report(10, 19);
  report(20, 20);
  expect_unknown(10);
  expect(1, 20);
}

TEST(Numbers, keep_is_before_the_filter_and_says_when_it_was_touched) {
  parts.indicator({0}, 2);
  filtered(FilterKey::value, Op::equal, 0, 1);
  report(10, 1);
  report(20, 2);
  report(30, 2);
  CHECK_FALSE(number(20).saturated);
  expect(0, 30);
  CHECK_TRUE(number(30).saturated);
  CHECK_TRUE(number(kDay + 9).saturated);
  CHECK_FALSE(number(kDay + 10).saturated);
}

TEST(Numbers, sums_run_oldest_first) {
  take(Op::sum, kHour);
  report(3, -1e16);
  report(1, 1e16);
  report(2, 1);
  expect((1e16 + 1.0) - 1e16, 3);
}

TEST(Numbers, that_are_not_finite_are_unknown) {
  take(Op::sum, kHour);
  report(1, std::numeric_limits<double>::max());
  report(2, std::numeric_limits<double>::max());
  expect(std::numeric_limits<double>::max(), 1);
  expect_unknown(2);
}

TEST(Numbers, division_by_zero_is_unknown) {
  take(Op::last);
  parts.node(Op::divide, parts.literal(1), 0);
  report(1, 0);
  report(2, -4);
  expect_unknown(1);
  expect(-0.25, 2);
}

TEST(Numbers, of_a_blind_indicator_are_unknown) {
  parts.feeds.back().every_ms = kHour;
  parts.feeds.back().grace_ms = 10;
  take(Op::count, kDay);
  report(100, 1);
  expect_unknown(99);
  expect(1, 100);
  expect(1, 100 + kHour + 9);
  expect_unknown(100 + kHour + 10);
}

TEST(Numbers, filters_look_at_names) {
  filtered(FilterKey::origin, Op::equal, 1);
  report(1, 1, 0);
  report(2, 1, 1);
  expect(0, 1);
  expect(1, 2);
  filtered(FilterKey::origin, Op::not_equal, 1);
  expect(1, 2);
  filtered(FilterKey::feed, Op::not_equal, 0);
  expect(0, 2);
}

TEST(Numbers, a_report_without_the_key_matches_nothing) {
  for (const FilterKey key : {FilterKey::actor, FilterKey::target, FilterKey::tag}) {
    lines.clear();
    report(1, 1);
    Input& other = report(2, 1);
    other.actor = kOther;
    other.target = kOther;
    other.has_tags = true;
    Input& same = report(3, 1);
    same.actor = 2;
    same.target = 2;
    same.has_tags = true;
    same.tags = 4;
    filtered(key, Op::equal, 2);
    expect(0, 2);
    expect(1, 3);
    filtered(key, Op::not_equal, 2);
    expect(0, 1);
    expect(1, 2);
    expect(1, 3);
  }
}

TEST(Numbers, grades_compare_both_parts_and_the_worst_reach_nothing) {
  const auto grade = [](char letter, int digit) { return static_cast<std::uint16_t>(letter * 256 + digit); };
  struct Row {
    FilterKey key;
    Op comparison;
    std::uint16_t ref;
    std::string passing;  // of A1 A3 A? B2 B6 F2 F6 (reliability of the origin, credibility of the report)
  };
  const std::vector<Row> rows{
      {FilterKey::grade, Op::greater_equal, grade('B', 2), "A1 B2 "},
      {FilterKey::grade, Op::greater_equal, grade('F', 6), "A1 A3 B2 "},
      {FilterKey::grade, Op::less_equal, grade('B', 2), "B2 B6 F2 F6 "},
      {FilterKey::grade, Op::equal, grade('B', 2), "B2 "},
      {FilterKey::grade, Op::not_equal, grade('B', 2), "A1 A3 B6 F2 F6 "},
      {FilterKey::reliability, Op::greater_equal, 'B', "A1 A3 A? B2 B6 "},
      {FilterKey::reliability, Op::greater_equal, 'F', "A1 A3 A? B2 B6 "},
      {FilterKey::reliability, Op::less_equal, 'B', "B2 B6 F2 F6 "},
      {FilterKey::reliability, Op::equal, 'F', "F2 F6 "},
      {FilterKey::credibility, Op::greater_equal, 2, "A1 B2 F2 "},
      {FilterKey::credibility, Op::greater_equal, 6, "A1 A3 B2 F2 "},
      {FilterKey::credibility, Op::less_equal, 2, "A3 B2 B6 F2 F6 "},
      {FilterKey::credibility, Op::not_equal, 6, "A1 A3 B2 F2 "},
  };
  constexpr std::uint16_t kOrigins[] = {0, 0, 0, 1, 1, 2, 2};
  constexpr std::uint8_t kDigits[] = {1, 3, 0, 2, 6, 2, 6};
  const std::vector<std::string> names{"A1 ", "A3 ", "A? ", "B2 ", "B6 ", "F2 ", "F6 "};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string passing;
    for (std::size_t i = 0; i < names.size(); ++i) {
      lines.clear();
      report(1, 1, kOrigins[i]).credibility = kDigits[i];
      filtered(rows[r].key, rows[r].comparison, rows[r].ref);
      if (number(1).value > 0) passing += names[i];
    }
    STRCMP_EQUAL_TEXT(rows[r].passing.c_str(), passing.c_str(), StringFrom(static_cast<int>(r)).asCharString());
  }
}

TEST(Numbers, last_is_latest_by_time_then_feed_then_seq) {
  parts.feed();
  take(Op::last);
  parts.indicators.back().feeds = parts.list({0, 1});
  lines.push_back(report_at(kFirst + 5, 0, 3, 1, 0, 1));
  lines.push_back(report_at(kFirst + 5, 0, 2, 10));
  lines.push_back(report_at(kFirst + 5, 0, 1, 9));
  expect(3, 5);
  lines.erase(lines.begin());
  expect(2, 5);
}
