// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Signed heads: where the chains stand, with a signature. One of the newest, one of what retention removed.
#include "tocsin/journal/journal.hpp"

#include "chain.hpp"
#include "keys.hpp"
#include "sqlite.hpp"

namespace tocsin::journal {
/// 16 random bytes that tell journals apart.
using JournalId = std::array<std::byte, 16>;

/// Keys of the table `head`.
enum class HeadKind : std::uint8_t {
  newest = 1,   ///< where the chains stood when it was signed
  removed = 2,  ///< where they stood after the last rows that retention removed
};

struct Head {
  HeadKind kind = HeadKind::newest;
  engine::Instant at = 0;  ///< the engine's clock when it was signed
  Ends ends;
  std::uint64_t shed_first = 0;  ///< removed: first and last batch that went because the bound was near; 0: none
  std::uint64_t shed_last = 0;
  Signature signature{};
};

/// Where the chains of this journal begin.
[[nodiscard]] Ends start_of(std::span<const std::byte> chain_key, const JournalId& id);
/// Sets the signature.
void sign(Head& head, const JournalId& id, const Keys& keys);
[[nodiscard]] bool is_signed(const Head& head, const JournalId& id, const PublicKey& key);

/// Reads a head that was kept elsewhere. @returns false when it is none, or its own signature does not hold.
[[nodiscard]] bool is_kept_head(const SignedHead& kept, Head& head);

inline constexpr const char* kReplaceHead =
    "INSERT OR REPLACE INTO head(kind, at, batch, alert, note, shed_first, shed_last, batch_hash, alert_hash, "
    "note_hash, "
    "signature) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
/// Runs kReplaceHead within the transaction that is open.
[[nodiscard]] int write_head(Statement& replace, const Head& head);
/// @returns SQLITE_ROW and sets `head`, SQLITE_DONE when there is none, SQLITE_CORRUPT for one of wrong sizes, or an
///          error. The signature is not checked.
[[nodiscard]] int read_head(sqlite3* database, HeadKind kind, Head& head);

/// Copies a BLOB of exactly this size. @returns false for any other size.
template <std::size_t kSize>
[[nodiscard]] bool copy_exactly(std::span<const std::byte> from, std::array<std::byte, kSize>& to) {
  if (from.size() != kSize) return false;
  std::copy(from.begin(), from.end(), to.begin());
  return true;
}
}  // namespace tocsin::journal
