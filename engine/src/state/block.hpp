// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The engine's memory: plain records in one block of bytes, found by offsets that the image alone decides.
///
/// Order in the block; the part up to the mark is the checkpoint:
///   Header | base state | base rings | contact runs | log | standing events | alert memory | (mark) | head | scratch |
///   copies
///
/// Reports live once, in the log (those that late news may still reach past) or in the base rings (older ones). A
/// state holds only what the rules remember, so a copy of one is small.
#include <cstddef>
#include <span>

#include "tocsin/engine/engine.hpp"

namespace tocsin::engine {
/// Ready to be re-decided: the whole block's bookkeeping.
struct Header {
  std::uint32_t magic;
  std::uint32_t engine_version;
  std::uint64_t book_hash;
  std::uint64_t checkpoint_bytes;
  std::uint32_t crc;           ///< of the checkpoint with this field zero; set by save()
  std::uint8_t label;          ///< Status
  std::uint8_t evaluate_mask;  ///< bit per Status that is evaluated
  std::uint8_t phase;          ///< Phase
  std::uint8_t reserved;
  Instant first;  ///< the first instant
  Instant clock;
  Instant decided;        ///< head.evaluated; restore() steps the head to here
  Instant final_until;    ///< events up to here became final because their table was full
  Instant absorbed_time;  ///< greatest key absorbed into the base: time, feed, seq
  std::uint64_t absorbed_seq;
  std::uint16_t absorbed_feed;
  std::uint16_t log_count;
  std::uint16_t log_first;        ///< position of the oldest in the circular order
  std::uint16_t log_free;         ///< first free slot
  std::uint16_t log_withdrawals;  ///< entries that withdraw something
  std::uint16_t standing_count;
  std::uint16_t reserved2[2];
  Instant target;  ///< the clock the running step goes to
  Disposition disposition;
  std::uint8_t reserved3[7];
  Input input;  ///< of the running step
  Counters counters;
};

/// Where a step is: it pauses when too many events wait to be pulled and goes on while they are.
enum class Phase : std::uint8_t {
  idle = 0,       ///< done
  advancing = 1,  ///< time passes up to the line
  deciding = 2,   ///< the line counts; the instants from its time to the clock are decided anew
};

enum class EntryKind : std::uint8_t { free = 0, report = 1, retraction = 2 };

/// A report or withdrawal in the log.
struct LogEntry {
  Instant time;
  double value;
  std::uint64_t seq;
  std::uint64_t target_seq;
  std::uint32_t content;
  std::uint16_t feed;
  std::uint16_t indicator;
  std::uint16_t origin;
  std::uint16_t older;  ///< slot of the next older report of the indicator, or kNone
  std::uint16_t newer;  ///< or the next free slot
  EntryKind kind;
  std::uint8_t credibility;
  bool has_target;
  bool withdrawn;  ///< a report that something withdrew: not in its indicator's chain
  std::uint8_t reserved[6];
};

/// A report in a base ring.
struct Sample {
  Instant time;
  double value;
  std::uint64_t seq;
  std::uint16_t feed;
  std::uint16_t origin;
  std::uint8_t credibility;
  std::uint8_t reserved[3];
};

/// A base ring's bookkeeping and the ends of its indicator's chain in the log.
struct Ring {
  Instant pushed_out;   ///< time of the newest report pushed out of the ring, or kNever
  std::uint16_t start;  ///< index of the oldest sample
  std::uint16_t count;
  std::uint16_t newest;  ///< newest slot of the chain, or kNone
  std::uint16_t oldest;
};

/// A run of heartbeats of one feed, close enough that the feed was never overdue between.
struct ContactRun {
  Instant start;
  Instant end;
};

/// An alert event that late news may still withdraw, or one that is on its way out.
struct StandingEvent {
  Instant at;
  Instant raised_at;  ///< of known: when the doubt it ends was told
  Instant detected_at;
  std::uint16_t alert;
  std::uint16_t rev;
  EventKind kind;
  Level level;
  std::uint8_t flags;  ///< EventFlag bits
  std::uint8_t reserved;
};
enum EventFlag : std::uint8_t {
  kFresh = 1,        ///< to be handed out
  kMatched = 4,      ///< found again by the running re-decision
  kWithdrawn = 8,    ///< withdrawn; kept for `rev`
  kRetractDue = 16,  ///< the withdrawal is to be handed out
  kTransient = 32,   ///< unknown or known: no part of what stands; lives for one step
};

/// What is remembered of an alert beside its states: late news does not touch it.
struct AlertMemory {
  Instant told;         ///< the instant its `unknown` was told, or kNever
  Instant final_raise;  ///< the newest of its raises that became final, or kNever
  std::uint16_t final_rev;
  std::uint8_t reserved[6];
};

struct StateHeader {
  Instant evaluated;  ///< every instant up to here is decided
  Instant last;       ///< the instant of the last evaluation, or kNever
  Instant due;        ///< the next instant at which time alone may change something
};

/// What a node remembers. Meaning of the instants by operation:
///   hold_for: since_yes/since_maybe = start of the operand's run of yes / of not-no, kForever outside one
///   in_last, then: since_yes/since_maybe = latest instant the (left) operand was yes / not no, kNever if never
///   then: witness = since_yes when the right operand's present truth began
struct NodeState {
  double value;
  Instant due;
  Instant since_yes;
  Instant since_maybe;
  Instant witness;
  Truth truth;
  Truth left;     ///< in_last, then: the (left) operand's value since the last evaluation
  Truth right;    ///< then: likewise
  Truth latched;  ///< then: the answer while the right operand stays true
  bool known;
  bool saturated;
  bool reached;  ///< of the scratch state only: working mark of a walk
  std::uint8_t reserved;
};

struct IndicatorState {
  std::uint16_t tail;  ///< newest log slot up to `evaluated`, or kNone: the base ring is newest
  bool blind;
  bool touched;  ///< a report of it has the instant under evaluation
};

struct FeedState {
  Instant contact;  ///< newest report up to `evaluated` (or heartbeat folded into the base), or kNever
  bool overdue;
  std::uint8_t reserved[7];
};

struct AlertMachine {
  Instant raised_at;    ///< of the present episode
  Instant last_raise;   ///< kNever before the first
  Instant clear_since;  ///< start of the clear condition's run of yes, kForever outside one
  Instant doubt_since;  ///< when `in doubt` (down and when unknown) last changed
  std::uint16_t needs_met;
  bool raised;
  bool in_doubt;
  Level level;
  Truth when;
  std::uint8_t reserved[2];
};

struct TheaterState {
  Instant next_step;  ///< when it goes down by one, or kForever
  Level level;
  Level base;  ///< highest raised
  std::uint8_t reserved[6];
};

/// One evaluation state: views of its arrays in the block.
struct State {
  StateHeader* header;
  std::span<NodeState> nodes;
  std::span<IndicatorState> indicators;
  std::span<FeedState> feeds;
  std::span<AlertMachine> alerts;
  std::span<TheaterState> theaters;
};

/// Bookkeeping of one copy.
struct CopyMark {
  bool valid;
  std::uint8_t reserved[7];
};

/// Views of a block. Cheap to make; owns nothing.
class Block {
 public:
  Block(const Image& image, const Layout& layout, std::byte* bytes);

