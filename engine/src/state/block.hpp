// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The engine's memory: plain records in one block of bytes, found by offsets that the image alone decides.
///
/// Order in the block; the part up to the mark is the checkpoint:
///   Header | base state | base rings | contact runs | log | standing events | alert memory | (mark) | head | scratch |
///   copies | plan | work space
///
/// Reports live once, in the log (those that late news may still reach past) or in the base rings (older ones). A
/// state holds only what the rules remember, so a copy of one is small. The plan follows from the image alone: who must
/// be decided again when something changes.
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
  Instant decided;      ///< head.evaluated; restore() steps the head to here
  Instant final_until;  ///< events up to here are final because too many came after them: late news up to here is stale
  Instant forgotten_until;  ///< the newest withdrawn raise that is no longer remembered (AlertMemory::forgotten_rev)
  Instant absorbed_time;    ///< greatest key absorbed into the base: time, feed, seq
  std::uint64_t absorbed_seq;
  std::uint16_t absorbed_feed;
  std::uint16_t log_count;
  std::uint16_t log_first;        ///< position of the oldest in the circular order
  std::uint16_t log_free;         ///< first free slot
  std::uint16_t log_withdrawals;  ///< entries that withdraw something
  std::uint16_t standing_count;
  std::uint16_t standing_first;  ///< position of the oldest in the circular order
  std::uint16_t fresh_count;     ///< standing events to be handed out
  std::uint16_t retract_count;   ///< withdrawals to be handed out
  std::uint16_t transient_count;
  std::uint16_t told_count;  ///< alerts whose doubt was told
  std::uint16_t next_fresh;  ///< no standing event before this position is to be handed out
  Instant target;            ///< the clock the running step goes to
  Disposition disposition;
  bool replaced;                  ///< a transplant is being decided
  std::uint16_t withdrawn_count;  ///< standing events that are withdrawn, those to be handed out included
  std::uint8_t reserved3[4];
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
  std::uint32_t matches;  ///< bit per filter of the indicator
  std::uint16_t feed;
  std::uint16_t indicator;
  std::uint16_t origin;
  std::uint16_t older;        ///< slot of the next older report of the indicator, or kNone
  std::uint16_t newer;        ///< or the next free slot
  std::uint16_t same_seq;     ///< next slot in the chain of its (feed, seq), or kNone
  std::uint16_t same_target;  ///< next slot in the chain of its (feed, target_seq), or kNone
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
  std::uint32_t matches;
  std::uint16_t feed;
  std::uint16_t origin;
  std::uint8_t credibility;
  std::uint8_t reserved[7];
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
  kSilent = 64,      ///< known, where a raise speaks for itself: not to be handed out
};

/// What is remembered of an alert beside its states: late news does not touch it.
struct AlertMemory {
  Instant told;         ///< the instant its `unknown` was told, or kNever
  Instant final_raise;  ///< the newest of its raises that became final, or kNever
  std::uint16_t final_rev;
  std::uint16_t forgotten_rev;  ///< above each `rev` of its withdrawn raises that are no longer remembered
  bool replaced;                ///< its rule is another since the step began: what it said may be left alone
  std::uint8_t reserved[3];
};

/// A few indicators by name, or all that are flagged when there are more.
struct FewIndicators {
  static constexpr std::uint16_t kMany = 7;
  std::uint16_t count;  ///< above kMany: look at every indicator
  std::uint16_t items[kMany];
};

struct StateHeader {
  Instant evaluated;       ///< every instant up to here is decided
  Instant last;            ///< the instant of the last evaluation, or kNever
  Instant pending;         ///< instant of reports that were absorbed but not decided yet (the base only), or kForever
  Instant timed;           ///< no timer is due before; exact after an evaluation
  std::uint64_t serial;    ///< evaluations so far, one for each of the reports where several share an instant
  FewIndicators touched;   ///< those that had a report at `last`
  FewIndicators absorbed;  ///< those with reports at `pending`
  std::uint16_t doubts;    ///< alerts in doubt
  bool wake_all;           ///< everything is to be decided at the next instant, as at the first
  std::uint8_t reserved[5];
};

