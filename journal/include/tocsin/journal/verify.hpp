// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Verification: whether a journal still says what was written, and if not, what is wrong and where.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::journal {
/// The newest signed head, to be kept where whoever can write the journal cannot: only that shows a journal whose end
/// was cut off or that was exchanged for an older one. All that its signature covers is in it (README.md says how).
/// Hashes, keys and the signature are in hex.
struct SignedHead {
  std::uint64_t batch = 0;  ///< 0: nothing was stored yet
  std::string chain;        ///< hash of the batches up to this one
  std::string signature;    ///< README.md says of what
  std::string public_key;
  std::string journal;      ///< what tells it from others
  engine::Instant at = 0;   ///< the engine's clock when it was signed
  std::uint64_t alert = 0;  ///< the last alert event and the last note up to this batch, and the hashes of theirs
  std::uint64_t note = 0;
  std::string alert_chain;
  std::string note_chain;
};

struct VerifyOptions {
  /// Path of the key file; empty: the keys the journal was opened with, else the file beside it, else none.
  std::string keys;
  /// The public key (64 hex digits) as noted elsewhere; empty: the one the journal itself names.
  std::string public_key;
  /// A head of this journal that was kept elsewhere: what it speaks of must still be there, and be the same.
  std::optional<SignedHead> kept_head;
  bool since_checkpoint = false;  ///< only batches after the newest checkpoint
  /// SQLite's check of its own structure is one step, however long it takes. Of a file with more pages than this only
  /// what reading all rows shows is checked.
  std::uint64_t structure_pages_max = UINT64_MAX;
};

struct VerifyReport {
  static constexpr std::size_t kFaultsMax = 100;
  std::vector<std::string> faults;  ///< what is wrong and where, in the order found, at most kFaultsMax
  std::uint64_t fault_count = 0;    ///< all of them
  std::uint64_t batches = 0;        ///< checked; likewise the next two
  std::uint64_t alerts = 0;
  std::uint64_t notes = 0;             ///< operator acts and gaps
  std::uint64_t first_batch = 0;       ///< the first that was checked; those before it were removed or skipped
  std::uint64_t signed_batch = 0;      ///< the newest signature covers all up to this batch
  std::uint64_t unsigned_batches = 0;  ///< those after it: only the keyed chain covers them
  bool keyed = false;                  ///< the keyed chain was checked, too
  std::string public_key;              ///< the journal's, 64 hex digits
  std::string notice;                  ///< what could not be checked, and why; empty: nothing
};

/// One run over a journal, in steps. Commits and retention may come between them. Ends before its journal does.
class Verification {
 public:
  Verification() = default;
  virtual ~Verification() = default;
  Verification(const Verification&) = delete;
  Verification& operator=(const Verification&) = delete;
  Verification(Verification&&) = delete;
  Verification& operator=(Verification&&) = delete;
  /// Checks about so many more rows. @returns whether there is more to do.
  [[nodiscard]] virtual bool step(std::uint32_t rows) = 0;
  [[nodiscard]] virtual const VerifyReport& report() const = 0;
};
}  // namespace tocsin::journal
