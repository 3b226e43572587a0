// SPDX-License-Identifier: Apache-2.0
#include "hash.hpp"

#include <bit>

#include <sodium.h>

namespace tocsin::compiler {
Canonical& Canonical::number(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  for (unsigned shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>((bits >> shift) & 0xFFU);
  return *this;
}
Canonical& Canonical::real(double value) { return number(std::bit_cast<std::int64_t>(value)); }
Canonical& Canonical::text(std::string_view value) {
  number(static_cast<std::int64_t>(value.size()));
  bytes_ += value;
  return *this;
}
Canonical& Canonical::digest(const Digest& value) {
  bytes_.append(value.begin(), value.end());
  return *this;
}
Digest Canonical::finish() const {
  Digest out{};
  // Fails only for sizes that are not ours. Needs no sodium_init(): it draws no random numbers.
  const auto* data = static_cast<const unsigned char*>(static_cast<const void*>(bytes_.data()));
  (void)crypto_generichash(out.data(), out.size(), data, bytes_.size(), nullptr, 0);
  return out;
}

std::uint64_t short_hash(const Digest& digest) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{digest[i]} << (8 * i);
  return value;
}
}  // namespace tocsin::compiler
