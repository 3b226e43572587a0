// SPDX-License-Identifier: Apache-2.0
#include "zmq_socket.hpp"

#include <cerrno>
#include <utility>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon {
namespace {
constexpr int kHandshakeMs = 2000;
constexpr int kSocketsMax = 64;
}  // namespace

ZmqContext::ZmqContext() : handle_{zmq_ctx_new()} {
  TOCSIN_CHECK(handle_ != nullptr);
  (void)zmq_ctx_set(handle_, ZMQ_IO_THREADS, 1);
  (void)zmq_ctx_set(handle_, ZMQ_MAX_SOCKETS, kSocketsMax);
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
  (void)zmq_setsockopt(handle_, ZMQ_MAXMSGSIZE, &limits.message_bytes_max, sizeof limits.message_bytes_max);
  // A full queue must be an answer, not a silent loss; every send is DONTWAIT, since MANDATORY would block for ever.
  if (type == ZMQ_ROUTER) set_(ZMQ_ROUTER_MANDATORY, 1);
  if (type == ZMQ_SUB) {
    (void)zmq_setsockopt(handle_, ZMQ_SUBSCRIBE, "", 0);
    set_(ZMQ_RECONNECT_IVL, 200);
    set_(ZMQ_RECONNECT_IVL_MAX, 5000);
  }
}

ZmqSocket::~ZmqSocket() {
  if (handle_ != nullptr) (void)zmq_close(handle_);
}

ZmqSocket::ZmqSocket(ZmqSocket&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}

std::string ZmqSocket::bind(const std::string& endpoint) {
  if (zmq_bind(handle_, endpoint.c_str()) == 0) return {};
  return zmq_strerror(zmq_errno());
}

std::string ZmqSocket::connect(const std::string& endpoint) {
  if (zmq_connect(handle_, endpoint.c_str()) == 0) return {};
  return zmq_strerror(zmq_errno());
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

SendResult ZmqSocket::send(std::span<const std::byte> bytes, bool more) {
  int result = 0;
  do {
    result = zmq_send(handle_, bytes.data(), bytes.size(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
  } while (result < 0 && zmq_errno() == EINTR);
  if (result >= 0) return SendResult::sent;
  if (zmq_errno() == EAGAIN) return SendResult::full;
  return zmq_errno() == EHOSTUNREACH ? SendResult::unreachable : SendResult::failed;
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
