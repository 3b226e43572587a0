// SPDX-License-Identifier: Apache-2.0
#include "server_world.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

#include <sqlite3.h>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "server.hpp"

namespace tocsin::daemon::faults {
namespace {
using test::kDay;
using test::kHour;
using test::kMay;
using test::kMinute;

constexpr std::uint64_t kWildPolls = 3000;
constexpr std::uint64_t kPollsMax = 60'000;
constexpr std::uint64_t kModelEvery = 10;
constexpr const char* kPublisher = "ipc:///run/simulated-publisher.sock";
}  // namespace

ServerWorld::ServerWorld(std::uint64_t seed, test_support::PowercutVfs& disk, std::string vfs, bool tells)
    : seed_{seed}, disk_{disk}, vfs_{std::move(vfs)}, tells_{tells}, machine_{seed, disk} {
  configure_();
  machine_.others = [this] { others_(); };
  machine_.leap = [this] { return leap_(); };
  machine_.published = [this](const Message& message) { published_(message); };
}

void ServerWorld::configure_() {
  const auto lines = test::story(seed_, 3 + static_cast<unsigned>(machine_.random.below(6)));
  said_ = test::reports_of(lines);
  const auto hostile = site_.folder.endpoint("hostile.sock");
  site_.listen_also(hostile);
  const std::string_view heard = machine_.random.chance(50) ? "launches" : "airspace";  // of a publisher
  std::string tables = "broadcast = [{ endpoint = \"" + std::string{kPublisher} + "\", principal = \"pub\" }]\n" +
                       "[[principal]]\nname = \"pub\"\nfeeds = [\"" + std::string{heard} + "\"]\n" +
                       "[[principal]]\nname = \"mallory\"\nendpoint = \"" + hostile + "\"\nfeeds = []\nroles = []\n";
  if (machine_.random.chance(30)) {
    tables += "[[principal]]\nname = \"desk\"\nendpoint = \"" + site_.ingest() +
              "\"\nquota = { reports_per_second = 50, burst = 60, unacked = 8 }\n";
  }
  tables += "[bounds]\npeers = 5\n";
  if (machine_.random.chance(30)) tables += "batch_bytes = \"16KiB\"\n";
  if (machine_.random.chance(50)) tables += "send_high_water = 4\n";  // soon full for who does not listen
  std::string extra = machine_.random.chance(30) ? "clock = \"input\"\n" : "";
  if (machine_.random.chance(40)) extra += "linger_ms = 200\n";
  if (machine_.random.chance(30)) extra += "heartbeat_linger_ms = 3000\n";
  site_.configure(extra, tables);
  for (const auto name : std::to_array<std::string_view>({"mnd_daily", "launches", "analyst", "airspace"})) {
    const auto own = lines_of(lines, std::span{&name, 1});
    if (name == heard) {
      publishers_.emplace_back(machine_, kPublisher, own);
    } else {
      feeds_.emplace_back(machine_, site_.ingest(), own);
    }
  }
  hostile_.emplace_back(machine_, hostile, site_.alerts(), site_.control());
  subscribers_.emplace_back(machine_, site_.alerts(), site_.control());
  operators_.emplace_back(machine_, site_.control());
  many_books_ = machine_.random.chance(25);
  if (many_books_) operators_.back().bring_books();
  if (machine_.random.chance(10)) step_clock_(-kMay, false, "1970");  // nobody set it yet
}

void ServerWorld::tell_(const char* what, std::int64_t value) const {
  if (tells_) std::printf("  %" PRId64 " %s %" PRId64 "\n", machine_.truth() - kMay, what, value);
}

void ServerWorld::others_() {
  calm_ = machine_.polls() > kWildPolls;
  if (calm_) machine_.network.calm_down();
  if (!calm_) {
    make_trouble_();
  } else {
    (void)disk_.mend();
    machine_.error = 0;
    machine_.vouched = true;
  }
  if (core_ != nullptr && now_and_then_(50)) core_->want_checkpoint();
  machine_.network.connect_publishers();
  for (auto& peer : feeds_) peer.act(wrong_);
  for (auto& peer : publishers_) peer.act();
  for (auto& peer : subscribers_) peer.act(wrong_);
  for (auto& peer : operators_) peer.act(calm_, wrong_);
  if (!calm_) {
    for (auto& peer : hostile_) peer.act();
  }
  if (machine_.polls() > kPollsMax && wrong_.empty()) wrong_ = "no end: " + who_waits_();
  if (!wrong_.empty()) machine_.kill_in(1);
  if (calm_ && core_ != nullptr && !stopping_ && who_waits_().empty()) {
    finished_ = true;
    signal_(SIGTERM);
  }
}

std::string ServerWorld::who_waits_() const {
  if (core_ == nullptr) return "the daemon does not run";
  if (core_->in_trouble()) return "the journal is in trouble";
  for (const auto& one : feeds_) {
    if (!one.feed().done()) return "a feed has " + std::to_string(one.feed().acknowledged()) + " lines acknowledged";
  }
  for (const auto& one : publishers_) {
    if (!one.done()) return "the publisher is not done";
  }
  for (const auto& one : operators_) {
    if (one.busy()) return "the operator waits for an answer";
  }
  for (const auto& one : subscribers_) {
    if (one.busy()) return "the subscriber waits for an answer";
    if (one.taken().size() != core_->newest_alert()) return "the subscriber lacks alert events";
  }
  return {};
}

// A process that is not given the processor, or has nothing to do: both cost the world less than its whole time.
engine::Span ServerWorld::leap_() {
  if (stopping_ || !machine_.random.chance(30) ||
      machine_.network.next_due_ms() < machine_.steady_ns() / 1'000'000 + kHour)
    return 0;
  if (core_ != nullptr && core_->in_flight()) return 0;
  return machine_.random.between(1, machine_.random.chance(70) ? 5 * kMinute : 90 * kMinute);
}

void ServerWorld::make_trouble_() {
  if (now_and_then_(15)) {
    tell_("power cut at change");
    disk_.cut_at(1 + machine_.random.below(30), machine_.random.next());
  }
  if (now_and_then_(15)) {
    tell_("kill");
    machine_.kill_in(1 + machine_.random.below(300));
  }
  if (now_and_then_(35)) fail_disk_();
  if (now_and_then_(100) && disk_.mend()) tell_("disk mended");
  if (now_and_then_(20)) step_clock_(machine_.random.between(-2000, 2000), true, "small step");
  if (now_and_then_(5))
    step_clock_(machine_.random.chance(50) ? kHour : -kHour, machine_.random.chance(50), "hour step");
  if (now_and_then_(5)) step_clock_(machine_.random.chance(50) ? 40 * kDay : -40 * kDay, false, "wild step");
  if (now_and_then_(50)) {
    machine_.error = 0;
    machine_.vouched = true;
  }
  if (now_and_then_(5)) machine_.suspend(8 * kHour);
  if (core_ != nullptr && now_and_then_(8) && !stopping_) signal_(SIGTERM);
  if (core_ != nullptr && now_and_then_(8)) signal_(SIGHUP);
  trouble_with_peers_();
}

void ServerWorld::trouble_with_peers_() {
  for (auto& peer : feeds_) {
    if (now_and_then_(40)) peer.hang_up();
    if (now_and_then_(10)) peer.go_deaf(machine_.random.between(1000, kDay));
  }
  for (auto& peer : publishers_) {
    if (now_and_then_(40)) peer.hang_up();
  }
  for (auto& peer : subscribers_) {
    if (now_and_then_(40)) peer.hang_up();
    if (now_and_then_(10)) peer.lose_memory();
    if (now_and_then_(10)) peer.go_deaf(machine_.random.between(1000, 8 * kHour));
  }
  for (auto& peer : operators_) {
    if (now_and_then_(40)) peer.hang_up();
  }
}

void ServerWorld::fail_disk_() {
  using Operation = test_support::PowercutVfs::Operation;
  using Repeat = test_support::PowercutVfs::Repeat;
  static constexpr std::array<Operation, 3> kOperations{Operation::write, Operation::sync, Operation::read};
  const auto operation = kOperations.at(machine_.random.index(3));
  const int code = operation == Operation::write && machine_.random.chance(50) ? SQLITE_FULL : 0;
  tell_("disk fails", static_cast<int>(operation));
  disk_failed_ = true;
  disk_.fail_at(operation, 1 + machine_.random.below(20), machine_.random.chance(50) ? Repeat::once : Repeat::for_ever,
                code);
}

void ServerWorld::step_clock_(engine::Span step, bool vouched, const char* what) {
  machine_.error += step;
  machine_.vouched = vouched;
  tell_(what, step);
}

void ServerWorld::signal_(int number) {
  tell_("signal", number);
  stopping_ = stopping_ || number == SIGTERM;
  signalfd_siginfo info{};
  info.ssi_signo = static_cast<std::uint32_t>(number);
  TOCSIN_CHECK(::write(signals_[1], &info, sizeof info) == static_cast<ssize_t>(sizeof info));
}

void ServerWorld::published_(const Message& message) {
  if (message.size() != 2 || text_of(message[0]).find("/~") != std::string_view::npos) return;
  const auto record = wire::decode_alert(message[1]);
  if (!record || !record->number) return;
  if (*record->number <= last_published_)
    wrong_ = "alert event " + std::to_string(*record->number) + " was published again";
  last_published_ = *record->number;
}

ServerWorld::End ServerWorld::live_() {
  TOCSIN_CHECK(::pipe2(signals_, O_NONBLOCK | O_CLOEXEC) == 0);
  End end = End::killed;
  ++counts_.lives;
  stopping_ = false;
  machine_.boot();
  if (!calm_ && machine_.random.chance(10)) machine_.kill_in(1 + machine_.random.below(12));  // before it serves
  if (!calm_ && machine_.random.chance(10)) disk_.cut_at(1 + machine_.random.below(20), machine_.random.next());
  try {
    Core core{site_.config(), machine_};
    if (auto error = core.open(vfs_); !error.empty()) {
      if (!disk_.is_cut() && !disk_.mend()) wrong_ = "it does not start: " + error;
      tell_("no start");
      end = End::no_start;
    } else {
      core_ = &core;
      tell_("start", static_cast<std::int64_t>(core.last_batch()));
      if (core.recovery().differences != 0) wrong_ = "the replay differs from what is stored";
      const bool thorough = finished_ && seed_ % kModelEvery == 0;
      look_(core.journal(), many_books_ ? Depth::journal : (thorough ? Depth::model : Depth::quick));
      if (finished_ || !wrong_.empty()) {
        end = End::stopped;
      } else {
        Server server{site_.config(), core, notifier_};
        const auto failed = server.open();
        if (!failed.empty()) wrong_ = "the server does not open: " + failed;
        if (failed.empty()) end = server.run(signals_[0]) == 0 ? End::stopped : End::failed;
      }
    }
    machine_.end();
  } catch (const Killed&) {
    ++counts_.kills;
  }
  core_ = nullptr;
  for (const int fd : signals_) (void)::close(fd);
  return end;
}

/// Nobody is there for a while, and the peers find that out.
void ServerWorld::stay_down_() {
  for (auto i = machine_.random.below(20); i > 0; --i) {
    machine_.pass(machine_.random.between(1, 5000));
    others_();
  }
}

std::string ServerWorld::run() {
  while (wrong_.empty()) {
    const bool last = finished_;
    disk_failed_ = false;
    const auto end = live_();
    if (!wrong_.empty() || (last && end == End::stopped)) break;
    tell_("end of a life", static_cast<std::int64_t>(end));
    if (end == End::failed && !disk_failed_ && !disk_.mend() && !disk_.is_cut())
      wrong_ = "it ended with an error, and the disk is well";
    if (finished_ && end != End::stopped) finished_ = false;
    if (disk_.is_cut()) disk_.power_on();
    stay_down_();
  }
  disk_.power_on();  // also when it was only about to go
  (void)disk_.mend();
  return wrong_;
}

void ServerWorld::look_(journal::Journal& journal, Depth depth) {
  test::ReportSet sure;
  for (const auto& peer : feeds_) peer.feed().add_sure(sure);
  auto wrong = examine(journal, site_.config(), sure, depth);
  const auto stored = test::read_stored(journal);
  if (wrong.empty()) wrong = stored.error;
  if (!std::includes(said_.begin(), said_.end(), stored.reports.begin(), stored.reports.end()) && wrong.empty())
    wrong = "a report is stored that nobody who may has sent";
  for (const auto& peer : subscribers_) {
    const auto& taken = peer.taken();
    if (wrong.empty() &&
        (taken.size() > stored.alerts.size() || !std::equal(taken.begin(), taken.end(), stored.alerts.begin())))
      wrong = "an alert event that was told is gone, or another now";
    const auto cursor = journal.cursor(site_.control() + "/" + SubscriberPeer::kConsumer);
    if (wrong.empty() && (cursor < peer.kept_cursor() || cursor > peer.asked_cursor()))
      wrong = "the subscriber's cursor is " + std::to_string(cursor) + " and was " + std::to_string(peer.kept_cursor());
    if (taken.size() != stored.alerts.size()) finished_ = false;  // one of the last moment: it asks for it
  }
  if (disk_.is_cut() || disk_.mend()) return;  // it could not be read
  wrong_ = wrong;
  if (wrong_.empty()) look_at_acts_(journal);
  counts_.alerts = stored.alerts.size();
}

void ServerWorld::look_at_acts_(journal::Journal& journal) {
  std::vector<std::string> acts;
  const auto failed = journal.read_acts([&](const journal::Act& act) {
    acts.emplace_back(act.text);
    return true;
  });
  counts_.refused = 0;
  for (const auto& row : journal.rejections()) counts_.refused += row.count;
  counts_.gaps = 0;
  const auto unread = journal.read_gaps([&](const journal::Gap&) {
    ++counts_.gaps;
    return true;
  });
  if (disk_.is_cut() || disk_.mend()) return;
  if (failed || unread) wrong_ = "acts or gaps cannot be read";
  for (const auto& peer : operators_) {
    for (const auto& text : peer.sure()) {
      const auto times = std::count(acts.begin(), acts.end(), text);
      if (times != 1) wrong_ = "the act \"" + text + "\" is stored " + std::to_string(times) + " times";
    }
    counts_.acts = peer.sure().size();
  }
}

void ServerWorld::add_to(WorldCounts& counts) const {
  counts.lives += counts_.lives;
  counts.kills += counts_.kills;
  counts.refused += counts_.refused;
  counts.gaps += counts_.gaps;
  counts.acts += counts_.acts;
  counts.alerts += counts_.alerts;
  counts.polls += machine_.polls();
}
}  // namespace tocsin::daemon::faults
