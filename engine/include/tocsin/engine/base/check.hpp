// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file TOCSIN_CHECK: the one assertion, on in every build. It guards our own logic; outside data never reaches it.

namespace tocsin {
/// Ends the program after a broken invariant. Each program defines it once (the daemon logs and aborts, the firmware
/// writes its reset log and resets, a test run exits with a message). Never returns, may be called from any thread.
/// @param what  the expression that was false.
/// @param file  source file, as the compiler names it.
/// @param line  1-based source line.
[[noreturn]] void panic(const char* what, const char* file, int line);
}  // namespace tocsin

#define TOCSIN_CHECK(expression)                                         \
  do {                                                                   \
    if (!(expression)) ::tocsin::panic(#expression, __FILE__, __LINE__); \
  } while (false)
