// SPDX-License-Identifier: Apache-2.0
// Many peers: what they make the daemon hold, and what a storm of handshakes does to those who are there.
#include <chrono>
#include <deque>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "figures.hpp"
#include "load.hpp"
#include "secured.hpp"

namespace tocsin::bench {
namespace {
using daemon::test::Peer;
using daemon::test::PeerContext;
using daemon::test::PeerKeys;
using daemon::test::PeerKind;
using daemon::test::Secured;

constexpr double kPerSecond = 1000;
constexpr double kHubMib = 16e6 / 1024 / 1024;
constexpr double kEdgeMib = 10e6 / 1024 / 1024;
constexpr double kEdgeAnonymousMib = 4e6 / 1024 / 1024;
constexpr double kStormPerSecond = 500;
constexpr double kStormMs = 100;
constexpr std::size_t kGood = 3;
constexpr int kPatienceMs = 5000;

/// Feeds on connections of their own, at an even pace all together.
class Paced {
 public:
  /// @param crowd  the feeds f0, f1, ... of crowd.watch; else the three of the shipped book, by turns.
  Paced(std::vector<std::unique_ptr<Peer>> peers, bool crowd) : peers_{std::move(peers)}, crowd_{crowd} {
    sent_.resize(peers_.size());
  }
  /// @returns false when something was refused, or is not acknowledged in the end.
  [[nodiscard]] bool run(double seconds, double per_second, Times& round_trips) {
    const auto begin = now_ns();
    const auto count = static_cast<std::uint64_t>(seconds * per_second);
    for (std::uint64_t n = 0; n < count; ++n) {
      sleep_until_ns(begin + static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / per_second));
      const std::size_t peer = n % peers_.size();
      if (!send(peer, n / peers_.size() + 1)) return false;
      for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (!hear(i, 0, round_trips)) return false;
      }
    }
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      while (!sent_[i].empty()) {
        const auto waiting = sent_[i].size();
        if (!hear(i, kPatienceMs, round_trips) || sent_[i].size() == waiting) return false;
      }
    }
    return true;
  }

 private:
  [[nodiscard]] bool send(std::size_t peer, std::uint64_t frame) {
    sent_[peer].push_back(now_ns());
    if (!crowd_) return peers_[peer]->send(reports_.frame(peer, frame, 1));
    const auto name = "f" + std::to_string(peer);
    const std::string note(100, 'x');
    auto view = daemon::test::report(name, frame, "seen", wall_ms());
    view.note = note;
    return peers_[peer]->send_frame(frame, std::span{&view, 1});
  }
  [[nodiscard]] bool hear(std::size_t peer, int timeout_ms, Times& round_trips) {
    while (const auto ack = peers_[peer]->receive_ack(timeout_ms)) {
      if (!ack->refused.empty()) return false;
      const auto now = now_ns();
      for (; heard_[peer] < ack->frame; ++heard_[peer]) {
        round_trips.add(now - sent_[peer].front());
        sent_[peer].pop_front();
      }
      if (sent_[peer].empty()) break;
      timeout_ms = 0;
    }
    return true;
  }

  std::vector<std::unique_ptr<Peer>> peers_;
  bool crowd_;
  Reports reports_;
  std::vector<std::deque<std::int64_t>> sent_;  ///< of frames not acknowledged [ns]
  std::vector<std::uint64_t> heard_ = std::vector<std::uint64_t>(peers_.size());
};

struct Resident {
  double all = 0;        ///< [MiB]
  double anonymous = 0;  ///< [MiB]
};

/// The memory of a daemon whose feeds report at 1 000 a second, all together.
bool resident_with(const char* image, std::size_t feeds, bool crowd, double seconds, Resident& out) {
  Running run{image};
  if (!run.ready) return false;
  std::vector<std::unique_ptr<Peer>> peers;
  for (std::size_t i = 0; i < feeds; ++i) {
    peers.push_back(std::make_unique<Peer>(run.context, PeerKind::dealer, run.site.ingest()));
  }
  const Peer watcher{run.context, PeerKind::subscriber, run.site.alerts()};
  Times ignored;
  if (!Paced{std::move(peers), crowd}.run(seconds, kPerSecond, ignored)) return false;
  out.all = static_cast<double>(run.daemon->memory_kib("VmRSS:")) / 1024;
  out.anonymous = static_cast<double>(run.daemon->memory_kib("RssAnon:")) / 1024;
  return true;
}

