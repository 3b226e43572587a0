// SPDX-License-Identifier: Apache-2.0
#include "lib/key_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <sodium.h>
#include <zmq.h>

#include "tocsin/engine/base/check.hpp"

#include "lib/files.hpp"

namespace tocsin::tools {
namespace {
constexpr std::size_t kZ85Size = 40;
constexpr std::size_t kHexSize = 64;
constexpr std::size_t kFileBytesMax = 1024;
constexpr mode_t kOwnerReads = 0400;

/// Text in locked memory, wiped when it goes.
template <std::size_t kSize>
class LockedText {
 public:
  LockedText() : bytes_{static_cast<char*>(sodium_malloc(kSize))} {
    TOCSIN_CHECK(bytes_ != nullptr);
    sodium_memzero(bytes_, kSize);
  }
  ~LockedText() { sodium_free(bytes_); }
  LockedText(const LockedText&) = delete;
  LockedText& operator=(const LockedText&) = delete;
  [[nodiscard]] char* data() { return bytes_; }

 private:
  char* bytes_;
};

void start_sodium() { TOCSIN_CHECK(sodium_init() >= 0); }

bool complain(const std::string& path, const std::string& what, std::string& error) {
  error = path + ": " + what;
  return false;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// A new file for its owner's eyes; what is there already is never touched.
bool create_secret(const std::string& path, const std::vector<std::string_view>& parts, std::string& error) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerReads);
  if (file < 0) {
    return complain(path,
                    errno == EEXIST ? "is there already and is not overwritten; name another file, or move it away"
                                    : std::string{"cannot be written: "} + std::strerror(errno),
                    error);
  }
  bool written = std::all_of(parts.begin(), parts.end(), [&](std::string_view part) { return write_all(file, part); });
  written = ::fsync(file) == 0 && written;
  const int reason = errno;
  written = ::close(file) == 0 && written;
  if (written) return true;
  (void)::unlink(path.c_str());
  return complain(path, std::string{"cannot be written: "} + std::strerror(reason), error);
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}
}  // namespace

SecretKey::SecretKey() {
  start_sodium();
  bytes_ = static_cast<std::uint8_t*>(sodium_malloc(kSize));  // locked, left out of core files
  TOCSIN_CHECK(bytes_ != nullptr);
  sodium_memzero(bytes_, kSize);
}

SecretKey::~SecretKey() { sodium_free(bytes_); }

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_{std::exchange(other.bytes_, nullptr)} {}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

KeyPair make_key_pair() {
  KeyPair pair;
  (void)crypto_box_keypair(pair.public_key.data(), pair.secret.data());
  return pair;
}

Key public_key_of(const SecretKey& secret) {
  Key key{};
  (void)crypto_scalarmult_base(key.data(), secret.data());
  return key;
}

bool decode_key(std::string_view text, Key& out) {
  if (text.size() != kZ85Size) return false;
  std::array<char, kZ85Size + 1> terminated{};
  std::copy(text.begin(), text.end(), terminated.begin());
  const bool right = zmq_z85_decode(out.data(), terminated.data()) != nullptr;
  sodium_memzero(terminated.data(), terminated.size());
  return right;
}

std::string encode_key(const Key& key) {
  std::array<char, kZ85Size + 1> text{};
  TOCSIN_CHECK(zmq_z85_encode(text.data(), key.data(), key.size()) != nullptr);
  return text.data();
}

std::string fingerprint(const Key& key) {
  start_sodium();
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  (void)crypto_generichash(hash.data(), hash.size(), key.data(), key.size(), nullptr, 0);
  std::array<char, 9> text{};
  (void)sodium_bin2hex(text.data(), text.size(), hash.data(), 4);
  return text.data();
}

bool read_public_keys(const std::string& path, std::vector<NotedKey>& out, std::string& error) {
  std::string text;
  if (!read_file(path, text, error)) return false;
  std::string_view rest{text};
  std::string note;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto line = next_line(rest);
    Key key{};
    // `#` is a letter of Z85 as well, so a line that is a key is one whatever it begins with.
    if (decode_key(line, key)) {
      out.push_back({key, note});
      note.clear();
    } else if (line.starts_with('#')) {
      note = line.substr(std::min(line.find_first_not_of("# "), line.size()));
    } else if (!line.empty()) {
      return complain(path + ":" + std::to_string(number),
                      "this is no public key; a line holds 40 characters of Z85, or begins with #", error);
    }
  }
  return true;
}

bool read_public_key(const std::string& text_or_path, Key& out, std::string& error) {
  if (decode_key(text_or_path, out)) return true;
  std::vector<NotedKey> keys;
  if (!read_public_keys(text_or_path, keys, error)) return false;
  if (keys.size() != 1) {
    return complain(text_or_path, "must hold one public key and holds " + std::to_string(keys.size()), error);
  }
  out = keys.front().key;
  return true;
}

bool read_secret_key(const std::string& path, SecretKey& out, std::string& error) {
  start_sodium();
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return complain(path, std::strerror(errno), error);
  struct stat info {};
  const bool known = ::fstat(file, &info) == 0;
  LockedText<kFileBytesMax> content;
  const ssize_t size = known && S_ISREG(info.st_mode) ? ::read(file, content.data(), kFileBytesMax) : -1;
  (void)::close(file);
  if (size < 0) return complain(path, "cannot be read; a secret key lies in a file of its own", error);
  if ((info.st_mode & 0077U) != 0) {
    return complain(path, "others than you may read it; run: chmod 0400 " + path, error);
  }
  std::string_view rest{content.data(), static_cast<std::size_t>(size)};
  Key key{};
  bool found = false;
  while (!rest.empty()) found = decode_key(next_line(rest), key) || found;
  if (found) std::copy(key.begin(), key.end(), out.data());
  sodium_memzero(key.data(), key.size());
  return found || complain(path,
                           "holds no secret key; it must have a line of 40 characters, as `tocsin keys add` "
                           "writes it",
                           error);
}

bool write_secret_file(const std::string& path, std::string_view comment, const SecretKey& secret, std::string& error) {
  LockedText<kZ85Size + 1> text;
  TOCSIN_CHECK(zmq_z85_encode(text.data(), secret.data(), SecretKey::kSize) != nullptr);
  return create_secret(path, {"# ", comment, "\n", {text.data(), kZ85Size}, "\n"}, error);
}

bool write_journal_keys(const std::string& path, std::string& error) {
  start_sodium();
  LockedText<kHexSize + 1> chain;
  LockedText<kHexSize + 1> seed;
  SecretKey bytes;
  for (auto* const text : {&chain, &seed}) {
    randombytes_buf(bytes.data(), SecretKey::kSize);
    (void)sodium_bin2hex(text->data(), kHexSize + 1, bytes.data(), SecretKey::kSize);
  }
  return create_secret(path, {{chain.data(), kHexSize}, "\n", {seed.data(), kHexSize}, "\n"}, error);
}
}  // namespace tocsin::tools
