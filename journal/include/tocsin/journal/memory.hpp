// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Bounding the memory that SQLite may use, for the whole process.
#include <cstddef>
#include <cstdint>

#include "tocsin/journal/journal.hpp"

namespace tocsin::journal {
/// Least that bound_memory() takes: an open journal and a verification of it fit.
inline constexpr std::size_t kArenaBytesMin = 512 * 1024;

/// Gives SQLite a fixed arena for all it allocates, and one for the pages it caches. Call it once, before the first
/// journal is opened. When the arena is full a journal's call fails with "memory ran out", as it does with a full disk:
/// nothing of it is stored, and nothing is lost.
/// @param arena_bytes  at least kArenaBytesMin; rounded down to a power of two.
/// @param cache_pages  pages of 4096 bytes, all journals of the process together (OpenOptions::cache_pages is one's
///                     share; a backup takes 32 more while it runs). Beyond them pages are taken from the arena.
/// @error  called too late or twice, sizes out of range, or the system has not so much memory.
[[nodiscard]] Outcome bound_memory(std::size_t arena_bytes, std::uint32_t cache_pages);

struct MemoryUse {
  std::size_t arena_bytes = 0;  ///< 0: not bounded; the next two are then SQLite's own count
  std::size_t used_bytes = 0;
  std::size_t most_used_bytes = 0;  ///< since the start
  std::uint64_t refused = 0;        ///< allocations that found no room in the arena
  std::uint32_t cache_pages = 0;
  std::uint32_t used_pages = 0;
  std::size_t overflow_bytes = 0;  ///< pages that found no room in the cache and lie in the arena now
};
/// For status and tests. Any thread.
[[nodiscard]] MemoryUse memory_used();
}  // namespace tocsin::journal
