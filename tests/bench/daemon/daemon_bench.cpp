// SPDX-License-Identifier: Apache-2.0
// How much the real daemon takes, how soon it rings, what it costs: each figure beside its bar, which is a bare ceiling
// of the same run where there is one.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "figures.hpp"

using namespace tocsin::bench;  // NOLINT(google-build-using-namespace): a program

namespace {
struct Group {
  const char* name;
  void (*measure)(const Options&, Table&);
};
constexpr std::array<Group, 4> kGroups{Group{"throughput", measure_throughput}, Group{"latency", measure_latency},
                                       Group{"cost", measure_cost}, Group{"crowd", measure_crowd}};

bool is_group(const std::string& name) {
  for (const auto& group : kGroups) {
    if (name == group.name) return true;
  }
  return false;
}

Options options_of(int argc, char** argv, bool& good) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--smoke") {
      options.seconds = 0.3;
      options.repetitions = 1;
      options.smoke = true;
    } else if (word == "--seconds" && i + 1 < argc) {
      options.seconds = std::atof(argv[++i]);
    } else if (word == "--repetitions" && i + 1 < argc) {
      options.repetitions = std::atoi(argv[++i]);
    } else if (word == "--only" && i + 1 < argc) {
      options.only = argv[++i];
      good = good && is_group(options.only);
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
        "usage: tocsin_bench_daemon [--seconds S] [--repetitions N] [--only throughput|latency|cost|crowd] [--smoke]\n",
        stderr);
    return 2;
  }
  Table table;
  for (const auto& group : kGroups) {
    if (options.only.empty() || options.only == group.name) group.measure(options, table);
  }
  if (table.broken()) return 1;
  std::printf("%d of the figures missed their bar\n", table.missed());
  return 0;
}
