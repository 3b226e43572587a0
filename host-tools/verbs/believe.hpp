// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin believe`: an operator says that the clock of a daemon's machine is right.
#include <string>

namespace tocsin::tools {
struct BelieveOptions {
  std::string endpoint;  ///< the daemon's control socket
  double timeout_s = 5;
};

/// @returns the exit status.
int run_believe(const BelieveOptions& options);
}  // namespace tocsin::tools
