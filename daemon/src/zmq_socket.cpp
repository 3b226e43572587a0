// SPDX-License-Identifier: Apache-2.0
#include "zmq_socket.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <utility>

#include "tocsin/engine/base/check.hpp"

#include "keyring.hpp"

namespace tocsin::daemon {
namespace {
constexpr int kHandshakeMs = 2000;
constexpr int kSocketsMax = 1000;  // each is watched, which takes two more
constexpr int kBacklog = 128;
// Longer than a second: libzmq has aborted with shorter ones. A peer whose machine is gone leaves within 40 s.
constexpr int kHeartbeatMs = 10'000;
constexpr int kHeartbeatTimeoutMs = 30'000;
constexpr int kReconnectMs = 200;
constexpr int kReconnectMsMax = 4000;

/// 0 where the system gives none.
unsigned random_number() {
  unsigned number = 0;
  return ::getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number) ? number : 0;
}

int random_below(int bound) { return static_cast<int>(random_number() % static_cast<unsigned>(bound)); }

/// libzmq counts the routing ids it gives from rand(), which it does not seed: they are not to be guessed, since a peer
/// that has the next one already would end the process.
void seed_routing_ids() {
  std::srand(random_number());  // layering: allow random because it is libzmq that draws from it
}
}  // namespace

ZmqContext::ZmqContext(int realtime_priority) : handle_{zmq_ctx_new()} {
  TOCSIN_CHECK(handle_ != nullptr);
  seed_routing_ids();
  (void)zmq_ctx_set(handle_, ZMQ_IO_THREADS, 1);
  (void)zmq_ctx_set(handle_, ZMQ_MAX_SOCKETS, kSocketsMax);
  if (realtime_priority == 0) return;
  (void)zmq_ctx_set(handle_, ZMQ_THREAD_SCHED_POLICY, SCHED_RR);
  (void)zmq_ctx_set(handle_, ZMQ_THREAD_PRIORITY, realtime_priority);
}

ZmqContext::~ZmqContext() {
  while (zmq_ctx_term(handle_) != 0 && errno == EINTR) {
  }
}

ZmqSocket::ZmqSocket(ZmqContext& context, int type, const SocketLimits& limits)
    : handle_{zmq_socket(context.handle(), type)} {
  TOCSIN_CHECK(handle_ != nullptr);
  set_(ZMQ_RCVHWM, limits.receive_high_water);
  set_(ZMQ_SNDHWM, limits.send_high_water);
  set_(ZMQ_LINGER, 0);
  set_(ZMQ_IPV6, 0);
  set_(ZMQ_HANDSHAKE_IVL, kHandshakeMs);
  set_(ZMQ_BACKLOG, kBacklog);
  set_(ZMQ_HEARTBEAT_IVL, kHeartbeatMs);
  set_(ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs);
  (void)zmq_setsockopt(handle_, ZMQ_MAXMSGSIZE, &limits.message_bytes_max, sizeof limits.message_bytes_max);
  // A full queue must be an answer, not a silent loss; every send is DONTWAIT, since MANDATORY would block for ever.
  if (type == ZMQ_ROUTER) set_(ZMQ_ROUTER_MANDATORY, 1);
  if (type == ZMQ_SUB) {
    (void)zmq_setsockopt(handle_, ZMQ_SUBSCRIBE, "", 0);
    // libzmq doubles the interval up to the largest and adds a random part of less than the first one, which is not
    // much when it waits long: so that no herd comes back at once, each socket has its own.
    set_(ZMQ_RECONNECT_IVL, kReconnectMs + random_below(kReconnectMs));
    set_(ZMQ_RECONNECT_IVL_MAX, kReconnectMsMax + random_below(kReconnectMsMax / 2));
  }
}

ZmqSocket::~ZmqSocket() {
  if (handle_ == nullptr) return;
  // libzmq goes on telling a closed socket's monitor who leaves; when the monitor's reader is gone too, that blocks its
  // I/O thread until the context ends, and the event leaks.
  (void)zmq_socket_monitor(handle_, nullptr, 0);
  (void)zmq_close(handle_);
}

ZmqSocket::ZmqSocket(ZmqSocket&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}

