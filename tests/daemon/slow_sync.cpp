// SPDX-License-Identifier: Apache-2.0
// A disk that takes its time: preloaded into tocsind, it delays each sync by as many milliseconds as the file named in
// TOCSIN_SYNC_DELAY_FILE says. -1: each sync fails with EIO. -2: each write fails since the disk is full.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>

namespace {
constexpr long kBroken = -1;
constexpr long kFull = -2;

long asked_for() {
  const char* name = std::getenv("TOCSIN_SYNC_DELAY_FILE");
  std::FILE* file = name == nullptr ? nullptr : std::fopen(name, "re");
  long delay_ms = 0;
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%ld", &delay_ms) != 1) delay_ms = 0;
  (void)std::fclose(file);
  return delay_ms;
}

int sync_late(long call, int fd) {
  const long delay_ms = asked_for();
  if (delay_ms == kBroken) {
    errno = EIO;
    return -1;
  }
  if (delay_ms < 0) return static_cast<int>(::syscall(call, fd));
  const timespec delay{delay_ms / 1000, (delay_ms % 1000) * 1'000'000};
  (void)::nanosleep(&delay, nullptr);
  return static_cast<int>(::syscall(call, fd));
}
}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  if (asked_for() == kFull) {
    errno = ENOSPC;
    return -1;
  }
  return ::syscall(SYS_pwrite64, fd, bytes, size, at);
}
extern "C" ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }
extern "C" int fdatasync(int fd) { return sync_late(SYS_fdatasync, fd); }
extern "C" int fsync(int fd) { return sync_late(SYS_fsync, fd); }
