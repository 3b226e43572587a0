// SPDX-License-Identifier: Apache-2.0
#include "CppUTest/CommandLineTestRunner.h"
#include "CppUTest/MemoryLeakWarningPlugin.h"

// CppUTest's leak detector is not thread-safe and takes the caches of libraries for leaks; the asan preset looks for
// leaks here instead.
int main(int argc, char** argv) {
  MemoryLeakWarningPlugin::turnOffNewDeleteOverloads();
  return CommandLineTestRunner::RunAllTests(argc, argv);
}
