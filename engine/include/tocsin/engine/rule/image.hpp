// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Image: a compiled watch book as the engine reads it: flat arrays of plain records, indices instead of
/// pointers.
///
/// The arrays lie in the bytes of a rule image (schemas/rule_image.fbs has the same records as FlatBuffers structs);
/// load_image() checks every index, size and reference before it hands out an Image. Named things are sorted by name
/// bytewise, so the order of indices is the order of names. Evaluation order is index order: a node's operands always
/// have smaller indices.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::engine {
/// A piece of Image::text. Length 0: absent.
struct Name {
  std::uint32_t offset;
  std::uint32_t length;
};

/// A run of Image::lists (16-bit indices).
struct ListRef {
  std::uint16_t first;
  std::uint16_t count;
};

struct Theater {
  Name name;
  Name title;
  std::int64_t step_down_ms;  ///< [ms] >= 0: how long each step down takes
  std::uint16_t blind_after;  ///< so many overdue feeds make it UNKNOWN; kNone: all of them
  std::uint16_t reserved[3];
  ListRef feeds;  ///< feeds with `every` of its indicators, each once
  std::uint32_t reserved2;
};

struct Actor {
  Name name;
  Name title;
};

struct Origin {
  Name name;
  Name title;
  std::uint8_t reliability;  ///< 'A'..'F'
  std::uint8_t reserved[7];
};

struct Feed {
  Name name;
  Name title;
  std::int64_t every_ms;  ///< [ms] 0: no promise of regularity, never overdue
  std::int64_t grace_ms;  ///< [ms] >= 0
  ListRef origins;        ///< at least one
  std::uint32_t reserved;
};

enum class Role : std::uint8_t { unspecified = 0, leading = 1, confirming = 2, context = 3, suppressor = 4, noise = 5 };

struct Indicator {
  Name name;
  Name title;
  Name unit;
  Name kind;
  Name compartment;       ///< absent: main
  std::uint16_t theater;  ///< kNone: none named
  std::uint16_t actor;    ///< kNone: none named
  std::uint16_t keep;     ///< newest reports kept, 1..kKeepMax
  std::uint8_t role;      ///< Role
  std::uint8_t reserved;
  ListRef feeds;       ///< may be empty: then always blind
  std::uint32_t ring;  ///< first sample of its ring in the block's base rings (sum of keep before it)
};

/// Operations of a node. Numbers first, then conditions; `a` and `b` are node indices unless said otherwise. "Taken
/// from reports": a = indicator, `filter`, and where there is a window: (t - ago_ms - window_ms, t - ago_ms].
enum class Op : std::uint8_t {
  literal = 0,    ///< `value`
  count = 1,      ///< taken from reports
  sum = 2,        ///< taken from reports
  last = 3,       ///< taken from reports, no window
  max = 4,        ///< taken from reports
  origins = 5,    ///< taken from reports
  mean = 6,       ///< taken from reports
  min = 7,        ///< taken from reports
  median = 8,     ///< taken from reports
  mad = 9,        ///< taken from reports
  stddev = 10,    ///< taken from reports
  quantile = 11,  ///< taken from reports; q = numerator / 10^digits
  days = 12,      ///< taken from reports
  add = 16,
  subtract = 17,
  multiply = 18,
  divide = 19,
  // conditions
  less = 32,
  less_equal = 33,
  equal = 34,
  not_equal = 35,
  greater_equal = 36,
  greater = 37,
  pulse = 48,       ///< a = indicator, `filter`
  overdue = 49,     ///< a = feed
  both = 50,        ///< a and b
  either = 51,      ///< a or b
  negate = 52,      ///< not a
  hold_for = 53,    ///< a for window_ms
  in_last = 54,     ///< a in last ago_ms to window_ms
  then = 55,        ///< a then b within window_ms
  since = 56,       ///< a since b, or a since b in last ago_ms to window_ms; kUnbounded: without `in last`
  from_until = 57,  ///< from a until b
};

