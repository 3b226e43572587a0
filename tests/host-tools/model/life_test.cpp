// SPDX-License-Identifier: Apache-2.0
/// What: the life of an alert and the level of a theater: raised, escalated, eased, cleared; hold, cooldown, needs.
/// How: `when` is last(i) >= 1; reports turn it on and off, and the facts are written out.
#include <string>
#include <vector>

#include "tocsin/model/model.hpp"

#include "image_parts.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using namespace tocsin::test_support;
using tocsin::model::Evaluation;
using tocsin::model::Fact;
using tocsin::model::Model;

namespace {
constexpr Instant kFirst = 1000;

std::string text_of(const std::vector<Fact>& facts) {
  static const char* const kKinds[] = {"raised", "escalated", "eased", "cleared"};
  std::string out;
  for (const Fact& fact : facts) {
    out += std::to_string(fact.at - kFirst) + " " + kKinds[static_cast<std::size_t>(fact.kind)] + " " +
           std::to_string(static_cast<unsigned>(fact.level)) + "; ";
  }
  return out;
}
}  // namespace

TEST_GROUP(Life) {
  ImageParts parts;
  std::vector<Input> lines;
  std::uint64_t seq = 1;
  std::uint16_t when = 0;

  void setup() override {
    parts.origin();
    parts.origin();
    parts.feed();
    for (int i = 0; i < 2; ++i) parts.indicator({0});
    const auto one = parts.literal(1);
    when = parts.node(Op::greater_equal, parts.node(Op::last, 0), one);
    parts.alert(when);
  }
  Alert& alert() { return parts.alerts.back(); }
  void report(Instant after, double value, std::uint16_t indicator = 0, std::uint16_t origin = 0) {
    lines.push_back(report_at(kFirst + after, indicator, value, seq++, origin));
  }
  Evaluation evaluate(Instant after) {
    const Image image = parts.image();
    Model model{image, kFirst};
    for (const Input& line : lines) model.take(line);
    return model.evaluate(kFirst + after);
  }
  std::string facts() { return text_of(evaluate(100).facts); }
};

TEST(Life, is_raised_and_cleared_when_the_condition_comes_and_goes) {
  report(5, 1);
  report(8, 0);
  report(20, 1);
  STRCMP_EQUAL("5 raised 1; 8 cleared 1; 20 raised 1; ", facts().c_str());
}

TEST(Life, unknown_neither_raises_nor_clears) {
  const auto zero = parts.literal(0);
  const auto last = static_cast<std::uint16_t>(1);
  parts.alerts.back().when = parts.node(Op::greater_equal, parts.node(Op::divide, parts.literal(1), last), zero);
  report(5, 0);
  report(6, 1);
  report(7, 0);
  report(9, -1);
  STRCMP_EQUAL("6 raised 1; 9 cleared 1; ", facts().c_str());
}

TEST(Life, clears_after_hold_without_a_break) {
  alert().hold_ms = 3;
  report(5, 1);
  report(7, 0);
  report(9, 1);
  report(12, 0);
  STRCMP_EQUAL("5 raised 1; 15 cleared 1; ", facts().c_str());
}

TEST(Life, waits_for_its_cooldown_from_the_last_raise) {
  alert().cooldown_ms = 10;
  report(5, 1);
  report(6, 0);
  report(8, 1);
  report(40, 0);
  report(41, 1);
  STRCMP_EQUAL("5 raised 1; 6 cleared 1; 15 raised 1; 40 cleared 1; 41 raised 1; ", facts().c_str());
}

TEST(Life, is_not_raised_again_at_the_instant_it_is_cleared) {
  alert().clear = parts.node(Op::pulse, 1);
  report(5, 1);
  report(9, 1, 1);
  STRCMP_EQUAL("5 raised 1; 9 cleared 1; 10 raised 1; ", facts().c_str());
}

TEST(Life, has_the_highest_level_whose_condition_is_true) {
  const auto pulse = parts.node(Op::pulse, 1);
  parts.level_rules.push_back({parts.node(Op::in_last, pulse, 0, 3), static_cast<std::uint8_t>(Level::critical), 0});
  alert().levels = {0, 1};
  report(5, 1);
  report(7, 1, 1);
  report(20, 0);
  STRCMP_EQUAL("5 raised 1; 7 escalated 4; 11 eased 1; 20 cleared 1; ", facts().c_str());
}

TEST(Life, is_capped_until_enough_origins_have_spoken) {
  alert().level = static_cast<std::uint8_t>(Level::high);
  Need need{};
  need.window_ms = 4;
  need.indicators = parts.list({0, 1});
  need.filters = parts.list({kNone, kNone}).first;
  need.count = 2;
  need.cap = static_cast<std::uint8_t>(Level::watch);
  parts.needs.push_back(need);
  alert().needs = {0, 1};
  report(5, 1);
  report(9, 1, 1, 1);  // the first one has left the window
  report(12, 1);
  STRCMP_EQUAL("5 raised 1; 12 escalated 3; ", facts().c_str());
}

TEST(Life, weighs_hypotheses_by_the_clauses_that_hold) {
  parts.weights = {{0, 2}, {1, 1}, {0, -3}};
  const auto pulse = parts.node(Op::pulse, 1);
  parts.weigh_clauses = {{kNone, {0, 2}, 0}, {pulse, {2, 1}, 0}};
  alert().weighs = {0, 2};
  report(5, 1);
  report(6, 1, 1);
  const Image image = parts.image();
  Model model{image, kFirst};
  for (const Input& line : lines) model.take(line);
  const Evaluation now = model.evaluate(kFirst + 10);
  const auto at_five = model.hypotheses(now, 0, kFirst + 5);
  LONGS_EQUAL(2, at_five.size());
  LONGS_EQUAL(0, at_five[0].hypothesis);
  LONGS_EQUAL(2, at_five[0].weight);
  const auto at_six = model.hypotheses(now, 0, kFirst + 6);
  LONGS_EQUAL(1, at_six[0].hypothesis);
  LONGS_EQUAL(1, at_six[0].weight);
  LONGS_EQUAL(-1, at_six[1].weight);
}

TEST(Life, of_a_theater_steps_down_one_level_at_a_time) {
  parts.theaters[0].step_down_ms = 10;
  alert().level = static_cast<std::uint8_t>(Level::high);
  report(5, 1);
  report(6, 0);
  const Evaluation now = evaluate(100);
  const auto level = [&](Instant after) { return static_cast<int>(now.theater_level(0, kFirst + after)); };
  LONGS_EQUAL(0, level(4));
  LONGS_EQUAL(3, level(5));
  LONGS_EQUAL(3, level(15));
  LONGS_EQUAL(2, level(16));
  LONGS_EQUAL(1, level(26));
  LONGS_EQUAL(0, level(36));
}

TEST(Life, of_a_theater_is_unknown_while_its_feeds_are_silent) {
  parts.feeds[0].every_ms = 20;
  parts.theaters[0].feeds = parts.list({0});
  parts.theaters[0].blind_after = kNone;
  report(5, 1);
  const Evaluation now = evaluate(100);
  const auto level = [&](Instant after) { return now.theater_level(0, kFirst + after); };
  ENUMS_EQUAL_INT(Level::unknown, level(4));
  ENUMS_EQUAL_INT(Level::watch, level(5));
  ENUMS_EQUAL_INT(Level::unknown, level(25));
}
