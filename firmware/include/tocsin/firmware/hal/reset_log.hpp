// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file ResetLog: why the board restarted, in memory that a restart leaves alone.
#include <cstdint>
#include <string_view>

namespace tocsin::firmware::hal {

class ResetLog {
 public:
  /// What was written before the last restart; empty after power on. Valid as long as the log.
  [[nodiscard]] virtual std::string_view previous() const = 0;
  /// Restarts with an entry since power on [count].
  [[nodiscard]] virtual std::uint32_t count() const = 0;
  /// Keeps the first 120 bytes of `what` for the next start. The last writer before the restart wins.
  virtual void write(std::string_view what) = 0;

 protected:
  ~ResetLog() = default;
};

}  // namespace tocsin::firmware::hal
