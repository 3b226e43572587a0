// SPDX-License-Identifier: Apache-2.0
/// What: the records of an image: order, sharing of nodes, defaults, and bytes that stay the same.
/// How: small books are compiled, loaded with the engine's loader and looked at.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;
using tocsin::compiler::testing::list;
using tocsin::engine::FilterKey;
using tocsin::engine::Image;
using tocsin::engine::kNone;
using tocsin::engine::Node;
using tocsin::engine::Op;
using tocsin::engine::Shape;

namespace {
constexpr std::int64_t kHour = 3'600'000;

std::string span_text(std::int64_t ms) {
  return ms % kHour == 0 ? std::to_string(ms / kHour) + "h" : std::to_string(ms) + "ms";
}

std::string term_text(const Image& image, const tocsin::engine::FilterTerm& term) {
  static constexpr const char* kSigns[] = {"<", "<=", "=", "!=", ">=", ">"};
  const char* const sign = kSigns[term.comparison - static_cast<int>(Op::less)];
  const auto with = [&](const char* key, const std::string& value) { return std::string{key} + sign + value; };
  switch (static_cast<FilterKey>(term.key)) {
    case FilterKey::value:
      return with("value", std::to_string(static_cast<int>(term.value)));
    case FilterKey::origin:
      return with("origin", std::string{image.view(image.origins[term.ref].name)});
    case FilterKey::feed:
      return with("feed", std::string{image.view(image.feeds[term.ref].name)});
    case FilterKey::actor:
      return with("actor", std::string{image.view(image.actors[term.ref].name)});
    case FilterKey::target:
      return with("target", std::string{image.view(image.actors[term.ref].name)});
    case FilterKey::grade:
      return with("grade", std::string{static_cast<char>(term.ref >> 8U)} + std::to_string(term.ref & 0xFFU));
    case FilterKey::reliability:
      return with("reliability", std::string{static_cast<char>(term.ref)});
    case FilterKey::credibility:
      return with("credibility", std::to_string(term.ref));
    case FilterKey::tag:
      return with("tag", std::string{image.view(image.tags[term.ref].name)});
  }
  return "?";
}

// The terms of a filter, sorted as text: their order means nothing.
std::string filter_text(const Image& image, std::uint16_t index) {
  if (index == kNone) return {};
  const auto& filter = image.filters[index];
  std::vector<std::string> terms;
  for (const auto& term : image.filter_terms.subspan(filter.terms.first, filter.terms.count))
    terms.push_back(term_text(image, term));
  std::sort(terms.begin(), terms.end());
  std::string out;
  for (const std::string& term : terms) out += (out.empty() ? "[" : " ") + term;
  return out + "]";
}

const char* word_of(Op op) {
  static constexpr std::pair<Op, const char*> kWords[] = {{Op::count, "count"},
                                                          {Op::sum, "sum"},
                                                          {Op::last, "last"},
                                                          {Op::max, "max"},
                                                          {Op::origins, "origins"},
                                                          {Op::mean, "mean"},
                                                          {Op::min, "min"},
                                                          {Op::median, "median"},
                                                          {Op::mad, "mad"},
                                                          {Op::stddev, "stddev"},
                                                          {Op::quantile, "quantile"},
                                                          {Op::days, "days"},
                                                          {Op::add, "+"},
                                                          {Op::subtract, "-"},
                                                          {Op::multiply, "*"},
                                                          {Op::divide, "/"},
                                                          {Op::less, "<"},
                                                          {Op::less_equal, "<="},
                                                          {Op::equal, "="},
                                                          {Op::not_equal, "!="},
                                                          {Op::greater_equal, ">="},
                                                          {Op::greater, ">"},
                                                          {Op::overdue, "overdue"},
                                                          {Op::both, "and"},
                                                          {Op::either, "or"},
                                                          {Op::negate, "not"},
                                                          {Op::hold_for, "for"},
                                                          {Op::in_last, "in-last"},
                                                          {Op::then, "then"},
                                                          {Op::since, "since"},
                                                          {Op::from_until, "from-until"}};
  for (const auto& [known, word] : kWords) {
    if (known == op) return word;
  }
  return "?";
}

// A node as text, named conditions below it by their names.
std::string node_text(const Image& image, std::uint16_t index, bool follow_name = false) {
  const Node& node = image.nodes[index];
  if (node.condition != kNone && !follow_name) return std::string{image.view(image.conditions[node.condition].name)};
  const auto op = static_cast<Op>(node.op);
  const Shape shape = tocsin::engine::shape_of(node.op);
  if (shape == Shape::literal) return std::to_string(static_cast<int>(node.value));
  if (shape == Shape::pulse)
    return std::string{image.view(image.indicators[node.a].name)} + filter_text(image, node.filter);
  if (shape == Shape::overdue) return "(overdue " + std::string{image.view(image.feeds[node.a].name)} + ")";
  std::string out = std::string{"("} + word_of(op);
  if (shape == Shape::report_number) {
    out += " " + std::string{image.view(image.indicators[node.a].name)} + filter_text(image, node.filter);
    if (op == Op::quantile) out += " " + std::to_string(node.numerator) + "e-" + std::to_string(node.digits);
    if (node.at_least != 0) out += " least" + std::to_string(node.at_least);
  } else {
    out += " " + node_text(image, node.a);
    if (shape != Shape::negate && shape != Shape::hold_for && shape != Shape::in_last)
      out += " " + node_text(image, node.b);
  }
  if (node.window_ms == tocsin::engine::kUnbounded) return out + " ever)";
  if (node.window_ms != 0) out += " " + span_text(node.window_ms);
  if (node.ago_ms != 0) out += " ago" + span_text(node.ago_ms);
  if (node.runs != 0) out += " runs" + std::to_string(node.runs);
  return out + ")";
}

struct Compiled {
  explicit Compiled(const std::string& declarations)
      : result{testing::compile_with(declarations)}, image{testing::load(result)} {
    const std::string text = testing::kVocabulary + declarations;
    CHECK_TEXT(result.ok, list(result, text).c_str());
  }
  [[nodiscard]] std::string condition(const char* name) const {
    for (const auto& condition : image.conditions) {
      if (image.view(condition.name) == name) return node_text(image, condition.node, true);
    }
    return "none";
  }
  [[nodiscard]] std::uint16_t root(const char* name) const {
    for (const auto& condition : image.conditions) {
      if (image.view(condition.name) == name) return condition.node;
    }
    return kNone;
  }
  [[nodiscard]] std::size_t nodes(Op op) const {
    return static_cast<std::size_t>(std::count_if(image.nodes.begin(), image.nodes.end(), [&](const Node& node) {
      return node.op == static_cast<std::uint8_t>(op);
    }));
  }
  CompileResult result;
  Image image;
};

constexpr const char* kSmallBook = R"(watchbook "Small" version 2
horizon 7d
theater t "T" { step_down 1h }
actor a
origin o { reliability A }
feed f { origin o every 1h grace 5m }
indicator i "I" { kind k theater t actor a unit "u" feeds f role leading keep 8 }
condition c = sum(i, 1h) >= 2 for 10m
condition odd = last(i[value >= 2, tag = x]) > quantile(i, 0.95, 5h ending 1h ago, at least 2) since i in last 1h to 2h
hypothesis h "H"
alert al "Alert" {
  theater t when c and i level high level critical when c unless overdue(f)
  needs 1 origins of i[origin = o] within 1h else watch cooldown 1h hold 5m evidence 3
  weigh h +2 when odd against odd caveat "C" disconfirm "D" by 1h marking amber release r
}
)";

