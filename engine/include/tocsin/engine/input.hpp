// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Input: one line as the engine takes it, names already resolved to indices of the loaded image.
#include "tocsin/engine/base/types.hpp"

namespace tocsin::engine {
enum class InputKind : std::uint8_t { report = 0, heartbeat = 1, retraction = 2, clock = 3 };

/// Input::actor and target: named, but not a name of the book.
inline constexpr std::uint16_t kOther = 0xFFFE;

/// One input line. Fields that a kind does not use are ignored.
struct Input {
  InputKind kind = InputKind::clock;
  Status status = Status::actual;   ///< report
  std::uint8_t credibility = 0;     ///< report: 1..6, 0 not given
  bool has_target_seq = false;      ///< report: supersedes; retraction: always
  std::uint16_t feed = kNone;       ///< all but clock
  std::uint16_t indicator = kNone;  ///< report
  std::uint16_t origin = kNone;     ///< report
  std::uint16_t actor = kNone;      ///< report: actor of the book, kOther, or kNone: not given
  std::uint16_t target = kNone;     ///< report: likewise
  bool has_tags = false;            ///< report: it has at least one tag, known to the book or not
  std::uint8_t unused = 0;          ///< no padding: a checkpoint holds the last line, and equal ones are equal bytes
  std::uint32_t content = 0;        ///< report, retraction: CRC-32 of all but `received`; tells duplicate from reused
  std::uint32_t unused_too = 0;
  Instant time = 0;              ///< when it happened; of a retraction: the retracted report's time
  Instant received = 0;          ///< the clock moves here first (never back); of a clock: the clock itself
  std::uint64_t seq = 0;         ///< report, retraction: below kSeqEnd
  std::uint64_t target_seq = 0;  ///< the seq that is retracted or superseded
  double value = 1.0;            ///< report: finite
  std::uint64_t tags = 0;        ///< report: bit per index of Image::tags
};
static_assert(sizeof(Input) == 72, "no padding");
}  // namespace tocsin::engine
