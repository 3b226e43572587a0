// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The text of a rule, from its image: numbers, filters, windows and conditions as a watch book writes them.
///
/// All functions take a loaded image and indices within it. The text of an expression can be put into a book again and
/// compiles to the same nodes; `unless` comes out as `and not`, and every named condition by its name.
#include <cstdint>
#include <string>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::tools {
/// `14d`, `36h`, `90m`: the largest unit that divides it.
[[nodiscard]] std::string duration_text(engine::Span span);
/// `value >= 20, origin = mnd`, without brackets. @param filter  index in Image::filters, or kNone: empty.
[[nodiscard]] std::string filter_text(const engine::Image& image, std::uint16_t filter);
/// `90d ending 1d ago, at least 20`: what follows the indicator (and q) of a number; may be empty (`last`).
[[nodiscard]] std::string window_text(const engine::Node& node);
/// `pla_aircraft[value >= 20]`. @param node  a number taken from reports, or a pulse.
[[nodiscard]] std::string subject_text(const engine::Image& image, const engine::Node& node);

/// How far an expression is spelled out.
struct ExpressionOptions {
  bool spell_out = false;         ///< a node that is a named condition: its expression, not its name
  std::size_t bytes_max = 2'000;  ///< where it is longer, the rest is `...`
};
/// The expression of a node. Operands that are named conditions stand by their names.
[[nodiscard]] std::string expression_text(const engine::Image& image, std::uint16_t node,
                                          const ExpressionOptions& options);
[[nodiscard]] inline std::string expression_text(const engine::Image& image, std::uint16_t node) {
  return expression_text(image, node, {});
}
/// `2 origins of dprk_severe, dprk_test[value >= 2] within 3d else watch`: what follows `needs`.
[[nodiscard]] std::string need_text(const engine::Image& image, const engine::Need& need);
}  // namespace tocsin::tools
