// SPDX-License-Identifier: Apache-2.0
// How soon it rings: from sending a report to its alert event, confirmed and provisional, on a quiet and a busy
// machine.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "figures.hpp"
#include "load.hpp"
#include "standstill.hpp"

namespace tocsin::bench {
namespace {
using daemon::test::Peer;
using daemon::test::PeerKind;

constexpr double kPerSecond = 1000;
constexpr std::uint64_t kRingsEvery = 10;  ///< every tenth report raises an alert
constexpr std::size_t kStoredBytes = 230;  ///< of one report's row
constexpr std::size_t kNoteBytes = 120;
constexpr double kProvisionalMs = 1;
constexpr int kPatienceMs = 3000;
// After a stall of the disk a second's alerts are told at once; what a subscriber loses then is not what is clocked.
constexpr const char* kBounds = "[bounds]\nsend_high_water = 1000\n";
// Where the watch goes before what is clocked it looks less often: more would be in the way.
constexpr std::int64_t kLookNs = 4'000'000;
constexpr std::int64_t kLookBehindNs = 1'000'000;
constexpr int kRealtimePriority = 20;  ///< above the daemon's: who listens must not be what is slow

/// Reports at an even pace, and a thread that clocks what rings.
class Ringing {
 public:
  /// @param topics  what is listened to.
  Ringing(Running& run, const std::string& topics, std::uint64_t count)
      : watcher_{run.context, PeerKind::subscriber, run.site.alerts()},
        feed_{run.context, PeerKind::dealer, run.site.ingest()},
        sent_(count + 1) {
    watcher_.subscribe(topics, true);
    std::this_thread::sleep_for(std::chrono::milliseconds{200});  // subscriptions travel by themselves
  }

  /// The next reports, at most as many as are left. @returns false when one could not be sent or an alert did not come.
  [[nodiscard]] bool run(std::uint64_t count, std::vector<Lapse>& rings) {
    const auto last = std::min<std::uint64_t>(number_ + count, sent_.size() - 1);
    std::thread listener{[&] {
      while (heard_ < last / kRingsEvery && hear(rings)) {
      }
    }};
    const auto begin = now_ns();
    bool good = true;
    for (const auto first = number_; good && number_ < last;) {
      ++number_;
      sleep_until_ns(begin + static_cast<std::int64_t>(static_cast<double>(number_ - first) * 1e9 / kPerSecond));
      good = send(number_);
      while (feed_.receive_ack(0)) {
      }
    }
    listener.join();
    return good && heard_ == last / kRingsEvery;
  }

 private:
  [[nodiscard]] bool send(std::uint64_t n) {
    const bool rings = n % kRingsEvery == 0;
    // After a stall of the machine reports catch up; an alert that has not cleared is not raised again.
    while (rings && wall_ms() <= rang_at_ + 1) sleep_until_ns(now_ns() + 200'000);
    auto view = daemon::test::report("f", n, rings ? "probe" : "rest", wall_ms());
    if (rings) rang_at_ = view.time;
    const std::string note(kNoteBytes, 'x');
    view.note = note;
    sent_[n].store(now_ns());
    return feed_.send_frame(n, std::span{&view, 1});
  }
  /// One alert event. @returns false when none comes.
  [[nodiscard]] bool hear(std::vector<Lapse>& rings) {
    const auto frames = watcher_.receive(kPatienceMs);
    if (frames.size() != 2) return false;
    const auto now = now_ns();
    const auto event = wire::decode_alert(frames[1]);
    if (!event || event->kind != engine::EventKind::raised) return true;
    rings.push_back({sent_[++heard_ * kRingsEvery].load(), now});
    return true;
  }

  Peer watcher_;
  Peer feed_;
  std::vector<std::atomic<std::int64_t>> sent_;  ///< by number [ns]
  std::uint64_t number_ = 0;                     ///< of the last report sent
  std::uint64_t heard_ = 0;                      ///< alerts
  engine::Instant rang_at_ = 0;                  ///< time of the last report that rings
};

/// Children that do nothing but take processor time; gone with it.
class Hogs {
 public:
  explicit Hogs(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        for (std::atomic<std::uint64_t> n{0};;) n.fetch_add(1);
      }
      pids_.push_back(child);
    }
  }
  ~Hogs() {
    for (const pid_t pid : pids_) {
      (void)::kill(pid, SIGKILL);
      (void)::waitpid(pid, nullptr, 0);
    }
  }
  Hogs(const Hogs&) = delete;
  Hogs& operator=(const Hogs&) = delete;

