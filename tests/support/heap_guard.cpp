// SPDX-License-Identifier: Apache-2.0
#include "tocsin/test_support/heap_guard.hpp"

#include <atomic>
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TOCSIN_SANITIZED_HEAP 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TOCSIN_SANITIZED_HEAP 1
#endif

// Three ways to see every allocation: the sanitizers own malloc and offer a hook; on bare metal the linker redirects
// newlib's two entry points here (--wrap); elsewhere the program's own malloc goes before the C library's.

#if defined(TOCSIN_SANITIZED_HEAP)

// GCC's package lacks <sanitizer/allocator_interface.h>, though its libraries have the function.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*, std::size_t),
                                                         void (*free_hook)(const volatile void*));

namespace {
std::atomic<std::uint64_t> allocation_count{0};
void on_malloc(const volatile void* /*block*/, std::size_t /*size*/) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
}
void on_free(const volatile void* /*block*/) {}
const int kHooks = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}  // namespace

std::uint64_t tocsin::test_support::heap_allocations() {
  return kHooks != 0 ? allocation_count.load(std::memory_order_relaxed) : 0;
}

#elif defined(__linux__)

#include <cerrno>

namespace {
std::atomic<std::uint64_t> allocation_count{0};
void count() { allocation_count.fetch_add(1, std::memory_order_relaxed); }
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t items, std::size_t size) {
  count();
  return __libc_calloc(items, size);
}
void* realloc(void* block, std::size_t size) {
  count();
  return __libc_realloc(block, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count();
  void* block = __libc_memalign(alignment, size);
  if (block == nullptr) return ENOMEM;
  *out = block;
  return 0;
}
}

std::uint64_t tocsin::test_support::heap_allocations() { return allocation_count.load(std::memory_order_relaxed); }

#else

struct _reent;

namespace {
std::atomic<std::uint32_t> allocation_count{0};  // 32 bits: the processor has no 64 bit atomics
}

extern "C" {
void* __real__malloc_r(_reent* reent, std::size_t size);
void* __wrap__malloc_r(_reent* reent, std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __real__malloc_r(reent, size);
}
void* __real__realloc_r(_reent* reent, void* block, std::size_t size);
void* __wrap__realloc_r(_reent* reent, void* block, std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __real__realloc_r(reent, block, size);
}
}

std::uint64_t tocsin::test_support::heap_allocations() { return allocation_count.load(std::memory_order_relaxed); }

#endif
