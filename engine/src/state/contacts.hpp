// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Contacts: heartbeats of feeds with `every`, kept as runs: any number of regular heartbeats costs one record.
#include "block.hpp"

namespace tocsin::engine {
class Contacts {
 public:
  explicit Contacts(const Block& block) : block_{block} {}

  void clear() const;
  /// How long one contact keeps a feed from being overdue [ms].
  [[nodiscard]] Span reach(std::uint16_t feed) const;
  /// Newest heartbeat up to `instant`, as far as being overdue goes, or kNever.
  [[nodiscard]] Instant newest(std::uint16_t feed, Instant instant) const;
  /// Start of the first run after `instant`, or kForever.
  [[nodiscard]] Instant next_start(std::uint16_t feed, Instant instant) const;
  /// True when one more, separate run has a place.
  [[nodiscard]] bool has_place(std::uint16_t feed) const;
  /// Adds a heartbeat. @pre has_place(feed).
  void add(std::uint16_t feed, Instant instant) const;
  /// Removes the oldest run when it ends at or before `instant`. @returns its end, or kNever when there is none.
  [[nodiscard]] Instant fold_oldest(std::uint16_t feed, Instant instant) const;
  /// The instant before the second oldest run of a feed, or kForever: folding up to here frees a place.
  [[nodiscard]] Instant before_second(std::uint16_t feed) const;

 private:
  [[nodiscard]] std::span<ContactRun> used(std::uint16_t feed) const {
    return block_.contact_runs(feed).first(block_.contact_counts()[feed]);
  }
  void erase(std::uint16_t feed, std::size_t index) const;

  const Block& block_;
};
}  // namespace tocsin::engine
