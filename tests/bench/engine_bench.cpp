// SPDX-License-Identifier: Apache-2.0
// tocsin_bench: how fast the engine is, on books that an analyst could write, compiled by the compiler. Every run also
// checks what it brought, so that nothing fast and wrong gets a figure.
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tocsin/engine/base/check.hpp"

#include "rig.hpp"
#include "scenario.hpp"
#include "table.hpp"

using namespace tocsin;         // NOLINT(google-build-using-namespace): a short program
using namespace tocsin::bench;  // NOLINT(google-build-using-namespace)

namespace {
struct Options {
  std::size_t reports = 1'000'000;
  std::size_t ticks = 1'000'000;
  int repetitions = 5;
  bool strict = false;
  bool smoke = false;
};
Options options;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): the command line

constexpr double kNanoseconds = 1e9;

/// What is wrong with a run, or nothing.
std::optional<std::string> fault_of(const Run& run, const Rig& rig, const Ledger& expected) {
  if (run.not_taken != 0) return std::to_string(run.not_taken) + " lines did not count";
  if (run.final_early != 0) return std::to_string(run.final_early) + " events became final for want of place";
  if (run.allocations != 0) return std::to_string(run.allocations) + " heap allocations";
  if (run.ledger != expected) {
    return std::to_string(run.ledger.standing()) + " events stand where " + std::to_string(expected.standing()) +
           " should, or others than those";
  }
  if (run.worst_step > rig.worst_step_allowed()) {
    return "a step cost " + std::to_string(run.worst_step) + ", the compiler promises " +
           std::to_string(rig.worst_step_allowed());
  }
  return std::nullopt;
}

/// Runs the lines once an iteration and gives the counters that all engine benchmarks have.
/// @param units  what a figure is per: reports or ticks.
void measure(benchmark::State& state, Rig& rig, const std::vector<engine::Input>& lines, const Ledger& expected,
             std::size_t units) {
  Run last;
  double seconds = 0;
  std::size_t runs = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    last = rig.run(lines);
    state.SetIterationTime(last.seconds);
    seconds += last.seconds;
    ++runs;
    const std::optional<std::string> fault = fault_of(last, rig, expected);
    if (!fault) continue;
    state.SkipWithError(fault->c_str());
    return;
  }
  const auto per_unit = static_cast<double>(units);
  state.counters["ns"] = seconds / static_cast<double>(runs) / per_unit * kNanoseconds;
  state.counters["growth"] = last.quarter_seconds.back() / last.quarter_seconds.front();
  state.counters["events"] = static_cast<double>(last.events) / per_unit;
  state.counters["retractions"] = static_cast<double>(last.retractions) / per_unit;
  state.counters["worst_step"] = static_cast<double>(last.worst_step);
  state.counters["worst_step_allowed"] = static_cast<double>(rig.worst_step_allowed());
}

enum class Arrival : std::uint8_t { in_order, late };

/// What one benchmark runs; made once, dropped when the next one starts.
struct Prepared {
  std::string name;
  std::unique_ptr<Rig> rig;
  std::vector<engine::Input> lines;
  Ledger expected;
};
Prepared& prepared(const std::string& name, const std::function<void(Prepared&)>& make) {
  static Prepared kept;
  if (kept.name != name) {
    kept = {};
    make(kept);
    kept.name = name;
  }
  return kept;
}

void run_rules(benchmark::State& state, const std::string& name, RulesBook book, Arrival arrival) {
  Prepared& now = prepared(name, [&](Prepared& made) {
    made.rig = std::make_unique<Rig>(text_of(book), "server");
    made.lines = lines_for(book, made.rig->image(), options.reports);
    made.expected = expected(book, made.rig->image(), made.lines);
    if (arrival == Arrival::late) made.lines = delayed(std::move(made.lines));
  });
  measure(state, *now.rig, now.lines, now.expected, options.reports);
}

void run_ticks(benchmark::State& state, const std::string& name, TickBook book, Cooldown cooldown) {
  // A hundred pairs give a hundred times the reports.
  const std::size_t ticks = book == TickBook::pairs ? options.ticks / 10 : options.ticks;
  Prepared& now = prepared(name, [&](Prepared& made) {
    made.rig = std::make_unique<Rig>(text_of(book, cooldown), "server");
    TickLines made_lines = tick_lines(book, cooldown, made.rig->image(), ticks);
    made.lines = std::move(made_lines.lines);
    made.expected = made_lines.expected;
  });
  measure(state, *now.rig, now.lines, now.expected, ticks);
  state.counters["reports"] = static_cast<double>(now.lines.size()) / static_cast<double>(ticks);
}

/// The shipped history through the shipped book, by the program that ships; the shell that starts it included.
void run_history(benchmark::State& state) {
  const std::string folder = TOCSIN_SOURCE_DIR "/watchbooks/taiwan-korea/";
  const std::string command = "'" TOCSIN_PROGRAM "' replay '" + folder + "book.watch' '" + folder +
                              "history/2022-08_2024-12.jsonl' 2>/dev/null";
  std::size_t events = 0;
  double seconds = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    const auto start = std::chrono::steady_clock::now();
    FILE* output = popen(command.c_str(), "r");  // NOLINT(cert-env33-c): fixed words, our own program
    TOCSIN_CHECK(output != nullptr);
    events = 0;
    for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) events += c == '\n' ? 1 : 0;
    if (pclose(output) != 0 || events == 0) {
      state.SkipWithError("tocsin replay failed or said nothing");
      return;
    }
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  state.counters["seconds"] = seconds;
  state.counters["events"] = static_cast<double>(events);
}

