// SPDX-License-Identifier: Apache-2.0
#include "head.hpp"

#include <algorithm>

#include "row_crc.hpp"

namespace tocsin::journal {
namespace {
constexpr std::string_view kPurpose = "tocsin journal head 1";

/// The bytes that are signed.
class Message {
 public:
  Message(const Head& head, const JournalId& id) {
    put_(bytes_of(kPurpose));
    put_(id);
    for (const auto number : {static_cast<std::uint64_t>(head.kind), static_cast<std::uint64_t>(head.at),
                              head.ends.batch, head.ends.alert, head.ends.note, head.shed_first, head.shed_last}) {
      for (unsigned shift = 0; shift < 64; shift += 8) {
        bytes_.at(size_++) = static_cast<std::byte>((number >> shift) & 0xFFU);
      }
    }
    put_(head.ends.batch_hash);
    put_(head.ends.alert_hash);
    put_(head.ends.note_hash);
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span{bytes_}.first(size_); }

 private:
  void put_(std::span<const std::byte> bytes) {
    for (const auto byte : bytes) bytes_.at(size_++) = byte;
  }
  std::array<std::byte, 256> bytes_{};
  std::size_t size_ = 0;
};
}  // namespace

Ends start_of(std::span<const std::byte> chain_key, const JournalId& id) {
  Ends ends;
  ends.batch_hash = Link{chain_key, 's', {}}.bytes(id).finish();
  ends.alert_hash = ends.batch_hash;
  ends.note_hash = ends.batch_hash;
  return ends;
}

void sign(Head& head, const JournalId& id, const Keys& keys) { head.signature = keys.sign(Message{head, id}.bytes()); }

bool is_signed(const Head& head, const JournalId& id, const PublicKey& key) {
  return is_signed_by(key, Message{head, id}.bytes(), head.signature);
}

bool is_kept_head(const SignedHead& kept, Head& head) {
  head = {};
  head.at = kept.at;
  head.ends.batch = kept.batch;
  head.ends.alert = kept.alert;
  head.ends.note = kept.note;
  JournalId id{};
  PublicKey key{};
  return bytes_of_hex(kept.chain, head.ends.batch_hash) && bytes_of_hex(kept.alert_chain, head.ends.alert_hash) &&
         bytes_of_hex(kept.note_chain, head.ends.note_hash) && bytes_of_hex(kept.signature, head.signature) &&
         bytes_of_hex(kept.journal, id) && bytes_of_hex(kept.public_key, key) && is_signed(head, id, key);
}

int write_head(Statement& replace, const Head& head) {
  return replace.bind(1, static_cast<std::int64_t>(head.kind))
      .bind(2, head.at)
      .bind(3, head.ends.batch)
      .bind(4, head.ends.alert)
      .bind(5, head.ends.note)
      .bind(6, head.shed_first)
      .bind(7, head.shed_last)
      .bind(8, std::span<const std::byte>{head.ends.batch_hash})
      .bind(9, std::span<const std::byte>{head.ends.alert_hash})
      .bind(10, std::span<const std::byte>{head.ends.note_hash})
      .bind(11, std::span<const std::byte>{head.signature})
      .run();
}

int read_head(sqlite3* database, HeadKind kind, Head& head) {
  Statement select;
  int code = select.prepare(database,
                            "SELECT at, batch, alert, note, shed_first, shed_last, batch_hash, alert_hash, note_hash, "
                            "signature FROM head WHERE kind = ?1");
  if (code != SQLITE_OK) return code;
  code = select.bind(1, static_cast<std::int64_t>(kind)).step();
  if (code != SQLITE_ROW) return code;
  head.kind = kind;
  head.at = select.number(0);
  head.ends.batch = select.unsigned_number(1);
  head.ends.alert = select.unsigned_number(2);
  head.ends.note = select.unsigned_number(3);
  head.shed_first = select.unsigned_number(4);
  head.shed_last = select.unsigned_number(5);
  const bool whole = copy_exactly(select.blob(6), head.ends.batch_hash) &&
                     copy_exactly(select.blob(7), head.ends.alert_hash) &&
                     copy_exactly(select.blob(8), head.ends.note_hash) && copy_exactly(select.blob(9), head.signature);
  return whole ? SQLITE_ROW : SQLITE_CORRUPT;
}
}  // namespace tocsin::journal
