// SPDX-License-Identifier: Apache-2.0
#include "received.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {
constexpr std::size_t kDescriptors = 4096;
std::array<std::atomic<std::uint64_t>, kDescriptors> counts{};
std::atomic<std::int64_t> until_bell{INT64_MAX};  ///< bytes; above 0 the bell is silent
std::atomic<int> bell{-1};

void count(int fd, std::int64_t bytes) {
  if (fd >= 0 && static_cast<std::size_t>(fd) < counts.size()) {
    counts[static_cast<std::size_t>(fd)].fetch_add(static_cast<std::uint64_t>(bytes), std::memory_order_relaxed);
  }
  const auto before = until_bell.fetch_sub(bytes, std::memory_order_relaxed);
  if (before <= 0 || before > bytes) return;  // it rang, or is not due
  const std::uint64_t one = 1;
  (void)!::write(bell, &one, sizeof one);
}
}  // namespace

std::uint64_t tocsin::daemon::received_bytes(int fd) {
  return fd >= 0 && static_cast<std::size_t>(fd) < counts.size()
             ? counts[static_cast<std::size_t>(fd)].load(std::memory_order_relaxed)
             : 0;
}

int tocsin::daemon::received_bell() {
  static const int made = bell = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return made;
}

void tocsin::daemon::ring_when_received(std::uint64_t bytes) {
  std::uint64_t rung = 0;
  (void)!::read(bell, &rung, sizeof rung);
  until_bell = static_cast<std::int64_t>(bytes);
}

// Stands before the C library's, also for libzmq: a program's own definition wins. The header that declares it is left
// out, since it may bring a definition.
extern "C" __attribute__((visibility("default"))) ssize_t recv(int fd, void* buffer, std::size_t size, int flags) {
  const auto got = ::syscall(SYS_recvfrom, fd, buffer, size, flags, nullptr, nullptr);
  if (got > 0) count(fd, got);
  return static_cast<ssize_t>(got);
}
