// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file InputView: one input line with its names still as text, as it comes from a buffer or a JSON line.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tocsin/engine/input.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::wire {
inline constexpr std::size_t kTagsMax = 8;
inline constexpr std::size_t kReleasesMax = 8;
/// Longest name, reference and note accepted [bytes].
inline constexpr std::size_t kNameBytesMax = 64;
inline constexpr std::size_t kRefBytesMax = 200;
inline constexpr std::size_t kNoteBytesMax = 480;

using Marking = engine::Marking;

/// A short list of views in fixed storage. What is beyond `size` is never touched: lines are copied by the hundred
/// thousand, and most lists are empty.
template <std::size_t kCapacity>
struct ViewList {
  ViewList() : size{0} {}
  ViewList(const ViewList& other) : size{other.size} { copy_(other); }
  ViewList& operator=(const ViewList& other) {
    size = other.size;
    copy_(other);
    return *this;
  }
  ~ViewList() = default;

  std::uint8_t size;
  union {
    std::array<std::string_view, kCapacity> items;
  };

 private:
  void copy_(const ViewList& other) {
    for (std::size_t i = 0; i < size && i < kCapacity; ++i) items[i] = other.items[i];
  }
};

/// One input line. Views point into the buffer or line it was read from and live as long as that. An empty view means
/// absent. Also what an encoder takes.
struct InputView {
  engine::InputKind kind = engine::InputKind::report;
  engine::Status status = engine::Status::actual;
  Marking marking = Marking::unspecified;
  std::uint8_t credibility = 0;  ///< 1..6; 0 absent
  std::string_view feed;
  std::string_view indicator;
  std::string_view origin;
  std::string_view actor;
  std::string_view target;
  std::string_view unit;
  std::string_view ref;
  std::string_view note;
  std::optional<std::uint64_t> seq;         ///< report, retraction
  std::optional<std::uint64_t> target_seq;  ///< retraction: the seq it retracts; report: the seq it supersedes
  std::optional<double> value;              ///< absent: 1
  std::optional<double> latitude;           ///< degrees north, -90..90
  std::optional<double> longitude;          ///< degrees east, -180..180
  std::optional<engine::Instant> received;  ///< absent: as soon as possible
  engine::Instant time = 0;                 ///< of a clock line: the clock
  ViewList<kTagsMax> tags;
  ViewList<kReleasesMax> release;
};

/// Why an input is refused. The numbers are on the wire and in the journal: append only.
enum class Refusal : std::uint8_t {
  none = 0,
  malformed = 1,  ///< fails the verifier, or has no or several kinds
  unknown_feed = 2,
  unknown_indicator = 3,
  feed_not_allowed = 4,  ///< the book does not let this feed carry this indicator
  unknown_origin = 5,    ///< the book has no such origin, or the feed does not carry it
  origin_missing = 6,    ///< the feed carries several origins and the report names none
  bad_value = 7,         ///< not finite
  bad_time = 8,          ///< outside 1970..9999
  bad_seq = 9,           ///< missing or not below 2^53
  too_far_ahead = 10,    ///< beyond max_skew in the future: retry
  not_authorised = 11,   ///< this principal may not speak for this feed or indicator
  reused_seq = 12,       ///< same feed and seq with other content
  too_long = 13,         ///< a name, reference or note is longer than its limit
  bad_field = 14,        ///< another field is out of range
  seq_jump = 15,         ///< seq jumps by more than 2^20 without Hello
  full = 16,             ///< no place left for waiting reports: retry
  over_quota = 17,       ///< retry
  not_durable = 18,      ///< the journal failed before it was stored: retry on a new connection
};
inline constexpr std::size_t kRefusals = 19;
/// Short stable name (snake_case, as above) and a sentence with the mend, for logs, acks and people.
[[nodiscard]] const char* name_of(Refusal refusal);
[[nodiscard]] const char* sentence_of(Refusal refusal);
/// True when the sender should send it again later (too_far_ahead, full, over_quota, not_durable), false when that is
/// useless.
[[nodiscard]] bool is_retry(Refusal refusal);

/// Checks an input against a book and resolves its names.
/// @param view      the line. Its `received` becomes out.received; the engine itself never turns its clock back.
/// @param clock_now the clock before this line: a missing `received` becomes max(time, clock_now). Of a clock line
///                  out.received is its time.
/// @param out       set only when none is returned; out.content is the CRC-32 of everything but `received`, the same
///                  number on every target and for every form of the line (an absent value is 1, -0 is 0).
/// @returns none, or why it is refused.
[[nodiscard]] Refusal bind(const InputView& view, const engine::Image& image, engine::Instant clock_now,
                           engine::Input& out);
/// The same of a line that a BatchReader or JournalBatchReader gave without a refusal: its fields are not checked
/// again.
[[nodiscard]] Refusal bind_checked(const InputView& view, const engine::Image& image, engine::Instant clock_now,
                                   engine::Input& out);
}  // namespace tocsin::wire