/// Notes an indicator whose flag was just set.
inline void note(FewIndicators& few, std::uint16_t indicator) {
  if (few.count < FewIndicators::kMany) few.items[few.count] = indicator;
  if (few.count <= FewIndicators::kMany) ++few.count;
}
/// Calls `visit(indicator)` for each that was noted, possibly for others too.
template <class Visit>
void each_noted(const FewIndicators& few, std::size_t indicators, Visit visit) {
  const bool all = few.count > FewIndicators::kMany;
  const std::size_t end = all ? indicators : few.count;
  for (std::size_t i = 0; i < end; ++i) visit(all ? static_cast<std::uint16_t>(i) : few.items[i]);
}

/// What a node shows and remembers in two bytes; instants are in State::words. Bits 0-1 of `now`: truth of a condition;
/// bit 0: a number is known. `past`: bits 0-1 and 2-3 the operands' truth since the last evaluation, bits 4-5 the
/// answer of `then` while its right operand stays true.
struct NodeState {
  std::uint8_t now;
  std::uint8_t past;
};

struct IndicatorState {
  std::uint16_t tail;  ///< newest log slot up to `evaluated`, or kNone: the base ring is newest
  bool blind;
  bool touched;           ///< a report of it has the instant `last`
  std::uint32_t matches;  ///< of those reports: which filters one of them passes
  std::uint32_t pending;  ///< the same of reports absorbed but not decided yet
  bool absorbed;          ///< there are such
  std::uint8_t reserved[3];
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
///
/// Words of a node, by shape:
///   report_number, arithmetic, literal: 1, the value (a double)
///   hold_for: 2, start of the operand's run of yes, of not-no; kForever outside one
///   in_last without C, since without C: 2, latest instant that makes it yes, not-no; kNever if none
///   then: 3, latest instant the left operand was yes, not-no; the former when the right one's present truth began
///   in_last and since with C: twice (yes, not-no) 1 + 2 * runs: how many runs, then start and end of each, oldest
///   first from_until: 1, latest instant that makes it so, or kNever
struct State {
  StateHeader* header;
  std::span<Instant> words;
  std::span<Instant> timers;  ///< by Plan: feeds, nodes, alerts, theaters; kForever: not due
  std::span<Instant> mins;    ///< least of each group of kTimerGroup timers, or kNever: to be found again
  std::span<FeedState> feeds;
  std::span<AlertMachine> alerts;
  std::span<TheaterState> theaters;
  std::span<IndicatorState> indicators;
  std::span<NodeState> nodes;
};
inline constexpr std::size_t kTimerGroup = 16;

/// Bookkeeping of one copy. Row 0 is taken before a late line, the others are ever older.
struct CopyMark {
  Instant evaluated;     ///< of the state in it
  std::uint64_t serial;  ///< likewise
  std::uint16_t slot;    ///< which of the states it is: rows change places without copying
  bool valid;
  std::uint8_t reserved[5];
};

/// Bookkeeping of the state in the midst of an instant: the reports it has had so far are taken in, nothing is decided
/// yet. The next report of the instant goes on from there, so that many at one instant do not take each other in again.
struct Midst {
  Instant at;
  std::uint32_t reports;  ///< so many were taken in
  bool valid;
  bool wanted;  ///< the running step comes to the instant again: it is to be kept then
  bool due;     ///< the head is to go on from there
  std::uint8_t reserved;
};

/// What follows from the image about one node.
struct NodePlan {
  std::uint32_t words;    ///< first of its words in State::words, or kNoWords
  std::uint32_t parents;  ///< first of Plan::parents; they end where the next node's begin
  std::uint16_t alerts;   ///< first of Plan::node_alerts; likewise
  std::uint16_t timer;    ///< or kNone
  std::uint16_t keeper;   ///< the `pulse and C` this node sleeps below while the pulse is `no`, or kNone
  std::uint16_t cap;      ///< count: nobody asks beyond this; 0: to the end
};
inline constexpr std::uint32_t kNoWords = 0xFFFFFFFFU;

struct IndicatorPlan {
  std::uint16_t nodes;    ///< first of Plan::indicator_nodes: numbers and pulses; they end where the next one's begin
  std::uint16_t alerts;   ///< first of Plan::indicator_alerts: those with `needs` of it
  std::uint16_t filters;  ///< first of Plan::indicator_filters
  std::uint16_t pulses;   ///< how many of its nodes are pulses
};

struct FeedPlan {
  std::uint16_t nodes;       ///< first of Plan::feed_nodes: `overdue`
  std::uint16_t indicators;  ///< first of Plan::feed_indicators, when it has `every`
  std::uint16_t timer;       ///< or kNone: no `every`
  std::uint16_t reserved;
};

/// Lists by index; every table has one element more, where the last one's list ends.
struct Plan {
  std::span<NodePlan> nodes;
  std::span<IndicatorPlan> indicators;
  std::span<FeedPlan> feeds;
  std::span<std::uint16_t> timer_owners;  ///< per timer: the feed, node, alert or theater
  std::span<std::uint16_t> parents;
  std::span<std::uint16_t> node_alerts;
  std::span<std::uint16_t> indicator_nodes;
  std::span<std::uint16_t> indicator_alerts;
  std::span<std::uint16_t> indicator_filters;
  std::span<std::uint16_t> feed_nodes;
  std::span<std::uint16_t> feed_indicators;
};

/// Whether memory is spent freely on what only saves time.
[[nodiscard]] constexpr bool has_many_copies(const Image& image) { return image.bounds.copies >= 8; }

/// How many events may be on their way out before a step pauses.
[[nodiscard]] constexpr std::size_t standing_due_max(const Image& image) {
  constexpr std::size_t kMost = 4096;
  return image.bounds.standing_capacity < kMost ? image.bounds.standing_capacity : kMost;
}

/// Places for standing events: those that stay revisable, those on their way out, and what alerts bring at one instant
/// (two each) and at the end of a step (one each), since a step pauses between instants only.
[[nodiscard]] constexpr std::size_t standing_places(const Image& image) {
  return image.bounds.standing_capacity + standing_due_max(image) + 3 * image.alerts.size();
}
static_assert(kStandingMax + 4096 + 3 * kAlertsMax <= 0xFFFF, "positions of standing events are 16 bit");

/// How large the parts of the plan and of a state are, from the image alone.
struct Sizes {
  std::size_t words = 0;
  std::size_t node_timers = 0;
  std::size_t timers = 0;
  std::size_t parents = 0;
  std::size_t node_alerts = 0;
  std::size_t indicator_nodes = 0;
  std::size_t indicator_alerts = 0;
  std::size_t feed_nodes = 0;
  std::size_t feed_indicators = 0;
  std::size_t values = 0;  ///< doubles of work space: the most samples one number gathers
};
[[nodiscard]] Sizes sizes_of(const Image& image);
/// Words one node remembers.
[[nodiscard]] std::size_t words_of(const Node& node);
/// Whether time alone can change a node.
[[nodiscard]] bool has_timer(const Node& node);
/// Whether a node rests on reports itself.
[[nodiscard]] constexpr bool uses_reports(const Node& node) {
  const Shape shape = shape_of(node.op);
  return shape == Shape::report_number || shape == Shape::pulse;
}
/// Whether a number gathers its samples' values before it is worked out.
[[nodiscard]] constexpr bool gathers(const Node& node) {
  const Op op = static_cast<Op>(node.op);
  return op == Op::sum || op == Op::mean || op == Op::median || op == Op::mad || op == Op::stddev || op == Op::quantile;
}
[[nodiscard]] constexpr Instant earlier(Instant left, Instant right) { return left < right ? left : right; }
[[nodiscard]] constexpr Instant later(Instant left, Instant right) { return left < right ? right : left; }

/// Views of a block. Owns nothing; made once per Engine.
class Block {
 public:
  Block(const Image& image, std::byte* bytes);
  /// Writes the plan into the block.
  void make_plan() const;