// block_bytes is the engine's business; everything else is the compiler's.
std::string without_block_bytes(std::span<const std::byte> bytes, std::uint32_t block_bytes) {
  std::string out(bytes.size(), '\0');
  std::memcpy(out.data(), bytes.data(), bytes.size());
  for (std::size_t i = 0; i + sizeof block_bytes <= out.size(); i += sizeof block_bytes) {
    if (std::memcmp(out.data() + i, &block_bytes, sizeof block_bytes) == 0)
      std::memset(out.data() + i, 0, sizeof block_bytes);
  }
  return out;
}
}  // namespace

TEST_GROUP(Emit){};

TEST(Emit, orders_names_and_points_to_them) {
  const Compiled book{"alert z { theater strait when surge }\nalert a { theater korea when launch }"};
  const Image& image = book.image;
  CHECK(image.view(image.alerts[0].name) == "a");
  CHECK(image.view(image.alerts[1].name) == "z");
  CHECK(image.view(image.book_title) == "Test book");
  UNSIGNED_LONGS_EQUAL(3, image.book_version);
  LONGLONGS_EQUAL(14LL * 86'400'000, image.horizon_ms);
  const auto& air = image.indicators[image.find_indicator("air")];
  CHECK(image.view(image.theaters[air.theater].name) == "strait");
  CHECK(image.view(image.actors[air.actor].name) == "prc");
  UNSIGNED_LONGS_EQUAL(64, air.keep);
  const auto& launches = image.feeds[image.find_feed("launches")];
  UNSIGNED_LONGS_EQUAL(2, launches.origins.count);
  LONGLONGS_EQUAL(0, launches.every_ms);
  UNSIGNED_LONGS_EQUAL('B', image.origins[image.find_origin("mnd")].reliability);
  UNSIGNED_LONGS_EQUAL('F', image.origins[image.find_origin("jcs")].reliability);
  UNSIGNED_LONGS_EQUAL(kNone, image.indicators[image.find_indicator("news")].theater);
}

