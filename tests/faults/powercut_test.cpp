// SPDX-License-Identifier: Apache-2.0
/// What: a power cut at any moment costs no acknowledged report, and no alert event is lost, numbered or said twice;
/// also when the power fails again during the recovery.
/// How: a core and the jobs of its journal's thread on a disk in memory that forgets or tears unsynced writes. After
/// each cut the sender tells again what was not acknowledged. After each recovery, and in the end, the journal must
/// hold all that was acknowledged, verify, and be what an engine from scratch and (now and then) the model make of its
/// inputs; in the end it must also equal that of a run which nothing disturbed.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

namespace {
constexpr std::uint64_t kSeeds = TOCSIN_SEEDS;
constexpr std::uint64_t kStride = TOCSIN_STRIDE;  ///< every n-th change is cut at
constexpr std::uint64_t kPairStride = TOCSIN_PAIR_STRIDE;
constexpr std::uint64_t kModelEvery = 16;
constexpr const char* kDisk = "faults-powercut";
constexpr unsigned kLivesMax = 60;

/// One sender's whole story, told to a daemon that loses its power now and then. The same for the same seed.
class Telling {
 public:
  Telling(PowercutVfs& disk, const Site& site, std::span<const InputView> lines, std::uint64_t seed)
      : disk_{disk},
        site_{site},
        lines_{lines},
        random_{seed},
        depth_{seed % kModelEvery == 0 ? Depth::model : Depth::quick} {}

  /// One life of the daemon, from its start to the end of the story, a clean stop now and then, or a cut.
  /// @returns what went wrong, or empty.
  std::string live() {
    FakeClock clock;
    InlineDaemon daemon{site_.config(), clock};
    if (const auto error = daemon.open(kDisk); !error.empty()) return disk_.is_cut() ? "" : error;
    if (++lives_ == 1) return tell_(daemon);
    if (daemon.core().recovery().differences != 0) return "the replay differs from what is stored";
    const auto sure = reports_of(lines_.first(acknowledged_));
    if (auto wrong = examine(daemon.core().journal(), site_.config(), sure, depth_); !wrong.empty())
      return disk_.is_cut() ? "" : wrong;
    return tell_(daemon);
  }
  /// Switches the power on again. @returns whether it was cut.
  bool power_on() {
    const bool cut = disk_.is_cut();
    disk_.power_on();
    return cut;
  }
  [[nodiscard]] bool told() const { return acknowledged_ == lines_.size(); }

  /// After the story: is everything as if nothing had happened? @param expected  undisturbed_alerts().
  std::string compare(const std::vector<Bytes>& expected) {
    FakeClock clock;
    InlineDaemon daemon{site_.config(), clock};
    if (auto error = daemon.open(kDisk); !error.empty()) return error;
    auto& journal = daemon.core().journal();
    if (auto wrong = examine(journal, site_.config(), reports_of(lines_), depth_); !wrong.empty()) return wrong;
    return compare_alerts(read_stored(journal), expected);
  }

 private:
  std::string tell_(InlineDaemon& daemon) {
    const auto desk = daemon.core().principal("desk");
    std::size_t at = acknowledged_;
    std::size_t sealed_to = acknowledged_;
    while (acknowledged_ < lines_.size()) {
      if (at < lines_.size()) {
        const auto count = std::min(std::size_t{1} + random_.index(8), lines_.size() - at);
        if (!take(daemon.core(), desk, lines_.subspan(at, count)).empty()) return "a line was refused";
        at += count;
      }
      if (!daemon.in_flight()) {
        sealed_to = at;
        if (!daemon.seal(random_.chance(12))) acknowledged_ = at;  // duplicates only
      }
      if (random_.chance(60) || at == lines_.size()) {
        if (daemon.settle() == CommitResult::done) acknowledged_ = sealed_to;
        if (daemon.core().in_trouble() || daemon.must_end()) return {};  // the power is gone
        if (random_.chance(20)) daemon.keep_house();
      }
      if (random_.chance(2)) break;
    }
    (void)daemon.stop();
    return {};
  }