  [[nodiscard]] const Image& image() const { return image_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] Header& header() const { return *header_; }
  [[nodiscard]] std::byte* bytes() const { return bytes_; }
  [[nodiscard]] const State& base() const { return base_; }
  [[nodiscard]] const State& head() const { return head_; }
  [[nodiscard]] const State& scratch() const { return scratch_; }
  [[nodiscard]] State copy(std::size_t row) const {
    return state_at(copies_offset_ + copy_marks_[row].slot * layout_.state_bytes);
  }
  /// The header of a copy, for assign(); cheaper than all of copy().
  [[nodiscard]] StateHeader& copy_header(std::size_t row) const {
    return *static_cast<StateHeader*>(
        static_cast<void*>(bytes_ + copies_offset_ + copy_marks_[row].slot * layout_.state_bytes));
  }
  /// An indicator in a copy; cheaper, too.
  [[nodiscard]] IndicatorState& copy_indicator(std::size_t row, std::uint16_t indicator) const {
    std::byte* state = bytes_ + copies_offset_ + copy_marks_[row].slot * layout_.state_bytes;
    return static_cast<IndicatorState*>(static_cast<void*>(state + indicators_offset_))[indicator];
  }
  /// Whether any node or `needs` rests on an indicator.
  [[nodiscard]] bool is_used(std::uint16_t indicator) const {
    const IndicatorPlan* plan = &plan_.indicators[indicator];
    return plan[0].nodes != plan[1].nodes || plan[0].alerts != plan[1].alerts;
  }
  [[nodiscard]] std::span<CopyMark> copy_marks() const { return copy_marks_; }
  [[nodiscard]] std::span<Ring> rings() const { return rings_; }
  /// Samples of one indicator's ring, in storage order.
  [[nodiscard]] std::span<Sample> samples(std::uint16_t indicator) const {
    return samples_.subspan(image_.indicators[indicator].ring, image_.indicators[indicator].keep);
  }
  /// Runs of one feed, oldest first; the first contact_counts()[feed] are in use.
  [[nodiscard]] std::span<ContactRun> contact_runs(std::uint16_t feed) const {
    return contact_runs_.subspan(std::size_t{feed} * image_.bounds.contact_runs, image_.bounds.contact_runs);
  }
  [[nodiscard]] std::span<std::uint16_t> contact_counts() const { return contact_counts_; }
  /// Per feed: one above the highest seq ever taken into the log; 0 before the first.
  [[nodiscard]] std::span<std::uint64_t> seq_ends() const { return seq_ends_; }
  [[nodiscard]] std::span<LogEntry> log() const { return log_; }
  [[nodiscard]] std::span<std::uint16_t> order() const { return order_; }
  /// First slots of the chains by (feed, seq) and by (feed, target_seq); as many as a power of two.
  [[nodiscard]] std::span<std::uint16_t> seq_heads() const { return seq_heads_; }
  [[nodiscard]] std::span<std::uint16_t> target_heads() const { return target_heads_; }
  [[nodiscard]] std::span<StandingEvent> standing() const { return standing_; }
  [[nodiscard]] std::span<AlertMemory> memory() const { return memory_; }
  [[nodiscard]] const Plan& plan() const { return plan_; }
  /// Work space: nodes and alerts to be decided at the instant under evaluation, a bit each; all zero in between.
  [[nodiscard]] std::span<std::uint64_t> dirty_nodes() const { return dirty_nodes_; }
  [[nodiscard]] std::span<std::uint64_t> dirty_alerts() const { return dirty_alerts_; }
  /// Work space: the values of one number's samples.
  [[nodiscard]] std::span<double> values() const { return values_; }
  [[nodiscard]] Work& work() const { return *work_; }
  /// nullptr without has_many_copies(): there is none then.
  [[nodiscard]] Midst* midst_mark() const { return midst_mark_; }
  [[nodiscard]] bool has_midst() const { return midst_mark_ != nullptr && midst_mark_->valid; }
  /// Drops what is kept of the midst of an instant, if that is at or after `from`.
  void drop_midst(Instant from) const {
    if (midst_mark_ != nullptr && midst_mark_->at >= from) midst_mark_->valid = false;
  }
  [[nodiscard]] State midst() const { return state_at(midst_offset_); }
  /// Nodes and alerts that the reports taken in so far have woken, a bit each.
  [[nodiscard]] std::span<std::uint64_t> midst_nodes() const { return midst_nodes_; }
  [[nodiscard]] std::span<std::uint64_t> midst_alerts() const { return midst_alerts_; }
  /// First timer of the nodes, alerts, theaters (feeds begin at 0).
  [[nodiscard]] std::size_t node_timers() const { return alert_timers_ - sizes_.node_timers; }
  [[nodiscard]] std::size_t alert_timers() const { return alert_timers_; }
  [[nodiscard]] std::size_t theater_timers() const { return theater_timers_; }
  /// Copies one state's memory over another's; the header is where it begins.
  void assign(StateHeader& to, const StateHeader& from) const;

