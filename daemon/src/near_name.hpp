// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Near names: what somebody may have meant.
#include <span>
#include <string>
#include <string_view>

namespace tocsin::daemon {
/// The candidate that differs from `name` in the fewest letters, or empty when all differ in too many.
[[nodiscard]] std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// `; did you mean "x"?` for the nearest candidate, or empty.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates);
}  // namespace tocsin::daemon
