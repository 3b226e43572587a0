// SPDX-License-Identifier: Apache-2.0
/// What: a rule image with any byte changed is refused, or loads into an engine that survives any input.
/// How: every byte of a good image is changed in turn; what still loads is run with reports, a jump and a save.
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
