// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Who may read the journal: it holds every report and alert, also those that few may see.
#include <string>

namespace tocsin::daemon {
/// Takes from the journal's files what lets others read them, or the group write them; says so in the log, and warns
/// where it may not. SQLite gives its other files the rights of the first, so call this before the journal is opened:
/// to close a file here would also drop the locks that this process has on it.
void keep_journal_from_others(const std::string& journal);
}  // namespace tocsin::daemon
