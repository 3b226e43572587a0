// SPDX-License-Identifier: Apache-2.0
/// What: whichever read, write or sync of the journal fails, once or until the disk is mended, the daemon goes on, or
/// heals, or ends and recovers; nothing acknowledged is lost and no alert event is lost or said twice.
/// How: a core and the jobs of its journal's thread on a disk in memory whose n-th operation fails, for every n of a
/// run and of a restart. In the end the journal must equal that of a run which nothing disturbed.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/test_support/prng.hpp"

#include "fixture.hpp"
#include "inline_daemon.hpp"
#include "oracle.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::faults;
using namespace tocsin::daemon::test;
using tocsin::test_support::PowercutVfs;
using tocsin::test_support::Prng;
using tocsin::wire::InputView;
using Operation = PowercutVfs::Operation;
using Repeat = PowercutVfs::Repeat;

namespace {
constexpr std::uint64_t kStride = TOCSIN_STRIDE;
constexpr const char* kDisk = "faults-disk-error";
constexpr unsigned kLivesMax = 8;
constexpr int kProbesMax = 3;

struct Fault {
  Operation operation;
  Repeat repeat;
  int code = 0;
};

/// One sender's story, told to a daemon whose disk fails in one of its lives.
class Telling {
 public:
  Telling(PowercutVfs& disk, const Site& site, std::span<const InputView> lines, std::uint64_t seed)
      : disk_{disk}, site_{site}, lines_{lines}, random_{seed} {}

  /// @param fault  at the `n`-th such operation of life `life`, the first being 0. @returns what went wrong, or empty.
  std::string run(const Fault& fault, std::uint64_t n, unsigned life, const std::vector<Bytes>& expected) {
    for (unsigned at = 0; at < kLivesMax; ++at) {
      mended_ = at > life;
      stops_early_ = at < life;
      if (at == life) disk_.fail_at(fault.operation, n, fault.repeat, fault.code);
      if (auto wrong = live_(); !wrong.empty()) return wrong;
      if (at == life) met_ = disk_.mend() || met_;
      if (at >= life && told_()) return compare_(expected);
    }
    return "no end";
  }
  /// Whether the fault came.
  [[nodiscard]] bool met() const { return met_; }
  /// Whether the process had to end.
  [[nodiscard]] bool ended() const { return ended_; }
  /// Whether the journal was in trouble and the process went on.
  [[nodiscard]] bool healed() const { return healed_; }

 private:
  [[nodiscard]] bool told_() const { return acknowledged_ == lines_.size(); }

  std::string live_() {
    FakeClock clock;
    InlineDaemon daemon{site_.config(), clock};
    if (const auto error = daemon.open(kDisk); !error.empty()) {
      if (error.size() < 20) return "no clear message: " + error;
      ended_ = true;
      return mended_ ? "it does not start: " + error : std::string{};
    }
    if (daemon.core().recovery().differences != 0) return "the replay differs from what is stored";
    if (mended_) {
      auto wrong = examine(daemon.core().journal(), site_.config(), reports_of(lines_.first(acknowledged_)));
      if (!wrong.empty()) return wrong;
    }
    auto wrong = tell_(daemon);
    if (wrong.empty() && daemon.must_end()) {
      ended_ = true;
      if (random_.chance(50)) {  // what a failed sync left unsaved is gone for good
        disk_.cut(random_.next());
        disk_.power_on();
      }
    }
    return wrong;
  }

  std::string tell_(InlineDaemon& daemon) {
    const auto desk = daemon.core().principal("desk");
    std::size_t at = acknowledged_;
    while (!told_()) {
      at += std::min(std::size_t{1} + random_.index(8), lines_.size() - at);
      if (!take(daemon.core(), desk, lines_.subspan(acknowledged_, at - acknowledged_)).empty())
        return "a line was refused";
      if (daemon.seal(random_.chance(15))) {
        if (daemon.settle() == CommitResult::done) acknowledged_ = at;
      } else {
        acknowledged_ = at;
      }
      if (random_.chance(20) && !daemon.core().in_trouble() && !daemon.must_end()) daemon.keep_house();
      if (daemon.must_end()) return {};
      if (daemon.core().in_trouble()) {
        if (auto wrong = go_through_trouble_(daemon, desk); !wrong.empty() || daemon.must_end()) return wrong;
        at = acknowledged_;
      }
      if (stops_early_ && acknowledged_ * 2 > lines_.size()) return {};
    }
    (void)daemon.stop();
    return {};
  }

