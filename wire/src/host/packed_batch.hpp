// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The packed form of a journal row: what a batch of inputs says, in about half the bytes of a JournalBatch of
/// schemas/report.fbs. Each byte of a row is hashed, summed, copied and written, so its size is what a commit costs.
///
/// A row is `TCJ2`, the number of items, and the items one after the other. Numbers are little endian; a *varint* has
/// seven bits in a byte, the lowest first, and the top bit where more follow; a *difference* is a varint of (n << 1) ^
/// (n >> 63), reckoned modulo 2^64. An item is
///   flags           16 bits: kind (2), disposition (3), then the bits of Has
///   clock           difference from the item before, the first from 0
///   principal       varint
///   time            difference from its clock; of `received` likewise, where it has one
///   feed            name; not of a clock line
///   seq, target_seq differences: from the item before that had one, the first from 0; from its own seq, or from 0
///   of a report     indicator, origin (names); value, latitude, longitude (64 bits each, where it has them);
///                   credibility, status, marking (a byte each); actor, target, unit (names); ref, note (texts); tags,
///                   release (a count and names each)
/// A text is its size as a varint and its bytes. A name is a varint: 0 absent; 1 a text follows; n + 2 the n-th text
/// that came as a name in this row. Only the first kNamesMax of those are remembered.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::wire::packed {
inline constexpr std::array kMagic = {std::byte{'T'}, std::byte{'C'}, std::byte{'J'}, std::byte{'2'}};
inline constexpr std::size_t kNamesMax = 1024;

/// What an item has, as bits of its flags.
enum Has : std::uint16_t {
  kReceived = 1U << 5U,
  kSeq = 1U << 6U,
  kTargetSeq = 1U << 7U,
  kValue = 1U << 8U,
  kLatitude = 1U << 9U,
  kLongitude = 1U << 10U,
  kGrades = 1U << 11U,  ///< credibility, status or marking is not 0
  kActors = 1U << 12U,  ///< actor, target or unit is there
  kRef = 1U << 13U,
  kNote = 1U << 14U,
  kLists = 1U << 15U,
};
[[nodiscard]] std::uint16_t has_of(const InputView& input);
/// What items of a kind may have.
[[nodiscard]] std::uint16_t may_have(engine::InputKind kind);

/// The roles of names, each of which mostly says what it said before.
enum class Role : std::uint8_t { feed, indicator, origin, actor, target, unit, listed };
inline constexpr std::size_t kRoles = 7;

class Writer {
 public:
  Writer();
  /// Valid until the next call. Once storage has grown to the largest row it allocates nothing.
  [[nodiscard]] std::span<const std::byte> encode(std::span<const JournalItem> items);

 private:
  struct Known {
    std::string_view text;
    std::uint64_t code = 0;
  };
  void put_(const JournalItem& item);
  void report_(const InputView& input, std::uint16_t has);
  void room_(std::size_t bytes);
  void byte_(std::uint8_t value) { bytes_[size_++] = static_cast<std::byte>(value); }
  void varint_(std::uint64_t value);
  void difference_(std::uint64_t value, std::uint64_t from);
  void number_(double value);
  void text_(std::string_view text);
  void name_(std::string_view text, Role role);
  template <std::size_t kCapacity>
  void list_(const ViewList<kCapacity>& list);
  /// The slot of a name in places_, or the free one where it belongs.
  [[nodiscard]] std::uint16_t& place_of_(std::string_view text);

  std::vector<std::byte> bytes_;
  std::size_t size_ = 0;
  std::uint64_t clock_ = 0;
  std::uint64_t seq_ = 0;
  std::array<Known, kRoles> latest_{};
  std::vector<std::string_view> names_;
  std::vector<std::uint16_t> places_;  ///< by hash: number of a name + 1, or 0
};

/// Reads a row item by item. @pre the row outlives it and what it gave.
class Reader {
 public:
  /// @returns false when it is no packed row.
  [[nodiscard]] bool open(std::span<const std::byte> row);
  [[nodiscard]] std::size_t count() const { return count_; }
  /// The next item, its fields not checked. @returns false where the row cannot be read on: nor can what follows.
  [[nodiscard]] bool next(JournalItem& out);

 private:
  [[nodiscard]] bool read_(JournalItem& out);
  [[nodiscard]] bool read_report_(InputView& out, std::uint16_t has);
  [[nodiscard]] bool byte_(std::uint8_t& out);
  [[nodiscard]] bool varint_(std::uint64_t& out);
  [[nodiscard]] bool difference_(std::uint64_t from, std::uint64_t& out);
  [[nodiscard]] bool instant_(std::uint64_t from, engine::Instant& out);
  [[nodiscard]] bool number_(double& out);
  [[nodiscard]] bool text_(std::string_view& out);
  [[nodiscard]] bool name_(std::string_view& out);
  template <std::size_t kCapacity>
  [[nodiscard]] bool list_(ViewList<kCapacity>& out);

  std::span<const std::byte> rest_;
  std::size_t count_ = 0;
  std::size_t left_ = 0;
  std::uint64_t clock_ = 0;
  std::uint64_t seq_ = 0;
  std::vector<std::string_view> names_;
};
}  // namespace tocsin::wire::packed
