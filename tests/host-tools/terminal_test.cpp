// SPDX-License-Identifier: Apache-2.0
/// What: numbers, spans, tables and alert events as a person reads them, and JSON of the tools' own.
/// How: literal values and literal expected text, colours off and on.
#include "lib/terminal.hpp"

#include <string>

#include "lib/alert_text.hpp"
#include "lib/json.hpp"
#include "lib/level.hpp"
#include "lib/status_metrics.hpp"
#include "lib/status_text.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::tools;

TEST_GROUP(Terminal){wire::AlertRecord surge(){wire::AlertRecord alert;
alert.kind = engine::EventKind::raised;
alert.name = "strait_activity";
alert.title = "PLA surge around Taiwan";
alert.level = engine::Level::elevated;
alert.raised_at = alert.at = 1'716'426'000'000;  // 2024-05-23T01:00:00Z
alert.detected_at = alert.at + 300'000;
alert.number = 12;
alert.theaters = {{"strait", engine::Level::elevated}};
alert.origins = 1;
wire::AlertRecord::Evidence sum;
sum.condition = "strait_surge";
sum.indicator = "pla_aircraft";
sum.number = "sum";
sum.window_ms = 86'400'000;
sum.value = 49;
sum.at = alert.at;
sum.reports = {{"mnd_daily", 12, alert.at, 49, "mnd", "B2"}};
alert.evidence = {sum};
return alert;
}
}
;

TEST(Terminal, groups_digits_by_three) {
  STRCMP_EQUAL("0", grouped(0).c_str());
  STRCMP_EQUAL("999", grouped(999).c_str());
  STRCMP_EQUAL("1,000", grouped(1000).c_str());
  STRCMP_EQUAL("12,345,678", grouped(12'345'678).c_str());
}

TEST(Terminal, says_spans_in_two_units_at_most) {
  struct Row {
    engine::Span span;
    const char* expected;
  };
  constexpr Row kRows[] = {{0, "0 ms"},         {999, "999 ms"},         {1000, "1 s"},
                           {1500, "1.5 s"},     {300'000, "5 min"},      {3'723'000, "1 h 2 min"},
                           {86'400'000, "1 d"}, {97'200'000, "1 d 3 h"}, {-1000, "-1 s"}};
  for (const auto& row : kRows) STRCMP_EQUAL(row.expected, span_text(row.span).c_str());
}

TEST(Terminal, aligns_columns_by_what_is_seen) {
  const Palette palette{.on = true};
  Table table{{{"name"}, {"count", Table::Align::right}}};
  table.row({palette.red("ab"), "7"});
  table.row({"é", "1234"});
  STRCMP_EQUAL("name  count\nab        7\né      1234\n",
               [&] {
                 std::string plain = table.render(palette);
                 for (std::size_t at = 0; (at = plain.find('\033')) != std::string::npos;)
                   plain.erase(at, plain.find('m', at) - at + 1);
                 return plain;
               }()
                   .c_str());
}

TEST(Terminal, keeps_control_characters_from_the_terminal) {
  STRCMP_EQUAL("a?[31mb?", printable("a\033[31mb\n").c_str());
  wire::AlertRecord alert = surge();
  alert.title = "\033]0;owned\a";
  CHECK(alert_text(alert, {}).find('\033') == std::string::npos);
}

TEST(Terminal, says_what_rang_when_and_why) {
  STRCMP_EQUAL(
      "2024-05-23T01:00:00Z  RAISED     ELEVATED  strait_activity  \"PLA surge around Taiwan\"  n=12\n"
      "  detected  2024-05-23T01:05:00Z (5 min after)\n"
      "  theaters  strait elevated\n"
      "  why       sum(pla_aircraft, 1d) = 49  in strait_surge\n"
      "              2024-05-23T01:00:00Z  49      mnd B2      mnd_daily #12\n"
      "  witnesses 1 distinct origin\n",
      alert_text(surge(), {}).c_str());
}

TEST(Terminal, says_what_was_not_known) {
  wire::AlertRecord alert = surge();
  alert.kind = engine::EventKind::unknown;
  alert.evidence[0].value.reset();
  alert.evidence[0].reports.clear();
  alert.unknown_feeds = {"mnd_daily"};
  alert.blind_indicators = {"pla_aircraft"};
  const std::string text = alert_text(alert, {});
  STRCMP_CONTAINS("sum(pla_aircraft, 1d) unknown", text.c_str());
  STRCMP_CONTAINS("feeds overdue: mnd_daily", text.c_str());
  STRCMP_CONTAINS("no news of: pla_aircraft", text.c_str());
  CHECK(text.find("ELEVATED") == std::string::npos);
}

TEST(Terminal, says_what_late_news_withdrew) {
  wire::AlertRecord alert = surge();
  alert.kind = engine::EventKind::retracted;
  alert.retracts_kind = engine::EventKind::raised;
  alert.retracts_at = alert.at;
  alert.reason = wire::AlertRecord::Reason{"mnd_daily", false, 13, alert.at};
  const std::string text = alert_text(alert, {});
  STRCMP_CONTAINS("withdraws raised of 2024-05-23T01:00:00Z", text.c_str());
  STRCMP_CONTAINS("late news: mnd_daily #13 for 2024-05-23T01:00:00Z", text.c_str());
}

TEST(Terminal, a_wanted_level_leaves_out_what_is_lower_and_what_has_none) {
  wire::AlertRecord alert = surge();
  CHECK(is_wanted(alert, engine::Level::elevated));
  CHECK_FALSE(is_wanted(alert, engine::Level::high));
  alert.kind = engine::EventKind::unknown;
  alert.level = engine::Level::unknown;
  CHECK(is_wanted(alert, engine::Level::watch));
  CHECK_FALSE(is_wanted(alert, engine::Level::elevated));
  CHECK_FALSE(parse_level("calm").has_value());
}

TEST(Terminal, escapes_json) {
  STRCMP_EQUAL(R"({"a":"x\"\\\u000a","n":3,"f":true})",
               JsonObject{}.text("a", "x\"\\\n").number("n", 3).flag("f", true).str().c_str());
  STRCMP_EQUAL("{}", JsonObject{}.instant("at", engine::kNever).str().c_str());
}

