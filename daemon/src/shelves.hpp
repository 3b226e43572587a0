// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Shelves: the alerts that an operator put aside for a while. A shelved alert is decided, stored and told as
/// ever; it is only marked. The journal keeps each act of it, and the shelves are made of those acts again at a start.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/journal/journal.hpp"

namespace tocsin::daemon {
/// Why an alert is no longer shelved.
enum class ShelfEnd : std::uint8_t {
  none = 0,     ///< it is
  time = 1,     ///< its time ran out
  rose = 2,     ///< the alert rose above the level it had when it was shelved
  cleared = 3,  ///< the alert cleared, and the shelf was until then
  book = 4,     ///< a new book lacks the alert
  lapsed = 5,   ///< its time ran out while the alert was not raised
  taken = 6     ///< somebody took it back
};
[[nodiscard]] std::string_view name_of(ShelfEnd end);

/// One alert, put aside. After `time` or `rose` it stays here, ended, until somebody acknowledges the alert.
struct Shelf {
  std::string alert;
  std::string by;
  std::string why;
  engine::Instant at = 0;     ///< the engine's clock when it was shelved
  engine::Instant until = 0;  ///< it stands before this
  engine::Level level{};      ///< up to this level
  bool until_clear = false;
  ShelfEnd end = ShelfEnd::none;
  engine::Instant ended_at = 0;

  [[nodiscard]] bool stands() const { return end == ShelfEnd::none; }
};

/// Longest reason that is kept [bytes].
inline constexpr std::size_t kShelfWhyMax = 512;

/// The text of the act `shelve`, such as `distraction until=2026-05-01T08:00:00Z level=high or=cleared why=exercise`.
[[nodiscard]] std::string act_text(const Shelf& shelf);
/// The text of the act `unshelve`, such as `distraction end=time`.
[[nodiscard]] std::string act_text(std::string_view alert, ShelfEnd end, std::string_view note = {});
/// The shelf that an act `shelve` speaks of; nothing when its text is none of act_text().
[[nodiscard]] std::optional<Shelf> shelf_of(const journal::Act& act);

/// One owner, one thread. At most one shelf an alert.
class Shelves {
 public:
  /// Of what name is the alert event of this number? Empty: not known (any more).
  using NameOf = std::function<std::string(std::uint64_t number)>;

  /// Takes an act of the journal into account; others than `shelve`, `unshelve` and `acknowledge` change nothing.
  void replay(const journal::Act& act, const NameOf& name_of);

  /// Puts one aside, in the place of what was there of the same alert.
  void put(Shelf shelf);
  /// @returns false when there is none of this alert.
  bool remove(std::string_view alert);
  /// Somebody has seen an event of this alert: what ended by itself is forgotten; what stands goes on.
  void acknowledge(std::string_view alert);
  /// Null when there is none, neither standing nor ended.
  [[nodiscard]] Shelf* find(std::string_view alert);
  [[nodiscard]] std::span<Shelf> all() { return shelves_; }
  [[nodiscard]] bool empty() const { return shelves_.empty(); }
  /// How many ended by themselves and nobody acknowledged it yet.
  [[nodiscard]] std::size_t ended() const;
  /// Removes what `out` says, once all were asked.
  template <typename Out>
  void remove_if(const Out& out) {
    std::erase_if(shelves_, out);
  }

 private:
  std::vector<Shelf> shelves_;
};
}  // namespace tocsin::daemon
