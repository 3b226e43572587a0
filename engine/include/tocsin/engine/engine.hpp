// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Engine: a pure step over one flat, pointer-free block of memory.
///
/// Usage: load_image(); give layout_of(image).block_bytes of 8-byte aligned memory; start() or restore(); then for each
/// input one step() followed by next_event() until it returns false. No heap, no clock, no threads, no exceptions; one
/// owner. The same image and the same inputs in the same order give the same events on every target.
#include <array>
#include <cstddef>
#include <span>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/engine/event.hpp"
#include "tocsin/engine/input.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::engine {
/// Changes whenever the same inputs could lead to other events or the block's layout changes.
inline constexpr std::uint32_t kEngineVersion = 3;

/// What the engine is started for.
struct Mode {
  Status label = Status::actual;   ///< the `status` its alerts carry
  bool evaluate_exercise = false;  ///< reports with status exercise count
  bool evaluate_test = false;      ///< reports with status test count
};

/// What was counted since start(). Part of the checkpoint.
struct Counters {
  std::uint64_t taken = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t reused = 0;
  std::uint64_t stale = 0;
  std::uint64_t withdrawn = 0;
  std::uint64_t not_evaluated = 0;
  std::uint64_t full = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t late = 0;             ///< reports whose time was before the clock
  std::uint64_t events = 0;           ///< alert events handed out
  std::uint64_t finalised_early = 0;  ///< alert events within the horizon that became final: too many came after them
};

/// Where the parts of the block lie, from the image alone. All sizes in bytes.
struct Layout {
  std::size_t header_bytes;
  std::size_t state_bytes;  ///< one evaluation state (base, head, scratch and each copy have one)
  std::size_t rings_bytes;  ///< base rings of samples
  std::size_t contacts_bytes;
  std::size_t log_bytes;
  std::size_t standing_bytes;
  std::size_t plan_bytes;        ///< what follows from the image, and work space
  std::size_t checkpoint_bytes;  ///< the prefix of the block that save() hands out
  std::size_t block_bytes;       ///< all
};
[[nodiscard]] Layout layout_of(const Image& image);

/// What is known of one alert now.
struct AlertState {
  bool raised = false;
  Level level = Level::calm;
  Truth when = Truth::no;
  Instant raised_at = 0;           ///< when raised
  Instant last_raise = kNever;     ///< where `cooldown` counts from; kNever: it was never raised
  Instant clear_since = kForever;  ///< where `hold` counts from; kForever: not raised, or its clear does not hold
};

/// What one node of a rule is at the instant that Engine::look() went to.
struct NodeView {
  Truth truth = Truth::no;    ///< conditions
  bool known = false;         ///< numbers
  bool saturated = false;     ///< numbers: a report already pushed out would lie in the window
  double value = 0;           ///< numbers, when known
  std::uint32_t reports = 0;  ///< numbers taken from reports: so many lie in the window and pass the filter
  /// Numbers taken from reports and for, in last, since: the next instant when time alone may change it, or kForever.
  Instant due = kForever;
  /// hold_for: start of its operand's truth; in_last, then, since, from_until: the latest instant that made it so (or,
  /// of a false one, the latest truth of the operand still remembered). kNever: none.
  Instant witness = kNever;
};

/// One `needs` of an alert at the instant that Engine::look() went to.
struct NeedView {
  std::uint16_t origins = 0;  ///< distinct origins in its window now
  bool met = false;           ///< met at some instant of the episode
};

/// Work done, in nodes decided and samples looked at. Not part of the checkpoint.
struct Work {
  std::uint64_t total = 0;
  std::uint64_t worst_step = 0;  ///< of all steps since the Engine was made or restored
};

/// Why a checkpoint was refused. The engine is then as it was before. Append only.
enum class RestoreError : std::uint8_t { none = 0, size, version, other_image, corrupt };

class Block;
class Engine;

/// Elements of work space that transplant() needs.
[[nodiscard]] std::size_t transplant_words(const Image& from, const Image& to);

