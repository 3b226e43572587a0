// SPDX-License-Identifier: Apache-2.0
#include "chain.hpp"

namespace tocsin::journal {
namespace {
const unsigned char* address(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
}  // namespace

Link::Link(std::span<const std::byte> key, char kind, const Hash& previous) {
  (void)crypto_generichash_init(&state_, address(key), key.size(), sizeof(Hash));
  const std::array head = {static_cast<std::byte>(kind)};
  raw_(head).raw_(previous);
}

Link& Link::number(std::int64_t value) {
  std::array<std::byte, 8> bytes{};
  auto rest = static_cast<std::uint64_t>(value);
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(rest & 0xFFU);
    rest >>= 8U;
  }
  return raw_(bytes);
}

Link& Link::bytes(std::span<const std::byte> value) {
  return number(static_cast<std::int64_t>(value.size())).raw_(value);
}

Link& Link::raw_(std::span<const std::byte> value) {
  if (!value.empty()) (void)crypto_generichash_update(&state_, address(value), value.size());
  return *this;
}

Hash Link::finish() {
  Hash hash{};
  (void)crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
  return hash;
}

void append(std::span<const std::byte> key, const AlertRow& row, Ends& ends) {
  Link link{key, 'a', ends.alert_hash};
  ends.alert_hash = link.number(row.number).number(row.at).number(row.batch_id).bytes(row.body).finish();
  ends.alert = static_cast<std::uint64_t>(row.number);
}

void append(std::span<const std::byte> key, const NoteRow& row, Ends& ends) {
  Link link{key, 'n', ends.note_hash};
  link.number(row.id).number(row.at).number(row.batch_id).number(row.kind).number(row.first).number(row.last);
  ends.note_hash = link.bytes(row.who).bytes(row.word).bytes(row.text).finish();
  ends.note = static_cast<std::uint64_t>(row.id);
}

void append(std::span<const std::byte> key, const BatchRow& row, Ends& ends) {
  Link link{key, 'b', ends.batch_hash};
  link.number(row.id).number(row.clock).number(row.items).number(row.first).number(row.last).bytes(row.inputs);
  link.number(ends.alert).hash(ends.alert_hash).number(ends.note).hash(ends.note_hash);
  ends.batch_hash = link.finish();
  ends.batch = static_cast<std::uint64_t>(row.id);
}
}  // namespace tocsin::journal
