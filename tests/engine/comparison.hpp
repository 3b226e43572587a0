// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Comparison: an engine and the model on one random book and its lines. A failure prints the seed and the fewest
/// lines that still show it.
#include <cstdio>
#include <string>
#include <vector>

#include "follower.hpp"
#include "random_book.hpp"

namespace tocsin::test_support {
struct Options {
  bool late;
  engine::Span horizon_ms;
  std::uint16_t log_capacity;
  bool save_and_restore;
  engine::Span unit = 1;
  bool early = false;
};

/// One random book, compared line by line.
class Comparison {
 public:
  Comparison(std::uint64_t seed, const Options& options) : seed_{seed}, options_{options} {}

  void run();
  /// @returns what is wrong, or nothing. The book is the seed's, whatever the lines are.
  [[nodiscard]] std::string differs(const std::vector<engine::Input>& lines) const;

 private:
  [[nodiscard]] std::string past_differs(Bench& bench, const model::Evaluation& wanted, engine::Instant about,
                                         engine::Instant to) const;
  /// The book of this seed; `after` is the generator as it is once the book is made.
  [[nodiscard]] BookBuilder make_book(Prng& after) const;
  [[nodiscard]] std::vector<engine::Input> make_lines() const;
  [[nodiscard]] std::vector<engine::Input> shrunk(std::vector<engine::Input> lines) const;
  /// The lines and what the engine said to each (without the clock lines between them).
  void print_run(const std::vector<engine::Input>& lines) const;
  void print_book() const;

  std::uint64_t seed_;
  Options options_;
};

/// What stands up to an instant against what the model says. @returns what is wrong, or nothing.
std::string facts_differ(const model::Evaluation& wanted, const Follower& follower, engine::Instant to);
}  // namespace tocsin::test_support
