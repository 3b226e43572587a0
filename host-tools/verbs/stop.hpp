// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin stop`: a running daemon ends as after SIGTERM.
#include <string>

namespace tocsin::tools {
struct StopOptions {
  std::string endpoint;  ///< the daemon's control socket
  double timeout_s = 5;
  bool json = false;  ///< the answer as one JSON object
};

/// @returns the exit status: 0 as soon as the daemon said that it stops.
int run_stop(const StopOptions& options);
}  // namespace tocsin::tools
