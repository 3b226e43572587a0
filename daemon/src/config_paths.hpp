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
/// Warns when nothing keeps the journal from filling its disk.
void warn_of_no_bound(const Config& config, std::vector<ConfigProblem>& problems);
/// Checks the keys that the config names, as the start would: the keys folder or the credentials, the daemon's own
/// pair, the journal's key file, the principals' public keys. Tells all that is wrong; nothing of a secret's content.
/// @returns false when there is an error among it: the daemon would not start.
[[nodiscard]] bool check_keys(const Config& config, std::vector<ConfigProblem>& problems);
/// Whether the journal that is there was begun with the key file that the config names. SQLite is set up by it, so a
/// start leaves this to the opening of the journal, which says the same. @returns false when it was not.
[[nodiscard]] bool check_journals_own_key(const Config& config, std::vector<ConfigProblem>& problems);
}  // namespace tocsin::daemon
