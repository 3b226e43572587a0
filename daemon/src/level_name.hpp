// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The names of levels, as topics, log lines and the journal's acts have them.
#include <array>
#include <cstddef>
#include <string_view>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::daemon {
/// `calm`, `watch`, `elevated`, `high`, `critical` or `unknown`.
[[nodiscard]] inline std::string_view name_of(engine::Level level) {
  static constexpr std::array<std::string_view, 6> kNames{"calm", "watch", "elevated", "high", "critical", "unknown"};
  return kNames.at(static_cast<std::size_t>(level));
}
}  // namespace tocsin::daemon