/// Operations that are handled alike.
enum class Shape : std::uint8_t {
  literal,
  report_number,  ///< taken from reports
  arithmetic,     ///< + - * /
  comparison,
  pulse,
  overdue,
  both,
  either,
  negate,
  hold_for,
  in_last,
  then,
  since,
  from_until,
};
/// The shape of a node's operation. @pre a loaded image's `op`.
[[nodiscard]] constexpr Shape shape_of(std::uint8_t op) {
  if (op == static_cast<std::uint8_t>(Op::literal)) return Shape::literal;
  if (op <= static_cast<std::uint8_t>(Op::days)) return Shape::report_number;
  if (op <= static_cast<std::uint8_t>(Op::divide)) return Shape::arithmetic;
  if (op <= static_cast<std::uint8_t>(Op::greater)) return Shape::comparison;
  return static_cast<Shape>(static_cast<unsigned>(Shape::pulse) + (op - static_cast<unsigned>(Op::pulse)));
}
static_assert(shape_of(static_cast<std::uint8_t>(Op::from_until)) == Shape::from_until);

/// `window_ms` of a `since` without `in last`.
inline constexpr Span kUnbounded = -1;

struct Node {
  std::uint8_t op;      ///< Op
  std::uint8_t digits;  ///< quantile: decimal digits of q, 0..15
  std::uint16_t a;
  std::uint16_t b;
  std::uint16_t condition;  ///< index of the named condition whose whole expression this node is, or kNone
  std::int64_t window_ms;   ///< [ms] D: window of a number, or duration of a temporal operator; else 0
  std::int64_t ago_ms;      ///< [ms] E of `ending E ago`, C of `in last C to D`; else 0; C < D unless both are equal
  double value;             ///< of a literal; else 0
  std::int64_t numerator;   ///< quantile: q = numerator / 10^digits, 0..10^digits; else 0
  std::uint32_t at_least;   ///< number: unknown when taken from fewer reports; 0: no such demand
  std::uint16_t filter;     ///< number, pulse: index in Image::filters, or kNone
  std::uint16_t runs;  ///< in_last, since with ago_ms > 0: separate truths remembered, at least runs_needed(); else 0
};

/// Separate truths that `in last C to D` must remember to be exact: floor(D / (D - C + 2)) + 1. Two truths nearer than
/// D - C + 2 are one to a window of D - C + 1 instants (monitoring with bounded clocks: Maler, Nickovic, Pnueli 2005).
[[nodiscard]] constexpr std::uint64_t runs_needed(Span from_ms, Span to_ms) {
  return static_cast<std::uint64_t>(to_ms / (to_ms - from_ms + 2)) + 1U;
}

/// What a filter looks at.
enum class FilterKey : std::uint8_t {
  value = 0,        ///< `value`
  origin = 1,       ///< ref = origin
  feed = 2,         ///< ref = feed
  actor = 3,        ///< ref = actor
  target = 4,       ///< ref = actor
  grade = 5,        ///< ref = letter * 256 + digit: both the origin's reliability and the report's credibility
  reliability = 6,  ///< ref = letter 'A'..'F', of the report's origin; better is greater
  credibility = 7,  ///< ref = digit 1..6; better (lower) is greater
  tag = 8,          ///< ref = tag; `=`: one of its tags is it, `!=`: it has tags and none is it
};

/// One comparison of a filter. A report that lacks the key matches nothing, `!=` included.
struct FilterTerm {
  std::uint8_t key;         ///< FilterKey
  std::uint8_t comparison;  ///< Op less..greater; equal and not_equal for names and tags; also >= and <= for grades
  std::uint16_t ref;
  std::uint32_t reserved;
  double value;
};

/// A filter on one indicator: all its terms must match. Decided once, when a report arrives: bit `bit` of its mask.
struct Filter {
  std::uint16_t indicator;
  std::uint16_t bit;  ///< 0..kFiltersMax-1, distinct among the filters of one indicator
  ListRef terms;      ///< run of Image::filter_terms, at least one
};

/// A tag that some filter names. Sorted by name.
struct Tag {
  Name name;
};

/// A named condition. Sorted by name.
struct Condition {
  Name name;
  std::uint16_t node;
  std::uint16_t reserved[3];
};

/// `level L when C`.
struct LevelRule {
  std::uint16_t node;
  std::uint8_t level;  ///< Level
  std::uint8_t reserved;
};

