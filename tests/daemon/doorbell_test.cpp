// SPDX-License-Identifier: Apache-2.0
/// What: no ring of a Doorbell is missed, and who is awake is not rung for.
#include "doorbell.hpp"

#include <atomic>
#include <cstdint>
#include <poll.h>
#include <thread>

#include "fixture.hpp"
#include "journal_thread.hpp"
#include "mailbox.hpp"

#include "CppUTest/TestHarness.h"

using tocsin::daemon::Doorbell;
using tocsin::daemon::Mailbox;

namespace {
constexpr std::uint64_t kLetters = 50'000;

bool is_readable(const Doorbell& bell) {
  pollfd one{bell.fd(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

/// So that the two meet in many ways.
void idle(std::uint64_t turns) {
  for (; turns > 0; --turns) std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Takes the next letter, asleep until there is one.
template <class Letters>
std::uint64_t take(Letters& letters, Doorbell& bell) {
  std::uint64_t letter = 0;
  while (!letters.pop(letter)) {
    bell.arm();
    if (letters.empty()) bell.hear();
    bell.disarm();
  }
  return letter;
}
}  // namespace

TEST_GROUP(Doorbell) {
  Doorbell bell;
  void setup() override { CHECK_TRUE(bell.open()); }
};

TEST(Doorbell, rings_only_for_who_armed_it) {
  bell.ring();
  CHECK_FALSE(is_readable(bell));
  bell.arm();
  CHECK_FALSE(is_readable(bell));
  bell.ring();
  bell.ring();
  CHECK_TRUE(is_readable(bell));
  bell.hear();
  CHECK_FALSE(is_readable(bell));
  bell.arm();
  bell.disarm();
  bell.ring();
  CHECK_FALSE(is_readable(bell));
}

// A ring that is missed leaves both asleep: the test then runs out of its time.
TEST(Doorbell, is_never_missed) {
  Doorbell answer;
  CHECK_TRUE(answer.open());
  Mailbox<std::uint64_t, 4> to;
  Mailbox<std::uint64_t, 4> from;
  std::thread other{[&] {
    for (std::uint64_t i = 0; i < kLetters; ++i) {
      const auto letter = take(to, bell);
      idle(letter % 64);
      while (!from.push(letter + 1)) std::this_thread::yield();
      answer.ring();
    }
  }};
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < kLetters; ++i) {
    (void)to.push(i);  // one letter is on its way at a time
    bell.ring();
    idle(i % 61);
    right += take(from, answer) == i + 1 ? 1U : 0U;
  }
  other.join();
  UNSIGNED_LONGLONGS_EQUAL(kLetters, right);
}

namespace {
/// A job that leaves the disk alone.
struct Nothing final : tocsin::daemon::JournalJob {
  void run(tocsin::journal::Journal& journal) override { last = journal.last_batch_id(); }
  std::uint64_t last = 1;
};
constexpr int kJobs = 20'000;
}  // namespace

// Here, too, a ring that is missed leaves both asleep: nothing else wakes them.
TEST(Doorbell, wakes_the_journals_thread_and_who_waits_for_it) {
  tocsin::daemon::test::Site site;
  tocsin::daemon::test::FakeClock clock;
  tocsin::daemon::Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open().c_str());
  Nothing job;
  tocsin::daemon::JournalThread thread;
  STRCMP_EQUAL("", thread.start(core.journal()).c_str());
  int done = 0;
  while (done < kJobs) {
    CHECK_TRUE(thread.post(job));
    idle(static_cast<std::uint64_t>(done) % 67);
    const tocsin::daemon::JournalJob* back = nullptr;
    while ((back = thread.take_done()) == nullptr) {
      pollfd one{thread.done_fd(), POLLIN, 0};
      thread.end_wait(thread.begin_wait() && ::poll(&one, 1, -1) > 0);
    }
    done += back == &job ? 1 : kJobs;
  }
  LONGS_EQUAL(kJobs, done);
  CHECK_TRUE(thread.idle());
}
