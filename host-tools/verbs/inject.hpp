// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin inject ENDPOINT REPORTS...`: sends report lines to a running daemon and sees to it that they arrive.
#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::tools {
struct InjectOptions {
  std::string endpoint;              ///< the daemon's ingest socket
  std::vector<std::string> reports;  ///< JSON Lines files in the order given; "-" is stdin
  double speed = 0;                  ///< times real time, by `received`; 0: flat out
  std::string control;               ///< the daemon's control socket: needed for lines without `seq`
  double timeout_s = 10;             ///< gives up after so long without any progress
  bool start_clock = false;          ///< puts a clock line with the earliest time first (daemon with clock = "input")
  std::uint64_t errors_max = 20;     ///< messages about lines that are shown; 0: all
  bool json = false;                 ///< summary as one JSON object on stdout
  bool quiet = false;                ///< neither bar nor summary
};

/// @returns 0 all lines are taken and durable; 1 some were bad or refused; 2 bad options; 3 the daemon was not reached.
int run_inject(const InjectOptions& options);
}  // namespace tocsin::tools
