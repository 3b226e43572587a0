// SPDX-License-Identifier: Apache-2.0
/// What: `replay --why` says what a rule rests on, what it lacks and how long what is there still counts, also of an
/// instant that late news can no longer reach; its JSON form says the same.
/// How: the built program with books and lines in a temporary folder.
#include <string>

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;

namespace {
constexpr const char* kBook = R"(watchbook "Why" version 1
horizon 1d
theater korea "Korean Peninsula" {}
origin jcs "ROK Joint Chiefs of Staff" { reliability B }
origin mod "Japan Ministry of Defense" { reliability B }
origin desk "Duty analyst" { reliability C }
feed radar { origins jcs, mod, desk }
feed phone { origin desk }
feed beacon { origin jcs  every 1h grace 30m }
indicator launches "Launches" { kind launch  theater korea  feeds radar  unit "missiles" }
indicator signals "Signals" { kind launch  theater korea  feeds beacon }
indicator calls "Calls" { kind launch  theater korea  feeds phone }
condition salvo = count(launches, 12h) >= 3 and origins(launches, 12h) >= 2
condition quiet = count(signals, 2h) <= 5 for 1h
alert rings "Salvo" {
  theater korea
  when   salvo
  level  high
  level  critical when sum(launches, 1d) >= 10
  needs  3 origins of launches within 1d else elevated
  clear  when not launches in last 6h
  hold   2h
  cooldown 2d
}
condition answered = launches then calls within 2h
condition broken = quiet then launches within 2h
condition opened = from launches until calls
alert beacon_down { theater korea  when overdue(beacon) }
)";

std::string report(unsigned seq, const char* feed, const char* indicator, const char* time, const char* origin) {
  return R"({"feed":")" + std::string{feed} + R"(","seq":)" + std::to_string(seq) + R"(,"indicator":")" + indicator +
         R"(","time":"2024-05-23T)" + time + R"(:00Z","origin":")" + origin + "\"}\n";
}
}  // namespace

TEST_GROUP(Why) {
  TempFolder folder;
  Finished done;
  std::string book;
  std::string lines = report(1, "radar", "launches", "01:00", "jcs") + report(1, "beacon", "signals", "01:30", "jcs") +
                      report(2, "radar", "launches", "03:00", "jcs");

  void setup() override { book = folder.file("book.watch", kBook); }
  void why(const char* name, const char* at, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {TOCSIN_PROGRAM, "replay", book, folder.file("r.jsonl", lines),
                                          "-q",           "--why",  name};
    if (*at != '\0') arguments.insert(arguments.end(), {"--at", at});
    arguments.insert(arguments.end(), more.begin(), more.end());
    done = run_program(arguments);
  }
  void says(const char* what) { STRCMP_CONTAINS(what, done.out.c_str()); }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err).c_str()); }
};

TEST(Why, says_what_is_missing_and_how_long_the_rest_still_counts) {
  why("salvo", "2024-05-23T08:00Z");
  ends_with(0);
  says("salvo  condition  at 2024-05-23T08:00:00Z");
  says("lacks      2 of 3 launches, 5 h left\n             1 of 2 origins of launches, 5 h left\n");
  says(
      "    false    salvo = count(launches, 12h) >= 3 and origins(launches, 12h) >= 2  -- 0 of 2 hold\n"
      "      false    count(launches, 12h) >= 3  -- 2 of 3 launches, 5 h left\n");
}

TEST(Why, prints_no_alert_events) {
  lines += report(3, "radar", "launches", "04:00", "mod");
  why("rings", "");
  ends_with(0);
  STRCMP_EQUAL("", done.err.c_str());
  CHECK(done.out.find("RAISED") == std::string::npos);
  CHECK(done.out.find("\"event\"") == std::string::npos);
}

TEST(Why, tells_a_raised_alerts_level_needs_and_what_would_clear_it) {
  lines += report(3, "radar", "launches", "04:00", "mod");
  why("rings", "2024-05-23T11:00Z");
  says("state      raised at 2024-05-23T04:00:00Z (7 h ago), level elevated\n");
  says("clear      true since 2024-05-23T10:00:00.001Z, held 59 min");
  says("needs      3 origins of launches within 1d else elevated: 2 of 3 origins\n");
  says("  level critical when\n    false    sum(launches, 1d) >= 10  -- 3 of 10 missiles, 14 h left\n");
  says("  clear when\n    true     not launches in last 6h\n");
}

TEST(Why, tells_how_long_a_cooldown_still_holds_a_raise_back) {
  lines += report(3, "radar", "launches", "04:00", "mod");
  why("rings", "2024-05-24T04:00Z");
  says("state      down");
  says("cooldown   1 d left, until 2024-05-25T04:00:00Z\n");
}

