// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Reports: the reports of each indicator in the order of `last`, and the numbers taken from them.
#include <span>
#include <vector>

#include "tocsin/engine/input.hpp"
#include "tocsin/engine/rule/image.hpp"
#include "tocsin/model/model.hpp"

namespace tocsin::model {
/// Time, then the feed's name (index order is name order), then seq.
[[nodiscard]] bool in_event_order(const engine::Input& left, const engine::Input& right);

/// `left op right` of a comparison, on numbers.
[[nodiscard]] bool compares(engine::Op op, double left, double right);

/// True when the report passes the filter; kNone: any does.
[[nodiscard]] bool passes(const engine::Image& image, std::uint16_t filter, const engine::Input& report);

/// The reports that count, by indicator, each list in the order of `last`, oldest first.
struct Reports {
  const engine::Image& image;
  std::vector<std::vector<engine::Input>> of;

  /// Those of an indicator with a time in (after, until].
  [[nodiscard]] std::span<const engine::Input> between(std::uint16_t indicator, engine::Instant after,
                                                       engine::Instant until) const;
  /// The newest `keep` of an indicator at an instant.
  [[nodiscard]] std::span<const engine::Input> kept(std::uint16_t indicator, engine::Instant at) const;
};

/// A number taken from reports, blindness aside, over `within`.
[[nodiscard]] std::vector<NumberPiece> report_number(const Reports& reports, const engine::Node& node, Interval within);

/// A pulse, blindness aside.
[[nodiscard]] Intervals pulse(const Reports& reports, const engine::Node& node, Interval within);

/// When a `needs` has enough origins.
[[nodiscard]] Intervals need_met(const Reports& reports, const engine::Need& need, const std::vector<Intervals>& blind,
                                 Interval within);
}  // namespace tocsin::model
