// SPDX-License-Identifier: Apache-2.0
/// What: the settings for small and busy machines do what they say, and where the system forbids it the daemon says so
/// and serves all the same.
/// How: the real program; what the kernel says of its threads and of its memory.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <linux/capability.h>
#include <map>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "fixture.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;

namespace {
/// Runs `what` in a child. @returns its exit status.
int in_child(const std::function<int()>& what) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(what());
  int status = 0;
  (void)::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool may_be_realtime() {
  return in_child([] {
           const sched_param priority{10};
           return ::sched_setscheduler(0, SCHED_RR, &priority) == 0 ? 1 : 0;
         }) == 1;
}

/// A number of each thread of a process, by the thread's name.
std::map<std::string, int> of_threads(pid_t pid, int (*number_of)(pid_t)) {
  std::map<std::string, int> numbers;
  const auto tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& entry : std::filesystem::directory_iterator{tasks}) {
    std::string name;
    (void)std::getline(std::ifstream{entry.path() / "comm"}, name);
    numbers[name] = number_of(std::atoi(entry.path().filename().c_str()));
  }
  return numbers;
}
/// The same, once there are so many: the daemon says that it is ready before its last thread has run and has its name.
std::map<std::string, int> of_threads(pid_t pid, int (*number_of)(pid_t), std::size_t threads) {
  auto numbers = of_threads(pid, number_of);
  for (int i = 0; i < 3000 && numbers.size() < threads; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
    numbers = of_threads(pid, number_of);
  }
  return numbers;
}

/// Scheduling policy. What a thread's children get (SCHED_RESET_ON_FORK) is told in the same number.
int policy_of(pid_t thread) { return ::sched_getscheduler(thread) & 0xFF; }
int priority_of(pid_t thread) {
  sched_param parameters{};
  return ::sched_getparam(thread, &parameters) == 0 ? parameters.sched_priority : -1;
}
int nice_of(pid_t thread) { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(thread)); }
}  // namespace

TEST_GROUP(EdgeSettings) {
  Site site;
  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
};

TEST(EdgeSettings, realtime_puts_the_engine_and_libzmq_before_others_and_the_journal_not) {
  if (!may_be_realtime()) {
    (void)std::puts("SKIPPED: this system allows no SCHED_RR");
    return;
  }
  site.configure("realtime = true");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
  auto policies = of_threads(daemon.pid(), policy_of, 5);
  LONGS_EQUAL(5, policies.size());
  LONGS_EQUAL(SCHED_RR, policies["tocsind"]);
  LONGS_EQUAL(SCHED_RR, policies["ZMQbg/IO/0"]);
  LONGS_EQUAL(SCHED_RR, policies["ZMQbg/Reaper"]);
  LONGS_EQUAL(SCHED_OTHER, policies["journal"]);
  LONGS_EQUAL(SCHED_OTHER, policies["zap"]);
  const auto priorities = of_threads(daemon.pid(), priority_of, 5);
  CHECK_TRUE(priorities.at("tocsind") > priorities.at("ZMQbg/IO/0"));
  CHECK_TRUE(priorities.at("ZMQbg/IO/0") > 0);
  STRCMP_CONTAINS("realtime=yes", daemon.log().c_str());
  CHECK_TRUE(daemon.log().find("event=realtime") == std::string::npos);
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
}

TEST(EdgeSettings, without_realtime_all_threads_are_ordinary) {
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  for (const auto& [name, policy] : of_threads(daemon.pid(), policy_of))
    LONGS_EQUAL_TEXT(SCHED_OTHER, policy, name.c_str());
}

TEST(EdgeSettings, who_takes_goes_before_who_gives) {
  const int present = ::getpriority(PRIO_PROCESS, 0);
  const int may = in_child([] { return ::setpriority(PRIO_PROCESS, 0, -10) == 0 ? 1 : 0; });
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  const auto nice = of_threads(daemon.pid(), nice_of, 5);
  LONGS_EQUAL(5, nice.size());
  for (const auto& [name, value] : nice) {
    const int wanted = name == "journal" ? -10 : (name == "tocsind" ? -5 : present);
    LONGS_EQUAL_TEXT(may == 1 ? std::min(wanted, present) : present, value, name.c_str());
  }
  STRCMP_CONTAINS((" nice=" + std::to_string(nice.at("tocsind")) + " ").c_str(), daemon.log().c_str());
  STRCMP_CONTAINS(("event=journal_thread nice=" + std::to_string(nice.at("journal"))).c_str(), daemon.log().c_str());
}

