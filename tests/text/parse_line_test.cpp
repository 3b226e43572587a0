// SPDX-License-Identifier: Apache-2.0
/// What: lines a person may write are read, or refused with the key, the column and the mend.
/// How: a table of lines with the whole message expected of each.
#include <string>
#include <utility>

#include "tocsin/text/json_lines.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using engine::InputKind;

TEST_GROUP(ParseLine) {
  text::Line line;
  std::string error;

  const wire::InputView& parsed(const std::string& json) {
    const bool good = text::parse_line(json, line, error);
    CHECK_TRUE_TEXT(good, error.c_str());
    return line.view();
  }
  void refused(const std::string& json, const std::string& message) {
    error.clear();
    CHECK_FALSE_TEXT(text::parse_line(json, line, error), json.c_str());
    STRCMP_EQUAL_TEXT(message.c_str(), error.c_str(), json.c_str());
  }
  // The rest of a line that would be good.
  static std::string report(const std::string& more) {
    std::string json = R"({"feed":"f","indicator":"i","time":"2024-05-23T01:00:00Z",)";
    return json.append(more).append("}");
  }
};

TEST(ParseLine, reads_a_report) {
  const auto& view = parsed(R"({"feed":"mnd_daily","seq":12,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z",)"
                            R"("received":"2024-05-23T01:05:00Z","value":49,"origin":"mnd","credibility":2})");
  CHECK_TRUE(view.kind == InputKind::report);
  CHECK_TRUE(view.feed == "mnd_daily" && view.indicator == "pla_aircraft" && view.origin == "mnd");
  UNSIGNED_LONGLONGS_EQUAL(12, view.seq.value_or(0));
  LONGLONGS_EQUAL(1'716'426'000'000, view.time);
  LONGLONGS_EQUAL(1'716'426'300'000, view.received.value_or(0));
  DOUBLES_EQUAL(49.0, view.value.value_or(0), 0.0);
  LONGS_EQUAL(2, view.credibility);
  CHECK_FALSE(view.target_seq.has_value());
}

TEST(ParseLine, reads_a_heartbeat_a_retraction_and_a_clock) {
  CHECK_TRUE(parsed(R"({"feed":"f","heartbeat":"2024-05-23T02:00:00Z"})").kind == InputKind::heartbeat);
  LONGLONGS_EQUAL(1'716'429'600'000, line.view().time);
  const auto& retraction = parsed(R"({"feed":"f","seq":13,"retracts":12,"time":"2024-05-23T01:00:00Z"})");
  CHECK_TRUE(retraction.kind == InputKind::retraction);
  UNSIGNED_LONGLONGS_EQUAL(12, retraction.target_seq.value_or(0));
  CHECK_TRUE(parsed(R"({"clock":"2024-06-01T00:00:00Z"})").kind == InputKind::clock);
}

TEST(ParseLine, reads_keys_in_any_order_with_blanks_and_a_line_end) {
  const auto& view = parsed(" { \"time\" : \"2024-05-23T01:00Z\" ,\t\"indicator\":\"i\", \"feed\":\"f\" } \r\n");
  CHECK_TRUE(view.feed == "f" && view.indicator == "i");
  CHECK_FALSE(view.seq.has_value() || view.value.has_value() || view.received.has_value());
}

