// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A journal's signed head that was kept elsewhere, as `tocsin log head` prints it.
#include <string>

#include "tocsin/journal/verify.hpp"

namespace tocsin::tools {
/// Reads the last head of a file; "-" is standard input. Whether its signature holds is the journal's to say.
/// @param error  set when false is returned: the path, what is wrong and how to mend it.
[[nodiscard]] bool read_kept_head(const std::string& path, journal::SignedHead& head, std::string& error);
}  // namespace tocsin::tools
