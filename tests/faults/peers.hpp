// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Well-behaved peers of a real daemon: a sender that sends again what was not acknowledged, and a subscriber
/// that catches up by number.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tocsin/wire/input_view.hpp"

#include "fixture.hpp"
#include "process.hpp"

namespace tocsin::daemon::faults {
/// Knows how many of its lines are acknowledged; the rest is sent again on a new connection.
class Sender {
 public:
  /// @param lines  outlive the sender. @param in_flight  frames sent and not acknowledged, at most.
  explicit Sender(std::vector<wire::InputView> lines, std::size_t items_per_frame = 3, std::uint64_t in_flight = 16)
      : lines_{std::move(lines)}, items_per_frame_{items_per_frame}, in_flight_{in_flight}, allowed_{lines_.size()} {}

  /// A new connection: counts from 1 and begins with the first line that is not acknowledged.
  void connect(test::PeerContext& context, const std::string& endpoint);
  void disconnect() { peer_.reset(); }
  /// Sends nothing beyond the first so many lines. Without it: all of them.
  void allow(std::size_t lines) { allowed_ = std::min(lines, lines_.size()); }
  /// Sends what may be on its way and hears what has come, waiting at most so long for something to hear. A refusal
  /// that asks to connect anew does so.
  /// @returns what it was refused for good, or empty.
  std::string turn(int wait_ms);
  /// Turns until everything is acknowledged or so much time is gone. @returns what went wrong, or empty.
  std::string finish(int within_ms);
  [[nodiscard]] bool done() const { return acknowledged_ == lines_.size(); }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] test::ReportSet sure() const { return test::reports_of(std::span{lines_}.first(acknowledged_)); }
  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  /// How often it was told to connect anew.
  [[nodiscard]] std::size_t told_to_connect() const { return told_to_connect_; }

 private:
  std::vector<wire::InputView> lines_;
  std::size_t items_per_frame_;
  std::uint64_t in_flight_;
  std::size_t allowed_;
  std::unique_ptr<test::Peer> peer_;
  test::PeerContext* context_ = nullptr;
  std::string endpoint_;
  std::size_t first_ = 0;  ///< line that frame 1 of this connection began with
  std::uint64_t sent_ = 0;
  std::uint64_t heard_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t told_to_connect_ = 0;
};

/// Takes each alert event once, in order: those it hears when their turn has come, the others by asking for them.
class Subscriber {
 public:
  void connect(test::PeerContext& context, const std::string& alerts, const std::string& control);
  void disconnect();
  /// Takes what has come. @returns what is wrong with it, or empty.
  std::string turn(int wait_ms);
  /// Asks for what it lacks, until there is no more. @returns what went wrong, or empty.
  std::string catch_up();
  /// What was taken, by number from 1.
  [[nodiscard]] const std::vector<test::Bytes>& taken() const { return taken_; }
  [[nodiscard]] std::size_t heard() const { return heard_count_; }
  [[nodiscard]] std::size_t asked() const { return asked_; }
  /// Alert events heard that said they are not journaled.
  [[nodiscard]] std::size_t not_journaled() const { return not_journaled_; }

 private:
  std::unique_ptr<test::Peer> alerts_;
  std::unique_ptr<test::Peer> control_;
  std::vector<test::Bytes> taken_;
  std::vector<bool> heard_;  ///< by number
  std::size_t heard_count_ = 0;
  std::size_t asked_ = 0;
  std::size_t not_journaled_ = 0;
};
}  // namespace tocsin::daemon::faults
