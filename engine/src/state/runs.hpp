// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Runs: the separate truths that `in last C to D` and `since … in last C to D` remember.
#include "block.hpp"

namespace tocsin::engine {
/// Runs of instants at which the (right) operand was true and, of `since`, the left one has been true after each of
/// them. Oldest first, apart by more than one instant.
class Runs {
 public:
  /// @param words  how many runs, then the start and end of each.
  /// @param from   C, @param to  D.
  Runs(std::span<Instant> words, Span from, Span to) : words_{words}, from_{from}, to_{to} {}

  /// Brings the runs up to `at`. @param before  the witness side was true from the last evaluation up to at - 1.
  /// @param now  it is at `at`. @param kept_before, @param kept_now  the same of the side that must go on being true.
  void go_on(bool before, bool now, bool kept_before, bool kept_now, Instant at);
  /// Whether some instant of [at - D, at - C] is in a run.
  [[nodiscard]] bool holds(Instant at) const { return witness(at, false) != kNever; }
  /// The latest instant of [at - D, at - C] in a run, or kNever. @param open  the newest run goes on up to `at`.
  [[nodiscard]] Instant witness(Instant at, bool open) const;
  /// When holds() may change next if nothing else does. @param open  the newest run goes on.
  [[nodiscard]] Instant due(bool open, Instant at) const;

 private:
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(words_[0]); }
  [[nodiscard]] Instant& start(std::size_t i) const { return words_[1 + 2 * i]; }
  [[nodiscard]] Instant& end(std::size_t i) const { return words_[2 + 2 * i]; }
  void add(Instant at);
  void erase(std::size_t index);
  [[nodiscard]] bool make_place();

  std::span<Instant> words_;
  Span from_;
  Span to_;
};

/// The runs of a node. @param maybe  those of "not no" instead of "yes".
[[nodiscard]] Runs runs_of(const State& state, const Plan& plan, const Image& image, std::uint16_t node, bool maybe);
}  // namespace tocsin::engine
