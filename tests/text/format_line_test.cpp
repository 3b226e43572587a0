// SPDX-License-Identifier: Apache-2.0
/// What: lines have one spelling, and reading it gives back the line.
/// How: golden lines; random lines there and back (seed printed on failure).
#include <string>

#include "tocsin/test_support/random_input.hpp"
#include "tocsin/text/json_lines.hpp"

#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names

TEST_GROUP(FormatLine){};

TEST(FormatLine, writes_the_keys_in_the_contracts_order_and_leaves_out_absent_ones) {
  const char* const expected[] = {
      R"({"feed":"mnd_daily","seq":9007199254740991,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z",)"
      R"("received":"2024-05-23T01:05:00.001Z","value":49.5,"origin":"mnd","credibility":2,"actor":"prc",)"
      R"("target":"taiwan","tag":["night","joint"],"lat":-23.125,"lon":120.25,"unit":"aircraft",)"
      R"("ref":"https://example.org/report/12","note":"first line\nsecond \"line\" 臺灣","marking":"amber_strict",)"
      R"("release":["usa","rok","jpn"],"status":"exercise","supersedes":11})",
      R"({"feed":"analyst","seq":1,"indicator":"exercise","time":"1970-01-01T00:00:00Z"})",
      R"({"feed":"launches","heartbeat":"2024-05-23T01:00:00Z","received":"2024-05-23T01:01:00Z"})",
      R"({"feed":"mnd_daily","seq":13,"retracts":12,"time":"2024-05-23T01:00:00Z"})",
      R"({"clock":"9999-12-31T23:59:59.999Z"})",
  };
  const auto inputs = golden::inputs();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    STRCMP_EQUAL(expected[i], text::format_line(inputs[i]).c_str());
  }
}

TEST(FormatLine, reads_back_to_the_same_line) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    test_support::Prng prng{seed};
    test_support::RandomInput input;
    const wire::InputView view = input.make(prng);
    const std::string json = text::format_line(view);
    text::Line line;
    std::string error;
    const bool good = text::parse_line(json, line, error);
    std::string about = "seed ";
    about.append(std::to_string(seed)).append(": ").append(error).append(" ").append(json);
    CHECK_TRUE_TEXT(good, about.c_str());
    CHECK_TRUE_TEXT(golden::same(view, line.view()), about.c_str());
    STRCMP_EQUAL(json.c_str(), text::format_line(line.view()).c_str());
  }
}

TEST(FormatLine, escapes_control_characters_quotes_and_backslashes_only) {
  wire::InputView view = golden::inputs()[1];
  view.note = "\x01\t\n\r\x1F\"\\/\x7F\xC3\xA9";
  STRCMP_CONTAINS("\"note\":\"\\u0001\\t\\n\\r\\u001f\\\"\\\\/\x7F\xC3\xA9\"", text::format_line(view).c_str());
}
