// SPDX-License-Identifier: Apache-2.0
#include "journal_rights.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/daemon/log.hpp"

namespace tocsin::daemon {
namespace {
constexpr mode_t kNotForThem = S_IWGRP | S_IXGRP | S_IRWXO;

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  (void)std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
  return text.data();
}

void keep_from_others(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return;  // not there yet, or what opens it says why
  struct stat status {};
  if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & kNotForThem) != 0) {
    const mode_t right = status.st_mode & 07777U & ~kNotForThem;
    const bool done = ::fchmod(file, right) == 0;
    LogLine line{Severity::warning, "journal_rights"};
    line.field("path", path).field("was", octal(status.st_mode));
    if (done) {
      line.field("now", octal(right)).field("meaning", "until now others could read it, or its group write it");
    } else {
      line.field("error", std::strerror(errno))
          .field("meaning", "others may read it, or its group may write it")
          .field("mend", "chown it to the daemon's user, or chmod " + octal(right));
    }
  }
  (void)::close(file);
}
}  // namespace

void keep_journal_from_others(const std::string& journal) {
  for (const char* const suffix : {"", "-wal", "-shm"}) keep_from_others(journal + suffix);
}
}  // namespace tocsin::daemon
