// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file SimulatedFeed: a sender with a durable spool, on a network that loses, delays and repeats.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/test_support/prng.hpp"
#include "tocsin/wire/control_codec.hpp"
#include "tocsin/wire/input_view.hpp"

#include "fixture.hpp"

namespace tocsin::daemon::faults {
/// A frame on its way.
struct Packet {
  std::uint64_t connection = 0;
  std::vector<std::byte> bytes;
};

class SimulatedFeed {
 public:
  /// @param lines  in the order in which it learns of them (`received`).
  explicit SimulatedFeed(std::vector<wire::InputView> lines) : lines_{std::move(lines)} {}

  /// Counts from 1 on a new connection and begins with the first line that is not acknowledged. What is still on its
  /// way may come or not.
  void connect(std::uint64_t connection);
  [[nodiscard]] std::uint64_t connection() const { return connection_; }
  /// Sends what it knows by now, a few frames at most in flight; now and then something twice.
  void send(engine::Instant now, test_support::Prng& random, std::deque<Packet>& network);
  /// @returns true when it must connect anew. `wrong` tells what it was refused for good.
  bool hear(const wire::Ack& ack, std::string& wrong);

  /// Whether a frame is without an answer.
  [[nodiscard]] bool waits() const { return frame_ends_.size() > heard_; }
  [[nodiscard]] bool done() const { return acknowledged_ == lines_.size(); }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  void add_sure(test::ReportSet& sure) const;
  void add_all(test::ReportSet& all) const;

 private:
  std::vector<wire::InputView> lines_;
  std::uint64_t connection_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t sent_ = 0;                 ///< lines, from the beginning
  std::vector<std::size_t> frame_ends_;  ///< by frame - 1: the lines up to there
  std::uint64_t heard_ = 0;
};

/// The lines of some feeds, in order.
[[nodiscard]] std::vector<wire::InputView> lines_of(std::span<const wire::InputView> lines,
                                                    std::span<const std::string_view> feeds);
}  // namespace tocsin::daemon::faults