 private:
  std::vector<pid_t> pids_;
};

/// Puts this thread before ordinary work, and the threads that it makes: also the one of a context's first socket.
class Realtime {
 public:
  Realtime() {
    const sched_param wanted{kRealtimePriority};
    good_ = ::sched_setscheduler(0, SCHED_RR, &wanted) == 0;
  }
  ~Realtime() {
    const sched_param ordinary{0};
    (void)::sched_setscheduler(0, SCHED_OTHER, &ordinary);
  }
  Realtime(const Realtime&) = delete;
  Realtime& operator=(const Realtime&) = delete;
  [[nodiscard]] bool good() const { return good_; }

 private:
  bool good_ = false;
};

constexpr int kTurns = 3;

/// Order statistics of lapses without what the machine stood still in them, over several runs.
struct Quantiles {
  std::vector<double> p50s;
  std::vector<double> p99s;
  std::vector<double> whole_p99s;  ///< with that
  std::size_t touched = 0;

  void add(std::vector<Lapse> lapses, const StandstillWatch& watch) {
    whole_p99s.push_back(times_of(lapses).milliseconds(0.99));
    touched += watch.take_out(lapses);
    const auto times = times_of(lapses);
    p50s.push_back(times.milliseconds(0.5));
    p99s.push_back(times.milliseconds(0.99));
  }
  void tell_whole(Table& table) const {
    table.add({"  the same with the machine's standstills, in " + std::to_string(touched) + " of them",
               median(whole_p99s), "ms"});
  }
};

void confirmed(const Options& options, Table& table) {
  Quantiles rings;
  Quantiles commits;
  Quantiles waits;
  std::vector<double> bars50;
  const auto count = static_cast<std::uint64_t>(options.seconds * kPerSecond);
  for (int i = 0; i < options.repetitions; ++i) {
    Running run{TOCSIN_PROBE_IMAGE, kBounds};
    if (!run.ready) return table.fail("start of the daemon");
    StandstillWatch watch{kLookNs};
    std::vector<Lapse> heard;
    BareSqlite bare;
    Ringing ringing{run, "public/", count};
    for (int turn = 0; turn < kTurns; ++turn) {  // by turns: a disk has its moods
      if (!ringing.run(count / kTurns, heard)) return table.fail("report to confirmed alert");
      const auto more =
          run_bare_sqlite(run.site.folder.file("bare.db"), kStoredBytes, options.seconds / kTurns, kPerSecond);
      bare.commits.insert(bare.commits.end(), more.commits.begin(), more.commits.end());
      bare.waits.insert(bare.waits.end(), more.waits.begin(), more.waits.end());
    }
    watch.stop();
    const auto trips = run_round_trips(run.site.folder.endpoint("echo"), 2000, 0);
    rings.add(std::move(heard), watch);
    commits.add(bare.commits, watch);
    waits.add(bare.waits, watch);
    bars50.push_back(trips.milliseconds(0.5) + 3 * commits.p50s.back());
  }
  table.add({"report to confirmed alert at 1 000/s, p50", median(rings.p50s), "ms", median(bars50)});
  table.add({"report to confirmed alert at 1 000/s, p99", median(rings.p99s), "ms", 3 * median(commits.p99s)});
  rings.tell_whole(table);
  table.add({"  a bare SQLite commit at that rate, p99", median(commits.p99s), "ms"});
  commits.tell_whole(table);
  // Reports come when they come, and wait for the commit before.
  table.add({"  the same from when it was due, p99", median(waits.p99s), "ms"});
}

void provisional_beside_hogs(const Options& options, Table& table) {
  const char* const what = "report to provisional alert at 1 000/s, two CPU hogs, SCHED_RR, p99";
  Quantiles rings;
  std::vector<double> bare;  // ZeroMQ alone goes from thread to thread as often
  const auto count = static_cast<std::uint64_t>(options.seconds * kPerSecond);
  for (int i = 0; i < options.repetitions; ++i) {
    Running run{TOCSIN_PROBE_IMAGE, std::string{"realtime = true\n"} + kBounds};
    if (!run.ready) return table.fail("start of the daemon with realtime");
    const Hogs hogs{2};
    const Realtime first;
    if (!first.good()) {
      table.add({std::string{what} + " (this system allows no SCHED_RR)", 0, "ms"});
      return;
    }
    StandstillWatch watch{kLookBehindNs};
    std::vector<Lapse> heard;
    if (!Ringing{run, "public/~provisional/", count}.run(count, heard)) return table.fail(what);
    watch.stop();
    rings.add(std::move(heard), watch);
    bare.push_back(run_round_trips(run.site.folder.endpoint("echo"), count, kPerSecond).milliseconds(0.99));
  }
  table.add({what, median(rings.p99s), "ms", kProvisionalMs});
  rings.tell_whole(table);
  table.add({"  a bare ZeroMQ round trip beside the same hogs, SCHED_RR, p99", median(bare), "ms"});
}
}  // namespace

void measure_latency(const Options& options, Table& table) {
  confirmed(options, table);
  provisional_beside_hogs(options, table);
}
}  // namespace tocsin::bench