  /// The disk is mended after some probes, and everything after the last acknowledgement is told again.
  std::string go_through_trouble_(InlineDaemon& daemon, const Principal& desk) {
    for (int probe = 0;; ++probe) {
      const auto next = lines_.subspan(acknowledged_, std::min<std::size_t>(5, lines_.size() - acknowledged_));
      (void)take(daemon.core(), desk, next);  // it goes on in memory
      const auto result = daemon.probe();
      if (daemon.must_end()) return {};
      if (result == CommitResult::done) break;
      if (probe == kProbesMax + 1) return "it does not heal: " + daemon.error();
      if (probe == kProbesMax) met_ = disk_.mend() || met_;
    }
    healed_ = true;
    return daemon.core().recovery().differences == 0 ? "" : "after healing the replay differs from what is stored";
  }

  std::string compare_(const std::vector<Bytes>& expected) {
    FakeClock clock;
    InlineDaemon daemon{site_.config(), clock};
    if (auto error = daemon.open(kDisk); !error.empty()) return error;
    auto& journal = daemon.core().journal();
    if (auto wrong = examine(journal, site_.config(), reports_of(lines_), Depth::model); !wrong.empty()) return wrong;
    return compare_alerts(read_stored(journal), expected);
  }

  PowercutVfs& disk_;
  const Site& site_;
  std::span<const InputView> lines_;
  Prng random_;
  std::size_t acknowledged_ = 0;
  bool mended_ = false;
  bool stops_early_ = false;
  bool met_ = false;
  bool ended_ = false;
  bool healed_ = false;
};
}  // namespace

TEST_GROUP(DiskError) {
  Site site{"clock = \"input\""};
  PowercutVfs disk{kDisk};
  std::uint64_t met = 0;
  std::uint64_t ended = 0;
  std::uint64_t healed = 0;

  /// Every `stride`-th operation fails, in the first life and in a restart.
  void sweep(const Fault& fault, std::uint64_t stride) {
    const auto lines = story(3, 3);
    const auto expected = undisturbed_alerts(lines, site.config());
    CHECK_TRUE(expected.size() > 1);
    for (unsigned life = 0; life < 2; ++life) {
      for (std::uint64_t n = 1;; n += stride) {
        disk.format();
        Telling telling{disk, site, lines, n};
        const auto wrong = telling.run(fault, n, life, expected);
        if (!wrong.empty())
          FAIL(("operation " + std::to_string(n) + " of life " + std::to_string(life) + ": " + wrong).c_str());
        if (!telling.met()) break;
        ++met;
        ended += telling.ended() ? 1U : 0U;
        healed += telling.healed() ? 1U : 0U;
      }
    }
    std::printf("[%llu faults: %llu times it ended, %llu times it healed] ", static_cast<unsigned long long>(met),
                static_cast<unsigned long long>(ended), static_cast<unsigned long long>(healed));
    CHECK_TRUE(met > 4);
  }
};

TEST(DiskError, of_a_write_once_loses_nothing) {
  sweep({Operation::write, Repeat::once}, kStride);
  CHECK_TRUE(healed > 0);
}
TEST(DiskError, of_each_write_until_the_disk_is_mended_loses_nothing) {
  sweep({Operation::write, Repeat::for_ever}, kStride);
  CHECK_TRUE(healed > 0);
}
TEST(DiskError, that_it_is_full_until_there_is_room_loses_nothing) {
  sweep({Operation::write, Repeat::for_ever, SQLITE_FULL}, kStride);
  CHECK_TRUE(healed > 0);
}
TEST(DiskError, of_a_sync_once_ends_the_process_and_loses_nothing) {
  sweep({Operation::sync, Repeat::once}, 1);
  CHECK_TRUE(ended > 0);
}
TEST(DiskError, of_each_sync_until_the_disk_is_mended_ends_the_process_and_loses_nothing) {
  sweep({Operation::sync, Repeat::for_ever}, 1);
  CHECK_TRUE(ended > 0);
}
TEST(DiskError, of_a_read_once_loses_nothing) { sweep({Operation::read, Repeat::once}, 1); }
TEST(DiskError, of_each_read_until_the_disk_is_mended_loses_nothing) { sweep({Operation::read, Repeat::for_ever}, 1); }
