// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Watchdog: restarts the board when the program no longer comes round.

namespace tocsin::firmware::hal {

class Watchdog {
 public:
  /// Says that all is well. After 2 s without a kick the board restarts, its reset log naming the watchdog.
  virtual void kick() = 0;

 protected:
  ~Watchdog() = default;
};

}  // namespace tocsin::firmware::hal
