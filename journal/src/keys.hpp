// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The journal's keys: one for the chain, one to sign with. README.md describes the file.
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tocsin/journal/journal.hpp"

namespace tocsin::journal {
using PublicKey = std::array<std::byte, 32>;
using Signature = std::array<std::byte, 64>;

/// Kept in memory that is locked, where the system allows it, and wiped when it goes.
class Keys {
 public:
  /// Reads a key file. @error  it is not there, others may read it, or it is not two lines of 64 hex digits.
  [[nodiscard]] static std::unique_ptr<Keys> load(const std::string& path, JournalError& error);
  /// Makes a key file, durably, unless there is one, and reads it.
  [[nodiscard]] static std::unique_ptr<Keys> load_or_make(const std::string& path, JournalError& error);
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  Keys(Keys&&) = delete;
  Keys& operator=(Keys&&) = delete;

  [[nodiscard]] std::span<const std::byte> chain_key() const;
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(std::span<const std::byte> message) const;

 private:
  struct Secret;
  Keys();
  /// The key file's text. Good as long as the keys.
  [[nodiscard]] std::string_view write_text_();
  Secret* secret_;
  PublicKey public_key_{};
};

[[nodiscard]] bool is_signed_by(const PublicKey& key, std::span<const std::byte> message, const Signature& signature);
[[nodiscard]] std::string hex_of(std::span<const std::byte> bytes);
/// False unless `text` is exactly that many bytes in hex.
[[nodiscard]] bool bytes_of_hex(std::string_view text, std::span<std::byte> out);
}  // namespace tocsin::journal
