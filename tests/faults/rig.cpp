// SPDX-License-Identifier: Apache-2.0
#include "rig.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon::faults {
namespace {
sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

template <typename Address>
const sockaddr* generic(const Address& address) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}
}  // namespace

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  TOCSIN_CHECK(::bind(fd, generic(address), sizeof address) == 0);
  socklen_t size = sizeof address;
  TOCSIN_CHECK(::getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), &size) == 0);
  (void)::close(fd);
  return ntohs(address.sin_port);
}

Rig::Rig(const RigOptions& options) : port{free_port()} { configure(options); }

void Rig::configure(const RigOptions& options) {
  journal_ = options.journal.starts_with('/') ? options.journal : site.folder.file(options.journal);
  std::string text = "site = \"test-site\"\nimage = \"book.tcn\"\njournal = \"" + journal_ + "\"\nclock = \"input\"\n" +
                     options.extra + "\n[sockets]\ningest = [\"" + site.ingest() + "\", \"" + flood() + "\", \"" +
                     tcp() + "\"]\nalerts = \"" + site.alerts() + "\"\ncontrol = \"" + site.control() +
                     "\"\n[[principal]]\nname = \"flood\"\nendpoint = \"" + flood() + "\"\n";
  if (!options.flood_quota.empty()) text += "quota = " + options.flood_quota + "\n";
  (void)site.folder.write("tocsind.toml", text + options.tables + "\n");
}

wire::StatusReport Rig::status() {
  test::Peer control{context, test::PeerKind::dealer, site.control()};
  wire::ControlRequest request;
  request.kind = wire::ControlKind::status;
  const auto reply = control.ask(request);
  TOCSIN_CHECK(reply && reply->status);
  return *reply->status;
}

RawPeer::RawPeer(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  const auto address = loopback(port);
  if (::connect(fd_, generic(address), sizeof address) == 0) return;
  (void)::close(fd_);
  fd_ = -1;
}

RawPeer::RawPeer(const std::string& path) : fd_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (void)path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd_, generic(address), sizeof address) == 0) return;
  (void)::close(fd_);
  fd_ = -1;
}

RawPeer::~RawPeer() {
  if (fd_ >= 0) (void)::close(fd_);
}

RawPeer::RawPeer(RawPeer&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

bool RawPeer::send(std::string_view bytes) const {
  return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool RawPeer::send_all(std::string_view bytes, int timeout_ms) const {
  while (!bytes.empty()) {
    pollfd item{fd_, POLLOUT, 0};
    if (::poll(&item, 1, timeout_ms) <= 0) return false;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t RawPeer::hear(int quiet_ms) const {
  std::array<char, 512> buffer{};
  std::size_t heard = 0;
  pollfd item{fd_, POLLIN, 0};
  while (::poll(&item, 1, quiet_ms) > 0) {
    const auto size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) break;
    heard += static_cast<std::size_t>(size);
  }
  return heard;
}

std::string greeting() {
  std::string bytes(64, '\0');
  bytes[0] = static_cast<char>(0xFF);
  bytes[8] = 1;
  bytes[9] = static_cast<char>(0x7F);
  bytes[10] = 3;
  bytes[11] = 1;
  bytes.replace(12, 4, "NULL");
  return bytes;
}

std::string ready(std::string_view type) {
  std::string body = "\x05READY\x0bSocket-Type";
  body += std::string(3, '\0') + static_cast<char>(type.size());
  body += type;
  return std::string("\x04", 1) + static_cast<char>(body.size()) + body;
}
}  // namespace tocsin::daemon::faults
