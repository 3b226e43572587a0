// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Whether the places a config names can be used, before anything is started.
#include <vector>

#include "tocsin/daemon/config.hpp"

namespace tocsin::daemon {
/// Looks at the folders of the journal and of the ipc:// sockets, and at the journal when there is one. Changes
/// nothing.
/// @returns false when there is an error among what is appended to `problems`.
[[nodiscard]] bool check_paths(const Config& config, std::vector<ConfigProblem>& problems);
}  // namespace tocsin::daemon
