// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Graphviz's program `dot`, run as it is: no shell, text in, picture out.
#include <cstdint>
#include <string>

namespace tocsin::tools {
enum class Drawn : std::uint8_t {
  done,
  missing,  ///< there is no program `dot` in PATH
  failed,   ///< it ran and did not like the text, or the system failed
};

/// Draws `dot` text as SVG.
/// @param svg    the picture; set only when done.
/// @param error  a sentence, with what `dot` said; set only when not done.
[[nodiscard]] Drawn draw_svg(const std::string& dot, std::string& svg, std::string& error);
}  // namespace tocsin::tools
