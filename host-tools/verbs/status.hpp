// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin status ENDPOINT`: how a running daemon is.
#include <string>

namespace tocsin::tools {
struct StatusOptions {
  std::string endpoint;  ///< the daemon's control socket
  double timeout_s = 5;  ///< how long to wait for an answer
  bool all = false;      ///< lists alerts that are down as well
  bool json = false;     ///< one JSON object
  bool metrics = false;  ///< Prometheus's text format
};

/// @returns 0 answered, 1 the daemon refused the question, 3 it was not reached.
int run_status(const StatusOptions& options);
}  // namespace tocsin::tools