  [[nodiscard]] const Image& image() const { return image_; }
  [[nodiscard]] Header& header() const { return *header_; }
  [[nodiscard]] const State& base() const { return base_; }
  [[nodiscard]] const State& head() const { return head_; }
  [[nodiscard]] const State& scratch() const { return scratch_; }
  [[nodiscard]] State copy(std::size_t index) const;
  [[nodiscard]] std::span<CopyMark> copy_marks() const { return copy_marks_; }
  [[nodiscard]] std::span<Ring> rings() const { return rings_; }
  /// Samples of one indicator's ring, in storage order.
  [[nodiscard]] std::span<Sample> samples(std::uint16_t indicator) const;
  /// Runs of one feed, oldest first; the first contact_counts()[feed] are in use.
  [[nodiscard]] std::span<ContactRun> contact_runs(std::uint16_t feed) const;
  [[nodiscard]] std::span<std::uint16_t> contact_counts() const { return contact_counts_; }
  /// Per feed: one above the highest seq ever taken into the log; 0 before the first.
  [[nodiscard]] std::span<std::uint64_t> seq_ends() const { return seq_ends_; }
  [[nodiscard]] std::span<LogEntry> log() const { return log_; }
  [[nodiscard]] std::span<std::uint16_t> order() const { return order_; }
  [[nodiscard]] std::span<StandingEvent> standing() const { return standing_; }
  [[nodiscard]] std::span<AlertMemory> memory() const { return memory_; }
  /// Copies one state's memory over another's.
  void assign(const State& to, const State& from) const;

 private:
  State state_at(std::size_t offset) const;

  const Image& image_;
  const Layout& layout_;
  std::byte* bytes_;
  Header* header_;
  State base_;
  State head_;
  State scratch_;
  std::size_t copies_offset_;
  std::span<CopyMark> copy_marks_;
  std::span<Ring> rings_;
  std::span<Sample> samples_;
  std::span<ContactRun> contact_runs_;
  std::span<std::uint16_t> contact_counts_;
  std::span<std::uint64_t> seq_ends_;
  std::span<LogEntry> log_;
  std::span<std::uint16_t> order_;
  std::span<StandingEvent> standing_;
  std::span<AlertMemory> memory_;
};
}  // namespace tocsin::engine
