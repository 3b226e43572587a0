// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Files of keys: pairs made, written once, read with care. Secrets never pass through a std::string of ours that
/// stays in memory.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::tools {
using Key = std::array<std::uint8_t, 32>;

/// 32 bytes that are locked in memory and wiped when they go. Moves, never copies.
class SecretKey {
 public:
  SecretKey();
  ~SecretKey();
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  [[nodiscard]] std::uint8_t* data() { return bytes_; }
  [[nodiscard]] const std::uint8_t* data() const { return bytes_; }
  static constexpr std::size_t kSize = 32;

 private:
  std::uint8_t* bytes_;
};

struct KeyPair {
  Key public_key{};
  SecretKey secret;
};

/// A fresh pair for CURVE.
[[nodiscard]] KeyPair make_key_pair();
/// The public key of a secret one.
[[nodiscard]] Key public_key_of(const SecretKey& secret);

/// 40 characters of Z85. @returns false when they are no key.
[[nodiscard]] bool decode_key(std::string_view text, Key& out);
[[nodiscard]] std::string encode_key(const Key& key);
/// The first 8 hexadecimal digits of BLAKE2b over a public key, as the daemon's log and `tocsin keys list` say it.
[[nodiscard]] std::string fingerprint(const Key& key);

/// One public key of a file, with the comment that stood above it.
struct NotedKey {
  Key key{};
  std::string note;
};

/// Reads the public keys of a file, one a line; `#` begins a comment.
/// @returns false and sets `error` (what and how to mend it) when it cannot be read or holds something else.
[[nodiscard]] bool read_public_keys(const std::string& path, std::vector<NotedKey>& out, std::string& error);
/// A public key: its 40 characters, or the path of a file with one.
[[nodiscard]] bool read_public_key(const std::string& text_or_path, Key& out, std::string& error);
/// Reads a secret key. A file that others may read is refused. No error tells any of the content.
[[nodiscard]] bool read_secret_key(const std::string& path, SecretKey& out, std::string& error);

/// Writes a file that must not be there yet, durably, readable by its owner only.
[[nodiscard]] bool write_secret_file(const std::string& path, std::string_view comment, const SecretKey& secret,
                                     std::string& error);
/// The two keys of a journal (for its chain and to sign with), in the journal's own format.
[[nodiscard]] bool write_journal_keys(const std::string& path, std::string& error);
}  // namespace tocsin::tools
