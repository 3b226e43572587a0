// SPDX-License-Identifier: Apache-2.0
#include "keys.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::journal {
namespace {
constexpr std::size_t kFileBytesMax = 4096;
constexpr std::size_t kSeedBytes = 32;

struct Descriptor {
  explicit Descriptor(int opened) : number{opened} {}
  ~Descriptor() {
    if (number >= 0) (void)::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  int number;
};

JournalError complain(const std::string& path, const std::string& what) {
  return {"the journal's key file '" + path + "' " + what, 0, false};
}

/// Of a credential the group's bits say nothing: they show the mask of the access list by which the service manager
/// lets the daemon read it.
bool others_may_use(const std::string& path, const struct stat& status) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  const bool is_credential = folder != nullptr && *folder != '\0' && path.starts_with(std::string{folder} + "/");
  const mode_t others = is_credential && status.st_uid == 0 ? 0037U : 0077U;
  return (status.st_mode & others) != 0;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(file, text.data(), text.size());
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const auto folder = slash == std::string::npos ? std::string{"."} : path.substr(0, slash + 1);
  const Descriptor handle{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return handle.number >= 0 && ::fsync(handle.number) == 0;
}

/// Made under another name first: a power cut never leaves half a key.
bool make_file(const std::string& path, std::string_view content) {
  const auto draft = path + ".new";
  (void)::unlink(draft.c_str());
  {
    const Descriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400)};
    if (file.number < 0 || !write_all(file.number, content) || ::fsync(file.number) != 0) return false;
  }
  return ::rename(draft.c_str(), path.c_str()) == 0 && sync_folder_of(path);
}

int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}
}  // namespace

struct Keys::Secret {
  std::array<char, kFileBytesMax> file;  ///< the text, only while it is read
  std::array<std::byte, kSeedBytes> chain;
  std::array<std::byte, kSeedBytes> seed;
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> signing;
};

std::string hex_of(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += {kDigits[value >> 4U], kDigits[value & 0xFU]};
  }
  return text;
}

bool bytes_of_hex(std::string_view text, std::span<std::byte> out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t index = 0; index < out.size(); ++index) {
    const int high = digit_of(text[2 * index]);
    const int low = digit_of(text[2 * index + 1]);
    if (high < 0 || low < 0) return false;
    out[index] = static_cast<std::byte>(high * 16 + low);
  }
  return true;
}

Keys::Keys() {
  TOCSIN_CHECK(sodium_init() >= 0);
  secret_ = static_cast<Secret*>(sodium_malloc(sizeof(Secret)));
  TOCSIN_CHECK(secret_ != nullptr);
}

Keys::~Keys() { sodium_free(secret_); }

std::span<const std::byte> Keys::chain_key() const { return secret_->chain; }

Signature Keys::sign(std::span<const std::byte> message) const {
  Signature signature{};
  (void)crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                             reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                             secret_->signing.data());
  return signature;
}

bool is_signed_by(const PublicKey& key, std::span<const std::byte> message, const Signature& signature) {
  return sodium_init() >= 0 &&
         crypto_sign_verify_detached(reinterpret_cast<const unsigned char*>(signature.data()),
                                     reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                                     reinterpret_cast<const unsigned char*>(key.data())) == 0;
}

std::unique_ptr<Keys> Keys::load(const std::string& path, JournalError& error) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (file.number < 0 || ::fstat(file.number, &status) != 0) {
    error = complain(path, std::string{"cannot be read ("} + std::strerror(errno) +
                               "); without it the journal's chain cannot go on: restore it from where you keep it");
    return nullptr;
  }
  if (others_may_use(path, status)) {
    error = complain(path,
                     "may be read or written by others than its owner; chmod 0400 it, and make a new journal if "
                     "it got about");
    return nullptr;
  }
  auto keys = std::unique_ptr<Keys>{new Keys};
  auto& secret = *keys->secret_;
  const auto size = ::read(file.number, secret.file.data(), secret.file.size());
  std::string_view rest{secret.file.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  std::size_t found = 0;
  bool good = size > 0 && rest.size() < kFileBytesMax;
  while (good && !rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.front() == '#') continue;
    good = found < 2 && bytes_of_hex(line, found == 0 ? std::span{secret.chain} : std::span{secret.seed});
    ++found;
  }
  sodium_memzero(secret.file.data(), secret.file.size());
  if (!good || found != 2) {
    error = complain(path, "must have two lines of 64 hex digits (chain key, signing seed), and has not; restore it");
    return nullptr;
  }
  (void)crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(keys->public_key_.data()), secret.signing.data(),
                                 reinterpret_cast<const unsigned char*>(secret.seed.data()));
  return keys;
}

// In the locked pages, which are wiped when they go: the heap keeps what was freed.
std::string_view Keys::write_text_() {
  constexpr std::string_view kComment =
      "# Keys of a Tocsin journal: chain key, signing seed. Keep a copy in another place.\n";
  constexpr std::size_t kLineBytes = 2 * kSeedBytes + 1;
  auto& text = secret_->file;
  static_assert(kComment.size() + 2 * kLineBytes < kFileBytesMax);
  std::copy(kComment.begin(), kComment.end(), text.begin());
  std::size_t size = kComment.size();
  for (const auto& key : {std::span{secret_->chain}, std::span{secret_->seed}}) {
    (void)sodium_bin2hex(&text[size], kLineBytes, reinterpret_cast<const unsigned char*>(key.data()), key.size());
    size += kLineBytes;
    text[size - 1] = '\n';  // for the 0
  }
  return {text.data(), size};
}

std::unique_ptr<Keys> Keys::load_or_make(const std::string& path, JournalError& error) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) {
    Keys fresh;
    randombytes_buf(fresh.secret_->chain.data(), fresh.secret_->chain.size());
    randombytes_buf(fresh.secret_->seed.data(), fresh.secret_->seed.size());
    const bool made = make_file(path, fresh.write_text_());
    const int reason = errno;
    if (!made) {
      error = complain(path, std::string{"cannot be made ("} + std::strerror(reason) +
                                 "); check that its folder exists and may be written");
      return nullptr;
    }
  }
  return load(path, error);
}
}  // namespace tocsin::journal
