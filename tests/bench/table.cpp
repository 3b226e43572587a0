// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>
#include <cstdio>

namespace tocsin::bench {
bool Collector::ReportContext(const Context& context) {
  static_cast<void>(std::fprintf(stderr, "%d processors at %.0f MHz\n", context.cpu_info.num_cpus,
                                 context.cpu_info.cycles_per_second / 1e6));
  return true;
}

void Collector::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.error_occurred) {
      broken_ = true;
      static_cast<void>(
          std::fprintf(stderr, "%s: WRONG: %s\n", run.run_name.function_name.c_str(), run.error_message.c_str()));
      continue;
    }
    const bool wanted = medians_ ? run.run_type == Run::RT_Aggregate && run.aggregate_name == "median"
                                 : run.run_type == Run::RT_Iteration;
    if (!wanted) continue;
    static_cast<void>(std::fprintf(stderr, "  %s\n", run.run_name.function_name.c_str()));
    runs_.push_back(run);
  }
}

int Collector::print(const std::vector<Figure>& figures) const {
  int missed = 0;
  std::printf("%-62s %12s %9s\n", "figure", "measured", "bar");
  for (const Figure& figure : figures) {
    const auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& candidate) {
      return candidate.run_name.function_name == figure.benchmark;
    });
    if (run == runs_.end()) continue;
    const auto counter = run->counters.find(figure.counter);
    if (counter == run->counters.end()) continue;
    const double value = counter->second.value;
    const bool over = figure.bar >= 0 && value > figure.bar;
    missed += over ? 1 : 0;
    std::printf("%-62s %12.*f ", figure.what.c_str(), value < 100 ? 2 : 0, value);
    if (figure.bar < 0) {
      std::printf("%9s\n", "-");
    } else {
      std::printf("%9.*f  %s\n", figure.bar < 10 ? 2 : 0, figure.bar, over ? "MISSED" : "ok");
    }
  }
  return missed;
}
}  // namespace tocsin::bench
