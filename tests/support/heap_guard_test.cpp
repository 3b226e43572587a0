// SPDX-License-Identifier: Apache-2.0
/// What: the heap guard sees every way to allocate; a guard that misses one would prove nothing.
/// How: one allocation per way, through volatile pointers so that the compiler keeps the call.
#include "tocsin/test_support/heap_guard.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include "CppUTest/TestHarness.h"

using tocsin::test_support::HeapGuard;

TEST_GROUP(HeapGuard){};

TEST(HeapGuard, counts_nothing_when_nothing_is_allocated) {
  const HeapGuard guard;
  volatile int sum = 0;
  for (int i = 0; i < 100; ++i) sum = sum + i;
  const auto allocations = guard.allocations();
  UNSIGNED_LONGLONGS_EQUAL(0, allocations);
}

TEST(HeapGuard, sees_malloc) {
  const HeapGuard guard;
  void* volatile block = std::malloc(24);
  const auto allocations = guard.allocations();
  std::free(block);
  UNSIGNED_LONGLONGS_EQUAL(1, allocations);
}

TEST(HeapGuard, sees_calloc_and_realloc) {
  const HeapGuard guard;
  void* volatile block = std::calloc(2, 24);
  const auto after_calloc = guard.allocations();
  block = std::realloc(block, 4096);
  const auto after_realloc = guard.allocations();
  std::free(block);
  CHECK_TRUE(after_calloc >= 1);
  CHECK_TRUE(after_realloc > after_calloc);
}

TEST(HeapGuard, sees_operator_new) {
  const HeapGuard guard;
  int* volatile number = new int{7};
  const auto allocations = guard.allocations();
  delete number;
  CHECK_TRUE(allocations >= 1);
}

TEST(HeapGuard, sees_a_growing_container) {
  const HeapGuard guard;
  std::uint64_t allocations = 0;
  {
    std::vector<int> numbers;
    numbers.push_back(1);
    allocations = guard.allocations();
  }
  CHECK_TRUE(allocations >= 1);
}
