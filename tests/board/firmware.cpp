// SPDX-License-Identifier: Apache-2.0
// The smallest firmware: data and constructors are in place, or it exits with the number of what is not.
#include <cstdint>
#include <cstdlib>

#include "tocsin/board/board.hpp"

namespace {
volatile std::uint32_t from_data = 0x12345678;
volatile std::uint32_t from_bss;
volatile float quotient = 3.0F;

struct Constructed {
  Constructed() : value{from_data + 1U} {}
  virtual ~Constructed() = default;
  std::uint32_t value;
};
Constructed constructed;
}  // namespace

int main() {
  if (from_data != 0x12345678U) tocsin::board::semihosting_exit(1);
  if (from_bss != 0) tocsin::board::semihosting_exit(2);
  if (constructed.value != 0x12345679U) tocsin::board::semihosting_exit(3);
  if (quotient / 2.0F < 1.5F) tocsin::board::semihosting_exit(4);
#if defined(TOCSIN_TEST_ALLOCATES)
  void* volatile block = std::malloc(16);
  std::free(block);
#endif
  tocsin::board::semihosting_exit(0);
}
