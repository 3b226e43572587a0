// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin reload ENDPOINT [BOOK]`: another book for a running daemon.
#include <string>

namespace tocsin::tools {
struct ReloadOptions {
  std::string endpoint;    ///< the daemon's control socket
  std::string book;        ///< a watch book or a rule image; empty: the daemon reads its image file again
  std::string target;      ///< what a watch book is compiled for; empty: what the one that rules fits
  bool json = false;       ///< the answer as one JSON object
  double timeout_s = 120;  ///< how long to wait for an answer: the book is warmed over the journal's history
};

/// @returns 0 it rules, 1 the book is wrong or the daemon refused it and keeps the old one, 3 it was not reached.
int run_reload(const ReloadOptions& options);
}  // namespace tocsin::tools