std::string_view ZmqFrame::user_id() {
  const char* const text = zmq_msg_gets(&message_, "User-Id");
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

std::uint64_t ZmqFrame::connection() {
  const char* const text = zmq_msg_gets(&message_, kConnectionProperty.data());
  std::uint64_t number = 0;
  if (text != nullptr) (void)std::from_chars(text, text + std::strlen(text), number);
  return number;
}

void ZmqSocket::plain_server(const std::string& domain) {
  set_(ZMQ_CURVE_SERVER, 0);
  (void)zmq_setsockopt(handle_, ZMQ_ZAP_DOMAIN, domain.data(), domain.size());
}

void ZmqSocket::secure_server(const ServerKeys& keys, const std::string& domain) {
  TOCSIN_CHECK(!keys.secret.empty());
  const auto secret = keys.secret.bytes();
  int result = zmq_setsockopt(handle_, ZMQ_CURVE_SECRETKEY, secret.data(), secret.size());
  const int on = 1;
  result |= zmq_setsockopt(handle_, ZMQ_CURVE_SERVER, &on, sizeof on);
  result |= zmq_setsockopt(handle_, ZMQ_ZAP_DOMAIN, domain.data(), domain.size());
  TOCSIN_CHECK(result == 0);  // a socket that did not take the keys would listen without
}

bool ZmqSocket::secure_client(const ServerKeys& own, const std::string& peer) {
  Key peer_key{};
  if (!decode_key(peer, peer_key)) return false;
  TOCSIN_CHECK(!own.secret.empty());
  const auto secret = own.secret.bytes();
  int result = zmq_setsockopt(handle_, ZMQ_CURVE_SERVERKEY, peer_key.data(), peer_key.size());
  result |= zmq_setsockopt(handle_, ZMQ_CURVE_PUBLICKEY, own.public_key.data(), own.public_key.size());
  result |= zmq_setsockopt(handle_, ZMQ_CURVE_SECRETKEY, secret.data(), secret.size());
  TOCSIN_CHECK(result == 0);
  return true;
}

std::string ZmqSocket::bind(const std::string& endpoint) {
  if (zmq_bind(handle_, endpoint.c_str()) != 0) return zmq_strerror(zmq_errno());
  // Its own user and group may use it, whatever the mask of the process.
  constexpr std::string_view kIpc = "ipc://";
  if (endpoint.starts_with(kIpc)) (void)::chmod(endpoint.c_str() + kIpc.size(), 0660);
  return {};
}

std::string ZmqSocket::connect(const std::string& endpoint) {
  if (zmq_connect(handle_, endpoint.c_str()) == 0) return {};
  return zmq_strerror(zmq_errno());
}

std::string ZmqSocket::reconnect(const std::string& endpoint) {
  (void)zmq_disconnect(handle_, endpoint.c_str());
  return connect(endpoint);
}

bool ZmqSocket::receive(ZmqFrame& frame) {
  int result = 0;
  do {
    result = zmq_msg_recv(frame.handle(), handle_, ZMQ_DONTWAIT);
  } while (result < 0 && zmq_errno() == EINTR);
  return result >= 0;
}

void ZmqSocket::skip_rest(const ZmqFrame& last) {
  bool more = last.more();
  while (more) {
    ZmqFrame frame;
    if (!receive(frame)) return;
    more = frame.more();
  }
}

// Room that a peer made by reading is told by a command, and zmq_send looks for those once a millisecond at most:
// whoever reads at once what is sent would be taken for one that does not.
SendResult ZmqSocket::send(std::span<const std::byte> bytes, bool more) {
  constexpr std::uint32_t kMessages = 16;
  if (!more && ++sent_ % kMessages == 0) (void)service();  // one that publishes drops, and says nothing
  for (bool first = true;; first = false) {
    int result = 0;
    do {
      result = zmq_send(handle_, bytes.data(), bytes.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    } while (result < 0 && zmq_errno() == EINTR);
    if (result >= 0) return SendResult::sent;
    if (zmq_errno() != EAGAIN) return zmq_errno() == EHOSTUNREACH ? SendResult::unreachable : SendResult::failed;
    if (!first) return SendResult::full;
    (void)service();
  }
}

SendResult ZmqSocket::send(std::string_view text, bool more) {
  return send(std::as_bytes(std::span{text.data(), text.size()}), more);
}

bool ZmqSocket::service() {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(handle_, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

void ZmqSocket::set_linger(int linger_ms) { set_(ZMQ_LINGER, linger_ms); }

void ZmqSocket::set_(int option, int value) { (void)zmq_setsockopt(handle_, option, &value, sizeof value); }
}  // namespace tocsin::daemon
