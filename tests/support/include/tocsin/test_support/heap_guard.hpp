// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Proof that a stretch of code does not touch the heap.
#include <cstdint>

namespace tocsin::test_support {

/// Heap allocations of the whole process since it started [count]: malloc, calloc, realloc, the aligned ones, and
/// operator new, which ends in one of them (one operator new may count more than once).
/// On Linux every shared library's calls count too. Safe to call from any thread.
[[nodiscard]] std::uint64_t heap_allocations();

/// Counts the heap allocations from its construction on.
///
///     HeapGuard guard;
///     step(...);
///     const auto allocations = guard.allocations();  // before the check macro, which may allocate itself
///     UNSIGNED_LONGLONGS_EQUAL(0, allocations);
///
/// All threads count; keep others quiet meanwhile.
class HeapGuard {
 public:
  HeapGuard() : start_{heap_allocations()} {}
  /// Allocations since construction [count].
  [[nodiscard]] std::uint64_t allocations() const { return heap_allocations() - start_; }

 private:
  std::uint64_t start_;
};

}  // namespace tocsin::test_support
