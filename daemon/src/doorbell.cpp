// SPDX-License-Identifier: Apache-2.0
#include "doorbell.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tocsin::daemon {
Doorbell::~Doorbell() {
  if (fd_ >= 0) (void)::close(fd_);
}

bool Doorbell::open() {
  fd_ = ::eventfd(0, EFD_CLOEXEC);
  return fd_ >= 0;
}

void Doorbell::ring() {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // first the work, then the look at the bell
  if (!armed_.exchange(false, std::memory_order_relaxed)) return;
  const std::uint64_t one = 1;
  while (::write(fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Doorbell::arm() {
  armed_.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // first the bell, then the look at the work
}

void Doorbell::disarm() { armed_.store(false, std::memory_order_relaxed); }

void Doorbell::hear() const {
  std::uint64_t count = 0;
  while (::read(fd_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}
}  // namespace tocsin::daemon
