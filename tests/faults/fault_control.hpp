// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file FaultControl: memory that a test shares with a daemon into which fault_preload.cpp is preloaded.
#include <atomic>
#include <cstdint>

namespace tocsin::daemon::faults {
/// The environment variable that names the file with it.
inline constexpr const char* kFaultFileVariable = "TOCSIN_FAULT_FILE";

/// All zero: nothing fails.
struct FaultControl {
  /// @{ The n-th allocation from now on fails, n >= 1, and when `allocation_for_ever` is not 0 each one after it. 0:
  /// none.
  std::atomic<std::int64_t> allocation;
  std::atomic<std::int32_t> allocation_for_ever;
  /// @}
  /// @{ While not 0, each write to a file, or each sync, fails with this errno.
  std::atomic<std::int32_t> write_errno;
  std::atomic<std::int32_t> sync_errno;
  /// @}
  std::atomic<std::uint64_t> failed;       ///< so many calls were made to fail
  std::atomic<std::uint64_t> allocations;  ///< since the start of the process
  std::atomic<std::int64_t> live_bytes;    ///< of the heap, by malloc_usable_size()
  std::atomic<std::int64_t> live_blocks;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
}  // namespace tocsin::daemon::faults
