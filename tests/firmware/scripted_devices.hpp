// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The hal as tests script it: fixed storage only, so that a heap guard around the application sees its own work.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tocsin/firmware/hal/reset_log.hpp"
#include "tocsin/firmware/hal/tick.hpp"
#include "tocsin/firmware/hal/uart.hpp"
#include "tocsin/firmware/hal/watchdog.hpp"

namespace tocsin::tests {

class ScriptedUart final : public firmware::hal::Uart {
 public:
  static constexpr std::size_t kCapacity = 128 * 1024;

  std::size_t read(std::span<std::byte> out) override {
    const std::size_t count = std::min({out.size(), chunk_bytes, in_size_ - in_taken_});
    std::copy_n(in_.begin() + static_cast<std::ptrdiff_t>(in_taken_), count, out.begin());
    in_taken_ += count;
    return count;
  }
  std::size_t write(std::span<const std::byte> bytes) override {
    if (stuck) return 0;
    const std::size_t count = std::min({bytes.size(), chunk_bytes, kCapacity - out_size_});
    std::copy_n(bytes.begin(), count, out_.begin() + static_cast<std::ptrdiff_t>(out_size_));
    out_size_ += count;
    return count;
  }
  void wait() override {}
  [[nodiscard]] std::uint32_t overruns() const override { return 0; }

  /// Adds to what the application will read.
  void arrive(std::span<const std::byte> bytes) {
    std::copy(bytes.begin(), bytes.end(), in_.begin() + static_cast<std::ptrdiff_t>(in_size_));
    in_size_ += bytes.size();
  }
  [[nodiscard]] bool all_read() const { return in_taken_ == in_size_; }
  /// What the application wrote since the last call.
  std::span<const std::byte> take_written() {
    const auto written = std::span{out_}.subspan(out_taken_, out_size_ - out_taken_);
    out_taken_ = out_size_;
    return written;
  }

  std::size_t chunk_bytes = 64;  ///< at most so many in one read or write
  bool stuck = false;            ///< takes nothing to send

 private:
  std::array<std::byte, kCapacity> in_{};
  std::array<std::byte, kCapacity> out_{};
  std::size_t in_size_ = 0;
  std::size_t in_taken_ = 0;
  std::size_t out_size_ = 0;
  std::size_t out_taken_ = 0;
};

class ScriptedTick final : public firmware::hal::Tick {
 public:
  std::uint32_t now_ms() override {
    now += per_look;
    return now;
  }
  std::uint32_t now = 0;
  std::uint32_t per_look = 0;
};

class ScriptedWatchdog final : public firmware::hal::Watchdog {
 public:
  void kick() override { ++kicks; }
  std::uint32_t kicks = 0;
};

class ScriptedResetLog final : public firmware::hal::ResetLog {
 public:
  [[nodiscard]] std::string_view previous() const override { return text; }
  [[nodiscard]] std::uint32_t count() const override { return restarts; }
  void write(std::string_view what) override { text = what; }
  std::string_view text;
  std::uint32_t restarts = 0;
};

}  // namespace tocsin::tests
