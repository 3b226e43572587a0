// SPDX-License-Identifier: Apache-2.0
// Preloaded into tocsind: fails allocations, writes and syncs as the memory shared with the test says, and counts the
// heap. Before the shared memory is there nothing fails and nothing is counted.
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault_control.hpp"

using tocsin::daemon::faults::FaultControl;

extern "C" {
void* __libc_malloc(std::size_t size);                           // NOLINT(*-identifier*): the C library's names
void* __libc_calloc(std::size_t count, std::size_t size);        // NOLINT(*-identifier*)
void* __libc_realloc(void* block, std::size_t size);             // NOLINT(*-identifier*)
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT(*-identifier*)
void __libc_free(void* block);                                   // NOLINT(*-identifier*)
}

namespace {
FaultControl* control = nullptr;

__attribute__((constructor)) void open_control() {
  const char* name = std::getenv(tocsin::daemon::faults::kFaultFileVariable);
  const int fd = name == nullptr ? -1 : ::open(name, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* memory = ::mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  (void)::close(fd);
  if (memory != MAP_FAILED) control = static_cast<FaultControl*>(memory);
}

bool allocation_fails() {
  if (control == nullptr) return false;
  ++control->allocations;
  if (control->allocation <= 0) return false;
  if (--control->allocation != 0) return false;
  if (control->allocation_for_ever != 0) control->allocation = 1;
  ++control->failed;
  errno = ENOMEM;
  return true;
}

void* count(void* block) {
  if (control != nullptr && block != nullptr) {
    control->live_bytes += static_cast<std::int64_t>(malloc_usable_size(block));
    ++control->live_blocks;
  }
  return block;
}

void uncount(void* block) {
  if (control == nullptr || block == nullptr) return;
  control->live_bytes -= static_cast<std::int64_t>(malloc_usable_size(block));
  --control->live_blocks;
}

/// True, with errno set, when this write is to fail: those to pipes, sockets and eventfds never do.
bool write_fails(int fd) {
  if (control == nullptr || control->write_errno == 0) return false;
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if ((::fcntl(fd, F_GETFL) & O_APPEND) != 0) return false;  // the log
  ++control->failed;
  errno = control->write_errno;
  return true;
}

bool sync_fails() {
  if (control == nullptr || control->sync_errno == 0) return false;
  ++control->failed;
  errno = control->sync_errno;
  return true;
}
}  // namespace

extern "C" {
void* malloc(std::size_t size) { return allocation_fails() ? nullptr : count(__libc_malloc(size)); }
void* calloc(std::size_t number, std::size_t size) {
  return allocation_fails() ? nullptr : count(__libc_calloc(number, size));
}
void* realloc(void* block, std::size_t size) {
  if (allocation_fails()) return nullptr;
  uncount(block);
  void* moved = __libc_realloc(block, size);
  return count(moved != nullptr || size == 0 ? moved : block);
}
void* memalign(std::size_t alignment, std::size_t size) {
  return allocation_fails() ? nullptr : count(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  *out = memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}
void free(void* block) {
  uncount(block);
  __libc_free(block);
}

ssize_t write(int fd, const void* bytes, std::size_t size) {
  return write_fails(fd) ? -1 : static_cast<ssize_t>(::syscall(SYS_write, fd, bytes, size));
}
ssize_t pwrite(int fd, const void* bytes, std::size_t size, off_t offset) {
  return write_fails(fd) ? -1 : static_cast<ssize_t>(::syscall(SYS_pwrite64, fd, bytes, size, offset));
}
ssize_t pwrite64(int fd, const void* bytes, std::size_t size, off64_t offset) {
  return write_fails(fd) ? -1 : static_cast<ssize_t>(::syscall(SYS_pwrite64, fd, bytes, size, offset));
}
int ftruncate(int fd, off_t size) {
  return write_fails(fd) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off64_t size) {
  return write_fails(fd) ? -1 : static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}
int fdatasync(int fd) { return sync_fails() ? -1 : static_cast<int>(::syscall(SYS_fdatasync, fd)); }
int fsync(int fd) { return sync_fails() ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }
}
