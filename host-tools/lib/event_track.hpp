// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file EventTrack: which alert events a watcher has shown, by their numbers, so that each is shown once and none is
/// passed over; and whether the numbers that it hears are still those of the same journal.
///
/// A journal numbers its events 1, 2, 3 ... A watcher hears of them on a subscription, where messages may be lost, and
/// can fetch them, if it has somebody to ask. On one connection numbers only rise, so one that falls is of another
/// journal, or of an older copy. One that is merely below what was fetched may have waited in the queue meanwhile.
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace tocsin::tools {
/// What a number that was heard means.
enum class Heard : std::uint8_t {
  fresh = 0,     ///< show it; it counts as shown from now on
  seen = 1,      ///< nothing new
  doubtful = 2,  ///< it waited in the queue, or the numbers fell: ask for the newest, then vouch() or restart()
  back = 3,      ///< the numbers fell: restart(), and hear it again
};

/// No sockets, so that tests drive it. One owner, one thread.
class EventTrack {
 public:
  /// @param fills  holes can be fetched. Otherwise the mark goes over them.
  explicit EventTrack(bool fills) : fills_{fills} {}

  /// All events up to `mark` were shown, or are not to be: at the start, and when the numbers fell.
  void restart(std::uint64_t mark);
  /// From here on numbers are heard on another connection.
  void connected();
  /// An event was heard. @param bytes  as published: once to each audience, so the same ones may come again.
  [[nodiscard]] Heard live(std::uint64_t number, std::span<const std::byte> bytes);
  /// The daemon says that this is its newest event.
  [[nodiscard]] Heard head(std::uint64_t number) const;
  /// The journal behind the daemon was asked, and has all that is known here: what is below may come late.
  void vouch() { vouched_ = newest(); }
  /// An event was fetched, the next one above mark() that there is. @returns whether to show it.
  [[nodiscard]] bool fetched(std::uint64_t number, std::span<const std::byte> bytes);
  /// An event that is not to be shown, up to mark(): so that a journal with another one of its number is told from
  /// this.
  void know(std::uint64_t number, std::span<const std::byte> bytes) { remember(number, bytes); }
  /// All up to here was fetched: what was not among it is not for us to see, or gone.
  void fetched_up_to(std::uint64_t number);

  /// All up to it was shown or is not to be.
  [[nodiscard]] std::uint64_t mark() const { return mark_; }
  /// The highest number known: above mark() when events were shown beyond a hole.
  [[nodiscard]] std::uint64_t newest() const { return ahead_.empty() ? mark_ : *ahead_.rbegin(); }
  /// The newest event of which the bytes are known; 0: none.
  [[nodiscard]] std::uint64_t last() const { return last_; }
  [[nodiscard]] bool is_last(std::span<const std::byte> bytes) const;

 private:
  void remember(std::uint64_t number, std::span<const std::byte> bytes);

  bool fills_;
  std::uint64_t mark_ = 0;
  std::set<std::uint64_t> ahead_;  ///< shown beyond a hole
  std::uint64_t floor_ = 0;        ///< what is heard on this connection is not below it
  std::uint64_t vouched_ = 0;      ///< up to here numbers may come late on this connection
  std::uint64_t last_ = 0;
  std::vector<std::byte> last_bytes_;
};
}  // namespace tocsin::tools
