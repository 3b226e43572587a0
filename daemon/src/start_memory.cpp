// SPDX-License-Identifier: Apache-2.0
#include "start_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace tocsin::daemon {
namespace {
/// Segments without the right to write are as their file is: the linker's relocations lie in writable ones.
int give_back_segments(dl_phdr_info* object, std::size_t /*size*/, void* /*context*/) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (std::size_t i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const auto begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const auto end = (object->dlpi_addr + segment.p_vaddr + segment.p_filesz + page - 1) & ~(page - 1);
    // Locked pages stay, which is what who locked them wants.
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}
}  // namespace

void give_back_start_memory() {
  (void)::malloc_trim(0);
  (void)::dl_iterate_phdr(give_back_segments, nullptr);
}
}  // namespace tocsin::daemon