TEST(Emit, fills_in_the_defaults_of_an_alert) {
  const Compiled book{"alert a { theater korea when launch and surge }"};
  const auto& alert = book.image.alerts[0];
  UNSIGNED_LONGS_EQUAL(1, alert.level);
  UNSIGNED_LONGS_EQUAL(8, alert.evidence);
  UNSIGNED_LONGS_EQUAL(kNone, alert.clear);
  LONGLONGS_EQUAL(0, alert.hold_ms + alert.cooldown_ms);
  UNSIGNED_LONGS_EQUAL(2, alert.feeds.count);
}

TEST(Emit, keeps_the_order_of_a_linkage_and_its_needs) {
  const Compiled book{
      "linkage l { from korea to strait when launch then surge within 3d level high level critical when ships\n"
      "needs 2 origins of launch within 3d else elevated caveat \"c\" }"};
  const auto& alert = book.image.alerts[0];
  UNSIGNED_LONGS_EQUAL(1, alert.kind);
  UNSIGNED_LONGS_EQUAL(1, alert.directed);
  CHECK(book.image.view(book.image.theaters[book.image.list(alert.theaters)[0]].name) == "korea");
  CHECK(book.image.view(book.image.theaters[book.image.list(alert.theaters)[1]].name) == "strait");
  UNSIGNED_LONGS_EQUAL(1, alert.levels.count);
  UNSIGNED_LONGS_EQUAL(4, book.image.level_rules[alert.levels.first].level);
  UNSIGNED_LONGS_EQUAL(2, book.image.needs[alert.needs.first].count);
  UNSIGNED_LONGS_EQUAL(2, book.image.needs[alert.needs.first].cap);
  STRCMP_EQUAL("(then launch surge 72h)", node_text(book.image, alert.when).c_str());
}

TEST(Emit, shares_equal_parts) {
  const Compiled book{"alert a { theater strait when sum(air, 24h) > 1 and ships or sum(air, 24h) > 1 and launch }"};
  UNSIGNED_LONGS_EQUAL(1, book.nodes(Op::sum));
  UNSIGNED_LONGS_EQUAL(1, book.nodes(Op::greater));
}