  PowercutVfs& disk_;
  const Site& site_;
  std::span<const InputView> lines_;
  Prng random_;
  Depth depth_;
  std::size_t acknowledged_ = 0;
  unsigned lives_ = 0;
};

std::string numbered(const std::string& what, std::uint64_t first, std::uint64_t second = 0) {
  return what + " " + std::to_string(first) + (second == 0 ? "" : ", then " + std::to_string(second)) + ": ";
}
}  // namespace

TEST_GROUP(Powercut) {
  Site site{"clock = \"input\""};
  PowercutVfs disk{kDisk};

  /// Tells the story to its end. @param cuts  after how many changes the power goes: in the first life, in the
  /// second...
  /// @returns what went wrong, or empty.
  std::string tell(std::span<const InputView> lines, const std::vector<Bytes>& expected, std::uint64_t seed,
                   const std::vector<std::uint64_t>& cuts) {
    disk.format();
    Telling telling{disk, site, lines, seed};
    met = 0;
    for (std::size_t life = 0; life < kLivesMax; ++life) {
      if (life < cuts.size()) disk.cut_at(cuts[life], seed * 31 + life);
      if (auto wrong = telling.live(); !wrong.empty()) return wrong;
      const bool cut = telling.power_on();
      if (cut) ++met;
      if (!cut && telling.told()) return telling.compare(expected);
    }
    return "no end";
  }
  std::size_t met = 0;  ///< cuts that came
};

TEST(Powercut, at_any_change_of_a_run_loses_nothing) {
  const auto lines = story(1, 6);
  const auto expected = undisturbed_alerts(lines, site.config());
  CHECK_TRUE(expected.size() > 2);
  std::uint64_t cuts = 0;
  for (std::uint64_t change = 1;; change += kStride) {
    const auto wrong = tell(lines, expected, 16, {change});
    if (!wrong.empty()) FAIL((numbered("cut at change", change) + wrong).c_str());
    if (met == 0) break;
    ++cuts;
  }
  std::printf("[%llu changes] ", static_cast<unsigned long long>(cuts));
  CHECK_TRUE(cuts > 100 / kStride);
}

TEST(Powercut, at_any_change_of_the_recovery_from_another_loses_nothing) {
  const auto lines = story(2, 2);
  const auto expected = undisturbed_alerts(lines, site.config());
  std::uint64_t cuts = 0;
  for (std::uint64_t change = 1;; change += kPairStride) {
    for (std::uint64_t again = 1; again < 40; again += kStride) {  // recovery, and a little of what follows
      const auto wrong = tell(lines, expected, change, {change, again});
      if (!wrong.empty()) FAIL((numbered("cut at change", change, again) + wrong).c_str());
      if (met < 2) break;
      ++cuts;
    }
    if (met == 0) break;
  }
  std::printf("[%llu pairs] ", static_cast<unsigned long long>(cuts));
  CHECK_TRUE(cuts > 600 / kPairStride / kStride);
}

TEST(Powercut, at_random_moments_of_random_stories_loses_nothing) {
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Prng random{seed};
    const auto lines = story(seed, 2 + static_cast<unsigned>(random.below(4)));
    std::vector<std::uint64_t> at(1 + random.index(4));
    for (auto& one : at) one = 1 + random.below(random.chance(30) ? 25 : 160);
    const auto wrong = tell(lines, undisturbed_alerts(lines, site.config()), seed, at);
    if (!wrong.empty()) FAIL((numbered("seed", seed) + wrong).c_str());
    cuts += met;
  }
  std::printf("[%llu seeds, %llu cuts] ", static_cast<unsigned long long>(kSeeds),
              static_cast<unsigned long long>(cuts));
  CHECK_TRUE(cuts > kSeeds);
}
