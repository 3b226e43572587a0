// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the daemon's benchmarks share: options, a table of figures beside their bars, and a daemon to measure.
#include <cstdint>
#include <memory>
#include <string>

#include "process.hpp"

namespace tocsin::bench {
struct Options {
  double seconds = 3;   ///< of one run
  int repetitions = 5;  ///< runs of each figure; the median counts
  bool smoke = false;   ///< as short as it goes, for what comes out of it
  std::string only;     ///< one of the groups; empty: all
};

struct Row {
  std::string what;
  double figure = 0;
  std::string unit;
  double bar = -1;        ///< below 0: told only
  bool at_least = false;  ///< the figure must reach the bar, not stay under it
};

/// Prints figures in the order in which they were measured.
class Table {
 public:
  void add(const Row& row);
  /// A line of words.
  static void tell(const std::string& words);
  /// What could not be measured.
  void fail(const std::string& what);
  [[nodiscard]] int missed() const { return missed_; }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  int missed_ = 0;
  bool broken_ = false;
};

/// For a load as large as it goes, at the cost of memory. With a report a frame, 16 messages waiting per peer (the
/// default) would make the senders wait for libzmq's thread instead of the journal.
inline constexpr const char* kManyWaiting = "[bounds]\nreceive_high_water = 512\n";

/// A daemon on a compiled book, in a folder of its own.
struct Running {
  /// @param extra  lines of TOML before the tables. @param also  one more ingest endpoint, or empty.
  explicit Running(const char* image, const std::string& extra = {}, const std::string& also = {});
  void start();
  daemon::test::Site site;
  daemon::test::PeerContext context;
  std::unique_ptr<daemon::test::Tocsind> daemon;
  bool ready = false;
};

/// Bytes that the kernel has sent to the disk for this process.
[[nodiscard]] std::uint64_t written_bytes(const daemon::test::Tocsind& daemon);
/// Batches stored, by the daemon's own word.
[[nodiscard]] std::uint64_t batches_of(daemon::test::PeerContext& context, const std::string& control);

/// @{ The groups of figures; what cannot be measured is told by Table::fail.
void measure_throughput(const Options& options, Table& table);
void measure_latency(const Options& options, Table& table);
void measure_cost(const Options& options, Table& table);
void measure_crowd(const Options& options, Table& table);
/// @}
}  // namespace tocsin::bench