TEST(Emit, never_merges_the_root_of_a_named_condition) {
  const Compiled book{
      "condition x = ships\ncondition y = ships\n"
      "alert a { theater strait when ships and x and y and surge }"};
  CHECK(book.root("x") != book.root("y"));
  UNSIGNED_LONGS_EQUAL(3, book.nodes(Op::pulse));
}

TEST(Emit, an_alias_shares_the_node_of_what_it_names) {
  const Compiled book{"condition x = surge\nalert a { theater strait when x }"};
  UNSIGNED_LONGS_EQUAL(book.root("surge"), book.root("x"));
  UNSIGNED_LONGS_EQUAL(book.root("surge"), book.image.alerts[0].when);
  CHECK(book.image.view(book.image.conditions[book.image.nodes[book.root("x")].condition].name) == "surge");
}

TEST(Emit, unless_is_and_not) {
  const Compiled book{"condition x = air unless ships\nalert a { theater strait when x and surge }"};
  STRCMP_EQUAL("(and air (not ships))", book.condition("x").c_str());
}

TEST(Emit, has_every_number_with_its_window_rank_and_filter) {
  struct Row {
    const char* written;
    const char* expected;
  };
  constexpr Row kRows[] = {
      {"mean(air, 7d) > 1", "(> (mean air 168h) 1)"},
      {"min(air, 7d) > 1", "(> (min air 168h) 1)"},
      {"median(air, 7d ending 1d ago) > 1", "(> (median air 168h ago24h) 1)"},
      {"mad(air, 7d, at least 3) > 1", "(> (mad air least3 168h) 1)"},
      {"stddev(air, 7d ending 1h ago, at least 3) > 1", "(> (stddev air least3 168h ago1h) 1)"},
      {"days(air, 7d) > 1", "(> (days air 168h) 1)"},
      {"last(air, at least 2) > 1", "(> (last air least2) 1)"},
      {"quantile(air, 0.95, 7d) > 1", "(> (quantile air 95e-2 168h) 1)"},
      {"quantile(air, 0.950, 7d) > 1", "(> (quantile air 95e-2 168h) 1)"},
      {"quantile(air, 0, 7d) > 1", "(> (quantile air 0e-0 168h) 1)"},
      {"quantile(air, 1.0, 7d) > 1", "(> (quantile air 1e-0 168h) 1)"},
      {"quantile(air, 0.123456789012345, 7d) > 1", "(> (quantile air 123456789012345e-15 168h) 1)"},
      {"count(air[value >= 20, origin = mnd, grade >= B2], 7d) > 1",
       "(> (count air[grade>=B2 origin=mnd value>=20] 168h) 1)"},
      {"air[feed != daily, actor = prc, target != prc]", "air[actor=prc feed!=daily target!=prc]"},
      {"air[reliability <= C, credibility >= 3, tag = drill, tag != \"two words\"]",
       "air[credibility>=3 reliability<=C tag!=two words tag=drill]"},
      {"air[value < -3]", "air[value<-3]"},
  };
  for (const Row& row : kRows) {
    const Compiled book{std::string{"condition x = "} + row.written};
    STRCMP_EQUAL_TEXT(row.expected, book.condition("x").c_str(), row.written);
  }
}

