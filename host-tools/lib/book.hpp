// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A rule image from whatever a person names: a watch book (compiled in memory) or an image on disk.
#include <cstddef>
#include <string>
#include <vector>

namespace tocsin::tools {
/// What load_book() gives.
struct LoadedBook {
  std::vector<std::byte> image;  ///< a rule image, not yet checked by load_image()
  std::string messages;          ///< what the compiler said, for stderr: errors and warnings; may be empty
  bool compiled = false;         ///< it is a watch book: compiled for the target, or tried to
};

/// Reads `path`; a rule image is taken as it is, anything else is compiled for `target` (mcu, edge, server).
/// @returns false when there is no image; `messages` then says why.
[[nodiscard]] bool load_book(const std::string& path, const std::string& target, LoadedBook& out);
}  // namespace tocsin::tools