/// Carries over what one book's rules remember to an engine of another book, so that a rule that both have goes on
/// exactly as if the book had not changed, late news within reach included. Rules are the same when they reach the same
/// things by name, operation, constant and window; titles and what events show do not count.
///
/// Afterwards next_event() of `to` hands out what its new and changed rules say of the time within reach and which of
/// their alerts are raised (of rules that both have: nothing); it also withdraws what a changed rule no longer says of
/// an alert that goes on. Pull until it returns false before any step. What `from` said of an alert that `to` lacks or
/// does not raise is left alone: the caller compares alert_state() of both.
/// @param from  its events are pulled. It is used up: only start() and restore() may follow.
/// @param to    warmed over the same inputs as far as there is history, from the same mode, clock not beyond from's.
/// @param work  at least transplant_words() elements, overwritten.
void transplant(Engine& from, Engine& to, std::span<std::uint64_t> work);

class Engine {
 public:
  /// Writes into the block what follows from the image; its checkpoint part stays as it is.
  /// @param image  loaded image; its bytes must outlive the engine.
  /// @param block  at least layout_of(image).block_bytes, 8-byte aligned (checked); owned by the caller.
  Engine(const Image& image, std::span<std::byte> block);

  /// Empties the block. The first instant is `first`; nothing is decided yet.
  void start(Instant first, Mode mode);

  /// Takes one input. Events of the step before that were not pulled are lost to the caller (they stay standing).
  /// @param input  indices within the image, finite value, times within kInstantMin..kInstantMax (checked).
  /// @returns what was done with it; a clock or heartbeat that counts is `taken`. When time up to a late line brings
  ///   more events than `standing_capacity`, the line may turn out stale only once they are pulled: the counters tell.
  Disposition step(const Input& input);

  /// The next event of the last step, in output order.
  /// @returns false when there is none left; `out` is then unchanged.
  bool next_event(AlertEvent& out);

  [[nodiscard]] Instant first_instant() const;
  [[nodiscard]] Instant clock() const;
  /// The next instant at which time alone may change something, or kForever. A clock input there decides it.
  [[nodiscard]] Instant next_due() const;
  /// Late news older than this is stale now.
  [[nodiscard]] Instant reach() const;
  [[nodiscard]] const Counters& counters() const;
  [[nodiscard]] AlertState alert_state(std::uint16_t alert) const;
  /// `rev` of the raise that began a raised alert's present episode.
  [[nodiscard]] std::uint16_t episode_rev(std::uint16_t alert) const;
  [[nodiscard]] Level theater_level(std::uint16_t theater) const;
  [[nodiscard]] bool feed_overdue(std::uint16_t feed) const;
  /// Newest report or heartbeat of a feed up to the clock, or kNever.
  [[nodiscard]] Instant last_contact(std::uint16_t feed) const;

  /// Works out what is true at an instant in memory of its own: nothing that step() or next_event() do is changed.
  /// @returns false when `at` is before the first instant or reach() - 1, or after clock().
  bool look(Instant at);
  /// What look() found. Valid until the next call that is not const.
  [[nodiscard]] NodeView node_view(std::uint16_t node) const;
  [[nodiscard]] AlertState looked_alert(std::uint16_t alert) const;
  [[nodiscard]] NeedView need_view(std::uint16_t alert, std::uint16_t need) const;
  [[nodiscard]] bool looked_blind(std::uint16_t indicator) const;
  [[nodiscard]] bool looked_overdue(std::uint16_t feed) const;

  [[nodiscard]] const Work& work() const;

  /// The checkpoint: checksums it and returns the prefix of the block that restores it. Valid until the next call.
  [[nodiscard]] std::span<const std::byte> save();
  /// Goes on from a checkpoint of the same image and engine version. Law: the same future as the saved engine.
  [[nodiscard]] RestoreError restore(std::span<const std::byte> checkpoint);

  /// Size of the views of the block that an engine holds [bytes].
  static constexpr std::size_t kViewBytes = 1600;

 private:
  friend void transplant(Engine& from, Engine& to, std::span<std::uint64_t> work);
  [[nodiscard]] const Block& block() const;

  alignas(8) std::array<std::byte, kViewBytes> view_;
};
}  // namespace tocsin::engine
