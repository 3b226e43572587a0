// SPDX-License-Identifier: Apache-2.0
/// What: which feeds an alert's rule rests on and how far back what is lost of them can matter: never too little.
/// How: the sample book; and the same book with rules of one node, or a few, put in by hand.
#include "rule_reach.hpp"

#include <string>
#include <vector>

#include "tocsin/test_support/sample_image.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::engine::Node;
using tocsin::engine::Op;
namespace engine = tocsin::engine;
namespace sample = tocsin::test_support::sample;

namespace {
std::string feeds_of(const RuleReach& reach) {
  const auto& image = tocsin::test_support::sample_book();
  std::string names;
  for (std::size_t i = 0; i < image.feeds.size(); ++i) {
    if (((reach.feeds[i / 64] >> (i % 64)) & 1U) != 0) names += std::string{image.view(image.feeds[i].name)} + " ";
  }
  return names;
}

Node node(Op op, std::uint16_t a, std::uint16_t b = 0, engine::Span window = 0, engine::Span ago = 0) {
  Node one{};
  one.op = static_cast<std::uint8_t>(op);
  one.a = a;
  one.b = b;
  one.condition = engine::kNone;
  one.window_ms = window;
  one.ago_ms = ago;
  one.filter = engine::kNone;
  return one;
}

/// A book of one alert, whose `when` is the last of the nodes.
class OneRule {
 public:
  explicit OneRule(std::vector<Node> nodes)
      : nodes_{std::move(nodes)}, image_{tocsin::test_support::sample_book()}, alert_{1, image_.alerts[0]} {
    auto& one = alert_.front();
    one = {};
    one.when = static_cast<std::uint16_t>(nodes_.size() - 1);
    one.clear = engine::kNone;
    image_.nodes = nodes_;
    image_.alerts = alert_;
    image_.horizon_ms = kMinute;
  }
  [[nodiscard]] engine::Alert& alert() { return alert_.front(); }
  [[nodiscard]] engine::Image& image() { return image_; }
  [[nodiscard]] RuleReach reach() const { return rule_reaches(image_).at(0); }
  [[nodiscard]] engine::Span span() const { return reach().span; }

 private:
  std::vector<Node> nodes_;
  engine::Image image_;
  std::vector<engine::Alert> alert_;
};
}  // namespace

TEST_GROUP(RuleReach){};

TEST(RuleReach, of_the_sample_book) {
  const auto reaches = rule_reaches(tocsin::test_support::sample_book());
  UNSIGNED_LONGS_EQUAL(2, reaches.size());
  constexpr auto kHorizon = 14 * kDay;
  // sum over 24h, and sum over 24h
  STRCMP_EQUAL("mnd_daily ", feeds_of(reaches[sample::strait_activity]).c_str());
  LONGLONGS_EQUAL(kDay + kHorizon, reaches[sample::strait_activity].span);
  // that, then a launch within 3d; against it a lull
  STRCMP_EQUAL("analyst launches mnd_daily ", feeds_of(reaches[sample::distraction]).c_str());
  LONGLONGS_EQUAL(4 * kDay + kHorizon, reaches[sample::distraction].span);
}

