// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What an alert's rule rests on: which feeds, and how far back. For saying whether something lost matters to it.
#include <array>
#include <cstdint>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::daemon {
/// A set of feeds, by index in the image.
using FeedBits = std::array<std::uint64_t, engine::kFeedsMax / 64>;

struct RuleReach {
  FeedBits feeds{};
  engine::Span span = 0;  ///< what is older cannot matter [ms]; at most kSpanMax
};

/// One for each alert of the book. Where a rule has no bound of its own (`last`, `since`) the span is kSpanMax.
[[nodiscard]] std::vector<RuleReach> rule_reaches(const engine::Image& image);
}  // namespace tocsin::daemon
