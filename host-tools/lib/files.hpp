// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Whole files in and out, with errors a person can act on.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tocsin::tools {
/// Reads a whole file; "-" is standard input.
/// @param error  set when false is returned: the path and the system's reason.
[[nodiscard]] bool read_file(const std::string& path, std::string& out, std::string& error);

/// True when the text is a compiled rule image: it carries the image's file identifier.
[[nodiscard]] bool is_rule_image(const std::string& content);
}  // namespace tocsin::tools
