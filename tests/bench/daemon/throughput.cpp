// SPDX-License-Identifier: Apache-2.0
// Acknowledged reports per second, beside what bare SQLite makes of as many bytes of reports per commit in the same
// run: 200 for each, although the daemon's rows are packed. The daemon's receive_high_water is 512 here.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "figures.hpp"
#include "load.hpp"
#include "secured.hpp"

namespace tocsin::bench {
namespace {
using daemon::test::Secured;

constexpr std::size_t kReportBytes = 200;
constexpr double kIpcShare = 0.70;
constexpr double kCurveShare = 0.45;

struct Way {
  const char* name;
  Load load;
};

/// What went wrong with a load, so that it can be mended.
std::string trouble(const char* way, const LoadResult& result) {
  return std::string{way} + (result.refused > 0 ? ", refused " + std::to_string(result.refused) : std::string{}) +
         (result.complete ? "" : ", not all acknowledged (" + std::to_string(result.acknowledged) + " were)");
}

/// Rates and shares of the ceiling, one for each run.
struct Measured {
  std::vector<double> rates;
  std::vector<double> shares;
  double bytes_per_commit = 0;

  void tell(Table& table, const std::string& what, double bar) const {
    table.add({"acknowledged reports, " + what, median(rates), "/s"});
    table.add(
        {"  of bare SQLite at " + std::to_string(static_cast<int>(bytes_per_commit)) + " bytes of reports a commit",
         median(shares), "ratio", bar, true});
  }
};

/// Where a daemon under load is.
struct Target {
  daemon::test::PeerContext& context;
  const daemon::test::TempFolder& folder;
  std::string ingest;
  std::string control;
  std::span<const daemon::test::PeerKeys> keys;
};

/// One run: the daemon under load and bare SQLite by short turns, since a shared machine is not as fast at one moment
/// as at the next. @returns what went wrong, or nothing.
std::string measure(const Target& target, const Way& way, Measured& out) {
  constexpr int kTurns = 4;
  Load load = way.load;
  load.seconds /= kTurns;
  Reports reports;
  double rate = 0;
  double ceiling = 0;
  std::uint64_t stored = 0;
  for (int turn = 0; turn < kTurns; ++turn) {
    const auto result = run_load(target.context, target.ingest, reports, load, target.keys);
    if (!result.complete || result.refused > 0) return trouble(way.name, result);
    const auto batches = batches_of(target.context, target.control);
    out.bytes_per_commit = static_cast<double>(result.acknowledged * kReportBytes) /
                           static_cast<double>(std::max<std::uint64_t>(1, batches - stored));
    stored = batches;
    const auto bare =
        run_bare_sqlite(target.folder.file("bare.db"), static_cast<std::size_t>(out.bytes_per_commit), load.seconds, 0);
    rate += result.reports_per_second / kTurns;
    ceiling += bare.commits_per_second * out.bytes_per_commit / kReportBytes / kTurns;
  }
  out.rates.push_back(rate);
  out.shares.push_back(rate / ceiling);
  return {};
}

void over_ipc(const Options& options, Table& table, const Way& way) {
  Measured measured;
  for (int i = 0; i < options.repetitions; ++i) {
    Running run{TOCSIN_SERVER_IMAGE, kManyWaiting};
    if (!run.ready) return table.fail("start of the daemon");
    const Target target{run.context, run.site.folder, run.site.ingest(), run.site.control(), {}};
    if (const auto wrong = measure(target, way, measured); !wrong.empty()) return table.fail(wrong);
  }
  measured.tell(table, way.name, kIpcShare);
}

void over_curve(const Options& options, Table& table, const Way& way) {
  Measured measured;
  for (int i = 0; i < options.repetitions; ++i) {
    Secured run{TOCSIN_SERVER_IMAGE, way.load.connections, kManyWaiting};
    if (!run.ready()) return table.fail("start of the secured daemon");
    std::vector<daemon::test::PeerKeys> keys;
    for (std::size_t one = 0; one < way.load.connections; ++one) keys.push_back(run.keys(one));
    const Target target{run.context, run.folder, run.ingest(), run.control(), keys};
    if (const auto wrong = measure(target, way, measured); !wrong.empty()) return table.fail(wrong);
  }
  measured.tell(table, way.name, kCurveShare);
}

void one_at_a_time(const Options& options, Table& table) {
  std::vector<double> rates;
  for (int i = 0; i < options.repetitions; ++i) {
    Running run{TOCSIN_SERVER_IMAGE};
    Reports reports;
    if (!run.ready) return table.fail("start of the daemon");
    const auto result = run_load(run.context, run.site.ingest(), reports, {1, 1, 1, options.seconds / 2});
    if (!result.complete) return table.fail("one at a time");
    rates.push_back(result.reports_per_second);
  }
  table.add({"acknowledged reports, ipc, one at a time", median(rates), "/s"});
}
}  // namespace

void measure_throughput(const Options& options, Table& table) {
  const double seconds = options.seconds;
  Table::tell("with receive_high_water = 512:");
  over_ipc(options, table, {"ipc, 1 report a frame, 4096 in flight", {3, 1, 4096, seconds}});
  over_ipc(options, table, {"ipc, 16 reports a frame, 4096 in flight", {3, 16, 4096, seconds}});
  over_ipc(options, table, {"ipc, 64 reports a frame, 8192 in flight", {3, 64, 8192, seconds}});
  over_curve(options, table, {"TCP with CURVE, 1 report a frame, 4096 in flight", {3, 1, 4096, seconds}});
  over_curve(options, table, {"TCP with CURVE, 16 reports a frame, 4096 in flight", {3, 16, 4096, seconds}});
  one_at_a_time(options, table);
}
}  // namespace tocsin::bench
