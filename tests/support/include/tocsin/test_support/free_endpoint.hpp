// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A free port of the loopback, for tests that need one to listen on.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace tocsin::test_support {
/// Free now: another program may take it the next moment. Hosted targets only.
[[nodiscard]] inline std::string free_tcp_endpoint() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  (void)::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  (void)::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  (void)::close(fd);
  return "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}
}  // namespace tocsin::test_support
