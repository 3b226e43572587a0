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
  /// Counts that can be under way before anything of them is stored; of a publisher that begins more often two old ones
  /// are told as one.
  static constexpr std::size_t kRunsMax = 4;

  /// What a message's number tells.
  struct Taken {
    std::optional<MissingFrames> missing{};  ///< what should have come before it
    bool restarted = false;                  ///< the publisher counts anew
    bool repeated = false;                   ///< this number came before
  };

  /// Goes on from what is stored: what the publisher said since then and nobody heard shows with its next message.
  void resume(std::uint64_t stored);
  /// A message came. The very first one begins the count: what was said before it was not meant for us.
  [[nodiscard]] Taken take(std::uint64_t frame);
  /// The newest message, when it is not among what was sealed last; nothing: there is none, or a publisher does not
  /// number.
  [[nodiscard]] std::optional<std::uint64_t> unsealed() const;
  /// All that came so far is in this slab or was stored before it, and its mark with it.
  void seal(std::size_t slab);
  /// What was sealed with a slab is stored.
  void stored(std::size_t slab);
  /// What is not stored was thrown away and is missing now: it is to be told with the slab that is sealed next.
  /// @returns it, with what was missing among it, by count; and again, until a slab that was sealed since then is
  /// stored.
  [[nodiscard]] std::array<std::optional<MissingFrames>, kRunsMax> throw_away();

 private:
  /// A count from its beginning, or from what is stored of it.
  struct Run {
    std::uint64_t stored = 0;  ///< all up to this one is stored, and so is what is missing among it
    std::uint64_t last = 0;    ///< the newest that came
  };
  struct Sealed {
    std::size_t run = 0;
    std::uint64_t last = 0;
  };
  void begin_run_();
  void merge_two_();
  void merge_with_next_(std::size_t run);
  void drop_runs_(std::size_t count);

  std::array<Run, kRunsMax> runs_{};
  std::size_t count_ = 0;  ///< of them; 0: nothing was heard yet
  std::array<std::optional<Sealed>, 2> sealed_{};
  bool unsealed_ = false;
};
}  // namespace tocsin::daemon
