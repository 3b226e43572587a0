// SPDX-License-Identifier: Apache-2.0
/// What: a whole daemon with its peers, clock and disk, under faults of all of them at once, loses nothing
/// acknowledged, tells each alert event once and in one way, and stores exactly what an engine from scratch and the
/// model say. How: everything is drawn from a seed: three feeds with late, repeated, lost and reordered frames,
/// connections that break, power cuts, disk errors, clean restarts, clock steps, a start in 1970, suspends, a
/// subscriber that misses half. A failing seed is printed; TOCSIN_SIMULATION_SEED=n runs that one alone and tells what
/// happens.
#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sqlite3.h>

#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/test_support/prng.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "fixture.hpp"
#include "oracle.hpp"
#include "simulated_daemon.hpp"
#include "simulated_feed.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::faults;
using namespace tocsin::daemon::test;
using tocsin::test_support::PowercutVfs;
using tocsin::test_support::Prng;

namespace {
constexpr std::uint64_t kSeeds = TOCSIN_SIMULATIONS;
constexpr std::uint64_t kModelEvery = 10;
constexpr const char* kDisk = "faults-simulation";
constexpr unsigned kTurnsMax = 20'000;

/// The machine's clock, with the true time behind it.
class SimulatedClock final : public MachineClock {
 public:
  [[nodiscard]] tocsin::engine::Instant wall_ms() const override { return truth + error; }
  [[nodiscard]] std::int64_t boot_ns() const override { return boot_ms * 1'000'000; }
  [[nodiscard]] bool synchronised() const override { return vouched; }
  void pass(tocsin::engine::Span span) {
    truth += span;
    boot_ms += span;
  }
  tocsin::engine::Instant truth = kMay;
  tocsin::engine::Span error = 0;
  std::int64_t boot_ms = 1000;
  bool vouched = true;
};

/// One seed's world.
class World {
 public:
  World(std::uint64_t seed, PowercutVfs& disk, const Site& site, bool tells)
      : random_{seed},
        depth_{seed % kModelEvery == 0 ? Depth::model : Depth::quick},
        disk_{disk},
        site_{site},
        tells_{tells} {
    const auto lines = story(seed, 3 + static_cast<unsigned>(random_.below(10)));
    static constexpr std::array<std::array<std::string_view, 2>, 3> kFeeds{
        {{"mnd_daily", ""}, {"launches", ""}, {"analyst", "airspace"}}};
    for (const auto& names : kFeeds) feeds_.emplace_back(lines_of(lines, names));
    for (auto& feed : feeds_) feed.connect(++connections_);
    if (random_.chance(10)) step_clock_(-kMay, false, "1970");  // nobody set it yet
  }

  /// @returns what went wrong, or empty.
  std::string run() {
    for (unsigned turn = 0; turn < kTurnsMax; ++turn) {
      calm_ = turn > 300;
      if (auto wrong = turn_(); !wrong.empty()) return "turn " + std::to_string(turn) + ": " + wrong;
      if (calm_ && daemon_ != nullptr && all_done_()) return finish_();
    }
    return "no end: the feeds are not done" +
           (daemon_ == nullptr ? std::string{} : "; the daemon says: " + daemon_->daemon().error());
  }
  [[nodiscard]] unsigned lives() const { return lives_; }
  [[nodiscard]] unsigned healed() const { return healed_; }
  /// The same for the same seed.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