/// `needs N origins of i, j within W else L`.
struct Need {
  std::int64_t window_ms;
  ListRef indicators;
  std::uint16_t filters;  ///< first of as many elements of Image::lists: the filter of each indicator, or kNone
  std::uint16_t count;
  std::uint8_t cap;  ///< Level
  std::uint8_t reserved[7];
};

struct Hypothesis {
  Name name;
  Name title;
};

/// `h +2` of a `weigh` clause.
struct Weight {
  std::uint16_t hypothesis;
  std::int16_t weight;
};

/// A `weigh` clause.
struct WeighClause {
  std::uint16_t when;  ///< node, or kNone: always
  ListRef weights;     ///< run of Image::weights, at least one
  std::uint16_t reserved;
};

/// A `disconfirm` clause.
struct Disconfirm {
  Name text;
  std::int64_t by_ms;  ///< [ms] due so long after raised_at
};

enum class AlertKind : std::uint8_t { alert = 0, linkage = 1 };

/// How far an alert may be passed on (Traffic Light Protocol 2.0). Same numbers as schemas::Marking.
enum class Marking : std::uint8_t { unspecified = 0, clear = 1, green = 2, amber = 3, amber_strict = 4, red = 5 };

/// An alert or a linkage. Sorted by name.
struct Alert {
  Name name;
  Name title;
  std::uint64_t rule_hash;   ///< of all that this rule reaches, without budget, tests and layout
  std::int64_t hold_ms;      ///< [ms] >= 0
  std::int64_t cooldown_ms;  ///< [ms] >= 0
  ListRef theaters;          ///< 1 for an alert, 2.. for a linkage, `from` before `to`
  ListRef levels;            ///< run of Image::level_rules
  ListRef needs;             ///< run of Image::needs
  ListRef feeds;             ///< feeds that its `when` reaches, each once, in order
  ListRef weighs;            ///< run of Image::weigh_clauses
  ListRef against;           ///< conditions (list of indices), at most kAgainstMax
  ListRef caveats;           ///< run of Image::texts
  ListRef disconfirms;       ///< run of Image::disconfirms
  ListRef release;           ///< run of Image::texts; to whom it may be released
  std::uint16_t when;        ///< node
  std::uint16_t clear;       ///< node, or kNone: `not` the when
  std::uint8_t kind;         ///< AlertKind
  std::uint8_t level;        ///< Level: its plain `level`
  std::uint8_t evidence;     ///< reports per number or pulse, 1..kEvidenceReportsMax
  std::uint8_t directed;     ///< 1: `from A to B`; 0: `between A, B` or an alert
  std::uint8_t marking;      ///< Marking
  std::uint8_t reserved[3];
};

/// Bounds of a target, printed by the compiler and part of the image.
struct Bounds {
  std::uint16_t log_capacity;       ///< newest reports and withdrawals that late news may reach past, 16..kLogMax
  std::uint16_t standing_capacity;  ///< newest alert events that late news may withdraw, 16..kStandingMax
  std::uint16_t copies;             ///< newer states kept to save time, 0..8; never show in an alert
  std::uint16_t contact_runs;       ///< runs of heartbeats remembered per feed with `every`
  std::uint32_t block_bytes;        ///< size of the engine's state for this image, as layout_of() computes it
  std::uint32_t reserved;
};

// Limits of every image on every target. All indices are 16 bit; these keep an alert event's record fixed.
inline constexpr std::size_t kTheatersMax = 16;
inline constexpr std::size_t kAlertTheatersMax = 8;
inline constexpr std::size_t kFeedsMax = 256;
inline constexpr std::size_t kOriginsMax = 256;
inline constexpr std::size_t kIndicatorsMax = 1024;
inline constexpr std::size_t kAlertsMax = 1024;
inline constexpr std::size_t kNodesMax = 16384;
inline constexpr std::size_t kNeedsMax = 8;  ///< per alert
inline constexpr std::size_t kKeepMax = 4096;
inline constexpr std::size_t kLogMax = 16384;
inline constexpr std::size_t kStandingMax = 32768;
inline constexpr std::size_t kCopiesMax = 32;
inline constexpr std::size_t kContactRunsMax = 1024;
inline constexpr std::size_t kEvidenceItemsMax = 24;    ///< numbers and pulses shown in one alert event
inline constexpr std::size_t kEvidenceReportsMax = 96;  ///< reports shown in one alert event, over all items
inline constexpr std::size_t kFiltersMax = 32;          ///< different filters on one indicator
inline constexpr std::size_t kTagsMax = 64;             ///< tags that filters name
inline constexpr std::size_t kRunsMax = 4096;           ///< separate truths one operator remembers
inline constexpr std::size_t kHypothesesMax = 16;       ///< per alert
inline constexpr std::size_t kAgainstMax = 16;          ///< per alert
inline constexpr std::uint32_t kImageVersion = 2;