TEST(Emit, has_every_operator_with_its_spans) {
  struct Row {
    const char* written;
    const char* expected;
  };
  constexpr Row kRows[] = {
      {"air since ships", "(since air ships ever)"},
      {"air since ships in last 3d", "(since air ships 72h)"},
      {"air since ships in last 1d to 3d", "(since air ships 72h ago24h runs5)"},
      {"air since ships in last 0s", "(since air ships)"},
      {"air since ships in last 1d in last 2d", "(in-last (since air ships 24h) 48h)"},
      {"air in last 3d", "(in-last air 72h)"},
      {"air in last 0s to 3d", "(in-last air 72h)"},
      {"air in last 1d to 3d", "(in-last air 72h ago24h runs5)"},
      {"air in last 71h to 3d", "(in-last air 72h ago71h runs75)"},
      {"air in last 6s to 6s", "(in-last air 6000ms ago6000ms runs3004)"},
      {"from air until ships or launch", "(from-until air (or ships launch))"},
      {"(from air until ships) and launch", "(and (from-until air ships) launch)"},
      {"air then ships within 3d then launch within 5d", "(then (then air ships 72h) launch 120h)"},
  };
  for (const Row& row : kRows) {
    const Compiled book{std::string{"condition x = "} + row.written};
    STRCMP_EQUAL_TEXT(row.expected, book.condition("x").c_str(), row.written);
  }
}

TEST(Emit, filters_that_mean_the_same_are_one_with_a_bit_of_their_indicator) {
  const Compiled book{
      "alert a { theater strait when surge and air[value > 2, origin = mnd] and "
      "count(air[origin = mnd, value > 2, value > 2.0], 1d) > 1 and ships[value > 2] and air[value > 3] }"};
  UNSIGNED_LONGS_EQUAL(3, book.image.filters.size());
  UNSIGNED_LONGS_EQUAL(0, book.image.filters[0].bit);
  UNSIGNED_LONGS_EQUAL(2, book.image.filters[0].terms.count);
  UNSIGNED_LONGS_EQUAL(0, book.image.filters[1].bit);  // of ships
  UNSIGNED_LONGS_EQUAL(1, book.image.filters[2].bit);
}

TEST(Emit, sorts_the_tags_that_filters_name) {
  const Compiled book{
      "alert a { theater strait when surge and air[tag = zulu] or ships[tag != alpha]\n"
      "needs 1 origins of air[tag = mike] within 1d else watch }"};
  UNSIGNED_LONGS_EQUAL(3, book.image.tags.size());
  CHECK(book.image.view(book.image.tags[0].name) == "alpha");
  CHECK(book.image.view(book.image.tags[1].name) == "mike");
  CHECK(book.image.view(book.image.tags[2].name) == "zulu");
}

TEST(Emit, a_need_has_the_filter_of_each_indicator) {
  const Compiled book{
      "alert a { theater strait when surge\n"
      "needs 2 origins of launch[origin = jcs], ships, launch[origin = mod] within 1d else watch }"};
  const auto& need = book.image.needs[0];
  UNSIGNED_LONGS_EQUAL(3, need.indicators.count);
  std::string items;
  for (std::size_t i = 0; i < need.indicators.count; ++i) {
    items += std::string{book.image.view(book.image.indicators[book.image.lists[need.indicators.first + i]].name)} +
             filter_text(book.image, book.image.lists[need.filters + i]) + " ";
  }
  STRCMP_EQUAL("launch[origin=jcs] launch[origin=mod] ships ", items.c_str());
}

