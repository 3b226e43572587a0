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

/// Writes a whole file beside `path` first, on disk, then puts it in its place: whoever reads the path sees all of the
/// new file or the one before, which keeps its permissions.
/// @param error  set when false is returned: the path and the system's reason.
[[nodiscard]] bool write_atomically(const std::string& path, std::span<const std::byte> bytes, std::string& error);

/// True when the text is a compiled rule image: it carries the image's file identifier.
[[nodiscard]] bool is_rule_image(const std::string& content);
}  // namespace tocsin::tools
