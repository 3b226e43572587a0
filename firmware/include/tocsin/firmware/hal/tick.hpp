// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Tick: how much time has passed on the board.
#include <cstdint>

namespace tocsin::firmware::hal {

/// Elapsed time. It serves timeouts on the line only: the engine's clock comes with the input.
class Tick {
 public:
  /// Milliseconds since start; wraps at 2^32, so compare differences. Must be asked at least every 2 minutes.
  virtual std::uint32_t now_ms() = 0;

 protected:
  ~Tick() = default;
};

}  // namespace tocsin::firmware::hal