TEST(Why, names_silent_feeds_since_when_and_what_they_make_unknown) {
  why("quiet", "2024-05-23T05:30Z");
  says("silent     beacon silent since 2024-05-23T01:30:00Z (4 h)\n");
  says("blind      signals\n");
  says("unknown  count(signals, 2h) <= 5  -- beacon silent since 2024-05-23T01:30:00Z (4 h)\n");
  why("beacon_down", "2024-05-23T05:30Z");
  says("true     overdue(beacon)  -- beacon silent since 2024-05-23T01:30:00Z (4 h)\n");
}

TEST(Why, tells_since_when_something_lasts) {
  why("quiet", "2024-05-23T02:15Z");
  says("quiet = count(signals, 2h) <= 5 for 1h  -- true since 2024-05-23T01:30:00Z (45 min ago), 15 min left\n");
}

TEST(Why, tells_which_side_of_a_sequence_is_still_to_come_and_until_when) {
  lines += report(1, "phone", "calls", "01:30", "desk");
  why("answered", "2024-05-23T03:30Z");
  says("lacks      calls (launches last true at 2024-05-23T03:00:00Z (30 min ago), 1 h 30 min left)\n");
  why("answered", "2024-05-23T06:00Z");
  says("lacks      a report of launches\n             a report of calls\n");
  says("-- launches last true at 2024-05-23T03:00:00Z (3 h ago), longer ago than 2h\n");
  why("answered", "2024-05-23T01:30Z");
  says(
      "true     answered = launches then calls within 2h  -- launches last true at 2024-05-23T01:00:00Z (30 min "
      "ago)\n");
  why("broken", "2024-05-23T03:00Z");
  says("true     broken = quiet then launches within 2h");
}

TEST(Why, tells_what_opened_a_span_or_that_nothing_did) {
  lines += report(1, "phone", "calls", "01:30", "desk");
  why("opened", "2024-05-23T01:20Z");
  says("true     opened = from launches until calls  -- launches last true at 2024-05-23T01:00:00Z (20 min ago)\n");
  why("opened", "2024-05-23T02:00Z");
  says("lacks      launches\n");
  says("false    opened = from launches until calls  -- no launches since calls\n");
}

TEST(Why, answers_of_an_instant_further_back_than_late_news_reaches) {
  // Late news of before 02:00 is still within the horizon of one day at 24th 01:30, not at the 26th.
  const std::string late = R"({"feed":"radar","seq":9,"indicator":"launches","time":"2024-05-23T02:00:00Z",)"
                           R"("received":"2024-05-24T01:30:00Z","origin":"mod"})"
                           "\n";
  lines += late + R"({"clock":"2024-05-26T00:00:00Z"})" + "\n";
  why("salvo", "2024-05-23T08:00Z");
  says("    true     salvo = ");
  says("count(launches, 12h) >= 3  -- is 3");
  says("origins(launches, 12h) >= 2  -- is 2");
}

TEST(Why, answers_of_an_instant_that_the_clock_jumps_over) {
  lines += R"({"clock":"2024-06-26T00:00:00Z"})"
           "\n";
  why("salvo", "2024-05-25T08:00Z");
  says("0 of 3 launches");
  why("salvo", "2024-05-23T14:59:59.999Z");
  says("1 of 3 launches, 1 ms left");
}

TEST(Why, lets_time_pass_to_an_instant_after_the_last_line) {
  why("salvo", "2024-05-23T20:00Z");
  ends_with(0);
  says("0 of 3 launches");
}

TEST(Why, has_a_form_for_programs) {
  why("rings", "2024-05-23T08:00Z", {"--json"});
  ends_with(0);
  LONGS_EQUAL(done.out.size() - 1, done.out.find('\n'));
  says(R"({"name":"rings","kind":"alert","at":"2024-05-23T08:00:00Z",)");
  says(R"("value":"false","raised":false,)");
  says(R"("needs":[{"text":"3 origins of launches within 1d else elevated","origins":1,"count":3,"met":false}])");
  says(R"("lacks":["2 of 3 launches, 5 h left","1 of 2 origins of launches, 5 h left"])");
  says(R"({"text":"count(launches, 12h) >= 3","value":"false","number":2,"note":"2 of 3 launches, 5 h left"})");
}

TEST(Why, refuses_what_it_cannot_answer_and_says_why) {
  why("salvoo", "");
  ends_with(2);
  STRCMP_CONTAINS("did you mean \"salvo\"?", done.err.c_str());
  why("salvo", "2024-05-22T00:00Z");
  ends_with(2);
  STRCMP_CONTAINS("is before the first instant (2024-05-23T01:00:00Z)", done.err.c_str());
  why("salvo", "noon");
  ends_with(2);
  STRCMP_CONTAINS("write it like 2024-06-01T00:00:00Z", done.err.c_str());
  done = run_program({TOCSIN_PROGRAM, "replay", book, folder.path("r.jsonl"), "--at", "2024-05-23T08:00Z"});
  ends_with(2);
  STRCMP_CONTAINS("--why", done.err.c_str());
}
