// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The keys of an input line: which there are, what they hold, and in which kinds of line they belong.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tocsin/wire/input_view.hpp"

namespace tocsin::text {
/// In the order of the format.
enum class Key : std::uint8_t {
  feed,
  seq,
  indicator,
  time,
  received,
  value,
  origin,
  credibility,
  actor,
  target,
  tag,
  lat,
  lon,
  unit,
  ref,
  note,
  marking,
  release,
  status,
  supersedes,
  heartbeat,
  retracts,
  clock,
};
inline constexpr std::size_t kKeyCount = static_cast<std::size_t>(Key::clock) + 1;

enum class KeyType : std::uint8_t { name, ref, note, seq, instant, number, credibility, list, marking, status };

struct KeyRule {
  Key key;
  std::string_view name;
  KeyType type;
  std::uint8_t lines;                                 ///< line_bit() of each kind it belongs in
  std::string_view wire::InputView::*text = nullptr;  ///< where a name, reference or note goes
};

[[nodiscard]] constexpr std::uint8_t line_bit(engine::InputKind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}
[[nodiscard]] std::string_view line_name(engine::InputKind kind);

/// Indexed by Key.
[[nodiscard]] std::span<const KeyRule> key_rules();
/// The rule of a key, or nullptr.
[[nodiscard]] const KeyRule* find_rule(std::string_view name);
/// The key a person may have meant; empty when none is near.
[[nodiscard]] std::string_view nearest_key(std::string_view name);
/// All keys, for a message.
[[nodiscard]] std::string all_keys();
/// What a key must hold, for a message: "a whole number below 2^53".
[[nodiscard]] std::string expectation_of(KeyType type);
/// Where the string that ends before `end` begins: the index of its opening quote.
[[nodiscard]] std::size_t start_of_key(std::string_view line, std::size_t end);
}  // namespace tocsin::text