void memory(const Options& options, Table& table) {
  const double seconds = options.smoke ? options.seconds : 5 * options.seconds;
  Resident hub;
  if (!resident_with(TOCSIN_CROWD_IMAGE, 32, true, seconds, hub)) return table.fail("32 feeds");
  table.add({"resident with 32 feeds at 1 000/s, receive_high_water 16", hub.all, "MiB", kHubMib});
  Resident edge;
  if (!resident_with(TOCSIN_EDGE_IMAGE, 4, false, seconds, edge)) return table.fail("edge");
  table.add({"resident, shipped book for edge, 4 senders at 1 000/s, batches of 64 KiB", edge.all, "MiB", kEdgeMib});
  table.add({"  of which anonymous", edge.anonymous, "MiB", kEdgeAnonymousMib});
}

/// Connects and goes again and again, half with keys that are enrolled and half with a stranger's. Does not return.
[[noreturn]] void storm(const std::string& endpoint, const PeerKeys& enrolled, const PeerKeys& stranger) {
  PeerContext context;
  std::deque<std::unique_ptr<Peer>> there;
  const auto begin = now_ns();
  for (std::uint64_t n = 0;; ++n) {
    sleep_until_ns(begin + static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / kStormPerSecond));
    there.push_back(std::make_unique<Peer>(context, PeerKind::dealer, endpoint, n % 2 == 0 ? &enrolled : &stranger));
    if (there.size() > 50) there.pop_front();
  }
}

/// Connections that came, by the daemon's own word: each means a handshake.
std::uint64_t handshakes(Secured& run) {
  Peer control{run.context, PeerKind::dealer, run.control()};
  wire::ControlRequest request;
  request.kind = wire::ControlKind::status;
  const auto reply = control.ask(request);
  std::uint64_t count = 0;
  if (!reply || !reply->status) return 0;
  for (const auto& one : reply->status->endpoints) {
    if (one.endpoint == run.ingest()) count += one.accepted;
  }
  return count;
}

void storm_of_handshakes(const Options& options, Table& table) {
  std::vector<double> p99s;
  std::vector<double> rates;
  for (int i = 0; i < options.repetitions; ++i) {
    Secured run{TOCSIN_SERVER_IMAGE, kGood + 1};
    if (!run.ready()) return table.fail("start of the secured daemon");
    const PeerKeys stranger = run.stranger();
    const pid_t child = ::fork();
    if (child == 0) storm(run.ingest(), run.keys(kGood), stranger);
    std::vector<std::unique_ptr<Peer>> peers;
    for (std::size_t one = 0; one < kGood; ++one) {
      peers.push_back(std::make_unique<Peer>(run.context, PeerKind::dealer, run.ingest(), &run.keys(one)));
    }
    Times times;
    const auto before = handshakes(run);
    const auto begin = now_ns();
    const bool good = Paced{std::move(peers), false}.run(options.seconds, kPerSecond / 2, times);
    const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
    const auto after = handshakes(run);
    (void)::kill(child, SIGKILL);
    (void)::waitpid(child, nullptr, 0);
    if (!good) return table.fail("good feeds in a storm of handshakes: something was refused or lost");
    p99s.push_back(times.milliseconds(0.99));
    rates.push_back(static_cast<double>(after - before) / seconds);
  }
  table.add({"handshakes in a storm, half of them strangers'", median(rates), "/s",
             options.smoke ? -1 : 0.9 * kStormPerSecond, true});
  table.add({"  meanwhile report to acknowledgement of good feeds at 500/s, CURVE, p99", median(p99s), "ms", kStormMs});
}
}  // namespace

void measure_crowd(const Options& options, Table& table) {
  memory(options, table);
  storm_of_handshakes(options, table);
}
}  // namespace tocsin::bench
