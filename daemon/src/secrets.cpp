// SPDX-License-Identifier: Apache-2.0
#include "secrets.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <sodium.h>
#include <zmq.h>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kFileBytesMax = 1024;
constexpr std::string_view kZ85Letters =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} {}
  ~Descriptor() {
    if (fd_ >= 0) (void)::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool is_credential(const std::string& path) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder != nullptr && *folder != '\0' && path.starts_with(std::string{folder} + "/");
}

/// Who else may read it; empty: nobody.
std::string check_mode(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return path + " is no regular file; a secret lies in a file of its own";
  if (others_may_use(path, info)) {
    return path + " may be read or written by others than its owner; make new keys if somebody may have read it, and " +
           "run: chmod 0400 " + path;
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return path + " belongs to another user; run: chown to the user of tocsind, or to root with a credential";
  }
  return {};
}

/// The one line of a file that is neither blank nor a comment.
bool only_line(std::string_view text, std::string_view& out) {
  bool found = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    // `#` is a letter of Z85 as well, so a line may begin with it and be a key.
    const bool may_be_key = line.size() == kZ85KeySize && line.find_first_not_of(kZ85Letters) == std::string_view::npos;
    if (line.empty() || (line.front() == '#' && !may_be_key)) continue;
    if (found) return false;
    found = true;
    out = line;
  }
  return found;
}
}  // namespace

Secret::Secret(Secret&& other) noexcept
    : bytes_{std::exchange(other.bytes_, nullptr)}, size_{std::exchange(other.size_, 0)} {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::exchange(other.bytes_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret Secret::make(std::size_t size) {
  TOCSIN_CHECK(sodium_init() >= 0);
  Secret secret;
  secret.bytes_ = static_cast<std::uint8_t*>(sodium_malloc(size));  // guard pages, mlock, no dump
  TOCSIN_CHECK(secret.bytes_ != nullptr);
  secret.size_ = size;
  sodium_memzero(secret.bytes_, size);
  return secret;
}

void Secret::wipe() {
  if (bytes_ != nullptr) sodium_free(bytes_);  // zeroes first
  bytes_ = nullptr;
  size_ = 0;
}

bool others_may_use(const std::string& path, const struct stat& info) {
  const mode_t others = is_credential(path) && info.st_uid == 0 ? 0037U : 0077U;
  return (info.st_mode & others) != 0;
}

std::string secret_path(const std::string& folder, std::string_view name) {
  const char* const credentials = std::getenv("CREDENTIALS_DIRECTORY");
  if (credentials != nullptr && *credentials != '\0') {
    auto path = std::string{credentials} + "/" + std::string{name};
    if (::access(path.c_str(), F_OK) == 0) return path;
  }
  return folder + "/" + std::string{name};
}

std::string load_secret_key(const std::string& path, Secret& out) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (file.get() < 0) {
    return path + " cannot be read: " + std::strerror(errno) +
           (errno == ENOENT ? "; make the keys with: tocsin keys init" : "; check who owns it");
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return path + " cannot be read: " + std::strerror(errno);
  if (auto why = check_mode(path, info); !why.empty()) return why;
  Secret content = Secret::make(kFileBytesMax);
  std::size_t size = 0;
  while (size < content.bytes().size()) {
    const auto got = ::read(file.get(), content.bytes().data() + size, content.bytes().size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return path + " cannot be read: " + std::strerror(errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  // The text never leaves the locked pages.
  const std::string_view text{reinterpret_cast<const char*>(content.bytes().data()), size};
  std::string_view line;
  Secret key = Secret::make(std::tuple_size_v<Key>);
  if (!only_line(text, line) || !decode_key(line, key.bytes())) {
    return path + " holds no key; it must have one line of 40 characters, as made by: tocsin keys init";
  }
  out = std::move(key);
  return {};
}

bool decode_key(std::string_view z85, std::span<std::uint8_t> out) {
  if (z85.size() != kZ85KeySize || out.size() != std::tuple_size_v<Key>) return false;
  // Not zmq_z85_decode: that one wants a terminated text, so a copy of the secret.
  for (std::size_t group = 0; group < kZ85KeySize / 5; ++group) {
    std::uint64_t value = 0;
    for (const char letter : z85.substr(group * 5, 5)) {
      const auto digit = kZ85Letters.find(letter);
      if (digit == std::string_view::npos) return false;
      value = value * 85 + digit;
    }
    if (value > UINT32_MAX) return false;
    for (std::size_t i = 0; i < 4; ++i) out[group * 4 + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
  return true;
}

std::string encode_key(const Key& key) {
  std::array<char, kZ85KeySize + 1> text{};
  TOCSIN_CHECK(zmq_z85_encode(text.data(), key.data(), key.size()) != nullptr);
  return text.data();
}

std::string fingerprint(const Key& key) {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  (void)crypto_generichash(hash.data(), hash.size(), key.data(), key.size(), nullptr, 0);
  std::array<char, 9> text{};
  (void)sodium_bin2hex(text.data(), text.size(), hash.data(), 4);
  return text.data();
}
}  // namespace tocsin::daemon
