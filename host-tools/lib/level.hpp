// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Levels as people type them, and what someone who asked for one wants to see.
#include <optional>
#include <string_view>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/wire/alert_codec.hpp"

namespace tocsin::tools {
/// watch, elevated, high or critical; anything else is none.
[[nodiscard]] constexpr std::optional<engine::Level> parse_level(std::string_view text) {
  if (text == "watch") return engine::Level::watch;
  if (text == "elevated") return engine::Level::elevated;
  if (text == "high") return engine::Level::high;
  if (text == "critical") return engine::Level::critical;
  return std::nullopt;
}

/// Whether someone who asked for `least` and above wants this event. Unknown and known speak of no level: they are for
/// those who want all.
[[nodiscard]] inline bool is_wanted(const wire::AlertRecord& alert, engine::Level least) {
  const bool knowledge = alert.kind == engine::EventKind::unknown || alert.kind == engine::EventKind::known;
  return knowledge ? least <= engine::Level::watch : alert.level >= least;
}
}  // namespace tocsin::tools
