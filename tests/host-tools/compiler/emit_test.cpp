// SPDX-License-Identifier: Apache-2.0
/// What: the records of an image: order, sharing of nodes, defaults, and bytes that stay the same.
/// How: small books are compiled, loaded with the engine's loader and looked at.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;
using tocsin::compiler::testing::list;
using tocsin::engine::Image;
using tocsin::engine::kNone;
using tocsin::engine::Node;
using tocsin::engine::Op;

namespace {
// A node as text, named conditions below it by their names.
std::string node_text(const Image& image, std::uint16_t index, bool follow_name = false) {
  const Node& node = image.nodes[index];
  if (node.condition != kNone && !follow_name) return std::string{image.view(image.conditions[node.condition].name)};
  const auto indicator = [&] { return std::string{image.view(image.indicators[node.a].name)}; };
  const auto both = [&] { return node_text(image, node.a) + " " + node_text(image, node.b) + ")"; };
  switch (static_cast<Op>(node.op)) {
    case Op::literal:
      return std::to_string(static_cast<int>(node.value));
    case Op::count:
      return "(count " + indicator() + " " + std::to_string(node.window_ms / 3'600'000) + "h)";
    case Op::sum:
      return "(sum " + indicator() + " " + std::to_string(node.window_ms / 3'600'000) + "h)";
    case Op::max:
      return "(max " + indicator() + " " + std::to_string(node.window_ms / 3'600'000) + "h)";
    case Op::origins:
      return "(origins " + indicator() + " " + std::to_string(node.window_ms / 3'600'000) + "h)";
    case Op::last:
      return "(last " + indicator() + ")";
    case Op::pulse:
      return indicator();
    case Op::overdue:
      return "(overdue " + std::string{image.view(image.feeds[node.a].name)} + ")";
    case Op::add:
      return "(+ " + both();
    case Op::subtract:
      return "(- " + both();
    case Op::multiply:
      return "(* " + both();
    case Op::divide:
      return "(/ " + both();
    case Op::less:
      return "(< " + both();
    case Op::less_equal:
      return "(<= " + both();
    case Op::equal:
      return "(= " + both();
    case Op::not_equal:
      return "(!= " + both();
    case Op::greater_equal:
      return "(>= " + both();
    case Op::greater:
      return "(> " + both();
    case Op::both:
      return "(and " + both();
    case Op::either:
      return "(or " + both();
    case Op::negate:
      return "(not " + node_text(image, node.a) + ")";
    case Op::hold_for:
      return "(for " + node_text(image, node.a) + ")";
    case Op::in_last:
      return "(in-last " + node_text(image, node.a) + ")";
    case Op::then:
      return "(then " + both();
  }
  return "?";
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
alert al "Alert" {
  theater t when c and i level high level critical when c unless overdue(f)
  needs 1 origins of i within 1h else watch cooldown 1h hold 5m evidence 3
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
  STRCMP_EQUAL("(then launch surge)", node_text(book.image, alert.when).c_str());
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
