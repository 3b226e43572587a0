// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Secret: bytes that nobody may see, and how they come from a file.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>

namespace tocsin::daemon {
/// A key of CURVE or Ed25519.
using Key = std::array<std::uint8_t, 32>;
inline constexpr std::size_t kZ85KeySize = 40;

/// Bytes between guard pages, locked in memory and left out of core files where the system allows it, wiped when they
/// go. Moves, never copies; has no way to be printed. One owner.
class Secret {
 public:
  Secret() = default;
  ~Secret() { wipe(); }
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// `size` bytes of zero. Ends the process when there is no memory.
  [[nodiscard]] static Secret make(std::size_t size);
  [[nodiscard]] bool empty() const { return bytes_ == nullptr; }
  [[nodiscard]] std::span<std::uint8_t> bytes() { return {bytes_, size_}; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_, size_}; }
  /// Forgets the bytes now; empty afterwards.
  void wipe();

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// Where a secret may lie: a credential that the service manager passed wins over the folder.
/// @param folder  the keys folder; may be empty.
/// @returns `$CREDENTIALS_DIRECTORY/NAME` when there is such a file, else `FOLDER/NAME`.
[[nodiscard]] std::string secret_path(const std::string& folder, std::string_view name);

/// Whether group or others may read or write a secret. Of a credential the group's bits say nothing: they show the mask
/// of the access list by which the service manager lets the daemon read it.
[[nodiscard]] bool others_may_use(const std::string& path, const struct stat& info);

/// Reads a secret key in Z85 (40 characters; blank lines and lines that begin with `#` are passed over). A file that
/// group or others may read is refused: who read it once has it for ever.
/// @returns what is wrong, with the mend and without any of the content; empty when `out` holds the 32 bytes.
[[nodiscard]] std::string load_secret_key(const std::string& path, Secret& out);

/// 32 bytes from 40 characters of Z85. @returns false when they are none.
[[nodiscard]] bool decode_key(std::string_view z85, std::span<std::uint8_t> out);
/// The Z85 text of a public key.
[[nodiscard]] std::string encode_key(const Key& key);
/// The first 8 hexadecimal digits of BLAKE2b over a public key: enough to tell keys apart, fit for logs.
[[nodiscard]] std::string fingerprint(const Key& key);
}  // namespace tocsin::daemon
