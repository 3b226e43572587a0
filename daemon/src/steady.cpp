// SPDX-License-Identifier: Apache-2.0
// Alone in its file, so that a simulation can be linked with a clock of its own.
#include <ctime>

#include "journal_jobs.hpp"

namespace tocsin::daemon {
std::int64_t steady_ns() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
}  // namespace tocsin::daemon
