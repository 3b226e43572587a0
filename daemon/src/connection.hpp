// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Connection: one peer of an ingest socket, and what it is to be told once that is durable.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tocsin/wire/control_codec.hpp"

namespace tocsin::daemon {
struct Principal;

/// Frames count from 1 without gaps: where one is missing, a connection broke and what was on its way is lost, so
/// nothing after the gap may be acknowledged. What a frame led to waits with the batch (slab 0 or 1) that its inputs
/// went into, and is told when that is stored.
class Connection {
 public:
  /// "Every frame up to this one is decided, but for those refused."
  struct Verdict {
    bool due = false;
    std::uint64_t frame = 0;
    std::vector<wire::RefusedItem> refused;
  };

  /// Counting from 1 again, or another in this one's place: what was before is over.
  void begin_anew();
  /// What the frames of the filling slab lead to; `frame` is to be told with it.
  Verdict& verdict(std::size_t slab) { return waiting_[slab]; }
  /// A slab is stored: what waited for it is due.
  void stored(std::size_t slab);
  /// Nothing that waits will be stored: frames after the last acknowledged one must come again on a new connection, and
  /// the sender is told so if there are any.
  void lost(const char* text);
  /// What waits is never told; frames count on.
  void forget_waiting();

  [[nodiscard]] bool ready() const { return ready_.due; }
  [[nodiscard]] const Verdict& to_tell() const { return ready_; }
  void told();
  /// Refusals that nobody has been told.
  [[nodiscard]] std::size_t untold() const {
    return ready_.refused.size() + waiting_[0].refused.size() + waiting_[1].refused.size();
  }

  std::uint64_t last_frame = 0;      ///< highest number decided
  std::uint64_t used = 0;            ///< when it spoke last, in messages
  int fd = -1;                       ///< of the connection
  const Principal* whose = nullptr;  ///< who speaks; null: nobody who may, or nothing was heard yet
  unsigned misnamed = 0;             ///< messages refused for a routing id that the peer chose

 private:
  static void clear_(Verdict& verdict);

  std::uint64_t acknowledged_ = 0;
  bool awaited_ = false;  ///< something that was forgotten would have been told
  std::array<Verdict, 2> waiting_;
  Verdict ready_;
};
}  // namespace tocsin::daemon
