// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin log WHAT SOURCE`: reads what was said and received, from a stopped daemon's journal or a live daemon.
#include <cstdint>
#include <string>

namespace tocsin::tools {
struct LogOptions {
  std::string what;               ///< alerts, batches, inputs, rejections, acts, gaps, verify or head
  std::string source;             ///< path of a journal (the daemon stopped), or a live daemon's control endpoint
  std::uint64_t since = 0;        ///< alerts: numbered above this; batches, inputs: of batches numbered above this
  std::uint64_t limit = 0;        ///< at most so many rows; 0: all
  std::string level = "watch";    ///< alerts below this level are left out
  bool brief = false;             ///< alerts: headlines alone
  bool json = false;              ///< JSON Lines
  double timeout_s = 10;          ///< a live daemon: how long to wait for an answer
  std::string keys;               ///< verify: the journal's key file; empty: the one beside it, if there is one
  std::string public_key;         ///< verify: the public key as noted elsewhere; empty: as the journal says
  std::string head;               ///< verify: file with a head that was kept elsewhere; empty: none
  bool since_checkpoint = false;  ///< verify: only what came after the newest checkpoint
};

/// @returns 0 done, 1 the journal cannot be read or is not what was written, 2 bad options, 3 the daemon was not
/// reached.
int run_log(const LogOptions& options);
}  // namespace tocsin::tools
