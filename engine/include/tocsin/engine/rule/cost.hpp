// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What a book costs: memory by part, and how much work one line can make at most. For the compiler and people.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::engine {
/// Bytes of the block that belong to one thing: its place in every state (base, head, scratch, copies), rings, plan.
[[nodiscard]] std::size_t indicator_bytes(const Image& image, std::uint16_t indicator);
[[nodiscard]] std::size_t node_bytes(const Image& image, std::uint16_t node);
[[nodiscard]] std::size_t alert_bytes(const Image& image, std::uint16_t alert);

/// Bounds on work in steps: a step is one node or alert decided, or one report looked at for a number.
struct Cost {
  std::uint64_t instant = 0;  ///< at one instant, when everything is decided and every window is full
  /// For one line, however late and however long the silence before it: every instant between the oldest that late news
  /// may reach and the clock is passed by the base, by time passing and once more for the late line. Work::worst_step
  /// is never above it. UINT64_MAX: more than 64 bits hold.
  std::uint64_t line = 0;
};
/// @param steps  one element per node, overwritten: the node's share of `line`.
[[nodiscard]] Cost cost_of(const Image& image, std::span<std::uint64_t> steps);
}  // namespace tocsin::engine
