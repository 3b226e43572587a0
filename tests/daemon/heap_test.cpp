// SPDX-License-Identifier: Apache-2.0
/// What: after its start the daemon's way of a report, from the frame to the acknowledgement, takes nothing from the
/// heap; neither do the alert events it raises, nor SQLite.
/// How: a core, the journal's thread and the encoder of acknowledgements, as the server puts them together, without the
/// sockets (libzmq takes what it takes); this program counts every call of the allocator.
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <poll.h>
#include <string>
#include <vector>

#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/log.hpp"
#include "tocsin/journal/memory.hpp"
#include "tocsin/wire/control_codec.hpp"

#include "connection.hpp"
#include "fixture.hpp"
#include "journal_jobs.hpp"

#include "CppUTest/TestHarness.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// glibc's own, by the names under which it lets others count.
extern "C" {
void* __libc_malloc(std::size_t size);                     // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t count, std::size_t size);  // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* block, std::size_t size);       // NOLINT(bugprone-reserved-identifier)
void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  ++allocations;
  return __libc_realloc(block, size);
}
}

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::wire::InputView;

namespace {
/// The server's turn of the loop, without sockets.
class Turn {
 public:
  explicit Turn(Core& core) : core_{core} {}
  std::string start() { return journal_.start(core_.journal()); }

  /// @returns false when the frame was not acknowledged whole.
  bool take(std::span<const std::byte> frame, const Principal& principal) {
    tocsin::wire::BatchReader reader;
    if (!core_.read_frame(frame, principal, reader)) return false;
    const std::size_t slab = core_.slab();
    auto& verdict = connection_.verdict(slab);
    verdict.due = true;
    verdict.frame = reader.frame();
    core_.take(reader, principal, verdict.refused);
    if (!core_.seal(commit_.batch) || !journal_.post(commit_)) return false;
    while (journal_.take_done() == nullptr) {
      pollfd done{journal_.done_fd(), POLLIN, 0};
      const bool rung = journal_.begin_wait() && ::poll(&done, 1, 1000) > 0;
      journal_.end_wait(rung);
    }
    if (core_.settle(commit_.outcome, commit_.last_batch) != CommitResult::done) return false;
    connection_.stored(slab);
    for (const auto& alert : core_.sealed().alerts()) {
      alerts_ += 1;
      LogLine(Severity::info, "alert").field("n", alert.number).field("name", "an alert").instant("at", alert.at);
    }
    core_.release();
    const auto& told = connection_.to_tell();
    const bool whole = told.frame == reader.frame() && told.refused.empty();
    const auto ack = ack_writer_.encode(told.frame, told.refused);
    connection_.told();
    return whole && !ack.empty();
  }
  [[nodiscard]] std::uint64_t alerts() const { return alerts_; }

 private:
  Core& core_;
  Connection connection_;
  CommitJob commit_;
  JournalThread journal_;
  tocsin::wire::AckWriter ack_writer_;
  std::uint64_t alerts_ = 0;
};
}  // namespace

TEST_GROUP(Heap){};

TEST(Heap, is_left_alone_once_the_daemon_has_started) {
  CHECK_FALSE(tocsin::journal::bound_memory(tocsin::journal::kArenaBytesMin, 272).has_value());
  Site site{"clock = \"input\""};
  FakeClock clock;
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  Turn turn{core};
  STRCMP_EQUAL("", turn.start().c_str());
  const auto desk = core.principal("desk");
  // A surge every second day: it is raised, and cleared again.
  constexpr std::uint64_t kWarm = 200;
  constexpr std::uint64_t kFrames = 600;
  std::vector<Bytes> frames;
  for (std::uint64_t frame = 1; frame <= kFrames; ++frame) {
    const auto time = kMay + static_cast<tocsin::engine::Span>(frame) * kDay;
    const bool surges = frame % 2 == 0;
    const std::vector<InputView> items{report("mnd_daily", 2 * frame, "pla_aircraft", time, surges ? 50 : 1),
                                       report("mnd_daily", 2 * frame + 1, "plan_ships", time, surges ? 12 : 1),
                                       report("analyst", frame, "exercise", time), heartbeat("launches", time)};
    frames.push_back(tocsin::wire::encode_batch(frame, items));
  }
  bool all = true;
  for (std::size_t i = 0; i < kWarm; ++i) all = turn.take(frames[i], desk) && all;
  const auto alerts_before = turn.alerts();
  const auto before = allocations.load();
  for (std::size_t i = kWarm; i < kFrames; ++i) all = turn.take(frames[i], desk) && all;
  const auto taken = allocations.load() - before;
  CHECK_TRUE(all);
  CHECK_TRUE(turn.alerts() > alerts_before + 100);
  std::printf("[%llu alert events] ", static_cast<unsigned long long>(turn.alerts() - alerts_before));
  UNSIGNED_LONGLONGS_EQUAL(0, taken);
}
