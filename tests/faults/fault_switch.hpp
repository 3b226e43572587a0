// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file FaultSwitch: daemons started while it is in scope get fault_preload.cpp, and fail as it says.
#include <string>

#include "fault_control.hpp"
#include "fixture.hpp"

namespace tocsin::daemon::faults {
class FaultSwitch {
 public:
  /// @param folder  where the shared memory's file goes; outlives the switch.
  explicit FaultSwitch(const test::TempFolder& folder);
  ~FaultSwitch();
  FaultSwitch(const FaultSwitch&) = delete;
  FaultSwitch& operator=(const FaultSwitch&) = delete;
  FaultControl* operator->() { return control_; }
  /// Nothing fails and nothing was counted: before each start.
  void reset();
  /// The n-th allocation from now on fails.
  void fail_allocation(std::int64_t n, bool for_ever);

 private:
  FaultControl* control_;
};
}  // namespace tocsin::daemon::faults