 private:
  [[nodiscard]] State state_at(std::size_t offset) const;

  Image image_;
  Sizes sizes_;
  Layout layout_;
  std::byte* bytes_;
  std::size_t alert_timers_;
  std::size_t theater_timers_;
  Header* header_;
  State base_;
  State head_;
  State scratch_;
  std::size_t copies_offset_;
  std::size_t indicators_offset_;  ///< of the indicators within a state
  std::span<CopyMark> copy_marks_;
  std::span<Ring> rings_;
  std::span<Sample> samples_;
  std::span<ContactRun> contact_runs_;
  std::span<std::uint16_t> contact_counts_;
  std::span<std::uint64_t> seq_ends_;
  std::span<LogEntry> log_;
  std::span<std::uint16_t> order_;
  std::span<std::uint16_t> seq_heads_;
  std::span<std::uint16_t> target_heads_;
  std::span<StandingEvent> standing_;
  std::span<AlertMemory> memory_;
  Plan plan_;
  std::span<std::uint64_t> dirty_nodes_;
  std::span<std::uint64_t> dirty_alerts_;
  std::span<double> values_;
  Work* work_;
  Midst* midst_mark_;
  std::size_t midst_offset_;
  std::span<std::uint64_t> midst_nodes_;
  std::span<std::uint64_t> midst_alerts_;
};

/// Sets a timer of a state.
inline void set_timer(const State& state, std::size_t timer, Instant due) {
  const Instant before = state.timers[timer];
  if (before == due) return;
  state.timers[timer] = due;
  if (due < state.header->timed) state.header->timed = due;
  const std::size_t group = timer / kTimerGroup;
  Instant& least = state.mins[group];
  if (due <= least) {
    least = due;
    return;
  }
  if (before == least) least = kNever;  // unknown until settle_timers(); no timer is ever due then
}

/// Finds the least of each group again where the timer that was it has changed. @returns the least of all.
inline Instant settle_timers(const State& state) {
  Instant next = kForever;
  for (std::size_t group = 0; group < state.mins.size(); ++group) {
    Instant& least = state.mins[group];
    if (least == kNever) {
      const std::size_t first = group * kTimerGroup;
      const std::size_t end = first + kTimerGroup < state.timers.size() ? first + kTimerGroup : state.timers.size();
      least = kForever;
      for (std::size_t i = first; i < end; ++i) least = earlier(state.timers[i], least);
    }
    next = earlier(least, next);
  }
  return next;
}
}  // namespace tocsin::engine
