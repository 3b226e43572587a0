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

/// Operations of a node. Numbers first, then conditions; `a` and `b` are node indices unless said otherwise.
enum class Op : std::uint8_t {
  literal = 0,  ///< `value`
  count = 1,    ///< a = indicator, window
  sum = 2,      ///< a = indicator, window
  last = 3,     ///< a = indicator
  max = 4,      ///< a = indicator, window
  origins = 5,  ///< a = indicator, window
  add = 6,
  subtract = 7,
  multiply = 8,
  divide = 9,
  // conditions
  less = 16,
  less_equal = 17,
  equal = 18,
  not_equal = 19,
  greater_equal = 20,
  greater = 21,
  pulse = 32,     ///< a = indicator
  overdue = 33,   ///< a = feed
  both = 34,      ///< a and b
  either = 35,    ///< a or b
  negate = 36,    ///< not a
  hold_for = 37,  ///< a for window_ms
  in_last = 38,   ///< a in last window_ms
  then = 39,      ///< a then b within window_ms
};

/// Operations that are handled alike.
enum class Shape : std::uint8_t {
  literal,
  report_number,  ///< count, sum, last, max, origins
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
};
/// The shape of a node's operation. @pre a loaded image's `op`.
[[nodiscard]] constexpr Shape shape_of(std::uint8_t op) {
  if (op == static_cast<std::uint8_t>(Op::literal)) return Shape::literal;
  if (op <= static_cast<std::uint8_t>(Op::origins)) return Shape::report_number;
  if (op <= static_cast<std::uint8_t>(Op::divide)) return Shape::arithmetic;
  if (op <= static_cast<std::uint8_t>(Op::greater)) return Shape::comparison;
  return static_cast<Shape>(static_cast<unsigned>(Shape::pulse) + (op - static_cast<unsigned>(Op::pulse)));
}
static_assert(shape_of(static_cast<std::uint8_t>(Op::then)) == Shape::then);

struct Node {
  std::uint8_t op;  ///< Op
  std::uint8_t reserved;
  std::uint16_t a;
  std::uint16_t b;
  std::uint16_t condition;  ///< index of the named condition whose whole expression this node is, or kNone
  std::int64_t window_ms;   ///< [ms] window of a number, or duration of a temporal operator; else 0
  double value;             ///< of a literal; else 0
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
  std::uint16_t count;
  std::uint8_t cap;  ///< Level
  std::uint8_t reserved;
};

enum class AlertKind : std::uint8_t { alert = 0, linkage = 1 };

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
  std::uint16_t when;        ///< node
  std::uint16_t clear;       ///< node, or kNone: `not` the when
  std::uint8_t kind;         ///< AlertKind
  std::uint8_t level;        ///< Level: its plain `level`
  std::uint8_t evidence;     ///< reports per number or pulse, 1..kEvidenceReportsMax
  std::uint8_t directed;     ///< 1: `from A to B`; 0: `between A, B` or an alert
};

/// Bounds of a target, printed by the compiler and part of the image.
struct Bounds {
  std::uint16_t log_capacity;       ///< newest reports and withdrawals that late news may reach past, 16..kLogMax
  std::uint16_t standing_capacity;  ///< revisable alert events
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
inline constexpr std::size_t kLogMax = 4096;
inline constexpr std::size_t kCopiesMax = 8;
inline constexpr std::size_t kContactRunsMax = 1024;
inline constexpr std::size_t kEvidenceItemsMax = 24;    ///< numbers and pulses shown in one alert event
inline constexpr std::size_t kEvidenceReportsMax = 96;  ///< reports shown in one alert event, over all items
inline constexpr std::uint32_t kImageVersion = 1;

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
  bad_name,   ///< a name reaches outside the text or names are not sorted and distinct
  bad_list,   ///< a list reaches outside the lists, or an element outside its table
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
