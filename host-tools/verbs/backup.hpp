// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin backup`: a consistent, verified copy of a running daemon's journal.
#include <string>

namespace tocsin::tools {
struct BackupOptions {
  std::string endpoint;  ///< the daemon's control socket
  std::string out;       ///< path of the copy, from the root, on the daemon's machine; any other is bad usage
  double timeout_s = 3600;
  bool quiet = false;
};

/// @returns the exit status.
int run_backup(const BackupOptions& options);
}  // namespace tocsin::tools
