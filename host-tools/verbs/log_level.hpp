// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin log-level`: what a running daemon writes to its log from now on.
#include <string>

namespace tocsin::tools {
struct LogLevelOptions {
  std::string endpoint;  ///< the daemon's control socket
  std::string level;     ///< info, warning or error
  double timeout_s = 5;
  bool json = false;  ///< the answer as one JSON object
};

/// @returns the exit status.
int run_log_level(const LogLevelOptions& options);
}  // namespace tocsin::tools
