// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The keyed chain: each row's hash covers the row and the hash of the row before it. README.md says in what
/// order.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sodium.h>

namespace tocsin::journal {
using Hash = std::array<std::byte, 32>;

/// One link being made: BLAKE2b-256 with the chain's key. Numbers go in as eight bytes, little endian, byte strings
/// behind their length. No heap.
class Link {
 public:
  /// @param kind  tells the chains of different tables apart.
  Link(std::span<const std::byte> key, char kind, const Hash& previous);
  ~Link() { sodium_memzero(&state_, sizeof state_); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  Link(Link&&) = delete;
  Link& operator=(Link&&) = delete;

  Link& number(std::int64_t value);
  Link& number(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }
  Link& bytes(std::span<const std::byte> value);
  Link& hash(const Hash& value) { return raw_(value); }
  [[nodiscard]] Hash finish();

 private:
  Link& raw_(std::span<const std::byte> value);
  crypto_generichash_state state_{};
};

/// Where the chains stand after some batch.
struct Ends {
  std::uint64_t batch = 0;
  std::uint64_t alert = 0;
  std::uint64_t note = 0;
  Hash batch_hash{};
  Hash alert_hash{};
  Hash note_hash{};
  bool operator==(const Ends&) const = default;
};

struct BatchRow {
  std::int64_t id = 0;
  std::int64_t clock = 0;
  std::int64_t items = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::span<const std::byte> inputs;
};
struct AlertRow {
  std::int64_t number = 0;
  std::int64_t at = 0;
  std::int64_t batch_id = 0;
  std::span<const std::byte> body;
};
/// An operator act or a gap.
struct NoteRow {
  std::int64_t id = 0;
  std::int64_t at = 0;
  std::int64_t batch_id = 0;
  std::int64_t kind = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::span<const std::byte> who;
  std::span<const std::byte> word;
  std::span<const std::byte> text;
};

/// Moves `ends` over a row. Those of a batch's alert events and notes come before the batch's own.
void append(std::span<const std::byte> key, const AlertRow& row, Ends& ends);
void append(std::span<const std::byte> key, const NoteRow& row, Ends& ends);
void append(std::span<const std::byte> key, const BatchRow& row, Ends& ends);
}  // namespace tocsin::journal
