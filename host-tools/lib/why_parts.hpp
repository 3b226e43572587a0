// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The tree behind an answer to `why`: each part of a rule with its value, what it rests on and what it lacks.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/wire/why.hpp"

namespace tocsin::tools {
/// One node of a condition's tree.
struct WhyPart {
  std::string text;       ///< the expression, as a book writes it
  std::string condition;  ///< its name, when the part is a named condition
  engine::Truth value{};
  std::optional<double> number;  ///< the number compared with a literal; of a number's own part: its value
  bool is_number = false;        ///< a number's part: `value` has no meaning
  bool saturated = false;        ///< speaks of the reports that are kept
  std::string note;              ///< "2 of 3 launches, 5 h left"; may be empty
  std::string lacks;             ///< what would have to come for it to be true; empty when it is, or is in its parts
  bool above = false;            ///< its parts are shown at an earlier place
  std::vector<WhyPart> parts;
};

/// The tree of a node. A named condition that several parts share has its parts once.
/// @param report  fits() the image.
[[nodiscard]] WhyPart why_tree(const engine::Image& image, const wire::WhyReport& report, std::uint16_t node);

/// What is lacking for the whole to be true: of `and` the parts that are not true, of `or` all of them.
[[nodiscard]] std::vector<std::string> lacking(const WhyPart& part);

/// "mnd_daily silent since 2024-05-23T01:00:00Z (2 d 3 h)".
[[nodiscard]] std::string silence_text(const engine::Image& image, const wire::WhyReport& report,
                                       const wire::WhyReport::Feed& feed);
}  // namespace tocsin::tools
