// SPDX-License-Identifier: Apache-2.0
#include "endpoint_lock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace tocsin::daemon {
namespace {
constexpr std::string_view kIpc = "ipc://";
constexpr mode_t kMode = 0660;
}  // namespace

EndpointLock::~EndpointLock() {
  if (fd_ >= 0) (void)::close(fd_);
}

EndpointLock::EndpointLock(EndpointLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

std::string EndpointLock::take(const std::string& endpoint) {
  if (!endpoint.starts_with(kIpc)) return {};
  const auto path = endpoint.substr(kIpc.size()) + ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (fd_ < 0) {
    return "cannot make '" + path + "': " + std::strerror(errno) +
           "; the folder of a socket must exist and be writable";
  }
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
  return "another daemon has the endpoint " + endpoint + " ('" + path +
         "' is locked); give each daemon endpoints of its own";
}
}  // namespace tocsin::daemon
