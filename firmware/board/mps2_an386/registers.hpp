// SPDX-License-Identifier: Apache-2.0
#pragma once
// Addresses and register layouts of the MPS2 AN386: the only ones in the firmware.
#include <cstdint>

namespace tocsin::board {

using Register = volatile std::uint32_t;

/// CMSDK APB UART.
struct UartRegisters {
  Register data;
  Register state;
  Register control;
  Register interrupt;  ///< read: pending; write a one: clear
  Register baud_divider;
};
inline constexpr std::uint32_t kUartTransmitFull = 1U << 0U;             // state
inline constexpr std::uint32_t kUartReceiveFull = 1U << 1U;              // state
inline constexpr std::uint32_t kUartReceiveOverrun = 1U << 3U;           // state (write a one: clear), interrupt
inline constexpr std::uint32_t kUartTransmitEnable = 1U << 0U;           // control
inline constexpr std::uint32_t kUartReceiveEnable = 1U << 1U;            // control
inline constexpr std::uint32_t kUartTransmitInterruptEnable = 1U << 2U;  // control
inline constexpr std::uint32_t kUartReceiveInterruptEnable = 1U << 3U;   // control
inline constexpr std::uint32_t kUartTransmitInterrupt = 1U << 0U;        // interrupt
inline constexpr std::uint32_t kUartReceiveInterrupt = 1U << 1U;         // interrupt

/// CMSDK APB timer: counts down from `reload`.
struct TimerRegisters {
  Register control;
  Register value;
  Register reload;
  Register interrupt;  ///< write 1: clear
};
inline constexpr std::uint32_t kTimerEnable = 1U << 0U;
inline constexpr std::uint32_t kTimerInterruptEnable = 1U << 3U;

/// CMSDK APB watchdog: counts down; the first time 0 is an NMI, the second a reset.
struct WatchdogRegisters {
  Register load;
  Register value;
  Register control;
  Register clear;  ///< any write clears the interrupt and starts again from `load`
};
inline constexpr std::uint32_t kWatchdogInterruptEnable = 1U << 0U;
inline constexpr std::uint32_t kWatchdogResetEnable = 1U << 1U;

inline UartRegisters& uart0_registers() { return *reinterpret_cast<UartRegisters*>(0x40004000U); }
inline TimerRegisters& timer0_registers() { return *reinterpret_cast<TimerRegisters*>(0x40000000U); }
inline TimerRegisters& timer1_registers() { return *reinterpret_cast<TimerRegisters*>(0x40001000U); }
inline WatchdogRegisters& watchdog_registers() { return *reinterpret_cast<WatchdogRegisters*>(0x40008000U); }
/// NVIC interrupt set-enable, interrupts 0 to 31; write a one to enable.
inline Register& interrupt_enable() { return *reinterpret_cast<Register*>(0xE000E100U); }

inline constexpr std::uint32_t kUart0ReceiveIrq = 0;
inline constexpr std::uint32_t kUart0TransmitIrq = 1;
inline constexpr std::uint32_t kTimer1Irq = 9;

/// Interrupts are off while it lives.
class InterruptLock {
 public:
  InterruptLock() { asm volatile("mrs %0, primask\ncpsid i" : "=r"(primask_)::"memory"); }
  ~InterruptLock() { asm volatile("msr primask, %0" ::"r"(primask_) : "memory"); }
  InterruptLock(const InterruptLock&) = delete;
  InterruptLock& operator=(const InterruptLock&) = delete;

 private:
  std::uint32_t primask_ = 0;
};

}  // namespace tocsin::board
