// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The frames of a load. A frame is cast once and only its numbers change after: who makes reports takes as
/// little of the machine as can be, for the daemon on the same two processors is what is measured.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::bench {
/// Milliseconds since the epoch, by the machine's clock.
[[nodiscard]] engine::Instant wall_ms();

/// An encoded frame whose numbers can be set.
class FrameMould {
 public:
  /// @param connection  says which feed of the shipped book speaks. @param reports  1..wire::kFrameItemsMax.
  FrameMould(std::size_t connection, std::size_t reports);
  /// The frame with these numbers: its own, the first report's `seq` (the others count on), and the time of all.
  /// Valid until the next call.
  [[nodiscard]] std::span<const std::byte> cast(std::uint64_t frame, std::uint64_t seq, engine::Instant time);

 private:
  /// Where a report's numbers are in the frame, in bytes from its begin.
  struct Places {
    std::size_t seq = 0;
    std::size_t time = 0;
    std::size_t value = 0;
    std::size_t digits = 0;  ///< of the number in its note; 0: none
  };
  void put_(std::size_t place, std::uint64_t number);
  std::vector<std::byte> bytes_;
  std::size_t frame_ = 0;
  std::vector<Places> reports_;
};

/// Reports of 200 bytes each, their share of the frame included. The feeds of the shipped book.
class Reports {
 public:
  /// Frame number `frame` (from 1) of connection `connection`, of now. Valid until the next of the same connection.
  [[nodiscard]] std::span<const std::byte> frame(std::size_t connection, std::uint64_t frame, std::size_t reports);

 private:
  std::array<std::uint64_t, 3> seq_{};
  std::map<std::pair<std::size_t, std::size_t>, FrameMould> moulds_;  ///< by connection and reports
};
}  // namespace tocsin::bench
