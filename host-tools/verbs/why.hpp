// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin why ENDPOINT NAME`: why a rule of a running daemon is, or is not, true.
#include <string>

namespace tocsin::tools {
struct WhyOptions {
  std::string endpoint;  ///< the daemon's control socket
  std::string name;      ///< an alert, linkage or condition of its book
  std::string at;        ///< RFC 3339: the instant asked about; empty: now
  double timeout_s = 5;  ///< how long to wait for an answer
  bool json = false;     ///< one JSON object
};

/// @returns 0 answered; 1 the daemon cannot look there, or its answer is damaged; 2 bad options or no such rule; 3 it
/// was not reached.
int run_why(const WhyOptions& options);
}  // namespace tocsin::tools