TEST(Terminal, status_before_the_first_input_has_no_clock) {
  const std::string text = status_text({}, {}, false);
  STRCMP_CONTAINS("clock    waits for the first input", text.c_str());
  CHECK(text.find("1970") == std::string::npos);
}

TEST(Terminal, status_shows_silent_feeds_raised_alerts_and_refusals) {
  wire::StatusReport status;
  status.version = "1.2.3";
  status.clock = 1'716'426'000'000;
  status.reach = status.clock - 86'400'000;
  status.alerts = {{"quiet", false, engine::Level::calm, engine::Truth::no, 0},
                   {"loud", true, engine::Level::high, engine::Truth::yes, status.clock - 3'600'000}};
  status.feeds = {{"mnd_daily", 12, true, 12, status.clock - 172'800'000, true}};
  status.refusals = {{"peer", wire::Refusal::unknown_feed, 3, "feed xyz"}};
  status.feeds[0].rate = 0.25;
  status.feeds[0].lag_ms = -1500;
  status.feeds[0].mean_lag_ms = 90'000;
  status.feeds[0].rejected = 7;
  status.feeds[0].lost = 8;
  status.endpoints = {{"ipc:///run/in.sock", 2, 31, 4, 25}};
  status.step_p50_ns = 1500;
  status.step_p99_ns = 2500;
  status.step_max_ns = 90'000;
  status.journal.checkpoint_batch = 17;
  status.journal.checkpoint_ago_ms = 3'600'000;
  const std::string text = status_text(status, {}, false);
  STRCMP_CONTAINS("late news counts back to 2024-05-22T01:00:00Z (1 d)", text.c_str());
  STRCMP_CONTAINS("loud   raised  high   2024-05-23T00:00:00Z  1 h ago", text.c_str());
  STRCMP_CONTAINS("1 more down", text.c_str());
  CHECK(text.find("quiet") == std::string::npos);
  STRCMP_CONTAINS("2 d ago  overdue       12      0.25  -1.5 s (1 min 30 s)        7     8          12", text.c_str());
  STRCMP_CONTAINS("steps    half within 1.5 us, 99% within 2.5 us, longest 90.0 us", text.c_str());
  STRCMP_CONTAINS("saved    the engine's state after batch 17, 1 h ago", text.c_str());
  STRCMP_CONTAINS("ipc:///run/in.sock    2    31       4    25", text.c_str());
  STRCMP_CONTAINS("unknown_feed", text.c_str());
  STRCMP_CONTAINS("quiet  down", status_text(status, {}, true).c_str());
  STRCMP_CONTAINS(R"("report_lag_ms":-1500,"mean_report_lag_ms":90000,)", status_json(status).c_str());
  STRCMP_CONTAINS("tocsin_feed_report_lag_seconds{feed=\"mnd_daily\"} -1.5\n", status_metrics(status).c_str());
  STRCMP_CONTAINS("tocsin_feed_report_lag_mean_seconds{feed=\"mnd_daily\"} 90\n", status_metrics(status).c_str());
  STRCMP_CONTAINS(R"("refusals":[{"principal":"peer","reason":"unknown_feed","count":3,"sample":"feed xyz"}])",
                  status_json(status).c_str());
}
