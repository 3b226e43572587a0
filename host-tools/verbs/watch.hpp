// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin watch ENDPOINT`: prints alert events as they are published.
#include <cstdint>
#include <string>

namespace tocsin::tools {
struct WatchOptions {
  std::string endpoint;         ///< the daemon's alerts socket
  std::string control;          ///< its control socket: events missed are fetched there; empty: none are
  bool from_start = false;      ///< `since` was given
  std::uint64_t since = 0;      ///< with control: starts with the events numbered above this
  std::uint64_t count = 0;      ///< ends after so many events; 0: goes on until stopped
  std::string level = "watch";  ///< events below this level are left out; above watch, unknown and known too
  double timeout_s = 10;        ///< gives up when the daemon was not reached for so long at the start
  bool json = false;            ///< JSON Lines
  std::string consumer;         ///< with control: goes on from the daemon's durable cursor of this name, and moves it
  std::string provisional;      ///< an audience: shows its events before they are durable, too
};

/// @returns 0 stopped or `count` reached, 2 bad options, 3 the daemon was not reached.
int run_watch(const WatchOptions& options);
}  // namespace tocsin::tools