TEST(Emit, an_alert_carries_its_judgement) {
  const Compiled book{
      "hypothesis zeta \"Z\" hypothesis beta\n"
      "alert a { theater strait when surge weigh zeta +2, beta -1 weigh beta +10 when ships in last 1d\n"
      "against quiet, surge caveat \"c one\" caveat \"c two\" disconfirm \"none by then\" by 72h\n"
      "disconfirm \"nor then\" by 5d marking amber_strict release usa, rok }\n"
      "condition quiet = max(air, 2d) <= 2"};
  const Image& image = book.image;
  const auto& alert = image.alerts[0];
  UNSIGNED_LONGS_EQUAL(2, image.hypotheses.size());
  CHECK(image.view(image.hypotheses[0].name) == "beta");
  CHECK(image.view(image.hypotheses[1].title) == "Z");
  UNSIGNED_LONGS_EQUAL(2, alert.weighs.count);
  const auto& always = image.weigh_clauses[alert.weighs.first];
  const auto& sometimes = image.weigh_clauses[alert.weighs.first + 1U];
  UNSIGNED_LONGS_EQUAL(kNone, always.when);
  UNSIGNED_LONGS_EQUAL(2, always.weights.count);
  UNSIGNED_LONGS_EQUAL(1, image.weights[always.weights.first].hypothesis);
  LONGS_EQUAL(2, image.weights[always.weights.first].weight);
  LONGS_EQUAL(-1, image.weights[always.weights.first + 1U].weight);
  LONGS_EQUAL(10, image.weights[sometimes.weights.first].weight);
  STRCMP_EQUAL("(in-last ships 24h)", node_text(image, sometimes.when).c_str());
  UNSIGNED_LONGS_EQUAL(2, alert.against.count);
  CHECK(image.view(image.conditions[image.list(alert.against)[0]].name) == "quiet");
  CHECK(image.view(image.conditions[image.list(alert.against)[1]].name) == "surge");
  UNSIGNED_LONGS_EQUAL(2, alert.caveats.count);
  CHECK(image.view(image.texts[alert.caveats.first + 1U]) == "c two");
  UNSIGNED_LONGS_EQUAL(2, alert.disconfirms.count);
  CHECK(image.view(image.disconfirms[alert.disconfirms.first].text) == "none by then");
  LONGLONGS_EQUAL(72 * kHour, image.disconfirms[alert.disconfirms.first].by_ms);
  UNSIGNED_LONGS_EQUAL(static_cast<unsigned>(tocsin::engine::Marking::amber_strict), alert.marking);
  UNSIGNED_LONGS_EQUAL(2, alert.release.count);
  CHECK(image.view(image.texts[alert.release.first]) == "usa");
}

TEST(Emit, operands_come_before_what_uses_them) {
  const Compiled book{
      "alert a { theater strait when a1 }\ncondition a1 = b1 or c1\ncondition b1 = c1 and surge\ncondition c1 = air "
      "for 1h"};
  STRCMP_EQUAL("(or b1 c1)", book.condition("a1").c_str());
  STRCMP_EQUAL("(and c1 surge)", book.condition("b1").c_str());
  CHECK(book.root("c1") < book.root("b1"));
  CHECK(book.root("b1") < book.root("a1"));
}

TEST(Emit, a_theater_has_the_feeds_that_promise_regularity) {
  const Compiled book{"alert a { theater strait when surge }"};
  UNSIGNED_LONGS_EQUAL(1, book.image.theaters[1].feeds.count);  // strait: daily
  UNSIGNED_LONGS_EQUAL(0, book.image.theaters[0].feeds.count);  // korea: launches has no `every`
  UNSIGNED_LONGS_EQUAL(1, book.image.theaters[0].blind_after);
  UNSIGNED_LONGS_EQUAL(kNone, book.image.theaters[1].blind_after);
}

TEST(Emit, an_empty_book_is_an_image) {
  CHECK(testing::compile_text("").ok);
  CHECK(testing::compile_text("# nothing\n").ok);
}

TEST(Emit, gives_the_bytes_it_always_gave) {
  const CompileResult result = testing::compile_text(kSmallBook);
  STRCMP_EQUAL("", list(result, kSmallBook).c_str());
  const std::string made = without_block_bytes(result.image.bytes(), testing::load(result).bounds.block_bytes);
  const char* const path = TOCSIN_SOURCE_DIR "/tests/host-tools/compiler/golden/small.tcn";
  if (std::getenv("TOCSIN_UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
    std::ofstream{path, std::ios::binary} << made;
  }
  const std::string golden = testing::read_text(path);
  UNSIGNED_LONGS_EQUAL(golden.size(), made.size());
  CHECK_TEXT(golden == made,
             "the image differs; if it is meant to, run with TOCSIN_UPDATE_GOLDEN=1 and say so in CHANGELOG");
}
