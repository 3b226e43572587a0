// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file ZeroMQ's C interface, owned: a context, and sockets whose every call is without blocking.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <zmq.h>

namespace tocsin::daemon {
struct ServerKeys;

/// A context with one I/O thread. Outlives its sockets.
class ZmqContext {
 public:
  /// @param realtime_priority  of its threads under SCHED_RR, which the process must be allowed; 0: ordinary ones.
  explicit ZmqContext(int realtime_priority = 0);
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;
  [[nodiscard]] void* handle() const { return handle_; }

 private:
  void* handle_;
};

/// The property of a message that holds the number of its connection (ZmqFrame::connection): the ZAP thread's answer to
/// the handshake sets it, and libzmq takes no other value for it from the peer.
inline constexpr std::string_view kConnectionProperty = "X-Connection";

/// High-water marks and the largest message, set before bind or connect.
struct SocketLimits {
  int receive_high_water = 16;
  int send_high_water = 64;
  std::int64_t message_bytes_max = 64 * 1024;
};

/// What became of a send.
enum class SendResult : std::uint8_t { sent = 0, full = 1, unreachable = 2, failed = 3 };

/// One frame of a received message. The bytes lie wherever libzmq put them: copy before reading numbers.
class ZmqFrame {
 public:
  ZmqFrame() { (void)zmq_msg_init(&message_); }
  ~ZmqFrame() { (void)zmq_msg_close(&message_); }
  ZmqFrame(const ZmqFrame&) = delete;
  ZmqFrame& operator=(const ZmqFrame&) = delete;
  [[nodiscard]] std::span<const std::byte> bytes() {
    return {static_cast<const std::byte*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  [[nodiscard]] std::string_view text() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  /// Of a frame that is a ROUTER's routing id: the peer chose it (ZMQ_ROUTING_ID). Those that libzmq gives are a zero
  /// byte and four more, and are never given twice; under one of the peer's own, what is meant for a connection that
  /// ended reaches the next one of that name. False for one that was forged to look so: it proves nothing.
  [[nodiscard]] bool is_chosen_id() { return text().size() != 5 || text().front() != '\0'; }
  [[nodiscard]] bool more() const { return zmq_msg_more(&message_) != 0; }
  /// Who the ZAP thread said is at the other end of the connection this came from: the one proof of identity there is
  /// (routing ids are chosen by the peer). Empty when the socket has no ZAP domain. Valid as long as the frame.
  [[nodiscard]] std::string_view user_id();
  /// The number that the ZAP thread gave that connection, no other gets the same; 0 when the socket has no ZAP domain.
  [[nodiscard]] std::uint64_t connection();
  /// The descriptor of that connection, or -1. Tells apart those that are there at the same time: the next one to come
  /// may have it again.
  [[nodiscard]] int source_fd() { return zmq_msg_get(&message_, ZMQ_SRCFD); }
  [[nodiscard]] zmq_msg_t* handle() { return &message_; }

 private:
  zmq_msg_t message_{};
};

class ZmqSocket {
 public:
  /// @param type  ZMQ_ROUTER, ZMQ_XPUB or ZMQ_SUB (subscribed to all).
  ZmqSocket(ZmqContext& context, int type, const SocketLimits& limits);
  ~ZmqSocket();
  ZmqSocket(ZmqSocket&& other) noexcept;
  ZmqSocket& operator=(ZmqSocket&&) = delete;
  ZmqSocket(const ZmqSocket&) = delete;
  ZmqSocket& operator=(const ZmqSocket&) = delete;

  /// @{ How the next bind or connect proves who is there; earlier ones keep theirs, so one socket may listen on plain
  /// and secured endpoints. Plain, asked of the ZAP thread under this domain (the endpoint itself).
  void plain_server(const std::string& domain);
  /// CURVE with the daemon's keys, asked of the ZAP thread under this domain.
  void secure_server(const ServerKeys& keys, const std::string& domain);
  /// CURVE towards a publisher whose public key is pinned. @param peer  Z85. @returns false when it is no key.
  [[nodiscard]] bool secure_client(const ServerKeys& own, const std::string& peer);
  /// @}
  /// @returns why it did not work, or empty.
  [[nodiscard]] std::string bind(const std::string& endpoint);
  [[nodiscard]] std::string connect(const std::string& endpoint);
  /// Connects anew, whatever became of the connection there was. @returns as connect().
  [[nodiscard]] std::string reconnect(const std::string& endpoint);
  /// Receives one frame if there is one.
  [[nodiscard]] bool receive(ZmqFrame& frame);
  /// Throws away the rest of a message.
  void skip_rest(const ZmqFrame& last);
  /// Sends one frame without blocking.
  [[nodiscard]] SendResult send(std::span<const std::byte> bytes, bool more);
  [[nodiscard]] SendResult send(std::string_view text, bool more);
  /// Lets libzmq do its housekeeping (peers that left) when nobody reads; true when there is something to read.
  bool service();
  /// What is still unsent gets this long when the socket closes [ms].
  void set_linger(int linger_ms);
  [[nodiscard]] void* handle() const { return handle_; }

 private:
  void set_(int option, int value);
  void* handle_;
  std::uint32_t sent_ = 0;  ///< messages
};
}  // namespace tocsin::daemon
