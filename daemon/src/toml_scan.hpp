// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What toml++ 3.3 must not be given: with some texts that are no TOML it does undefined things, or asserts.
#include <string_view>

#include "tocsin/daemon/config.hpp"

namespace tocsin::daemon {
struct TomlFault {
  Place place;                 ///< line 0: there is none
  const char* text = nullptr;  ///< what is wrong there; nullptr: nothing
};

/// The first of these, all of which TOML has not (but for the last, which it has without need): a byte beyond ASCII
/// outside quoted texts and comments; a table's header that begins with neither a key nor its end; a byte beyond ASCII
/// behind a backslash, with or without a line's end between (marzer/tomlplusplus#190, #294).
[[nodiscard]] TomlFault find_toml_fault(std::string_view toml);
}  // namespace tocsin::daemon
