// SPDX-License-Identifier: Apache-2.0
// A small journal, changed as the input says, and a daemon started on it: it refuses or serves, and gives nothing out
// that was never written.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "damaged_journal.hpp"

using namespace tocsin::daemon::faults;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool kInMemory = ::setenv("TMPDIR", "/dev/shm", 0) == 0;
  static DamagedJournal journal;
  const auto script = std::as_bytes(std::span{data, size});
  if (script.empty() || !kInMemory) return 0;
  const bool stopped = script[0] != std::byte{0};
  const auto start = journal.start(damaged(stopped ? journal.stopped() : journal.files(), script.subspan(1)));
  if (start.wrong.empty()) return 0;
  (void)std::fprintf(stderr, "%s\n", start.wrong.c_str());
  std::abort();
}
