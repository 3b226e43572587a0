// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The end of an error message about a name nobody knows.
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/rule/image.hpp"

#include "lib/near_name.hpp"

namespace tocsin::tools {
/// `; did you mean "x"?`, or empty when no name is near.
[[nodiscard]] inline std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  const std::string near = near_name(name, known);
  return near.empty() ? std::string{} : "; did you mean \"" + near + "\"?";
}

/// Appends the names of one of an image's tables.
template <typename Things>
void add_names(const engine::Image& image, const Things& things, std::vector<std::string>& out) {
  for (const auto& thing : things) out.emplace_back(image.view(thing.name));
}
}  // namespace tocsin::tools