 private:
  std::string turn_() {
    clock_.pass(calm_ ? 10 * kMinute
                      : static_cast<tocsin::engine::Span>(random_.below(random_.chance(80) ? 30'000 : 90 * kMinute)));
    if (!calm_) {
      make_trouble_();
    } else {
      set_right_();
    }
    if (daemon_ == nullptr) {
      if (auto wrong = start_(); !wrong.empty() || daemon_ == nullptr) return wrong;
    }
    for (auto& feed : feeds_) feed.send(clock_.truth, random_, network_);
    deliver_();
    if (auto wrong = let_it_work_(); !wrong.empty()) return wrong;
    return subscribe_();
  }

  void tell_(const char* what, std::int64_t value = 0) const {
    if (tells_) std::printf("  %" PRId64 " %s %" PRId64 "\n", (clock_.truth - kMay) / 1000, what, value);
  }

  void make_trouble_() {
    if (random_.chance(2)) {
      tell_("power cut at change");
      disk_.cut_at(1 + random_.below(30), random_.next());
    }
    if (random_.chance(2)) fail_disk_();
    if (random_.chance(8) && disk_.mend()) tell_("disk mended");
    if (random_.chance(2))
      step_clock_(static_cast<tocsin::engine::Span>(random_.between(-2000, 2000)), true, "small step");
    if (random_.chance(1)) step_clock_(random_.chance(50) ? kHour : -kHour, random_.chance(50), "an hour's step");
    if (random_.chance(1)) step_clock_(random_.chance(50) ? 40 * kDay : -40 * kDay, false, "a wild step");
    if (random_.chance(5)) set_clock_right_();
    if (random_.chance(1)) clock_.pass(8 * kHour);  // suspended
    if (random_.chance(2) && daemon_ != nullptr) {
      tell_("clean stop");
      hear_(daemon_->stop());
      end_life_();
    }
    for (auto& feed : feeds_) {
      if (random_.chance(2)) break_(feed);
    }
    if (random_.chance(2) && !network_.empty())
      network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(random_.index(network_.size())));
  }

  void fail_disk_() {
    using Operation = PowercutVfs::Operation;
    static constexpr std::array<Operation, 3> kOperations{Operation::write, Operation::sync, Operation::read};
    const auto operation = kOperations.at(random_.index(3));
    const int code = operation == Operation::write && random_.chance(50) ? SQLITE_FULL : 0;
    tell_("disk fails", static_cast<int>(operation));
    disk_.fail_at(operation, 1 + random_.below(20),
                  random_.chance(50) ? PowercutVfs::Repeat::once : PowercutVfs::Repeat::for_ever, code);
  }
  void step_clock_(tocsin::engine::Span step, bool vouched, const char* what) {
    clock_.error += step;
    clock_.vouched = vouched;
    tell_(what, step);
  }
  void set_clock_right_() {
    clock_.error = 0;
    clock_.vouched = true;
  }
  void set_right_() {
    (void)disk_.mend();
    set_clock_right_();
  }

  /// What is on its way is lost, or comes when nobody expects it any more.
  void break_(SimulatedFeed& feed) {
    tell_("a connection breaks", static_cast<std::int64_t>(feed.connection()));
    const auto old = feed.connection();
    if (random_.chance(50)) std::erase_if(network_, [old](const Packet& packet) { return packet.connection == old; });
    feed.connect(++connections_);
  }

  void deliver_() {
    for (auto budget = random_.below(calm_ ? 30 : 8); budget > 0 && !network_.empty(); --budget) {
      // One connection keeps its order; which of them is heard first is anybody's guess.
      auto packet = network_.begin();
      const auto wanted = network_.at(random_.index(network_.size())).connection;
      while (packet->connection != wanted) ++packet;
      if (!daemon_->take(packet->connection, packet->bytes)) return;
      network_.erase(packet);
    }
  }

  std::string let_it_work_() {
    hear_(daemon_->turn({random_.chance(60), random_.chance(5), random_.chance(10)}));
    for (auto& bytes : daemon_->daemon().take_published()) {
      if (auto wrong = published_(std::move(bytes)); !wrong.empty()) return wrong;
    }
    if (daemon_->dead() || disk_.is_cut()) end_life_();
    return std::exchange(wrong_, {});
  }

  void hear_(const std::vector<SimulatedDaemon::Told>& told) {
    for (const auto& one : told) {
      const auto feed = std::find_if(feeds_.begin(), feeds_.end(),
                                     [&](const SimulatedFeed& f) { return f.connection() == one.connection; });
      if (feed == feeds_.end()) continue;  // it is gone
      // An answer is lost only with its connection.
      if ((!calm_ && random_.chance(3)) || feed->hear(one.ack, wrong_)) break_(*feed);
    }
  }

  std::string published_(Bytes bytes) {
    const auto record = tocsin::wire::decode_alert(bytes);
    if (!record || !record->number) return "a published alert event has no number";
    const auto number = static_cast<std::size_t>(*record->number);
    if (last_published_ >= number) return "alert event " + std::to_string(number) + " was published again";
    last_published_ = number;
    digest_ = digest_ * 31 + number + static_cast<std::uint64_t>(record->at);
    if (number <= taken_.size()) return taken_[number - 1] == bytes ? "" : "an alert event was told in two ways";
    if (number == taken_.size() + 1 && random_.chance(50)) taken_.push_back(std::move(bytes));
    return {};
  }

  /// Asks for what it lacks now and then, and has its place kept.
  std::string subscribe_() {
    if (daemon_ == nullptr || daemon_->core().in_trouble() || daemon_->core().in_flight() || !random_.chance(20))
      return {};
    tocsin::wire::ControlReply reply;
    const auto error = daemon_->core().alerts_since(taken_.size(), 64, reply);
    if (!error.empty()) return disk_.is_cut() || disk_.mend() ? "" : error;
    for (auto& bytes : reply.alerts) taken_.push_back(std::move(bytes));
    return {};
  }

  std::string start_() {
    if (disk_.is_cut()) disk_.power_on();
    daemon_ = std::make_unique<SimulatedDaemon>(site_.config(), clock_);
    ++lives_;
    const auto error = daemon_->open(kDisk);
    tell_(error.empty() ? "start" : "start failed",
          error.empty() ? static_cast<std::int64_t>(daemon_->core().last_batch()) : 0);
    if (tells_ && !error.empty()) std::printf("    %s\n", error.c_str());
    if (!error.empty()) {
      daemon_.reset();
      if (disk_.is_cut() || disk_.mend()) return {};
      return "it does not start: " + error;
    }
    if (daemon_->core().recovery().differences != 0) return "the replay differs from what is stored";
    for (auto& feed : feeds_) feed.connect(++connections_);
    auto wrong = look_(sure_(), Depth::quick);
    return disk_.is_cut() || disk_.mend() ? std::string{} : wrong;
  }
  void end_life_() {
    tell_("end of a life", static_cast<std::int64_t>(daemon_->core().last_batch()));
    healed_ += daemon_->healed();
    daemon_.reset();
    if (disk_.is_cut()) disk_.power_on();
  }

  std::string look_(const ReportSet& sure, Depth depth) {
    auto& journal = daemon_->core().journal();
    if (auto wrong = examine(journal, site_.config(), sure, depth); !wrong.empty()) return wrong;
    const auto stored = read_stored(journal);
    if (stored.alerts.size() < taken_.size()) return "an alert event that was told is gone";
    return std::equal(taken_.begin(), taken_.end(), stored.alerts.begin())
               ? ""
               : "an alert event that was told is another now";
  }

  [[nodiscard]] ReportSet sure_() const {
    ReportSet sure;
    for (const auto& feed : feeds_) feed.add_sure(sure);
    return sure;
  }
  [[nodiscard]] bool all_done_() const {
    return std::all_of(feeds_.begin(), feeds_.end(), [](const SimulatedFeed& feed) { return feed.done(); });
  }

  std::string finish_() {
    hear_(daemon_->stop());
    end_life_();
    if (auto wrong = start_(); !wrong.empty()) return wrong;
    ReportSet all;
    for (const auto& feed : feeds_) feed.add_all(all);
    return look_(all, depth_);
  }

  Prng random_;
  Depth depth_;
  PowercutVfs& disk_;
  const Site& site_;
  bool tells_;
  SimulatedClock clock_;
  std::vector<SimulatedFeed> feeds_;
  std::deque<Packet> network_;
  std::uint64_t connections_ = 0;
  std::unique_ptr<SimulatedDaemon> daemon_;
  std::vector<Bytes> taken_;
  std::size_t last_published_ = 0;
  std::string wrong_;
  bool calm_ = false;
  unsigned lives_ = 0;
  unsigned healed_ = 0;
  std::uint64_t digest_ = 0;
};
}  // namespace

TEST_GROUP(Simulation) {
  PowercutVfs disk{kDisk};
  unsigned lives = 0;
  unsigned healed = 0;

  std::uint64_t simulate(const Site& site, std::uint64_t seed, bool tells = false) {
    disk.format();
    World world{seed, disk, site, tells};
    const auto wrong = world.run();
    if (!wrong.empty()) FAIL(("seed " + std::to_string(seed) + ", " + wrong).c_str());
    (void)disk.mend();
    lives += world.lives();
    healed += world.healed();
    return world.digest();
  }
  void run_all(const std::string& extra) {
    const Site site{extra};
    if (const char* one = std::getenv("TOCSIN_SIMULATION_SEED"); one != nullptr) {
      (void)simulate(site, std::strtoull(one, nullptr, 10), true);
      return;
    }
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) (void)simulate(site, seed);
    std::printf("[%" PRIu64 " worlds, %u lives of the daemon, healed %u times] ", kSeeds, lives, healed);
    CHECK_TRUE(lives > 3 * kSeeds);
    CHECK_TRUE(healed > kSeeds / 10);
  }
};

TEST(Simulation, on_the_machines_clock_loses_nothing_and_tells_everything_once) { run_all(""); }

TEST(Simulation, on_the_inputs_clock_loses_nothing_and_tells_everything_once) { run_all("clock = \"input\""); }

TEST(Simulation, is_the_same_for_the_same_seed) {
  const Site site{""};
  CHECK_TRUE(simulate(site, 1) == simulate(site, 1));
  CHECK_TRUE(simulate(site, 1) != simulate(site, 2));
}
