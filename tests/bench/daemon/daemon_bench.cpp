// SPDX-License-Identifier: Apache-2.0
// How much the real daemon takes, how soon it rings, what it costs: each figure beside the bare ceiling of the same
// run.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "tocsin/wire/alert_codec.hpp"

#include "load.hpp"

using namespace tocsin;         // NOLINT(google-build-using-namespace): a program
using namespace tocsin::bench;  // NOLINT(google-build-using-namespace)
using daemon::test::Peer;
using daemon::test::PeerContext;
using daemon::test::PeerKind;
using daemon::test::Site;
using daemon::test::Tocsind;

namespace {
struct Options {
  double seconds = 3;
  int repetitions = 5;
  bool smoke = false;
  std::string only;  ///< throughput, latency or cost; empty: all
};

struct Row {
  std::string what;
  double figure = 0;
  std::string unit;
  double bar = -1;        ///< below 0: told only
  bool at_least = false;  ///< the figure must reach the bar, not stay under it
};

/// Figures in the order in which they were measured, as a table.
class Table {
 public:
  void add(Row row) {
    const bool missed = row.bar >= 0 && (row.at_least ? row.figure < row.bar : row.figure > row.bar);
    missed_ += missed ? 1 : 0;
    std::string bar = "-";
    if (row.bar >= 0) {
      char text[32];
      (void)std::snprintf(text, sizeof text, "%s %.4g", row.at_least ? ">=" : "<=", row.bar);
      bar = text;
    }
    std::printf("%-66s %12.4g %-10s %12s  %s\n", row.what.c_str(), row.figure, row.unit.c_str(), bar.c_str(),
                row.bar < 0 ? ""
                : missed    ? "MISSED"
                            : "ok");
    (void)std::fflush(stdout);
  }
  void fail(const std::string& what) {
    std::printf("%-66s FAILED\n", what.c_str());
    broken_ = true;
  }
  [[nodiscard]] int missed() const { return missed_; }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  int missed_ = 0;
  bool broken_ = false;
};

std::uint64_t number_in(const std::string& file, const std::string& key) {
  std::ifstream in{file};
  for (std::string word; in >> word;) {
    std::uint64_t value = 0;
    if (word == key && in >> value) return value;
  }
  return 0;
}

std::uint64_t written_bytes(const Tocsind& daemon) {
  return number_in("/proc/" + std::to_string(daemon.pid()) + "/io", "write_bytes:");
}

std::uint64_t batches_of(PeerContext& context, const Site& site) {
  Peer control{context, PeerKind::dealer, site.control()};
  wire::ControlRequest request;
  request.kind = wire::ControlKind::status;
  const auto reply = control.ask(request);
  return reply && reply->status ? reply->status->batches : 0;
}

/// A daemon on the shipped book, or on another.
struct Running {
  explicit Running(const char* image, const std::string& tables = {}) : site{{}, tables} {
    site.use_image(image);
    start();
  }
  void start() {
    daemon =
        std::make_unique<Tocsind>(std::vector<std::string>{"--config", site.config_file()}, site.folder.file("log"));
    ready = daemon->wait_ready();
  }
  Site site;
  PeerContext context;
  std::unique_ptr<Tocsind> daemon;
  bool ready = false;
};

/// Acknowledged reports per second over one endpoint, and what bare SQLite makes of as many bytes per commit.
void measure_throughput(const Options& options, Table& table) {
  struct Way {
    const char* name;
    Load load;
  };
  const std::vector<Way> ways{{"ipc, 16 reports a frame, 4096 in flight", {3, 16, 4096, options.seconds}},
                              {"ipc, 1 report a frame, 4096 in flight", {3, 1, 4096, options.seconds}},
                              {"ipc, 64 reports a frame, 8192 in flight", {3, 64, 8192, options.seconds}}};
  for (const auto& way : ways) {
    std::vector<double> rates;
    std::vector<double> ratios;
    double bytes_per_commit = 0;
    for (int i = 0; i < options.repetitions; ++i) {
      Running run{TOCSIN_SERVER_IMAGE};
      Reports reports;
      if (!run.ready) return table.fail("start of the daemon");
      const auto result = run_load(run.context, run.site.ingest(), reports, way.load);
      if (!result.complete || result.refused > 0) return table.fail(way.name);
      const double commits = static_cast<double>(std::max<std::uint64_t>(1, batches_of(run.context, run.site)));
      bytes_per_commit = result.reports_per_second * options.seconds * 200 / commits;
      const auto bare = run_bare_sqlite(run.site.folder.file("bare.db"), static_cast<std::size_t>(bytes_per_commit),
                                        options.seconds / 2, 0);
      const double ceiling = bare.commits_per_second * bytes_per_commit / 200;
      rates.push_back(result.reports_per_second);
      ratios.push_back(result.reports_per_second / ceiling);
    }
    table.add({std::string{"acknowledged reports, "} + way.name, median(rates), "/s", -1, true});
    table.add({"  of bare SQLite at " + std::to_string(static_cast<int>(bytes_per_commit)) + " bytes a commit",
               median(ratios), "ratio", 0.70, true});
  }
  std::vector<double> rates;
  for (int i = 0; i < options.repetitions; ++i) {
    Running run{TOCSIN_SERVER_IMAGE};
    Reports reports;
    const auto result = run_load(run.context, run.site.ingest(), reports, {1, 1, 1, options.seconds / 2});
    if (!result.complete) return table.fail("one at a time");
    rates.push_back(result.reports_per_second);
  }
  table.add({"acknowledged reports, ipc, one at a time", median(rates), "/s"});
}

/// 1 000 reports a second, every tenth of which rings; from sending it to the confirmed alert.
void measure_latency(const Options& options, Table& table) {
  std::vector<double> p50s;
  std::vector<double> p99s;
  std::vector<double> bars50;
  std::vector<double> bars99;
  for (int i = 0; i < options.repetitions; ++i) {
    Running run{TOCSIN_PROBE_IMAGE};
    if (!run.ready) return table.fail("start of the daemon");
    Peer watcher{run.context, PeerKind::subscriber, run.site.alerts()};
    Peer feed{run.context, PeerKind::dealer, run.site.ingest()};
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    Times times;
    const auto count = static_cast<std::uint64_t>(options.seconds * 1000);
    const auto begin = now_ns();
    std::uint64_t heard = 0;
    std::vector<std::int64_t> sent(count + 1);
    const auto listen = [&](int timeout_ms) {
      const auto frames = watcher.receive(timeout_ms);
      if (frames.size() != 2) return false;
      const auto now = now_ns();
      const auto event = wire::decode_alert(frames[1]);
      if (!event || event->kind != engine::EventKind::raised) return true;
      if (heard * 10 + 10 <= count) times.add(now - sent[heard * 10 + 10]);
      ++heard;
      return true;
    };
    for (std::uint64_t n = 1; n <= count; ++n) {
      const auto due = begin + static_cast<std::int64_t>(n) * 1'000'000;
      while (now_ns() < due) (void)listen(0);
      auto view = daemon::test::report(
          "f", n, n % 10 == 0 ? "probe" : "rest",
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count());
      std::string note(120, 'x');
      view.note = note;
      sent[n] = now_ns();
      if (!feed.send_frame(n, std::span{&view, 1})) return table.fail("sending");
      while (feed.receive_ack(0)) {
      }
    }
    while (heard < count / 10 && listen(1000)) {
    }
    if (heard < count / 10) return table.fail("an alert did not come");
    const auto bare = run_bare_sqlite(run.site.folder.file("bare.db"), 260, options.seconds, 1000);
    const auto trips = run_round_trips(run.site.folder.endpoint("echo"), 2000);
    p50s.push_back(times.milliseconds(0.5));
    p99s.push_back(times.milliseconds(0.99));
    bars50.push_back(trips.milliseconds(0.5) + 3 * bare.commits.milliseconds(0.5));
    bars99.push_back(3 * bare.commits.milliseconds(0.99));
  }
  table.add({"report to confirmed alert at 1 000/s, p50", median(p50s), "ms", median(bars50)});
  table.add({"report to confirmed alert at 1 000/s, p99", median(p99s), "ms", median(bars99)});
}

void measure_cost(const Options& options, Table& table) {
  Running run{TOCSIN_SERVER_IMAGE};
  Reports reports;
  const int lone = options.smoke ? 5 : 100;
  Peer feed{run.context, PeerKind::dealer, run.site.ingest()};
  const auto before = written_bytes(*run.daemon);
  for (int i = 1; i <= lone; ++i) {
    if (!feed.send(reports.frame(0, static_cast<std::uint64_t>(i), 1)) || !feed.receive_ack())
      return table.fail("lone");
  }
  table.add({"written to disk for a lone report",
             static_cast<double>(written_bytes(*run.daemon) - before) / lone / 1024, "KiB", 9 * 1000.0 / 1024});
  const std::size_t many = options.smoke ? 2048 : 65'536;
  for (std::uint64_t frame = static_cast<std::uint64_t>(lone) + 1, left = many; left > 0; ++frame, left -= 64) {
    if (!feed.send(reports.frame(0, frame, 64)) || !feed.receive_ack()) return table.fail("many");
  }
  table.add({"resident after " + std::to_string(many) + " reports (server book)",
             static_cast<double>(run.daemon->memory_kib("VmRSS:")) / 1024, "MiB"});
  run.daemon->kill();
  const auto begin = now_ns();
  run.start();
  if (!run.ready) return table.fail("start after a kill");
  table.add({"start after a kill with so many reports to replay", static_cast<double>(now_ns() - begin) / 1e9, "s", 1});
  run.daemon->signal(SIGTERM);
  if (run.daemon->wait() != 0) return table.fail("clean stop");
  const auto again = now_ns();
  run.start();
  table.add({"start after a clean stop", static_cast<double>(now_ns() - again) / 1e6, "ms", 300});
}

Options options_of(int argc, char** argv, bool& good) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--smoke") {
      options = {0.3, 1, true, {}};
    } else if (word == "--seconds" && i + 1 < argc) {
      options.seconds = std::atof(argv[++i]);
    } else if (word == "--repetitions" && i + 1 < argc) {
      options.repetitions = std::atoi(argv[++i]);
    } else if (word == "--only" && i + 1 < argc) {
      options.only = argv[++i];
    } else {
      good = false;
    }
  }
  good = good && options.seconds > 0 && options.repetitions > 0;
  return options;
}
}  // namespace

int main(int argc, char** argv) {
  bool good = true;
  const Options options = options_of(argc, argv, good);
  if (!good) {
    (void)std::fputs(
        "usage: tocsin_bench_daemon [--seconds S] [--repetitions N] [--only throughput|latency|cost] [--smoke]\n",
        stderr);
    return 2;
  }
  Table table;
  const auto wanted = [&](const char* what) { return options.only.empty() || options.only == what; };
  if (wanted("throughput")) measure_throughput(options, table);
  if (wanted("latency")) measure_latency(options, table);
  if (wanted("cost")) measure_cost(options, table);
  if (table.broken()) return 1;
  std::printf("%d of the figures missed their bar\n", table.missed());
  return 0;
}
