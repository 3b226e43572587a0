// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file near_name(): which name someone probably meant.
#include <span>
#include <string>
#include <string_view>

namespace tocsin::tools {
/// @returns the nearest of `names` when it is near enough to be a slip of the hand or holds `word`, else empty.
[[nodiscard]] std::string near_name(std::string_view word, std::span<const std::string> names);
}  // namespace tocsin::tools
