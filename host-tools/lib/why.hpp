// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The answer to "why, and why not?" for a person and for a program: `replay --why` and `tocsin why`.
#include <string>

#include "tocsin/wire/why.hpp"

#include "lib/terminal.hpp"

namespace tocsin::tools {
/// Lines with line ends: the state of the rule, what is lacking, and the tree of each of its conditions with values.
/// @param report  fits() the image.
[[nodiscard]] std::string why_text(const engine::Image& image, const wire::WhyReport& report, const Palette& palette);

/// The same as one JSON object on one line, without line end.
[[nodiscard]] std::string why_json(const engine::Image& image, const wire::WhyReport& report);

/// `no alert, linkage or condition "x"; did you mean "y"?`
[[nodiscard]] std::string no_such_rule(const engine::Image& image, std::string_view name);
}  // namespace tocsin::tools
