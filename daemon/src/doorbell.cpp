// SPDX-License-Identifier: Apache-2.0
#include "doorbell.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

// Every access is an exchange, so each sees what the one before it had seen: a ring that found the bell not armed came
// before the arming, and the look after that sees its work.
namespace tocsin::daemon {
Doorbell::~Doorbell() {
  if (fd_ >= 0) (void)::close(fd_);
}

bool Doorbell::open() {
  fd_ = ::eventfd(0, EFD_CLOEXEC);
  return fd_ >= 0;
}

void Doorbell::ring() {
  if (!armed_.exchange(false, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  while (::write(fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Doorbell::arm() { (void)armed_.exchange(true, std::memory_order_acq_rel); }

void Doorbell::disarm() { (void)armed_.exchange(false, std::memory_order_acq_rel); }

void Doorbell::hear() const {
  std::uint64_t count = 0;
  while (::read(fd_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}
}  // namespace tocsin::daemon
