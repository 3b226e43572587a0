// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Table: figures that benchmarks give, beside the bars they must stay under.
#include <benchmark/benchmark.h>
#include <string>
#include <vector>

namespace tocsin::bench {
/// A counter of a benchmark and how large it may be.
struct Figure {
  std::string benchmark;
  std::string counter;
  std::string what;  ///< for a person, with the unit
  double bar = 0;    ///< most that is allowed; below 0: told only
};

/// Collects the median of each counter over the repetitions, and what went wrong.
class Collector final : public benchmark::BenchmarkReporter {
 public:
  explicit Collector(bool medians) : medians_{medians} {}
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

  /// Prints the table to stdout. Figures of benchmarks that did not run are left out.
  /// @returns figures above their bar.
  [[nodiscard]] int print(const std::vector<Figure>& figures) const;
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  bool medians_;
  bool broken_ = false;
  std::vector<Run> runs_;
};
}  // namespace tocsin::bench
