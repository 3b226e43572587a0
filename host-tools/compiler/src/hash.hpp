// SPDX-License-Identifier: Apache-2.0
#pragma once
// Hashes of rules: BLAKE2b over a canonical form that knows names and structure, but no indices, order or layout.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::compiler {
using Digest = std::array<unsigned char, 32>;

// Collects fields, each with its length or of fixed size, so that no two different lists of fields look alike.
class Canonical {
 public:
  explicit Canonical(std::string_view what) { text(what); }
  Canonical& number(std::int64_t value);
  Canonical& real(double value);
  Canonical& text(std::string_view value);
  Canonical& digest(const Digest& value);
  [[nodiscard]] Digest finish() const;

 private:
  std::string bytes_;
};
// The first 8 bytes, little endian.
[[nodiscard]] std::uint64_t short_hash(const Digest& digest);
}  // namespace tocsin::compiler