TEST(EdgeSettings, what_the_system_forbids_is_told_and_the_daemon_serves) {
  site.configure("realtime = true\nlock_memory = true");
  const int status = in_child([this] {
    (void)::prctl(PR_CAPBSET_DROP, CAP_SYS_NICE);
    (void)::prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK);
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_RTPRIO, &none) != 0 || ::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 1;
    if (::setrlimit(RLIMIT_NICE, &none) != 0) return 1;
    Tocsind daemon{arguments(), log()};
    if (!daemon.wait_ready()) return 2;
    const auto told = daemon.log();
    if (told.find("level=warning event=realtime error=\"the system does not allow SCHED_RR") == std::string::npos) {
      return 3;
    }
    if (told.find("level=warning event=lock_memory error=\"memory cannot be locked") == std::string::npos) return 4;
    if (told.find("realtime=no") == std::string::npos) return 5;
    if (told.find("event=journal_thread nice=-10") != std::string::npos) return 8;
    for (const auto& [name, policy] : of_threads(daemon.pid(), policy_of)) {
      if (policy != SCHED_OTHER) return 6;
    }
    daemon.signal(SIGTERM);
    return daemon.wait() == 0 ? 42 : 7;
  });
  LONGS_EQUAL(42, status);
}

TEST(EdgeSettings, locked_memory_is_what_was_touched_and_no_more) {
  const int may_lock = in_child([] { return ::mlockall(MCL_CURRENT | MCL_ONFAULT) == 0 ? 1 : 0; });
  if (may_lock != 1) {
    (void)std::puts("SKIPPED: this system allows no locked memory");
    return;
  }
  Tocsind plain{arguments(), log()};
  CHECK_TRUE(plain.wait_ready());
  LONGS_EQUAL(0, plain.memory_kib("VmLck:") / 1024);  // a secret's pages at most
  const auto before = plain.memory_kib("RssAnon:");
  plain.signal(SIGTERM);
  LONGS_EQUAL(0, plain.wait());

  site.configure("lock_memory = true");
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
  CHECK_TRUE(daemon.memory_kib("VmLck:") > 1024);
  CHECK_TRUE(daemon.memory_kib("RssAnon:") < before + 4096);  // the stacks of five threads alone would be 40 MiB
  CHECK_TRUE(daemon.log().find("event=lock_memory") == std::string::npos);
}

TEST(EdgeSettings, small_batches_share_the_load_out_and_lose_nothing) {
  site.configure("clock = \"input\"", "[bounds]\nbatch_bytes = \"16KiB\"");
  PeerContext context;
  Tocsind daemon{arguments(), log()};
  CHECK_TRUE(daemon.wait_ready());
  STRCMP_CONTAINS("batch_bytes=16384", daemon.log().c_str());
  Peer feed{context, PeerKind::dealer, site.ingest()};
  constexpr std::uint64_t kFrames = 200;
  const std::string note(400, 'x');
  std::vector<tocsin::wire::InputView> items;
  for (std::uint64_t frame = 1; frame <= kFrames; ++frame) {
    items.clear();
    for (std::uint64_t i = 0; i < 16; ++i) {
      items.push_back(report("analyst", (frame - 1) * 16 + i + 1, "exercise", kMay));
      items.back().note = note;
    }
    CHECK_TRUE(feed.send_frame(frame, items));
  }
  std::uint64_t acknowledged = 0;
  while (acknowledged < kFrames) {
    const auto ack = feed.receive_ack();
    CHECK_TRUE(ack.has_value());
    STRCMP_EQUAL("", ack->refused.empty() ? "" : ack->refused.front().text.c_str());
    acknowledged = ack->frame;
  }
  daemon.signal(SIGTERM);
  LONGS_EQUAL(0, daemon.wait());
  const auto stored = read_stored(site.journal_file());
  STRCMP_EQUAL("", stored.error.c_str());
  UNSIGNED_LONGS_EQUAL(kFrames * 16, stored.reports.size());
}
