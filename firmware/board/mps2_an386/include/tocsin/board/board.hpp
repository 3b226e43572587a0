// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The board's start, faults and interrupt names; what firmware and test programs share.
#include <cstdint>

namespace tocsin::board {

/// Processor clock of the emulated board [Hz].
inline constexpr std::uint32_t kClockHz = 25'000'000;

/// What the processor stacks when it takes a fault, lowest address first.
struct FaultFrame {
  std::uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

/// What led to a fault.
enum class Fault : std::uint32_t { nmi = 2, hard = 3, memory = 4, bus = 5, usage = 6, unexpected_interrupt = 16 };

/// Restarts the board as its reset button would. RAM keeps its contents; .noinit survives.
[[noreturn]] void restart();

/// Ends the emulator, with `code` as its exit status [0..255]. Only where semihosting is on: on real hardware without
/// a debugger it faults.
[[noreturn]] void semihosting_exit(int code);

}  // namespace tocsin::board

extern "C" {
/// Called for every fault and for interrupts without a handler. Test programs print it and exit with 99; firmware
/// restarts, unless the program defines a function of this name.
[[noreturn]] void board_fault(tocsin::board::Fault fault, const tocsin::board::FaultFrame* frame);

// Interrupt handlers: define a function of the name to take the interrupt. Without one it ends in board_fault.
void nmi_handler();  ///< the watchdog's first expiry
void systick_handler();
void uart0_rx_handler();
void uart0_tx_handler();
void uart0_overflow_handler();
void uart1_rx_handler();
void uart1_tx_handler();
void timer0_handler();
void timer1_handler();
}
