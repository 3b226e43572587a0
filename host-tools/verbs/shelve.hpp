// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin shelve`: an operator puts a raised alert aside for a while, or takes it back.
#include <string>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::tools {
struct ShelveOptions {
  std::string endpoint;      ///< the daemon's control socket
  std::string name;          ///< an alert or linkage of its book
  engine::Span span_ms = 0;  ///< for so long
  bool until_clear = false;  ///< and no longer than until it clears
  std::string why;           ///< for the journal; needed unless `off`
  bool off = false;          ///< take it back instead
  bool json = false;
  double timeout_s = 5;
};

/// @returns the exit status.
int run_shelve(const ShelveOptions& options);

/// `90s`, `15m`, `8h`, `1d` and joined ones, such as `1h30m`. @returns false, leaving `out`, when it is none, or is 0.
[[nodiscard]] bool parse_duration(const std::string& text, engine::Span& out);
}  // namespace tocsin::tools
