// SPDX-License-Identifier: Apache-2.0
// What test programs need beyond startup: arguments, heap, and an exit code, by way of semihosting.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tocsin/board/board.hpp"

// Only the C++ runtime may call main(), and this file is that runtime.
#pragma GCC diagnostic ignored "-Wpedantic"
int main(int argc, char** argv);

extern "C" {
extern char _end;
extern char __ram_end;
extern char __stack_usable;

void initialise_monitor_handles();
void* _sbrk(std::ptrdiff_t increment);
[[noreturn]] void _exit(int code);
[[noreturn]] void board_run_main();
void _init();
void _fini();
void _init() {}
void _fini() {}

void* _sbrk(std::ptrdiff_t increment) {
  static char* break_ = &_end;
  if (&__ram_end - break_ < increment) {
    errno = ENOMEM;
    return reinterpret_cast<void*>(-1);
  }
  char* const old = break_;
  break_ += increment;
  return old;
}

void _exit(int code) { tocsin::board::semihosting_exit(code); }

void board_fault(tocsin::board::Fault fault, const tocsin::board::FaultFrame* frame) {
  constexpr int kFaultExit = 99;
  // After a stack overflow the frame lies in the guard, or beyond it.
  const bool readable = reinterpret_cast<const char*>(frame) >= &__stack_usable;
  std::printf("\nfault %u%s, pc 0x%08lx, lr 0x%08lx\n", static_cast<unsigned>(fault),
              readable ? "" : " (stack overflow)", static_cast<unsigned long>(readable ? frame->pc : 0),
              static_cast<unsigned long>(readable ? frame->lr : 0));
  std::fflush(stdout);
  tocsin::board::semihosting_exit(kFaultExit);
}

void board_run_main() {
  constexpr std::uint32_t kGetCommandLine = 0x15;
  constexpr std::size_t kArgumentsMax = 32;
  static std::array<char, 1024> line{};
  static std::array<char*, kArgumentsMax + 1> arguments{};
  struct {
    char* text;
    std::uint32_t size;
  } block{line.data(), line.size() - 1};
  register std::uint32_t r0 asm("r0") = kGetCommandLine;
  register void* r1 asm("r1") = &block;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");

  std::size_t count = 0;
  bool inside = false;
  for (char& c : line) {
    if (c == '\0') break;
    if (c == ' ') {
      c = '\0';
      inside = false;
    } else if (!inside && count < kArgumentsMax) {
      arguments[count++] = &c;
      inside = true;
    }
  }
  initialise_monitor_handles();
  std::exit(main(static_cast<int>(count), arguments.data()));
}
}
