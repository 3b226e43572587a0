// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A daemon's status, as tables for a person and as one JSON object for a program.
#include <string>

#include "tocsin/wire/control_codec.hpp"

#include "lib/terminal.hpp"

namespace tocsin::tools {
/// @param all  also alerts that are down.
[[nodiscard]] std::string status_text(const wire::StatusReport& status, const Palette& palette, bool all);
/// Without line end.
[[nodiscard]] std::string status_json(const wire::StatusReport& status);
/// Refusals per principal and reason.
[[nodiscard]] std::string refusals_text(const std::vector<wire::RefusalCount>& refusals, const Palette& palette);
/// One refusal count as a JSON object.
[[nodiscard]] std::string refusal_json(const wire::RefusalCount& refusal);
}  // namespace tocsin::tools