TEST(ParseLine, reads_escapes_and_utf8) {
  const auto& view = parsed(report(R"("note":"tab\tquote\" \u81fa \ud83d\udd14 é","tag":["a","b c"])"));
  STRCMP_EQUAL("tab\tquote\" \xE8\x87\xBA \xF0\x9F\x94\x94 \xC3\xA9", std::string{view.note}.c_str());
  LONGS_EQUAL(2, view.tags.size);
  CHECK_TRUE(view.tags.items[1] == "b c");
}

TEST(ParseLine, reads_numbers_of_every_form) {
  const std::pair<const char*, double> rows[] = {{"0", 0.0},       {"-3", -3.0},  {"1.5e2", 150.0},
                                                 {"1e308", 1e308}, {"1e-400", 0}, {"18446744073709551616", 0x1p64}};
  for (const auto& [spelling, value] : rows) {
    DOUBLES_EQUAL(value, parsed(report(std::string{R"("value":)"} + spelling)).value.value_or(7), 0.0);
  }
  UNSIGNED_LONGLONGS_EQUAL((1ULL << 53U) - 1, parsed(report(R"("seq":9007199254740991)")).seq.value_or(0));
  UNSIGNED_LONGLONGS_EQUAL(0, parsed(report(R"("seq":0)")).seq.value_or(7));
}

TEST(ParseLine, keeps_its_texts_when_it_is_moved) {
  CHECK_TRUE(parsed(R"({"feed":"f","heartbeat":"2024-05-23T02:00:00Z"})").feed == "f");
  const text::Line moved = std::move(line);
  CHECK_TRUE(moved.view().feed == "f");
}

TEST(ParseLine, leaves_the_line_as_it_was_when_it_refuses) {
  CHECK_TRUE(parsed(R"({"feed":"f","heartbeat":"2024-05-23T02:00:00Z"})").feed == "f");
  CHECK_FALSE(text::parse_line("{}", line, error));
  CHECK_TRUE(line.view().feed == "f" && line.view().kind == InputKind::heartbeat);
}

TEST(ParseLine, names_an_unknown_key_and_a_near_one) {
  refused(R"({"feed":"x","crediblity":2})", R"(column 13: "crediblity" is not a key; did you mean "credibility"?)");
  refused(R"({"tags":["a"]})", R"(column 2: "tags" is not a key; did you mean "tag"?)");
  refused(R"({"zzzzzzzzz":1})",
          "column 2: \"zzzzzzzzz\" is not a key; the keys are feed seq indicator time received value origin "
          "credibility actor target tag lat lon unit ref note marking release status supersedes heartbeat retracts "
          "clock");
}

TEST(ParseLine, names_a_key_that_is_there_twice) {
  refused(R"({"feed":"x", "feed":"y"})", R"(column 14: "feed" is there twice (first in column 2))");
}

TEST(ParseLine, finds_the_column_behind_a_value_full_of_quotes) {
  refused(R"({"feed":"a\"b\\","seq":-1})", R"(column 18: "seq" must be a whole number from 0 and below 2^53, not -1)");
}

TEST(ParseLine, says_what_a_key_must_hold) {
  const std::string seq = R"(column 13: "seq" must be a whole number from 0 and below 2^53)";
  refused(R"({"feed":"x","seq":1.0})", seq + ", not 1.0");
  refused(R"({"feed":"x","seq":"1"})", seq + R"(, not "1")");
  refused(R"({"feed":"x","seq":9007199254740992})", seq);
  refused(R"({"feed":"x","value":"3"})", R"(column 13: "value" must be a finite number, not "3")");
  refused(R"({"feed":"x","value":true})", R"(column 13: "value" must be a finite number, not true)");
  refused(R"({"feed":"x","value":null})", R"(column 13: "value" is null: leave the key out when there is nothing)");
  refused(R"({"feed":"x","value":{}})", R"(column 13: "value" must be a finite number, not an object)");
  refused(R"({"feed":"x","value":[1]})", R"(column 13: "value" must be a finite number, not an array)");
  refused(R"({"feed":"x","value":1e400})", R"(column 13: "value" is too large for a number: write a finite one)");
  refused(R"({"feed":1})", R"(column 2: "feed" must be a name in quotes, at most 64 bytes, not 1)");
  for (const char* value : {"0", "7", "-1", "2.5"}) {
    refused(std::string{R"({"credibility":)"} + value + "}",
            std::string{
                R"(column 2: "credibility" must be a whole number from 1 (confirmed) to 6 (cannot be judged), not )"} +
                value);
  }
  refused(R"({"status":"real"})", R"(column 2: "status" must be one of actual, exercise, test, not "real")");
  refused(R"({"marking":"unspecified"})",
          R"(column 2: "marking" must be one of clear, green, amber, amber_strict, red, not "unspecified")");
  refused(R"({"lat":90.5})", R"(column 2: "lat" must be degrees from -90 to 90)");
}

TEST(ParseLine, refuses_times_that_do_not_exist) {
  const std::string mend =
      " is not a time that exists; write a time like \"2024-05-23T01:00:00Z\" (UTC, years 1970 to 9999, at most "
      "milliseconds)";
  refused(R"({"time":"2024-02-30T00:00:00Z"})", R"(column 2: "time": "2024-02-30T00:00:00Z")" + mend);
  refused(R"({"clock":"now"})", R"(column 2: "clock": "now")" + mend);
}

