// SPDX-License-Identifier: Apache-2.0
// The panic hook of test and fuzz programs: say what broke, then abort, which CTest and libFuzzer report as a failure.
#include <cstdio>
#include <cstdlib>

#if __has_include("tocsin/engine/base/check.hpp")
#include "tocsin/engine/base/check.hpp"
#else
namespace tocsin {
[[noreturn]] void panic(const char* what, const char* file, int line);
}
#endif

void tocsin::panic(const char* what, const char* file, int line) {
  (void)std::fflush(stdout);
  (void)std::fprintf(stderr, "\n%s:%d: panic: %s\n", file, line, what);
  (void)std::fflush(stderr);
  std::abort();
}
