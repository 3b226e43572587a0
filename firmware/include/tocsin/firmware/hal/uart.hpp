// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Uart: a serial port as the application sees it.
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::firmware::hal {

/// Bytes in and out, buffered by the driver. Main program only: the driver alone deals with its interrupts.
class Uart {
 public:
  /// Moves received bytes into `out`, oldest first; never waits.
  /// @returns how many [0..out.size()].
  virtual std::size_t read(std::span<std::byte> out) = 0;
  /// Queues the first bytes of `bytes`, as many as there is room for; never waits.
  /// @returns how many [0..bytes.size()].
  virtual std::size_t write(std::span<const std::byte> bytes) = 0;
  /// Sleeps until something was received, or about 100 ms.
  virtual void wait() = 0;
  /// Times that received bytes were lost since start, because nobody took them in time [count, wraps at 2^32].
  [[nodiscard]] virtual std::uint32_t overruns() const = 0;

 protected:
  ~Uart() = default;
};

}  // namespace tocsin::firmware::hal