std::vector<Figure> register_all() {
  std::vector<Figure> figures;
  const auto add = [&](const std::string& name, int iterations, const std::function<void(benchmark::State&)>& body) {
    benchmark::RegisterBenchmark(name.c_str(), body)
        ->Iterations(options.smoke ? 1 : iterations)
        ->Repetitions(options.repetitions)
        ->ReportAggregatesOnly(options.repetitions > 1)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  };
  struct Rules {
    const char* name;
    const char* what;
    RulesBook book;
    bool barred;
  };
  const Rules kRulesBooks[] = {
      {"rules/same", "64 rules alike", {Sharing::same, Cooldown::month, 64}, true},
      {"rules/spread", "64 rules, 64 pairs", {Sharing::spread, Cooldown::month, 64}, true},
      {"rules/apart", "64 rules, own windows", {Sharing::apart, Cooldown::month, 64}, true},
      {"rules/ringing", "64 rules alike, no cooldown", {Sharing::same, Cooldown::none, 64}, false}};
  for (const Rules& rules : kRulesBooks) {
    const std::string in_order = std::string{rules.name} + "/in_order";
    const std::string late = std::string{rules.name} + "/late";
    const std::string what = rules.what;
    const RulesBook book = rules.book;
    add(in_order, 1, [=](benchmark::State& state) { run_rules(state, in_order, book, Arrival::in_order); });
    add(late, 1, [=](benchmark::State& state) { run_rules(state, late, book, Arrival::late); });
    figures.push_back({in_order, "ns", what + ", in order [ns/report]", rules.barred ? 300.0 : -1.0});
    figures.push_back({late, "ns", what + ", late [ns/report]", rules.barred ? 5000.0 : -1.0});
    figures.push_back({in_order, "events", "  events per report, in order", -1});
    figures.push_back({late, "events", "  events per report, late, retractions too", -1});
    figures.push_back({in_order, "growth", "  last quarter / first quarter, in order", 1.25});
    figures.push_back({late, "growth", "  last quarter / first quarter, late", 1.25});
    figures.push_back({late, "worst_step", "  worst step, late [nodes and samples]", -1});
    figures.push_back({late, "worst_step_allowed", "  worst step as the compiler prints it", -1});
  }
  struct Ticks {
    const char* name;
    const char* what;
    TickBook book;
    Cooldown cooldown;
    double bar;
  };
  const Ticks kTickBooks[] = {
      {"ticks/one", "1 rule over 2 booleans", TickBook::one, Cooldown::none, 5},
      {"ticks/windows", "100 rules, own windows, over 2 booleans", TickBook::windows, Cooldown::none, 200},
      {"ticks/windows_quiet", "100 rules, own windows, cooldown", TickBook::windows, Cooldown::month, 200},
      {"ticks/pairs", "100 rules over 100 pairs (2 reports a tick)", TickBook::pairs, Cooldown::none, -1}};
  for (const Ticks& ticks : kTickBooks) {
    const std::string name = ticks.name;
    const std::string what = ticks.what;
    const TickBook book = ticks.book;
    const Cooldown cooldown = ticks.cooldown;
    add(name, book == TickBook::one ? 20 : 1, [=](benchmark::State& state) { run_ticks(state, name, book, cooldown); });
    figures.push_back({name, "ns", what + " [ns/tick]", ticks.bar});
    figures.push_back({name, "events", "  events per tick", -1});
  }
  benchmark::RegisterBenchmark("history", run_history)
      ->Iterations(1)
      ->Repetitions(options.repetitions)
      ->ReportAggregatesOnly(options.repetitions > 1)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  figures.push_back({"history", "seconds", "28 months through the shipped book, start included [s]", 1});
  return figures;
}

int usage() {
  static_cast<void>(
      std::fputs("usage: tocsin_bench [--reports N] [--repetitions N] [--smoke] [--strict] "
                 "[--benchmark_...]\n",
                 stderr));
  return 2;
}

/// Takes our own options off the command line. @returns false when one is wrong.
bool read_options(int& argc, char** argv) {
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--strict") {
      options.strict = true;
    } else if (word == "--smoke") {
      options.smoke = true;
      options.repetitions = 1;
      options.reports = 4000;
      options.ticks = 20'000;
    } else if ((word == "--reports" || word == "--repetitions") && i + 1 < argc) {
      const unsigned long number = std::strtoul(argv[++i], nullptr, 10);
      if (number == 0 || number > 100'000'000) return false;
      if (word == "--reports") options.reports = options.ticks = number;
      if (word == "--repetitions") options.repetitions = static_cast<int>(number);
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  return true;
}
}  // namespace

int main(int argc, char** argv) {
  if (!read_options(argc, argv)) return usage();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return usage();
  const std::vector<Figure> figures = register_all();
  Collector collector{options.repetitions > 1};
  const std::size_t ran = benchmark::RunSpecifiedBenchmarks(&collector);
  const int missed = collector.print(figures);
  if (collector.broken() || ran == 0) return 1;
  return options.strict && missed > 0 ? 1 : 0;
}
