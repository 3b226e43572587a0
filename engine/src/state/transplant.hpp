// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Transplant: what one book's rules remember, carried over to the block of another book.
///
/// Both bases are moved to one instant. What both books have is then taken over from the old base, where all of it was
/// worked out from inputs that history may no longer hold; what is new stays as the new engine's warming left it. At
/// the next instant everything is decided once, which changes nothing that was right, and the time up to the clock is
/// decided anew against what the old engine said.
#include "likeness.hpp"
#include "log.hpp"
#include "step.hpp"

namespace tocsin::engine {
class Transplant {
 public:
  Transplant(const Block& from, const Block& to, std::span<std::uint64_t> work);
  void run();

 private:
  void map_names(std::span<std::uint64_t> work);
  void meet();
  void take_log();
  void drop_strangers();
  [[nodiscard]] bool is_known(const LogEntry& entry) const;
  void take_entry(const LogEntry& entry);
  void take_reports(std::uint16_t index);
  void map_filters(std::uint16_t index, std::uint16_t old);
  [[nodiscard]] std::uint32_t matches_of(std::uint32_t old_matches, std::uint32_t warmed) const;
  void convert_ring(std::uint16_t index, std::uint16_t old);
  void fill_ring(std::uint16_t index, std::uint16_t old);
  void take_indicator(std::uint16_t index, std::uint16_t old) const;
  void take_contacts(std::uint16_t feed, std::uint16_t old) const;
  void take_nodes() const;
  void take_alerts();
  void take_theaters() const;
  void take_standing();
  void tell_raise(std::uint16_t alert, std::uint16_t old);
  void take_header();
  void finish_base();
  void finish();
  [[nodiscard]] EventKey key_in_new(const EventKey& key) const;
  [[nodiscard]] EventKey key_in_old(const EventKey& key) const;

  const Block& from_;
  const Block& to_;
  Likeness old_;
  Likeness new_;
  // Index in one book to index in the other, or kNone.
  std::span<std::uint16_t> new_feeds_;
  std::span<std::uint16_t> old_feeds_;
  std::span<std::uint16_t> new_origins_;
  std::span<std::uint16_t> old_origins_;
  std::span<std::uint16_t> new_indicators_;
  std::span<std::uint16_t> old_indicators_;
  // Of the indicator at hand: the old bit of each new one, or kNone; and those new bits that have none.
  std::uint16_t old_bits_[kFiltersMax];
  std::uint32_t new_only_ = 0;
  Instant at_ = 0;  ///< where both bases are
  EventKey key_{kNever, 0, 0};
};
}  // namespace tocsin::engine
