// SPDX-License-Identifier: Apache-2.0
#include "tocsin/journal/memory.hpp"

#include <bit>
#include <cstring>
#include <mutex>
#include <sys/mman.h>

#include <sqlite3.h>

#include "buddy.hpp"

namespace tocsin::journal {
namespace {
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kArenaBytesMax = std::size_t{1} << 30U;
constexpr std::uint32_t kCachePagesMax = 1U << 18U;

/// SQLite's memory, once it is bounded. Lives as long as the process: SQLite frees at its very end.
struct Arena {
  std::mutex mutex;
  Buddy blocks;
  std::size_t bytes = 0;
  std::uint32_t cache_pages = 0;
  std::uint64_t refused = 0;
};
Arena& arena() {
  static Arena one;
  return one;
}

void* take(int bytes) {
  const std::lock_guard lock{arena().mutex};
  void* block = arena().blocks.allocate(static_cast<std::size_t>(bytes));
  if (block == nullptr) ++arena().refused;
  return block;
}

void give_back(void* block) {
  const std::lock_guard lock{arena().mutex};
  arena().blocks.free(block);
}

int size_of(void* block) {
  const std::lock_guard lock{arena().mutex};
  return block == nullptr ? 0 : static_cast<int>(arena().blocks.size_of(block));
}

void* resize(void* block, int bytes) {
  const int size = size_of(block);
  if (bytes <= size) return block;
  void* larger = take(bytes);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, block, static_cast<std::size_t>(size));
  give_back(block);
  return larger;
}

int round_up(int bytes) {
  constexpr int kLargest = 1 << 30;
  return bytes > kLargest / 2 ? bytes : static_cast<int>(Buddy::rounded(static_cast<std::size_t>(bytes)));
}

int begin(void* /*nothing*/) { return SQLITE_OK; }
void end(void* /*nothing*/) {}

// Never given back; untouched pages of it cost nothing.
void* map(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

JournalError complain(const std::string& what) { return {"cannot bound SQLite's memory: " + what, 0, false}; }
}  // namespace

Outcome bound_memory(std::size_t arena_bytes, std::uint32_t cache_pages) {
  if (arena_bytes < kArenaBytesMin || arena_bytes > kArenaBytesMax || cache_pages > kCachePagesMax) {
    return complain("an arena has " + std::to_string(kArenaBytesMin) + " to " + std::to_string(kArenaBytesMax) +
                    " bytes and a cache at most " + std::to_string(kCachePagesMax) + " pages");
  }
  if (arena().bytes != 0) return complain("it is bounded already");
  const auto bytes = std::bit_floor(arena_bytes);
  auto* memory = static_cast<std::byte*>(map(bytes));
  if (memory == nullptr) return complain("the system has not so much memory");
  static sqlite3_mem_methods methods{take, give_back, resize, size_of, round_up, begin, end, nullptr};
  arena().blocks = Buddy{std::span{memory, bytes}};
  if (const int code = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods); code != SQLITE_OK) {
    (void)::munmap(memory, bytes);
    return complain("a journal was opened before (SQLite code " + std::to_string(code) + ")");
  }
  arena().bytes = bytes;
  if (cache_pages == 0) return std::nullopt;
  int header = 0;
  (void)sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header);
  const auto slot = (kPageBytes + static_cast<std::size_t>(header) + 7U) / 8U * 8U;
  void* pages = map(slot * cache_pages);
  if (pages == nullptr) return complain("the system has not so much memory for the page cache");
  (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, static_cast<int>(slot), static_cast<int>(cache_pages));
  arena().cache_pages = cache_pages;
  return std::nullopt;
}

MemoryUse memory_used() {
  MemoryUse use;
  {
    const std::lock_guard lock{arena().mutex};
    use.arena_bytes = arena().bytes;
    use.used_bytes = arena().blocks.used();
    use.most_used_bytes = arena().blocks.most_used();
    use.refused = arena().refused;
    use.cache_pages = arena().cache_pages;
  }
  int now = 0;
  int most = 0;
  if (use.arena_bytes == 0) {
    use.used_bytes = static_cast<std::size_t>(sqlite3_memory_used());
    use.most_used_bytes = static_cast<std::size_t>(sqlite3_memory_highwater(0));
  }
  if (sqlite3_status(SQLITE_STATUS_PAGECACHE_USED, &now, &most, 0) == SQLITE_OK) {
    use.used_pages = static_cast<std::uint32_t>(now);
  }
  if (sqlite3_status(SQLITE_STATUS_PAGECACHE_OVERFLOW, &now, &most, 0) == SQLITE_OK) {
    use.overflow_bytes = static_cast<std::size_t>(now);
  }
  return use;
}
}  // namespace tocsin::journal
