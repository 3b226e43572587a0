// SPDX-License-Identifier: Apache-2.0
// Breaks in the way its argument names.
#include <cstdint>
#include <cstring>

namespace {

// Uses far more stack than there is, one page at a time.
[[gnu::noinline]] unsigned descend(unsigned depth) {
  volatile unsigned page[200];
  page[0] = depth;
  if (depth == UINT32_MAX) return 0;
  return descend(depth + 1) + page[0];
}

}  // namespace

int main(int argc, char** argv) {
  const char* kind = argc > 1 ? argv[1] : "";
  if (std::strcmp(kind, "trap") == 0) __builtin_trap();
  if (std::strcmp(kind, "overflow") == 0) return static_cast<int>(descend(0));
  if (std::strcmp(kind, "interrupt") == 0) {
    *reinterpret_cast<volatile std::uint32_t*>(0xE000E100U) = 1U << 20U;  // enable interrupt 20, which has no handler
    *reinterpret_cast<volatile std::uint32_t*>(0xE000E200U) = 1U << 20U;  // and make it pending
    asm volatile("dsb\nisb" ::: "memory");
  }
  return 0;
}