TEST(RuleReach, of_each_operation) {
  const auto pulse = node(Op::pulse, sample::closure);
  struct Row {
    const char* why;
    std::vector<Node> nodes;
    engine::Span span;
  };
  const Row rows[] = {
      {"pulse", {pulse}, 0},
      {"count(24h)", {node(Op::count, sample::closure, 0, kDay)}, kDay},
      {"count(24h ending 2h ago)", {node(Op::count, sample::closure, 0, kDay, 2 * kHour)}, kDay + 2 * kHour},
      {"last", {node(Op::last, sample::closure)}, engine::kSpanMax},
      {"for 3h", {pulse, node(Op::hold_for, 0, 0, 3 * kHour)}, 3 * kHour},
      {"in last 1h to 5h", {pulse, node(Op::in_last, 0, 0, 5 * kHour, kHour)}, 5 * kHour},
      {"then within 6h", {pulse, pulse, node(Op::then, 0, 1, 6 * kHour)}, 6 * kHour},
      {"since", {pulse, pulse, node(Op::since, 0, 1, engine::kUnbounded)}, engine::kSpanMax},
      {"since in last 7h", {pulse, pulse, node(Op::since, 0, 1, 7 * kHour)}, 7 * kHour},
      {"since in last 2h to 7h", {pulse, pulse, node(Op::since, 0, 1, 7 * kHour, 2 * kHour)}, 7 * kHour},
      {"from until", {pulse, pulse, node(Op::from_until, 0, 1)}, engine::kSpanMax},
      {"not", {node(Op::count, sample::closure, 0, kDay), node(Op::negate, 0)}, kDay},
      {"the longer of two",
       {node(Op::count, sample::closure, 0, kDay), node(Op::count, sample::closure, 0, kHour), node(Op::both, 0, 1)},
       kDay},
      {"one above the other",
       {node(Op::count, sample::closure, 0, kDay), node(Op::hold_for, 0, 0, kHour), node(Op::in_last, 1, 0, kMinute)},
       kDay + kHour + kMinute},
      {"overdue: every 1h, grace 1h", {node(Op::overdue, sample::launches)}, 2 * kHour},
      {"nothing of nothing", {node(Op::literal, 0)}, 0},
  };
  for (const auto& row : rows) {
    const OneRule rule{row.nodes};
    LONGLONGS_EQUAL_TEXT(std::min(row.span + kMinute, engine::kSpanMax), rule.span(), row.why);
  }
  STRCMP_EQUAL("airspace ", feeds_of(OneRule{{pulse}}.reach()).c_str());
  STRCMP_EQUAL("launches ", feeds_of(OneRule{{node(Op::overdue, sample::launches)}}.reach()).c_str());
  STRCMP_EQUAL("", feeds_of(OneRule{{node(Op::literal, 0)}}.reach()).c_str());
}

TEST(RuleReach, holds_what_hangs_on_the_past_by_other_clauses) {
  OneRule rule{{node(Op::pulse, sample::closure)}};
  rule.alert().hold_ms = kHour;
  LONGLONGS_EQUAL(kHour + kMinute, rule.span());
  rule.alert().cooldown_ms = kDay;
  LONGLONGS_EQUAL(kDay + kMinute, rule.span());

  // `needs` of an indicator of another feed, over a longer window
  const auto& book = tocsin::test_support::sample_book();
  std::vector<std::uint16_t> lists{book.lists.begin(), book.lists.end()};
  engine::Need need{};
  need.window_ms = 9 * kDay;
  need.indicators = {static_cast<std::uint16_t>(lists.size()), 1};
  lists.push_back(sample::exercise);
  const std::vector<engine::Need> needs{need};
  rule.image().lists = lists;
  rule.image().needs = needs;
  rule.alert().needs = {0, 1};
  LONGLONGS_EQUAL(9 * kDay + kDay + kMinute, rule.span());
  STRCMP_EQUAL("airspace analyst ", feeds_of(rule.reach()).c_str());
}

TEST(RuleReach, a_clear_of_its_own_and_a_level_count) {
  OneRule rule{{node(Op::count, sample::exercise, 0, kDay), node(Op::overdue, sample::launches),
                node(Op::pulse, sample::closure)}};
  rule.alert().clear = 0;
  LONGLONGS_EQUAL(kDay + kMinute, rule.span());
  STRCMP_EQUAL("airspace analyst ", feeds_of(rule.reach()).c_str());
  engine::LevelRule level{};
  level.node = 1;
  const std::vector<engine::LevelRule> levels{level};
  rule.image().level_rules = levels;
  rule.alert().levels = {0, 1};
  STRCMP_EQUAL("airspace analyst launches ", feeds_of(rule.reach()).c_str());
}
