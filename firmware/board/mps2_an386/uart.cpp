// SPDX-License-Identifier: Apache-2.0
#include "tocsin/board/board.hpp"
#include "tocsin/board/drivers.hpp"

#include "registers.hpp"

namespace {
tocsin::board::Uart0* active_uart = nullptr;
}

extern "C" {
void uart0_rx_handler() { active_uart->on_receive(); }
void uart0_tx_handler() { active_uart->on_transmit(); }
}

namespace tocsin::board {
namespace {
constexpr std::uint32_t kBaud = 115'200;
constexpr std::uint32_t kControl =
    kUartTransmitEnable | kUartReceiveEnable | kUartTransmitInterruptEnable | kUartReceiveInterruptEnable;
}  // namespace

Uart0::Uart0() {
  active_uart = this;
  auto& uart = uart0_registers();
  uart.baud_divider = kClockHz / kBaud;
  uart.control = kControl;
  interrupt_enable() = (1U << kUart0ReceiveIrq) | (1U << kUart0TransmitIrq);
}

void Uart0::on_receive() {
  auto& uart = uart0_registers();
  // Cleared before draining: a byte that arrives between the last look and a later clear would never be announced.
  uart.interrupt = kUartReceiveInterrupt;
  if ((uart.state & kUartReceiveOverrun) != 0) {
    uart.state = kUartReceiveOverrun;
    overruns_.store(overruns_.load(std::memory_order_relaxed) + 1U, std::memory_order_relaxed);
  }
  while ((uart.state & kUartReceiveFull) != 0) {
    if (received_.full()) {
      uart.control = kControl & ~kUartReceiveInterruptEnable;  // read() turns it on again
      return;
    }
    received_.put(static_cast<std::byte>(uart.data));
  }
}

void Uart0::on_transmit() {
  auto& uart = uart0_registers();
  uart.interrupt = kUartTransmitInterrupt;
  while (!to_send_.empty() && (uart.state & kUartTransmitFull) == 0) {
    uart.data = std::to_integer<std::uint32_t>(to_send_.take());
  }
}

std::size_t Uart0::read(std::span<std::byte> out) {
  std::size_t count = 0;
  while (count < out.size() && !received_.empty()) out[count++] = received_.take();
  if (count > 0) {
    const InterruptLock lock;
    auto& uart = uart0_registers();
    if ((uart.control & kUartReceiveInterruptEnable) == 0) {
      uart.control = kControl;
      on_receive();  // the byte that waited raises no interrupt of its own any more
    }
  }
  return count;
}

std::size_t Uart0::write(std::span<const std::byte> bytes) {
  std::size_t count = 0;
  while (count < bytes.size() && !to_send_.full()) to_send_.put(bytes[count++]);
  const InterruptLock lock;
  on_transmit();  // an idle transmitter raises no interrupt
  return count;
}

void Uart0::wait() {
  // With interrupts masked, wfi still wakes on a pending one: none can slip in between the test and the sleep.
  const InterruptLock lock;
  if (received_.empty()) asm volatile("dsb\nwfi" ::: "memory");
}

std::uint32_t Uart0::overruns() const { return overruns_.load(std::memory_order_relaxed); }

}  // namespace tocsin::board
