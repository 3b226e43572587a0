// SPDX-License-Identifier: Apache-2.0
#include "notify.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace tocsin::daemon {
namespace {
/// The number a variable holds; 0 when it holds none.
std::int64_t number_in(const char* text) {
  std::int64_t number = 0;
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, number).ptr == end ? number : 0;
}
}  // namespace

Notifier::Notifier() {
  if (const char* path = std::getenv("NOTIFY_SOCKET")) socket_ = path;
  const char* pid = std::getenv("WATCHDOG_PID");
  const char* usec = std::getenv("WATCHDOG_USEC");
  if (usec == nullptr) return;
  if (pid != nullptr && number_in(pid) != getpid()) return;  // meant for another process
  watchdog_interval_ms_ = number_in(usec) / 2000;
}

void Notifier::send(std::string_view message) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  if (socket_[0] != '/' && socket_[0] != '@') return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = '\0';  // Linux's abstract names
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 static_cast<const sockaddr*>(static_cast<const void*>(&address)), size);
  (void)::close(fd);
}
}  // namespace tocsin::daemon