TEST(ParseLine, refuses_texts_and_lists_it_could_not_keep) {
  refused(R"({"feed":""})", R"(column 2: "feed" is empty: leave the key out)");
  refused(R"({"actor":")" + std::string(65, 'x') + R"("})", R"(column 2: "actor" is longer than 64 bytes: shorten it)");
  refused(R"({"note":"\u0000"})", R"(column 2: "note" has a control character: take it out)");
  refused(R"({"feed":"\u0085"})", R"(column 2: "feed" has a control character: take it out)");
  refused(R"({"tag":[]})", R"(column 2: "tag" is empty: leave the key out)");
  refused(R"({"tag":"a"})", R"(column 2: "tag" must be a list of names like ["a","b"], at most 8, not "a")");
  refused(R"({"tag":["a",["b"]]})",
          R"(column 2: "tag" must be a list of names like ["a","b"], at most 8, not an array)");
  refused(R"({"release":["1","2","3","4","5","6","7","8","9"]})",
          R"(column 2: "release" has more than 8 items: leave some out)");
}

TEST(ParseLine, asks_for_the_keys_a_line_needs) {
  refused("{}", R"(a report line needs the key "feed")");
  refused(R"({"feed":"x","indicator":"i"})", R"(a report line needs the key "time")");
  refused(R"({"heartbeat":"2024-05-23T02:00:00Z"})", R"(a heartbeat line needs the key "feed")");
  refused(R"({"feed":"x","retracts":2})", R"(a retraction line needs the key "time")");
}

TEST(ParseLine, refuses_keys_that_do_not_belong_together) {
  refused(R"({"feed":"x","heartbeat":"2024-02-20T00:00:00Z","value":3})",
          R"(column 48: "value" does not belong in a heartbeat line)");
  refused(R"({"feed":"x","clock":"2024-02-20T00:00:00Z"})", R"(column 2: "feed" does not belong in a clock line)");
  refused(R"({"clock":"2024-02-20T00:00:00Z","heartbeat":"2024-02-20T00:00:00Z"})",
          "column 2: a line is one of heartbeat, retraction and clock, not several");
  refused(report(R"("lat":9)"), R"(column 59: "lat" and "lon" go together: give both or none)");
  refused(report(R"("seq":3,"supersedes":3)"),
          R"(column 67: "supersedes" names the line itself: give the seq of the earlier report)");
}

TEST(ParseLine, refuses_what_is_not_one_json_object) {
  const std::string object = "column 1: a line is one object in braces, like {\"feed\":\"x\",\"seq\":1,...}";
  for (const char* json : {"[1]", "\"x\"", "12", "-1", "1.5", "null", "true"}) refused(json, object);
  refused("", "the line is empty: take it out");
  refused(" \t\n", "the line is empty: take it out");
  refused("nope", "column 2: this is not JSON: while parsing value - invalid literal");
  refused(R"({"feed":"x")",
          "column 12: this is not JSON: while parsing object - unexpected end of input; expected '}'");
  refused(R"({"clock":"2024-06-01T00:00:00Z"} x)",
          "column 34: this is not JSON: while parsing value - invalid literal");
}

TEST(ParseLine, refuses_what_is_not_utf8) {
  for (const char* bytes : {"\xFF", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80"}) {
    std::string json = R"({"feed":"a)";
    json.append(bytes).append(R"("})");
    CHECK_FALSE(text::parse_line(json, line, error));
    STRCMP_CONTAINS("this is not UTF-8: save the file as UTF-8", error.c_str());
  }
}

TEST(ParseLine, refuses_a_line_that_is_too_long) {
  const std::string padding(text::kLineBytesMax, ' ');
  refused(padding + R"({"clock":"2024-06-01T00:00:00Z"})", "the line is longer than 16384 bytes: shorten its note");
  const std::string json = R"({"clock":"2024-06-01T00:00:00Z"})";
  CHECK_TRUE(parsed(std::string(text::kLineBytesMax - json.size(), ' ') + json).kind == InputKind::clock);
}

TEST(ParseLine, is_not_driven_deep_by_nesting) {
  CHECK_FALSE(text::parse_line(std::string(16'000, '['), line, error));
  CHECK_FALSE(text::parse_line(R"({"tag":)" + std::string(16'000, '['), line, error));
}
