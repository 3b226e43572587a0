// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Outbox: which lines are still to be sent, which are on their way, and what the daemon said of them. No
/// sockets.
///
/// Frames are numbered from 1 on each connection. What is not acknowledged when a connection ends is sent again, in
/// order, on the next one: resending is harmless, the daemon knows the numbers it has taken.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "tocsin/wire/batch_codec.hpp"
#include "tocsin/wire/control_codec.hpp"

namespace tocsin::tools {
class Outbox {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kFramesInFlightMax = 32;
  static constexpr unsigned kAttemptsMax = 12;

  /// One frame ready to go. `number` is its number on this connection.
  struct Frame {
    std::uint64_t number = 0;
    std::vector<std::size_t> items;
    std::vector<std::byte> bytes;
  };
  /// Gives the lines `indices` to `use`; their views live as long as the call.
  using Views = std::function<void(std::span<const std::size_t> indices,
                                   const std::function<void(std::span<const wire::InputView>)>& use)>;
  /// Called once per line that is refused for good.
  using Refused = std::function<void(std::size_t index, const wire::RefusedItem& why)>;

  /// @param count  lines, named by index 0..count-1, sent in this order.
  Outbox(std::size_t count, Views views, Refused refused)
      : views_{std::move(views)}, refused_{std::move(refused)}, count_{count}, attempts_(count) {}

  /// Lines up to this index may go (not included); default: all. Lets a caller hold lines back until their time.
  void release_until(std::size_t index) { released_ = index; }
  /// The next frame to send, made of lines waiting to be sent again or of at most `items_max` new ones; nothing when
  /// the window is full or there is nothing to send. The frame then counts as sent.
  [[nodiscard]] const Frame* next_frame(Clock::time_point now, std::size_t items_max = wire::kFrameItemsMax);
  /// The frame that next_frame() just gave did not go out.
  void unsend();
  /// Takes an acknowledgement. @returns lines decided by it.
  std::size_t acknowledge(const wire::Ack& ack, Clock::time_point now);
  /// True when the daemon misses frames of this connection (it forgot the peer): a new connection is needed.
  [[nodiscard]] static bool lost_frames(const wire::Ack& ack);
  /// The connection ended: all that is on its way waits to be sent again, frames are numbered from 1.
  void connection_lost();

  [[nodiscard]] bool done() const { return taken_ + refused_count_ == count_; }
  [[nodiscard]] std::size_t taken() const { return taken_; }
  [[nodiscard]] std::size_t refused() const { return refused_count_; }
  [[nodiscard]] std::size_t resent() const { return resent_; }
  [[nodiscard]] std::size_t in_flight() const { return flight_.size(); }
  /// When a line that was told to come later is due; nothing when none is.
  [[nodiscard]] std::optional<Clock::time_point> next_retry() const;

 private:
  struct Later {
    Clock::time_point due;
    std::size_t index;
  };
  [[nodiscard]] std::vector<std::size_t> pick(Clock::time_point now, std::size_t items_max);
  void refuse(std::size_t index, const wire::RefusedItem& why, Clock::time_point now);

  Views views_;
  Refused refused_;
  std::size_t count_;
  std::size_t next_ = 0;
  std::size_t released_ = SIZE_MAX;
  std::size_t taken_ = 0;
  std::size_t refused_count_ = 0;
  std::size_t resent_ = 0;
  std::uint64_t next_number_ = 1;
  std::deque<Frame> flight_;
  std::deque<std::size_t> again_;  ///< not acknowledged when a connection ended
  std::vector<Later> later_;       ///< refused with `retry`
  std::vector<std::uint8_t> attempts_;
};
}  // namespace tocsin::tools
