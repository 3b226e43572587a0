// SPDX-License-Identifier: Apache-2.0
/// What: a rule image with any byte changed is refused, or loads into an engine that survives any input.
/// How: every byte of a good image is changed in turn; what still loads is run with reports, a jump and a save.
#include <string>

#include "tocsin/test_support/prng.hpp"

#include "book_builder.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using tocsin::test_support::Bench;
using tocsin::test_support::BookBuilder;

namespace {
std::vector<std::uint64_t> small_image() {
  BookBuilder book{1000};
  book.theater("here");
  const auto origin = book.origin("o");
  const auto feed = book.feed("f", {origin}, 20, 10);
  const auto indicator = book.indicator("i", {feed}, 4);
  const auto over = book.condition("c", book.node(Op::greater, book.number(Op::sum, indicator, 10), book.literal(3)));
  BookBuilder::AlertOptions options;
  options.need_indicators = {indicator};
  options.levels = {{over, 3, 0}};
  book.alert("a", book.node(Op::then, over, book.node(Op::pulse, indicator), 10), options);
  return book.build();
}

void exercise(const Image& image) {
  if (image.indicators.empty() || image.feeds.empty() || image.bounds.block_bytes > 1U << 20U) return;
  std::vector<std::uint64_t> block(image.bounds.block_bytes / 8 + 1);
  Engine engine{image, std::as_writable_bytes(std::span{block})};
  engine.start(1000, {});
  static AlertEvent event;
  for (std::uint64_t i = 0; i < 20; ++i) {
    engine.step(Bench::report(0, i + 1, 0, 1000 + static_cast<Instant>(i) * 3, static_cast<double>(i),
                              1000 + static_cast<Instant>(i) * 4));
    while (engine.next_event(event)) {
    }
  }
  engine.step(Bench::clock(1200));
  static_cast<void>(engine.save());
}
}  // namespace

TEST_GROUP(Loader){};

TEST(Loader, takes_a_good_image_and_finds_its_names) {
  const auto words = small_image();
  Image image;
  ENUMS_EQUAL_INT(ImageError::none, load_image(std::as_bytes(std::span{words}), image));
  LONGS_EQUAL(0, image.find_feed("f"));
  LONGS_EQUAL(kNone, image.find_feed("g"));
  LONGS_EQUAL(kNone, image.find_alert(""));
}

TEST(Loader, refuses_unaligned_cut_and_foreign_bytes) {
  const auto words = small_image();
  const auto bytes = std::as_bytes(std::span{words});
  Image image;
  ENUMS_EQUAL_INT(ImageError::unaligned, load_image(bytes.subspan(4), image));
  ENUMS_EQUAL_INT(ImageError::malformed, load_image(bytes.first(16), image));
  ENUMS_EQUAL_INT(ImageError::malformed, load_image(bytes.first(bytes.size() / 2 / 8 * 8), image));
  const std::vector<std::uint64_t> zeros(100, 0);
  ENUMS_EQUAL_INT(ImageError::malformed, load_image(std::as_bytes(std::span{zeros}), image));
}

TEST(Loader, survives_every_changed_byte) {
  const auto good = small_image();
  constexpr std::uint8_t kChanges[] = {0x01, 0x80, 0xFF};
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    for (const std::uint8_t change : kChanges) {
      auto words = good;
      auto bytes = std::as_writable_bytes(std::span{words});
      bytes[i] ^= std::byte{change};
      Image image;
      if (load_image(std::as_bytes(std::span{words}), image) == ImageError::none) exercise(image);
    }
  }
}

TEST(Loader, survives_random_damage) {
  const auto good = small_image();
  tocsin::test_support::Prng prng{7};
  for (int run = 0; run < 2000; ++run) {
    auto words = good;
    auto bytes = std::as_writable_bytes(std::span{words});
    for (std::uint64_t n = prng.below(4) + 1; n > 0; --n)
      bytes[prng.index(bytes.size())] = static_cast<std::byte>(prng.below(256));
    Image image;
    if (load_image(std::as_bytes(std::span{words}), image) == ImageError::none) exercise(image);
  }
}

// What reads an alert refuses such texts, so the writer of one ended in a broken invariant.
TEST(Loader, texts_that_no_alert_can_carry_were_taken) {
  const auto error_of = [](const char* alert) {
    BookBuilder book{1000};
    book.theater("here");
    const auto feed = book.feed("f", {book.origin("o")});
    book.alert(alert, book.node(Op::pulse, book.indicator("i", {feed})));
    const auto words = book.build();
    Image image;
    return load_image(std::as_bytes(std::span{words}), image);
  };
  ENUMS_EQUAL_INT(ImageError::none, error_of("a_1"));
  const std::string longest(64, 'a');
  ENUMS_EQUAL_INT(ImageError::none, error_of(longest.c_str()));
  ENUMS_EQUAL_INT(ImageError::bad_name, error_of((longest + "a").c_str()));
  for (const char* bad :
       {"a\x1B", "a\n", "a\x7F", "a\xFF", "a\xC2\x85", "a\xC3", "a\xED\xA0\x80", "a\xC0\x80", "a/b", "A", "1a"})
    ENUMS_EQUAL_INT(ImageError::bad_name, error_of(bad));
}

// The evidence of an alert shows them, and what reads an alert refuses such spans.
TEST(Loader, spans_and_filters_where_an_operation_has_none_were_taken) {
  const auto error_of = [](Op op, auto change) {
    BookBuilder book{1000};
    book.theater("here");
    const auto feed = book.feed("f", {book.origin("o")}, 10, 0);
    const auto pulse = book.node(Op::pulse, book.indicator("i", {feed}));
    const auto node = op == Op::pulse ? pulse : op == Op::overdue ? book.node(op, feed) : book.node(op, pulse, pulse);
    if (op == Op::then || op == Op::hold_for) book.edit(node).window_ms = 5;
    change(book.edit(node));
    book.alert("a", node);
    const auto words = book.build();
    Image image;
    return load_image(std::as_bytes(std::span{words}), image);
  };
  for (const Op op : {Op::overdue, Op::pulse, Op::both, Op::negate, Op::from_until, Op::then, Op::hold_for}) {
    ENUMS_EQUAL_INT(ImageError::none, error_of(op, [](Node&) {}));
    ENUMS_EQUAL_INT(ImageError::bad_node, error_of(op, [](Node& node) { node.window_ms = -1; }));
    ENUMS_EQUAL_INT(ImageError::bad_node, error_of(op, [](Node& node) { node.ago_ms = -1; }));
    ENUMS_EQUAL_INT(ImageError::bad_node, error_of(op, [](Node& node) { node.at_least = 70'000; }));
    ENUMS_EQUAL_INT(ImageError::bad_node, error_of(op, [](Node& node) { node.filter = 0; }));
  }
}
