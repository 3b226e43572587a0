// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin ack`: an operator has seen an alert event; the journal keeps who and when.
#include <cstdint>
#include <string>

namespace tocsin::tools {
struct AckOptions {
  std::string endpoint;      ///< the daemon's control socket
  std::uint64_t number = 0;  ///< of the alert event
  std::string note;
  std::string consumer;  ///< instead: this consumer has taken all up to `number`
  double timeout_s = 5;
};

/// @returns the exit status.
int run_ack(const AckOptions& options);
}  // namespace tocsin::tools
