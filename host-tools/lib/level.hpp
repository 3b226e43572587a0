// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Levels as people type them.
#include <optional>
#include <string_view>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::tools {
/// watch, elevated, high or critical; anything else is none.
[[nodiscard]] constexpr std::optional<engine::Level> parse_level(std::string_view text) {
  if (text == "watch") return engine::Level::watch;
  if (text == "elevated") return engine::Level::elevated;
  if (text == "high") return engine::Level::high;
  if (text == "critical") return engine::Level::critical;
  return std::nullopt;
}
}  // namespace tocsin::tools
