// SPDX-License-Identifier: Apache-2.0
#include "lib/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace tocsin::tools {
namespace {
struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
bool write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}
}  // namespace

bool read_file(const std::string& path, std::string& out, std::string& error) {
  std::unique_ptr<std::FILE, Close> file{path == "-" ? stdin : std::fopen(path.c_str(), "rb")};
  if (!file) {
    error = path + ": " + std::strerror(errno);
    return false;
  }
  out.clear();
  std::array<char, 1U << 16U> part;
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), file.get())) > 0;)
    out.append(part.data(), got);
  if (std::ferror(file.get()) != 0) {
    error = path + ": " + std::strerror(errno);
    return false;
  }
  return true;
}

bool write_atomically(const std::string& path, std::span<const std::byte> bytes, std::string& error) {
  // A link stays a link: what it points to is replaced.
  std::error_code code;
  const std::filesystem::path real = std::filesystem::canonical(path, code);
  const std::string target = code ? path : real.string();
  struct stat before {};
  constexpr mode_t kReadable = 0644;
  constexpr mode_t kPermissions = 07777;
  const mode_t mode = ::stat(target.c_str(), &before) == 0 ? before.st_mode & kPermissions : kReadable;
  std::string temporary = target + ".XXXXXX";
  const int file = ::mkstemp(temporary.data());
  if (file < 0) {
    error = path + ": cannot be written: " + std::strerror(errno);
    return false;
  }
  bool written = write_all(file, bytes) && ::fchmod(file, mode) == 0 && ::fsync(file) == 0;
  int reason = errno;
  written = ::close(file) == 0 && written;
  if (written && std::rename(temporary.c_str(), target.c_str()) == 0) return true;
  if (written) reason = errno;
  (void)::unlink(temporary.c_str());
  error = path + ": cannot be written: " + std::strerror(reason);
  return false;
}

bool is_rule_image(const std::string& content) { return content.size() >= 8 && content.compare(4, 4, "TCNI") == 0; }
}  // namespace tocsin::tools
