// SPDX-License-Identifier: Apache-2.0
// What firmware needs beyond startup: no heap, and every way to misuse the runtime ends in a fault.
#include <cstddef>
#include <cstdint>
#include <new>

#include "tocsin/board/board.hpp"

// Only the C++ runtime may call main(), and this file is that runtime.
#pragma GCC diagnostic ignored "-Wpedantic"
int main();

extern "C" {
[[noreturn]] void board_run_main();
[[noreturn]] void abort();
[[noreturn]] void __cxa_pure_virtual();
[[noreturn]] void __assert_func(const char* file, int line, const char* function, const char* expression);
int __aeabi_atexit(void* object, void (*destructor)(void*), void* dso);

// Undefined instruction: a usage fault.
void abort() { __builtin_trap(); }
void __cxa_pure_virtual() { __builtin_trap(); }
void __assert_func(const char* /*file*/, int /*line*/, const char* /*function*/, const char* /*expression*/) {
  __builtin_trap();
}

// Firmware never ends, so nothing is destroyed.
int __aeabi_atexit(void* /*object*/, void (* /*destructor*/)(void*), void* /*dso*/) { return 0; }

__attribute__((weak)) void board_fault(tocsin::board::Fault /*fault*/, const tocsin::board::FaultFrame* /*frame*/) {
  tocsin::board::restart();
}

void board_run_main() {
  (void)main();
  tocsin::board::restart();
}
}

// A class with a virtual destructor refers to operator delete, though nobody calls it. operator new stays undefined on
// purpose: who allocates must not link.
void operator delete(void* /*block*/) noexcept { __builtin_trap(); }
void operator delete(void* /*block*/, std::size_t /*size*/) noexcept { __builtin_trap(); }
