// SPDX-License-Identifier: Apache-2.0
/// What: reading of report files: which lines are bad and where, how lines without `seq` are numbered, and the first
/// instant of a replay.
/// How: literal lines given as files in memory; complaints are collected.
#include "lib/reports.hpp"

#include <string>
#include <vector>

#include "CppUTest/TestHarness.h"

using tocsin::tools::Reports;

namespace {
constexpr const char* kTen = R"({"feed":"a","indicator":"i","time":"2024-01-10T00:00:00Z"})";
constexpr const char* kEleven = R"({"feed":"a","indicator":"i","time":"2024-01-11T00:00:00Z"})";
constexpr const char* kOther = R"({"feed":"b","indicator":"i","time":"2024-01-12T00:00:00Z"})";
constexpr const char* kNumbered = R"({"feed":"a","seq":7,"indicator":"i","time":"2024-01-09T00:00:00Z"})";
constexpr const char* kRetraction = R"({"feed":"a","seq":8,"retracts":7,"time":"2024-01-02T00:00:00Z"})";
constexpr const char* kHeartbeat = R"({"feed":"b","heartbeat":"2024-01-05T00:00:00Z"})";
constexpr const char* kClock = R"({"clock":"2024-01-20T00:00:00Z"})";

std::string lines(std::initializer_list<const char*> all) {
  std::string out;
  for (const char* line : all) out += std::string{line} + "\n";
  return out;
}
}  // namespace

TEST_GROUP(Reports) {
  Reports reports;
  std::vector<std::string> complaints;

  bool add(const char* name, const std::string& content) {
    return reports.add(name, content, [this](const std::string& text) { complaints.push_back(text); });
  }
  bool numbering_is_right() {
    return reports.check_numbering([this](const std::string& text) { complaints.push_back(text); });
  }
  unsigned long seq_of(std::size_t index) {
    const auto line = reports.parse(reports.items()[index]);
    return static_cast<unsigned long>(line.view().seq.value_or(0));
  }
  std::string first_instant() {
    const auto first = reports.first_instant();
    return first ? tocsin::text::format_instant(*first) : "none";
  }
};

TEST(Reports, counts_from_one_per_feed_over_all_files) {
  CHECK(add("one", lines({kTen, kOther})));
  CHECK(add("two", lines({kEleven, kHeartbeat, kOther})));
  CHECK(numbering_is_right());
  LONGS_EQUAL(5, reports.items().size());
  UNSIGNED_LONGS_EQUAL(1, seq_of(0));
  UNSIGNED_LONGS_EQUAL(1, seq_of(1));
  UNSIGNED_LONGS_EQUAL(2, seq_of(2));
  UNSIGNED_LONGS_EQUAL(0, seq_of(3));
  UNSIGNED_LONGS_EQUAL(2, seq_of(4));
}

TEST(Reports, goes_on_from_a_given_number) {
  CHECK(add("one", lines({kTen, kEleven, kOther})));
  reports.number_from("a", 41);
  UNSIGNED_LONGS_EQUAL(41, seq_of(0));
  UNSIGNED_LONGS_EQUAL(42, seq_of(1));
  UNSIGNED_LONGS_EQUAL(1, seq_of(2));
  LONGS_EQUAL(2, reports.unnumbered_feeds().size());
}

TEST(Reports, keeps_the_numbers_of_numbered_lines) {
  CHECK(add("one", lines({kNumbered, kRetraction})));
  CHECK(numbering_is_right());
  UNSIGNED_LONGS_EQUAL(7, seq_of(0));
  UNSIGNED_LONGS_EQUAL(8, seq_of(1));
  CHECK(reports.unnumbered_feeds().empty());
}

TEST(Reports, refuses_a_feed_with_and_without_numbers) {
  CHECK(add("one", lines({kNumbered, kOther})));
  CHECK(add("two", lines({kTen})));
  CHECK_FALSE(numbering_is_right());
  LONGS_EQUAL(1, complaints.size());
  STRCMP_CONTAINS("two:1: feed \"a\" has no `seq` here but has one at one:1", complaints[0].c_str());
}

TEST(Reports, names_file_and_line_of_what_is_bad_and_goes_on) {
  CHECK(add("x.jsonl", std::string{"\n"} + kTen + "\r\n   \n{\"feed\":\n" + kEleven));
  LONGS_EQUAL(1, complaints.size());
  STRCMP_CONTAINS("x.jsonl:4: ", complaints[0].c_str());
  LONGS_EQUAL(1, reports.bad());
  LONGS_EQUAL(2, reports.items().size());
  STRCMP_EQUAL("x.jsonl:2", reports.where(reports.items()[0]).c_str());
  STRCMP_EQUAL("x.jsonl:5", reports.where(reports.items()[1]).c_str());
}

TEST(Reports, takes_a_byte_order_mark_for_what_it_is) {
  CHECK(add("x", std::string{"\xEF\xBB\xBF"} + kTen + "\n"));
  LONGS_EQUAL(0, reports.bad());
  LONGS_EQUAL(1, reports.items().size());
}

TEST(Reports, first_instant_is_the_earliest_time_of_reports_and_heartbeats) {
  CHECK(add("x", lines({kTen, kRetraction, kHeartbeat, kClock})));
  STRCMP_EQUAL("2024-01-05T00:00:00Z", first_instant().c_str());
  CHECK_FALSE(reports.starts_with_clock());
}

TEST(Reports, first_instant_is_the_clock_of_the_first_line) {
  CHECK(add("x", lines({kClock, kTen})));
  STRCMP_EQUAL("2024-01-20T00:00:00Z", first_instant().c_str());
  CHECK(reports.starts_with_clock());
}

TEST(Reports, first_instant_of_withdrawals_alone_is_the_first_lines) {
  CHECK(add("x", lines({kRetraction})));
  STRCMP_EQUAL("2024-01-02T00:00:00Z", first_instant().c_str());
}

TEST(Reports, without_lines_there_is_no_first_instant) {
  CHECK(add("x", "\n\n"));
  STRCMP_EQUAL("none", first_instant().c_str());
}

TEST(Reports, a_bad_first_line_is_not_the_first_line) {
  CHECK(add("x", std::string{"nonsense\n"} + lines({kClock, kTen})));
  LONGS_EQUAL(1, reports.bad());
  CHECK(reports.starts_with_clock());
}

TEST(Reports, says_which_file_cannot_be_read) {
  CHECK_FALSE(reports.read({"/nonexistent/x.jsonl"}, [this](const std::string& text) { complaints.push_back(text); }));
  LONGS_EQUAL(1, complaints.size());
  STRCMP_CONTAINS("/nonexistent/x.jsonl: No such file", complaints[0].c_str());
}
