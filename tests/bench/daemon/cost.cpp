// SPDX-License-Identifier: Apache-2.0
// What the daemon costs: bytes on the disk, starts, and what a day of little news wears.
#include <charconv>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/resource.h>

#include "figures.hpp"
#include "load.hpp"

namespace tocsin::bench {
namespace {
using daemon::test::Peer;
using daemon::test::PeerKind;

constexpr double kLoneKib = 9 * 1000.0 / 1024;
constexpr double kDayMib = 20 * 1e6 / 1024 / 1024;
constexpr std::uint64_t kBlockBytes = 512;
constexpr int kMinutesOfDay = 24 * 60;
constexpr std::size_t kBetweenCheckpoints = 65'536;

bool send_lone(Peer& feed, Reports& reports, std::uint64_t frame) {
  return feed.send(reports.frame(0, frame, 1)) && feed.receive_ack();
}

/// How many inputs the newest start stepped again, by the daemon's own word.
std::uint64_t recovered_items(const daemon::test::Tocsind& daemon) {
  constexpr std::string_view kKey = " items=";
  const auto log = daemon.log();
  const auto line = log.find("event=recovered");
  const auto at = line == std::string::npos ? line : log.find(kKey, line);
  std::uint64_t items = 0;
  if (at != std::string::npos) {
    (void)std::from_chars(log.data() + at + kKey.size(), log.data() + log.size(), items);
  }
  return items;
}

/// Reports one at a time, then as many as lie between two checkpoints, then a kill and a start.
void reports_and_starts(const Options& options, Table& table) {
  // With the clock line of its start it has one input more than reports: a checkpoint would race the kill.
  Running run{TOCSIN_SERVER_IMAGE, "checkpoint_reports = " + std::to_string(2 * kBetweenCheckpoints)};
  if (!run.ready) return table.fail("start of the daemon");
  Reports reports;
  const int lone = options.smoke ? 5 : 100;
  Peer feed{run.context, PeerKind::dealer, run.site.ingest()};
  const auto before = written_bytes(*run.daemon);
  for (int i = 1; i <= lone; ++i) {
    if (!send_lone(feed, reports, static_cast<std::uint64_t>(i))) return table.fail("a lone report");
  }
  table.add({"written to disk for a lone report",
             static_cast<double>(written_bytes(*run.daemon) - before) / lone / 1024, "KiB", kLoneKib});
  const std::size_t many = options.smoke ? 2048 : kBetweenCheckpoints;
  std::uint64_t frame = static_cast<std::uint64_t>(lone);
  for (std::size_t left = many - static_cast<std::size_t>(lone); left > 0;) {
    const std::size_t items = left < 64 ? left : 64;
    if (!feed.send(reports.frame(0, ++frame, items)) || !feed.receive_ack()) return table.fail("many reports");
    left -= items;
  }
  table.add({"resident after " + std::to_string(many) + " reports (server book)",
             static_cast<double>(run.daemon->memory_kib("VmRSS:")) / 1024, "MiB"});
  run.daemon->kill();
  const auto begin = now_ns();
  run.start();
  const auto took = now_ns() - begin;
  if (!run.ready) return table.fail("start after a kill");
  if (recovered_items(*run.daemon) < many) return table.fail("start after a kill: not all was there to replay");
  table.add({"start after a kill with so many reports to replay", static_cast<double>(took) / 1e9, "s", 1});
  run.daemon->signal(SIGTERM);
  if (run.daemon->wait() != 0) return table.fail("clean stop");
  const auto again = now_ns();
  run.start();
  if (!run.ready) return table.fail("start after a clean stop");
  table.add({"start after a clean stop", static_cast<double>(now_ns() - again) / 1e6, "ms", 300});
}

/// Bytes that children which have ended, and were waited for, sent to the disk.
std::uint64_t written_by_children() {
  rusage usage{};
  (void)::getrusage(RUSAGE_CHILDREN, &usage);
  return static_cast<std::uint64_t>(usage.ru_oublock) * kBlockBytes;
}

/// A day at one report and one heartbeat a minute, without the waiting, and with a checkpoint at noon and at midnight:
/// each half ends with a clean stop. Heartbeats wait for the next report, as the sample config says for an SD card.
void a_day(const Options& options, Table& table) {
  const int minutes = options.smoke ? 10 : kMinutesOfDay;
  Running run{TOCSIN_EDGE_IMAGE, "heartbeat_linger_ms = 60000"};
  Reports reports;
  const auto before = written_by_children();
  for (const int half : {0, 1}) {
    if (half == 1) run.start();
    if (!run.ready) return table.fail("start of the daemon");
    Peer feed{run.context, PeerKind::dealer, run.site.ingest()};
    Peer other{run.context, PeerKind::dealer, run.site.ingest()};
    for (int i = 1; i <= minutes / 2; ++i) {
      const auto frame = static_cast<std::uint64_t>(i);
      const auto beat = daemon::test::heartbeat("launches", wall_ms());
      if (!other.send_frame(frame, std::span{&beat, 1}) || !send_lone(feed, reports, frame)) {
        return table.fail("a report and a heartbeat a minute");
      }
    }
    run.daemon->signal(SIGTERM);
    if (run.daemon->wait() != 0) return table.fail("clean stop");
  }
  table.add({"written to disk in a day of a report and a heartbeat a minute",
             static_cast<double>(written_by_children() - before) * kMinutesOfDay / minutes / 1024 / 1024, "MiB",
             options.smoke ? -1 : kDayMib});
}
}  // namespace

void measure_cost(const Options& options, Table& table) {
  reports_and_starts(options, table);
  a_day(options, table);
}
}  // namespace tocsin::bench
