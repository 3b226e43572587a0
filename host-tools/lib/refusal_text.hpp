// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Why a line was refused, with the word that was wrong and a near one that would be right.
#include <string>

#include "tocsin/wire/input_view.hpp"

namespace tocsin::tools {
/// `unknown_indicator: "pla_aircrafts": no such indicator ... did you mean "pla_aircraft"?`
[[nodiscard]] std::string refusal_text(wire::Refusal refusal, const wire::InputView& line, const engine::Image& image);
}  // namespace tocsin::tools
