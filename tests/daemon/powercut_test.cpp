// SPDX-License-Identifier: Apache-2.0
/// What: a power cut at any moment costs no acknowledged report, and no alert event is numbered or said twice; also
/// when the power fails again during the recovery. How: a core on a disk in memory that forgets unsynced writes. After
/// each cut the sender tells again what was not acknowledged. In the end the journal must equal that of a run that
/// nothing disturbed.
#include <cstdio>
#include <memory>
#include <string>

#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/test_support/prng.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;
using tocsin::test_support::PowercutVfs;
using tocsin::test_support::Prng;
using tocsin::wire::InputView;

namespace {
#ifdef TOCSIN_NIGHTLY
constexpr std::uint64_t kSeeds = 2000;
#else
constexpr std::uint64_t kSeeds = 24;
#endif
constexpr const char* kDisk = "daemon-powercut";
constexpr unsigned kStartsMax = 200;

/// One run of a whole story with cuts.
class Run {
 public:
  Run(std::uint64_t seed, const Site& site, std::span<const InputView> lines)
      : random_{seed}, site_{site}, lines_{lines} {}

  /// @returns what went wrong, or empty.
  std::string go(PowercutVfs& disk) {
    for (unsigned start = 0; start < kStartsMax; ++start) {
      // The last starts go undisturbed, so that every run comes to its end.
      if (start < 12) disk.cut_at(1 + random_.below(start % 3 == 0 ? 30 : 150), random_.next());
      const auto error = live_();
      if (!error.empty()) return error;
      if (!disk.is_cut()) return acknowledged_ == lines_.size() ? check_() : "the sender was stopped without a cut";
      ++cuts_;
      disk.power_on();
    }
    return "no end";
  }
  [[nodiscard]] unsigned cuts() const { return cuts_; }

 private:
  /// One life of the daemon.
  std::string live_() {
    FakeClock clock;
    Core core{site_.config(), clock};
    if (!core.open(kDisk).empty()) return {};  // cut while it started
    if (core.recovery().differences != 0) return "the replay differs from what is stored";
    const auto after = read_stored(core.journal());
    const auto sure = reports_of(lines_.first(acknowledged_));
    if (!after.error.empty() && acknowledged_ > 0) return after.error;
    for (const auto& report : sure) {
      if (after.reports.count(report) == 0) return "acknowledged report " + std::to_string(report.second) + " is gone";
    }
    const auto desk = core.principal("desk");
    while (acknowledged_ < lines_.size()) {
      const auto count =
          std::min<std::size_t>(1 + static_cast<std::size_t>(random_.below(12)), lines_.size() - acknowledged_);
      if (!take(core, desk, lines_.subspan(acknowledged_, count)).empty()) return "a line was refused";
      const auto result = core.commit();
      if (result == CommitResult::trouble || result == CommitResult::fatal) return {};
      core.clear_batch();
      acknowledged_ += count;
      if (random_.chance(10)) (void)core.store_checkpoint();
    }
    (void)core.store_checkpoint();
    return {};
  }

  std::string check_() {
    FakeClock clock;
    Core core{site_.config(), clock};
    if (auto error = core.open(kDisk); !error.empty()) return error;
    const auto stored = read_stored(core.journal());
    if (!stored.error.empty()) return stored.error;
    if (stored.reports != reports_of(lines_)) return "the stored reports are not those that were sent";
    return compare_alerts(stored, undisturbed_alerts(lines_, site_.config()));
  }

  Prng random_;
  const Site& site_;
  std::span<const InputView> lines_;
  std::size_t acknowledged_ = 0;
  unsigned cuts_ = 0;
};
}  // namespace

TEST_GROUP(Powercut){};

TEST(Powercut, loses_no_acknowledged_report_and_says_nothing_twice) {
  Site site{"clock = \"input\""};
  unsigned cuts = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PowercutVfs disk{kDisk};
    const auto lines = story(seed, 8);
    Run run{seed, site, lines};
    const auto error = run.go(disk);
    if (!error.empty()) FAIL(("seed " + std::to_string(seed) + ": " + error).c_str());
    cuts += run.cuts();
  }
  std::printf("[%u cuts] ", cuts);
  CHECK_TRUE(cuts >= 4 * kSeeds);
}
