// SPDX-License-Identifier: Apache-2.0
#include "fault_switch.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon::faults {
FaultSwitch::FaultSwitch(const test::TempFolder& folder) {
  const auto path = folder.write("fault", std::vector<std::byte>(sizeof(FaultControl)));
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  TOCSIN_CHECK(fd >= 0);
  void* memory = ::mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  TOCSIN_CHECK(memory != MAP_FAILED);
  (void)::close(fd);
  control_ = static_cast<FaultControl*>(memory);
  (void)::setenv(kFaultFileVariable, path.c_str(), 1);
  (void)::setenv("LD_PRELOAD", TOCSIN_FAULT_PRELOAD, 1);
}

FaultSwitch::~FaultSwitch() {
  (void)::unsetenv("LD_PRELOAD");
  (void)::unsetenv(kFaultFileVariable);
  (void)::munmap(control_, sizeof(FaultControl));
}

void FaultSwitch::reset() {
  control_->allocation = 0;
  control_->allocation_for_ever = 0;
  control_->write_errno = 0;
  control_->sync_errno = 0;
  control_->failed = 0;
  control_->allocations = 0;
  control_->live_bytes = 0;
  control_->live_blocks = 0;
}

void FaultSwitch::fail_allocation(std::int64_t n, bool for_ever) {
  control_->allocation_for_ever = for_ever ? 1 : 0;
  control_->allocation = n;
}
}  // namespace tocsin::daemon::faults
