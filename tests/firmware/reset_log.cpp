// SPDX-License-Identifier: Apache-2.0
// What: the firmware restarts by itself after a panic, a fault, a stack overflow and a hang, and the next start can
// tell why. How: a firmware image that breaks in another way at each start and looks at the reset log first; the last
// start exits with 0, a wrong entry with the number of the start.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "tocsin/board/board.hpp"
#include "tocsin/board/drivers.hpp"
#include "tocsin/engine/base/check.hpp"

namespace {

// Uses far more stack than there is.
[[gnu::noinline]] unsigned descend(unsigned depth) {
  volatile unsigned page[100];
  page[0] = depth;
  if (depth == UINT32_MAX) return 0;
  return descend(depth + 1) + page[0];
}

/// Prints by semihosting: "WRITE0", a text that ends with zero.
void print(std::string_view text) {
  std::array<char, tocsin::board::TopOfRamLog::kTextBytes + 2> line{};
  std::copy(text.begin(), text.end(), line.begin());
  line[text.size()] = '\n';
  register std::uint32_t r0 asm("r0") = 4;
  register const char* r1 asm("r1") = line.data();
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

constexpr std::array<std::string_view, 5> kExpected{"", "panic reset_log.cpp:", "fault ", "fault ", "watchdog, pc 0x"};

}  // namespace

int main() {
  using namespace tocsin;
  static board::BoardWatchdog watchdog;
  static board::TopOfRamLog log;
  static board::Timer timer;
  const std::uint32_t start = log.count();
  if (start >= kExpected.size()) board::semihosting_exit(100);
  print(log.previous());
  const std::string_view expected = kExpected[start];
  if (log.previous().substr(0, expected.size()) != expected || (expected.empty() && !log.previous().empty())) {
    board::semihosting_exit(static_cast<int>(start) + 1);
  }
  switch (start) {
    case 0:
      TOCSIN_CHECK(timer.now_ms() > 1'000'000);
      break;
    case 1:
      __builtin_trap();
    case 2:
      return static_cast<int>(descend(0));
    case 3: {
      const std::string_view end = log.previous().substr(log.previous().find(','));
      if (end != ", stack overflow") board::semihosting_exit(50);
      for (std::uint32_t now = 0; now < 1000; now = timer.now_ms()) watchdog.kick();
      for (;;) (void)timer.now_ms();  // hangs: nobody kicks the watchdog any more
    }
    default:
      board::semihosting_exit(timer.now_ms() < 1000 ? 0 : 60);
  }
  board::semihosting_exit(70);
}
