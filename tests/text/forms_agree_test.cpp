// SPDX-License-Identifier: Apache-2.0
/// What: one line gives the engine one input, content number included, whether it came as JSON or as a FlatBuffer.
/// How: golden and random lines with names of the sample book, through both forms.
#include <array>
#include <cstring>
#include <string>

#include "tocsin/test_support/random_input.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names
using engine::Input;

namespace {
Input bound(const wire::InputView& view) {
  Input input;
  const auto refusal = wire::bind(view, test_support::sample_book(), 1'000, input);
  STRCMP_EQUAL("none", wire::name_of(refusal));
  return input;
}

bool same(const Input& a, const Input& b) {
  return a.kind == b.kind && a.status == b.status && a.credibility == b.credibility &&
         a.has_target_seq == b.has_target_seq && a.feed == b.feed && a.indicator == b.indicator &&
         a.origin == b.origin && a.actor == b.actor && a.target == b.target && a.has_tags == b.has_tags &&
         a.tags == b.tags && a.content == b.content && a.time == b.time && a.received == b.received && a.seq == b.seq &&
         a.target_seq == b.target_seq && std::memcmp(&a.value, &b.value, sizeof a.value) == 0;
}

void check_agreement(const wire::InputView& view, const char* about) {
  const Input direct = bound(view);
  const auto bytes = wire::encode_batch(1, {&view, 1});
  wire::BatchReader reader;
  wire::InputView from_buffer;
  CHECK_TRUE_TEXT(reader.open(bytes), about);
  CHECK_TRUE_TEXT(reader.item(0, from_buffer) == wire::Refusal::none, about);
  CHECK_TRUE_TEXT(same(direct, bound(from_buffer)), about);
  text::Line line;
  std::string error;
  CHECK_TRUE_TEXT(text::parse_line(text::format_line(view), line, error), about);
  CHECK_TRUE_TEXT(same(direct, bound(line.view())), about);
}
}  // namespace

TEST_GROUP(Forms){};

TEST(Forms, agree_on_the_golden_lines) {
  for (const auto& view : golden::inputs()) check_agreement(view, "golden");
}

TEST(Forms, agree_on_random_lines) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    test_support::Prng prng{seed};
    test_support::RandomInput input;
    wire::InputView view = input.make(prng);
    if (view.kind != engine::InputKind::clock) view.feed = "mnd_daily";
    if (view.kind == engine::InputKind::report) {
      view.indicator = prng.chance(50) ? "pla_aircraft" : "plan_ships";
      view.origin = prng.chance(50) ? "mnd" : "";
    }
    check_agreement(view, std::string{"seed "}.append(std::to_string(seed)).c_str());
  }
}

TEST(Forms, agree_on_spellings_of_one_number) {
  const char* const spellings[] = {"0", "-0", "0.0", "-0.0", "0e5"};
  std::uint32_t content = 0;
  for (const char* spelling : spellings) {
    std::string json = R"({"feed":"mnd_daily","seq":1,"indicator":"plan_ships","time":"2024-05-23T01:00Z","value":)";
    json.append(spelling).append("}");
    text::Line line;
    std::string error;
    CHECK_TRUE(text::parse_line(json, line, error));
    const Input input = bound(line.view());
    if (content == 0) content = input.content;
    UNSIGNED_LONGS_EQUAL(content, input.content);
  }
}
