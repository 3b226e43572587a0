// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What two books have in common: hashes of a rule's parts over all they reach, by name instead of by index.
#include <span>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::engine {
/// Hashes the parts of one book so that parts of two books are equal when they remember the same things. Left out is
/// what no state depends on: titles, what an event shows, where things lie.
class Likeness {
 public:
  /// @param nodes  one element per node, overwritten: its hash.
  /// @param salt   enters where reliabilities are compared: give two books different ones when an origin's differs.
  Likeness(const Image& image, std::span<std::uint64_t> nodes, std::uint64_t salt);

  [[nodiscard]] std::uint64_t node(std::uint16_t index) const { return index == kNone ? 0 : nodes_[index]; }
  [[nodiscard]] std::uint64_t feed(std::uint16_t index) const;
  [[nodiscard]] std::uint64_t indicator(std::uint16_t index) const;
  [[nodiscard]] std::uint64_t filter(std::uint16_t index) const;
  [[nodiscard]] std::uint64_t alert(std::uint16_t index) const;

 private:
  [[nodiscard]] std::uint64_t name(Name text) const;
  [[nodiscard]] std::uint64_t term(const FilterTerm& term) const;
  [[nodiscard]] std::uint64_t operands(const Node& node) const;

  const Image& image_;
  std::span<std::uint64_t> nodes_;
  std::uint64_t salt_;
};
}  // namespace tocsin::engine
