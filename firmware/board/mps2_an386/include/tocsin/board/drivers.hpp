// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The board's devices behind the application's hal. One object each, made by the firmware's main().
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tocsin/firmware/hal/reset_log.hpp"
#include "tocsin/firmware/hal/tick.hpp"
#include "tocsin/firmware/hal/uart.hpp"
#include "tocsin/firmware/hal/watchdog.hpp"

namespace tocsin::board {

/// Bytes between one interrupt handler and the main program; exactly one writes and one reads.
template <std::uint32_t kCapacity>
class ByteRing {
  static_assert((kCapacity & (kCapacity - 1U)) == 0, "the counters wrap at 2^32");

 public:
  [[nodiscard]] bool empty() const { return size_() == 0; }
  [[nodiscard]] bool full() const { return size_() == kCapacity; }
  /// @pre not full; the writer only.
  void put(std::byte byte) {
    const std::uint32_t end = end_.load(std::memory_order_relaxed);
    bytes_[end % kCapacity] = byte;
    end_.store(end + 1U, std::memory_order_release);
  }
  /// @pre not empty; the reader only.
  std::byte take() {
    const std::uint32_t begin = begin_.load(std::memory_order_relaxed);
    const std::byte byte = bytes_[begin % kCapacity];
    begin_.store(begin + 1U, std::memory_order_release);
    return byte;
  }

 private:
  [[nodiscard]] std::uint32_t size_() const {
    return end_.load(std::memory_order_acquire) - begin_.load(std::memory_order_acquire);
  }
  std::array<std::byte, kCapacity> bytes_{};
  std::atomic<std::uint32_t> begin_{0};
  std::atomic<std::uint32_t> end_{0};
};

/// UART0, 115200 baud 8N1, both ways by interrupt. When nobody takes what is received, the interrupt is left off until
/// there is room; bytes that meet a full hardware buffer meanwhile are lost and counted.
class Uart0 final : public firmware::hal::Uart {
 public:
  Uart0();
  std::size_t read(std::span<std::byte> out) override;
  std::size_t write(std::span<const std::byte> bytes) override;
  void wait() override;
  [[nodiscard]] std::uint32_t overruns() const override;
  /// Called by the interrupt handlers.
  void on_receive();
  void on_transmit();

 private:
  static constexpr std::uint32_t kReceiveBytes = 1024;
  static constexpr std::uint32_t kTransmitBytes = 1024;
  ByteRing<kReceiveBytes> received_;
  ByteRing<kTransmitBytes> to_send_;
  std::atomic<std::uint32_t> overruns_{0};
};

/// Timer 0 runs freely at the processor clock, so no tick is lost however late one looks; timer 1 ends waits.
class Timer final : public firmware::hal::Tick {
 public:
  Timer();
  std::uint32_t now_ms() override;

 private:
  std::uint32_t last_value_;
  std::uint32_t cycles_ = 0;  ///< not yet a millisecond
  std::uint32_t now_ms_ = 0;
};

/// The first expiry is a fault (see board_fault), which restarts; should that hang, the second one resets.
class BoardWatchdog final : public firmware::hal::Watchdog {
 public:
  BoardWatchdog();
  void kick() override;
};

/// The topmost bytes of RAM, outside all sections: neither startup nor the emulator's loader touches them.
class TopOfRamLog final : public firmware::hal::ResetLog {
 public:
  static constexpr std::size_t kTextBytes = 120;
  /// Takes over what the last run left and makes room for a new entry.
  TopOfRamLog();
  [[nodiscard]] std::string_view previous() const override;
  [[nodiscard]] std::uint32_t count() const override;
  void write(std::string_view what) override;

 private:
  std::array<char, kTextBytes> text_{};
  std::size_t size_ = 0;
  std::uint32_t count_ = 0;
};

/// Writes an entry without a TopOfRamLog at hand: from a fault or a panic.
void write_reset_log(std::string_view what);

/// The rule image in the rule slot (rule_slot.cpp), 8-byte aligned and with a right checksum; empty when there is none.
[[nodiscard]] std::span<const std::byte> rule_slot();
/// RAM that no section uses, less what the reset log keeps: for a rule image that needs a larger block than the one
/// built in. 8-byte aligned.
[[nodiscard]] std::span<std::byte> free_ram();

/// What the stack below the caller is filled with at start: what no longer is has been used.
inline constexpr std::byte kStackPaint{0xC5};
/// Fills the unused part of the stack. Call it first in main().
void paint_stack();

}  // namespace tocsin::board
