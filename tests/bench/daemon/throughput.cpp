// SPDX-License-Identifier: Apache-2.0
// Acknowledged reports per second, beside what bare SQLite makes of as many bytes per commit in the same run.
#include <algorithm>
#include <string>
#include <vector>

#include "figures.hpp"
#include "load.hpp"
#include "secured.hpp"

namespace tocsin::bench {
namespace {
constexpr std::size_t kReportBytes = 200;
constexpr double kIpcShare = 0.70;
constexpr double kCurveShare = 0.45;

struct Way {
  const char* name;
  Load load;
};

/// Rates and shares of the ceiling, one for each run.
struct Measured {
  std::vector<double> rates;
  std::vector<double> shares;
  double bytes_per_commit = 0;

  void add(const LoadResult& result, std::uint64_t batches, const daemon::test::TempFolder& folder, double seconds) {
    const auto commits = static_cast<double>(std::max<std::uint64_t>(1, batches));
    bytes_per_commit = static_cast<double>(result.acknowledged * kReportBytes) / commits;
    const auto bare =
        run_bare_sqlite(folder.file("bare.db"), static_cast<std::size_t>(bytes_per_commit), seconds / 2, 0);
    rates.push_back(result.reports_per_second);
    shares.push_back(result.reports_per_second / (bare.commits_per_second * bytes_per_commit / kReportBytes));
  }
  void tell(Table& table, const std::string& what, double bar) const {
    table.add({"acknowledged reports, " + what, median(rates), "/s"});
    table.add({"  of bare SQLite at " + std::to_string(static_cast<int>(bytes_per_commit)) + " bytes a commit",
               median(shares), "ratio", bar, true});
  }
};

/// What went wrong with a load, so that it can be mended.
std::string trouble(const char* way, const LoadResult& result) {
  return std::string{way} + (result.refused > 0 ? ", refused " + std::to_string(result.refused) : std::string{}) +
         (result.complete ? "" : ", not all acknowledged (" + std::to_string(result.acknowledged) + " were)");
}

void over_ipc(const Options& options, Table& table, const Way& way) {
  Measured measured;
  for (int i = 0; i < options.repetitions; ++i) {
    Running run{TOCSIN_SERVER_IMAGE};
    Reports reports;
    if (!run.ready) return table.fail("start of the daemon");
    const auto result = run_load(run.context, run.site.ingest(), reports, way.load);
    if (!result.complete || result.refused > 0) return table.fail(trouble(way.name, result));
    measured.add(result, batches_of(run.context, run.site.control()), run.site.folder, options.seconds);
  }
  measured.tell(table, way.name, kIpcShare);
}

void over_curve(const Options& options, Table& table, const Way& way) {
  Measured measured;
  for (int i = 0; i < options.repetitions; ++i) {
    Secured run{TOCSIN_SERVER_IMAGE, way.load.connections};
    Reports reports;
    if (!run.ready()) return table.fail("start of the secured daemon");
    std::vector<daemon::test::PeerKeys> keys;
    for (std::size_t one = 0; one < way.load.connections; ++one) keys.push_back(run.keys(one));
    const auto result = run_load(run.context, run.ingest(), reports, way.load, keys);
    if (!result.complete || result.refused > 0) return table.fail(trouble(way.name, result));
    measured.add(result, batches_of(run.context, run.control()), run.folder, options.seconds);
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
  over_ipc(options, table, {"ipc, 1 report a frame, 4096 in flight", {3, 1, 4096, seconds}});
  over_ipc(options, table, {"ipc, 16 reports a frame, 4096 in flight", {3, 16, 4096, seconds}});
  over_ipc(options, table, {"ipc, 64 reports a frame, 8192 in flight", {3, 64, 8192, seconds}});
  over_curve(options, table, {"TCP with CURVE, 1 report a frame, 4096 in flight", {3, 1, 4096, seconds}});
  over_curve(options, table, {"TCP with CURVE, 16 reports a frame, 4096 in flight", {3, 16, 4096, seconds}});
  one_at_a_time(options, table);
}
}  // namespace tocsin::bench
