// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the daemon's benchmarks are made of: a load of reports, the bare ceilings, and order statistics.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "process.hpp"
#include "reports.hpp"

namespace tocsin::bench {
/// Nanoseconds on a clock that only runs forward.
[[nodiscard]] std::int64_t now_ns();
void sleep_until_ns(std::int64_t due);

/// Times of single things [ns].
class Times {
 public:
  void add(std::int64_t ns) { values_.push_back(ns); }
  [[nodiscard]] std::size_t count() const { return values_.size(); }
  /// @param share  0..1; 0.5 is the median. 0 when there are none.
  [[nodiscard]] double milliseconds(double share) const;

 private:
  std::vector<std::int64_t> values_;
};

/// From when to when something went on [ns of now_ns()].
struct Lapse {
  std::int64_t from = 0;
  std::int64_t to = 0;
};
[[nodiscard]] Times times_of(std::span<const Lapse> lapses);

/// The middle one of an odd number of figures.
[[nodiscard]] double median(std::vector<double> figures);

/// Senders that keep so many reports on their way, and count what is acknowledged.
struct Load {
  std::size_t connections = 3;
  std::size_t reports_per_frame = 16;
  std::size_t in_flight = 4096;  ///< reports of all connections together
  double seconds = 3;
};

struct LoadResult {
  double reports_per_second = 0;
  std::uint64_t acknowledged = 0;  ///< reports, all of the run
  Times round_trips;               ///< of frames
  std::uint64_t refused = 0;
  bool complete = false;  ///< everything sent was acknowledged in the end
};

/// @param keys  one for each connection, by turns; none: plain.
[[nodiscard]] LoadResult run_load(daemon::test::PeerContext& context, const std::string& endpoint, Reports& reports,
                                  const Load& load, std::span<const daemon::test::PeerKeys> keys = {});

/// SQLite alone: one row of `bytes` per transaction, WAL of 4,000 pages that keeps its length, synchronous FULL.
struct BareSqlite {
  double commits_per_second = 0;
  std::vector<Lapse> commits;  ///< each from its start
  std::vector<Lapse> waits;    ///< the same from when it was due, which is later than its start after a slow one
};
/// @param file  made when it is not there, else gone on with. @param pace_per_second  commits per second; 0: as fast as
/// it goes.
[[nodiscard]] BareSqlite run_bare_sqlite(const std::string& file, std::size_t bytes, double seconds,
                                         double pace_per_second);

/// DEALER to ROUTER and back within this process, one message at a time.
[[nodiscard]] Times run_round_trips(const std::string& endpoint, std::size_t count, double pace_per_second);
}  // namespace tocsin::bench
