// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Log: the reports and withdrawals that late news may still reach past, once each, in event order.
///
/// Event order is (time, feed name, seq); feed indices are in name order. Positions are 0 (oldest) .. count-1.
#include "block.hpp"

namespace tocsin::engine {
/// The total order of reports and withdrawals.
struct EventKey {
  Instant time;
  std::uint64_t seq;
  std::uint16_t feed;

  friend constexpr bool operator<(const EventKey& left, const EventKey& right) {
    if (left.time != right.time) return left.time < right.time;
    if (left.feed != right.feed) return left.feed < right.feed;
    return left.seq < right.seq;
  }
  friend constexpr bool operator==(const EventKey&, const EventKey&) = default;
};

class Log {
 public:
  explicit Log(const Block& block) : block_{block} {}

  /// Makes every slot free.
  void clear() const;
  [[nodiscard]] std::size_t count() const { return block_.header().log_count; }
  [[nodiscard]] bool full() const { return count() == block_.log().size(); }
  [[nodiscard]] std::uint16_t slot_at(std::size_t position) const { return block_.order()[wrapped(position)]; }
  [[nodiscard]] LogEntry& entry(std::uint16_t slot) const { return block_.log()[slot]; }
  [[nodiscard]] static EventKey key_of(const LogEntry& entry) { return {entry.time, entry.seq, entry.feed}; }
  /// First position whose entry's time is after `instant`; count() when there is none.
  [[nodiscard]] std::size_t first_after(Instant instant) const;
  /// Newest time in the log, or kNever. The oldest, or kForever.
  [[nodiscard]] Instant newest_time() const { return count() > 0 ? entry(slot_at(count() - 1)).time : kNever; }
  [[nodiscard]] Instant oldest_time() const { return count() > 0 ? entry(slot_at(0)).time : kForever; }
  /// True when some entry at or after `since` withdraws that seq of that feed.
  [[nodiscard]] bool is_withdrawn(std::uint16_t feed, std::uint64_t seq, Instant since) const;
  /// Slot of the entry with that feed and seq, whatever its time and kind, or kNone.
  [[nodiscard]] std::uint16_t find_seq(std::uint16_t feed, std::uint64_t seq) const;
  /// Slot of the report with that feed and seq, or kNone.
  [[nodiscard]] std::uint16_t find_report(std::uint16_t feed, std::uint64_t seq) const;
  /// Puts the input in its place. @pre not full. A report that is not withdrawn joins its indicator's chain.
  /// @param matches  the filters of its indicator that it passes.
  std::uint16_t insert(const Input& input, std::uint32_t matches, bool withdrawn) const;
  /// Takes a report out of its chain for good; it stays in the log so that duplicates of it are known.
  void withdraw(std::uint16_t slot) const;
  /// Frees the oldest entry. @pre count() > 0.
  void pop_oldest() const;
  /// Frees any entry. @pre position < count().
  void erase(std::size_t position) const;

 private:
  [[nodiscard]] std::size_t wrapped(std::size_t position) const {
    const std::size_t index = block_.header().log_first + position;
    return index < block_.order().size() ? index : index - block_.order().size();
  }
  [[nodiscard]] std::size_t first_not_before(const EventKey& key) const;
  /// The head of the chain of a (feed, seq).
  [[nodiscard]] std::uint16_t& head_of(std::span<std::uint16_t> heads, std::uint16_t feed, std::uint64_t seq) const {
    const std::uint32_t hash = static_cast<std::uint32_t>(seq) + std::uint32_t{feed} * 0x9E3779B1U;
    return heads[hash & (heads.size() - 1)];
  }
  void make_gap(std::size_t position) const;
  void chain(std::uint16_t slot) const;
  void unchain(std::uint16_t slot) const;
  void link(std::uint16_t slot) const;
  void unlink(std::uint16_t slot) const;
  void free_slot(std::uint16_t slot) const;

  const Block& block_;
};
}  // namespace tocsin::engine