/// A loaded rule image. A view: the bytes it was loaded from must outlive it. Trivially copyable, no ownership.
struct Image {
  std::uint64_t book_hash = 0;
  Span horizon_ms = 0;
  std::uint32_t book_version = 0;
  Name book_title{};
  Bounds bounds{};
  std::uint32_t base_ring_samples = 0;  ///< sum of all `keep`
  std::span<const Theater> theaters;
  std::span<const Actor> actors;
  std::span<const Origin> origins;
  std::span<const Feed> feeds;
  std::span<const Indicator> indicators;
  std::span<const Node> nodes;
  std::span<const Condition> conditions;
  std::span<const LevelRule> level_rules;
  std::span<const Need> needs;
  std::span<const Alert> alerts;
  std::span<const Filter> filters;
  std::span<const FilterTerm> filter_terms;
  std::span<const Tag> tags;
  std::span<const Hypothesis> hypotheses;
  std::span<const WeighClause> weigh_clauses;
  std::span<const Weight> weights;
  std::span<const Disconfirm> disconfirms;
  std::span<const Name> texts;
  std::span<const std::uint16_t> lists;
  std::span<const char> text;

  /// The characters of a name; empty when absent.
  [[nodiscard]] std::string_view view(Name name) const { return {text.data() + name.offset, name.length}; }
  /// The indices of a list.
  [[nodiscard]] std::span<const std::uint16_t> list(ListRef ref) const { return lists.subspan(ref.first, ref.count); }

  /// Index of the thing of that name, or kNone. Binary search.
  [[nodiscard]] std::uint16_t find_feed(std::string_view name) const;
  [[nodiscard]] std::uint16_t find_indicator(std::string_view name) const;
  [[nodiscard]] std::uint16_t find_origin(std::string_view name) const;
  [[nodiscard]] std::uint16_t find_actor(std::string_view name) const;
  [[nodiscard]] std::uint16_t find_alert(std::string_view name) const;
  [[nodiscard]] std::uint16_t find_condition(std::string_view name) const;
  [[nodiscard]] std::uint16_t find_tag(std::string_view name) const;
  /// True when `value` is in the list.
  [[nodiscard]] bool contains(ListRef ref, std::uint16_t value) const;
};

/// Why an image was refused. Append only.
enum class ImageError : std::uint8_t {
  none = 0,
  malformed,  ///< not a rule image, or the FlatBuffers verifier refused it
  unaligned,  ///< the bytes do not start at a multiple of 8
  version,    ///< made by another version of the compiler's format
  too_large,  ///< a count is above a limit of this header
  bad_name,   ///< a text that is not clean UTF-8 or reaches outside, a name that is none, or names not sorted, distinct
  bad_list,   ///< a list or run reaches outside its table, or an element outside the table it names
  bad_node,   ///< a node's operation, operand or duration is not valid
  bad_value,  ///< a level, role, span, keep or bound is out of range
  bad_block,  ///< block_bytes is not what this engine computes; the compiler reads it from layout_of()
};

/// Loads a rule image without a heap. Every index, size and reference is checked before use.
/// @param bytes  the whole image, 8-byte aligned; must outlive `out`.
/// @param out    set only when none is returned.
[[nodiscard]] ImageError load_image(std::span<const std::byte> bytes, Image& out);
/// The words for an ImageError, for logs.
[[nodiscard]] const char* describe(ImageError error);
}  // namespace tocsin::engine
