// SPDX-License-Identifier: Apache-2.0
/// What: the whole daemon, its sockets and threads included, loses nothing acknowledged, takes nothing twice and
/// nothing that nobody may send, tells each alert event once and in one way, and stores exactly what an engine from
/// scratch and the model say, whatever becomes of its machine and whoever speaks to it.
/// How: the real Server in one thread, on libzmq's functions, the journal's thread and clocks simulated
/// (simulated_machine.hpp): all is drawn from a seed. TOCSIN_SERVER_SIMULATION_SEED=n runs that one alone and tells
/// what happens.
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "tocsin/daemon/log.hpp"
#include "tocsin/test_support/powercut_vfs.hpp"

#include "server_world.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::faults;
using tocsin::test_support::PowercutVfs;

namespace {
constexpr std::uint64_t kWorlds = TOCSIN_SERVER_SIMULATIONS;
constexpr const char* kDisk = "faults-server-simulation";
constexpr const char* kSeed = "TOCSIN_SERVER_SIMULATION_SEED";
volatile std::sig_atomic_t seed_at_hand = 0;

std::string replay_of(std::uint64_t seed) {
  return "seed " + std::to_string(seed) + " (again: " + kSeed + "=" + std::to_string(seed) +
         " faults.server_simulation)";
}

/// A broken invariant of the daemon ends the program: say where.
void tell_seed(int) {
  std::fprintf(stderr, "%s\n", replay_of(static_cast<std::uint64_t>(seed_at_hand)).c_str());
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}
}  // namespace

TEST_GROUP(ServerSimulation) {
  PowercutVfs disk{kDisk};
  WorldCounts counts;

  void setup() override { std::signal(SIGABRT, tell_seed); }
  void teardown() override {
    std::signal(SIGABRT, SIG_DFL);
    (void)tocsin::daemon::set_log_level("info");
  }

  std::uint64_t simulate(std::uint64_t seed, bool tells = false) {
    seed_at_hand = static_cast<std::sig_atomic_t>(seed);
    disk.format();
    std::uint64_t trace = 0;
    std::string wrong;
    {
      ServerWorld world{seed, disk, kDisk, tells};
      wrong = world.run();
      world.add_to(counts);
      trace = world.trace();
    }
    if (!wrong.empty()) FAIL((replay_of(seed) + ": " + wrong).c_str());
    return trace;
  }
};

TEST(ServerSimulation, loses_nothing_and_tells_everything_once) {
  if (const char* one = std::getenv(kSeed); one != nullptr) {
    (void)simulate(std::strtoull(one, nullptr, 10), true);
    return;
  }
  (void)tocsin::daemon::set_log_level("error");
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) (void)simulate(seed);
  std::printf("[%" PRIu64 " worlds, %" PRIu64 " lives, %" PRIu64 " kills, %" PRIu64 " refusals, %" PRIu64
              " gaps, %" PRIu64 " acts, %" PRIu64 " alerts, %" PRIu64 " polls] ",
              kWorlds, counts.lives, counts.kills, counts.refused, counts.gaps, counts.acts, counts.alerts,
              counts.polls);
  CHECK_TRUE(counts.lives > 2 * kWorlds);
  CHECK_TRUE(counts.kills > kWorlds);
  CHECK_TRUE(counts.refused > kWorlds);
  CHECK_TRUE(counts.gaps > 0);
  CHECK_TRUE(counts.acts > 0);
  CHECK_TRUE(counts.alerts > kWorlds);
}

TEST(ServerSimulation, is_the_same_for_the_same_seed) {
  (void)tocsin::daemon::set_log_level("error");
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto first = simulate(seed);
    CHECK_TRUE(first == simulate(seed));
    CHECK_TRUE(first != simulate(seed + 1));
  }
}
