// SPDX-License-Identifier: Apache-2.0
// Vector table and the way from reset to main().
#include <array>
#include <cstdint>

#include "tocsin/board/board.hpp"

extern "C" {
extern std::uint32_t __stack_limit;
extern std::uint32_t __stack_top;
extern std::uint32_t __data_start;
extern std::uint32_t __data_end;
extern const std::uint32_t __data_load;
extern std::uint32_t __bss_start;
extern std::uint32_t __bss_end;
extern void (*__init_array_start[])();
extern void (*__init_array_end[])();

/// In <flavour>_runtime.cpp: calls main() with what arguments there are; never returns.
[[noreturn]] void board_run_main();

void Reset_Handler();
void default_handler();
void fault_handler();

// With exceptions off the compiler knows that the target does not throw, but not so of a function only declared.
#pragma GCC diagnostic ignored "-Wmissing-attributes"
void nmi_handler() __attribute__((weak, alias("default_handler")));
void systick_handler() __attribute__((weak, alias("default_handler")));
void uart0_rx_handler() __attribute__((weak, alias("default_handler")));
void uart0_tx_handler() __attribute__((weak, alias("default_handler")));
void uart0_overflow_handler() __attribute__((weak, alias("default_handler")));
void uart1_rx_handler() __attribute__((weak, alias("default_handler")));
void uart1_tx_handler() __attribute__((weak, alias("default_handler")));
void timer0_handler() __attribute__((weak, alias("default_handler")));
void timer1_handler() __attribute__((weak, alias("default_handler")));

void* __dso_handle = nullptr;  // crtbegin.o would define it: names the one "shared object" whose destructors to run

[[noreturn]] void board_take_fault(const tocsin::board::FaultFrame* frame) {
  std::uint32_t number = 0;
  asm volatile("mrs %0, ipsr" : "=r"(number));
  board_fault(number >= 16 ? tocsin::board::Fault::unexpected_interrupt : static_cast<tocsin::board::Fault>(number),
              frame);
}

// Naked: the stacked frame is at the stack pointer as it is on entry. After a stack overflow that pointer is outside
// RAM, so a fresh stack is used from here.
__attribute__((naked)) void fault_handler() {
  asm volatile(
      "mrs r0, msp\n"
      "ldr r1, =__stack_top\n"
      "mov sp, r1\n"
      "b board_take_fault\n");
}

__attribute__((naked)) void default_handler() {
  asm volatile(
      "mrs r0, msp\n"
      "b board_take_fault\n");
}

__attribute__((noreturn)) void Reset_Handler() {
  // The FPU first: the compiler may use its registers anywhere below.
  auto& cpacr = *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88U);
  cpacr = cpacr | (0xFU << 20U);
  // Faults of their own kind: when the frame of a bus fault cannot be stacked because the stack has overflowed, there
  // is still the hard fault to escalate to. Otherwise the processor would lock up in silence.
  constexpr std::uint32_t kUsageBusAndMemoryFaults = 7U << 16U;
  auto& shcsr = *reinterpret_cast<volatile std::uint32_t*>(0xE000ED24U);
  shcsr = shcsr | kUsageBusAndMemoryFaults;

  // The lowest kilobyte of the stack is out of bounds: below RAM this board swallows writes without a fault.
  constexpr std::uint32_t kNoAccessOneKilobyte = (1U << 28U) | (9U << 1U) | 1U;
  constexpr std::uint32_t kEnableOverDefaultMap = 5U;
  *reinterpret_cast<volatile std::uint32_t*>(0xE000ED98U) = 0;
  *reinterpret_cast<volatile std::uint32_t*>(0xE000ED9CU) = reinterpret_cast<std::uint32_t>(&__stack_limit);
  *reinterpret_cast<volatile std::uint32_t*>(0xE000EDA0U) = kNoAccessOneKilobyte;
  *reinterpret_cast<volatile std::uint32_t*>(0xE000ED94U) = kEnableOverDefaultMap;
  asm volatile("dsb\nisb" ::: "memory");

  const std::uint32_t* from = &__data_load;
  for (std::uint32_t* to = &__data_start; to < &__data_end; ++to) *to = *from++;
  for (std::uint32_t* to = &__bss_start; to < &__bss_end; ++to) *to = 0;
  for (auto* constructor = __init_array_start; constructor < __init_array_end; ++constructor) (*constructor)();
  board_run_main();
}
}

namespace {

using Handler = void (*)();
struct Vectors {
  const std::uint32_t* stack_top;
  std::array<Handler, 15> system;
  std::array<Handler, 32> interrupts;
};

constexpr Handler kNone = default_handler;

[[gnu::section(".vectors"), gnu::used]] const Vectors kVectors = {
    &__stack_top,
    {Reset_Handler, nmi_handler, fault_handler, fault_handler, fault_handler, fault_handler, nullptr, nullptr, nullptr,
     nullptr, kNone, kNone, nullptr, kNone, systick_handler},
    {uart0_rx_handler,
     uart0_tx_handler,
     uart1_rx_handler,
     uart1_tx_handler,
     kNone,
     kNone,
     kNone,
     kNone,
     timer0_handler,
     timer1_handler,
     kNone,
     kNone,
     uart0_overflow_handler,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone,
     kNone},
};

// Semihosting: operation in r0, argument block in r1.
std::uint32_t semihosting(std::uint32_t operation, const void* argument) {
  register std::uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

namespace tocsin::board {

void restart() {
  constexpr std::uint32_t kKeyAndReset = 0x05FA0004U;
  auto& aircr = *reinterpret_cast<volatile std::uint32_t*>(0xE000ED0CU);
  asm volatile("dsb" ::: "memory");
  aircr = kKeyAndReset;
  asm volatile("dsb" ::: "memory");
  for (;;) asm volatile("");
}

void semihosting_exit(int code) {
  constexpr std::uint32_t kExitExtended = 0x20;
  constexpr std::uint32_t kApplicationExit = 0x20026;
  const std::array<std::uint32_t, 2> block{kApplicationExit, static_cast<std::uint32_t>(code)};
  (void)semihosting(kExitExtended, block.data());
  for (;;) asm volatile("");
}

}  // namespace tocsin::board
