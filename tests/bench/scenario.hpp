// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the benchmarks run: books as an analyst would write them, lines for them, and what must come out.
#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/engine/input.hpp"
#include "tocsin/engine/rule/image.hpp"

#include "ledger.hpp"

namespace tocsin::bench {
inline constexpr std::uint32_t kRules = 64;
inline constexpr std::uint32_t kTickRules = 100;

/// How much `(a and count(a, 48h) >= 3) then b within 72h` and its siblings have in common.
enum class Sharing : std::uint8_t {
  same,    ///< all rules over one a and one b, alike to the letter
  spread,  ///< each rule has its own a and b; a report is of one of them
  apart,   ///< one a and one b, but windows of its own in every rule: 48h + k min, 72h + k min
};
enum class Cooldown : std::uint8_t { none, month };

struct RulesBook {
  Sharing sharing = Sharing::same;
  Cooldown cooldown = Cooldown::month;
  std::uint32_t keep = 64;
};
/// The text of a book of kRules linkages with a horizon of 72 hours.
[[nodiscard]] std::string text_of(const RulesBook& book);
/// `reports` lines about an hour apart (exponential), 20 % of a, 5 % of b, each received when it happened; then a clock
/// line 200 h after the last.
[[nodiscard]] std::vector<engine::Input> lines_for(const RulesBook& book, const engine::Image& image,
                                                   std::size_t reports);
/// The same lines, 70 % up to 10 min, 25 % up to 6 h and 5 % up to 48 h late, in the order in which they are received.
[[nodiscard]] std::vector<engine::Input> delayed(std::vector<engine::Input> lines);
/// What must stand after those lines in whatever order, found by looking back from every report of b.
[[nodiscard]] Ledger expected(const RulesBook& book, const engine::Image& image,
                              const std::vector<engine::Input>& lines_in_order);

/// `last(a) = 1 then last(b) = 1 within 100ms`, a tick being a millisecond.
enum class TickBook : std::uint8_t {
  one,      ///< one such rule
  windows,  ///< kTickRules of them over one pair, within 100..199 ms
  pairs,    ///< kTickRules pairs with a rule each
};
[[nodiscard]] std::string text_of(TickBook book, Cooldown cooldown);
/// What booleans did over some ticks.
struct TickLines {
  std::vector<engine::Input> lines;  ///< a report whenever a boolean changes, each in 1 % of ticks; a clock at the end
  Ledger expected;
};
[[nodiscard]] TickLines tick_lines(TickBook book, Cooldown cooldown, const engine::Image& image, std::size_t ticks);
}  // namespace tocsin::bench
