// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file FrameCount: which of a publisher's messages came, which of them are stored, and which are missing. A publisher
/// numbers its messages from 1 and cannot be asked to say one again. One owner, one thread; no heap.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace tocsin::daemon {
/// Messages that are missing: `first` to `last`, both missing, too.
struct MissingFrames {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  [[nodiscard]] std::uint64_t count() const { return last - first + 1; }
};

class FrameCount {
 public:
  /// What a message's number tells.
  struct Taken {
    std::optional<MissingFrames> missing{};  ///< what should have come before it
    bool restarted = false;                  ///< the publisher counts anew
  };

  /// Goes on from what is stored: what the publisher said since then and nobody heard shows with its next message.
  void resume(std::uint64_t stored);
  /// A message came, and is decided into a slab. The very first one begins the count: what was said before it was not
  /// meant for us.
  [[nodiscard]] Taken take(std::uint64_t frame, std::size_t slab);
  /// The newest message of a slab; nothing: none came since it was last stored.
  [[nodiscard]] std::optional<std::uint64_t> newest(std::size_t slab) const { return newest_.at(slab); }
  /// What a slab holds is stored.
  void stored(std::size_t slab);
  /// What is not stored was thrown away, and is told as missing in a slab. @returns it, with what was missing among it:
  /// of the count before a restart, and of the present one.
  [[nodiscard]] std::array<std::optional<MissingFrames>, 2> throw_away(std::size_t slab);

 private:
  bool any_ = false;
  std::uint64_t last_ = 0;    ///< the newest that came
  std::uint64_t stored_ = 0;  ///< all up to this one is stored, or told as missing
  std::array<std::optional<std::uint64_t>, 2> newest_{};
  std::optional<std::uint64_t> before_restart_{};  ///< the newest of the count before, while the restart is not stored
  std::size_t restart_slab_ = 0;
};
}  // namespace tocsin::daemon
