// SPDX-License-Identifier: Apache-2.0
#include "lib/net.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <thread>

#include <zmq.h>

#include "tocsin/engine/base/check.hpp"

#include "lib/key_files.hpp"

namespace tocsin::tools {
namespace {
/// While an answer is waited for, what is to be done meanwhile is done so often.
constexpr Milliseconds kTurnApart{100};
constexpr int kHeartbeatMs = 10'000;
constexpr int kHeartbeatTimeoutMs = 30'000;

volatile std::sig_atomic_t stop_flag = 0;

/// Who we are, and who the daemon must be.
struct ClientKeys {
  SecretKey secret;
  Key public_key{};
  Key server{};
};

std::optional<ClientKeys>& client_keys() {
  static std::optional<ClientKeys> keys;
  return keys;
}

void on_stop_signal(int /*signal*/) { stop_flag = 1; }

void set(void* socket, int option, int value) { (void)zmq_setsockopt(socket, option, &value, sizeof value); }

/// One frame while it is taken out of libzmq.
class Message {
 public:
  Message() { (void)zmq_msg_init(&message_); }
  ~Message() { (void)zmq_msg_close(&message_); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  [[nodiscard]] bool receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
  [[nodiscard]] std::span<const std::byte> bytes() {
    return {static_cast<const std::byte*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  [[nodiscard]] bool more() const { return zmq_msg_more(&message_) != 0; }

 private:
  zmq_msg_t message_{};
};

Milliseconds left_until(std::chrono::steady_clock::time_point end) {
  const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
  return std::max(left, Milliseconds{0});
}
}  // namespace

bool use_keys(const std::string& secret_file, const std::string& server_key, std::string& error) {
  client_keys().reset();
  if (secret_file.empty() && server_key.empty()) return true;
  if (secret_file.empty() || server_key.empty()) {
    error = secret_file.empty() ? "--server-key needs --key as well: the file with your own secret key"
                                : "--key needs --server-key as well: the daemon's public key or its server.pub";
    return false;
  }
  ClientKeys keys;
  if (!read_secret_key(secret_file, keys.secret, error) || !read_public_key(server_key, keys.server, error)) {
    return false;
  }
  keys.public_key = public_key_of(keys.secret);
  client_keys() = std::move(keys);
  return true;
}

AlignedBuffer::AlignedBuffer(std::span<const std::byte> bytes) : words_((bytes.size() + 7) / 8), size_{bytes.size()} {
  if (!bytes.empty()) std::memcpy(words_.data(), bytes.data(), bytes.size());
}

std::span<const std::byte> AlignedBuffer::bytes() const { return std::as_bytes(std::span{words_}).first(size_); }

Context::Context() : handle_{zmq_ctx_new()} { TOCSIN_CHECK(handle_ != nullptr); }
Context::~Context() { (void)zmq_ctx_term(handle_); }

std::unique_ptr<Connection> Connection::open(Context& context, Pattern pattern, const std::string& endpoint,
                                             std::string& error) {
  static std::atomic<unsigned> counter{0};
  std::unique_ptr<Connection> connection{new Connection};
  void* socket = zmq_socket(context.handle(), pattern == Pattern::dealer ? ZMQ_DEALER : ZMQ_SUB);
  connection->socket_ = socket;
  connection->endpoint_ = endpoint;
  if (socket == nullptr) {
    error = std::string{"no socket: "} + zmq_strerror(zmq_errno());
    return nullptr;
  }
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_RECONNECT_IVL, -1);
  set(socket, ZMQ_SNDHWM, 64);
  set(socket, ZMQ_RCVHWM, 1000);
  if (endpoint.starts_with("tcp://")) {  // a machine that is gone says nothing
    set(socket, ZMQ_HEARTBEAT_IVL, kHeartbeatMs);
    set(socket, ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs);
  }
  if (pattern == Pattern::subscriber) (void)zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
  if (const auto& keys = client_keys(); keys && endpoint.starts_with("tcp://")) {
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->server.data(), keys->server.size());
    (void)zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key.data(), keys->public_key.size());
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret.data(), SecretKey::kSize);
    connection->secured_ = true;
  }
  const std::string monitor = "inproc://monitor-" + std::to_string(counter++);
  constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED |
                          ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  if (zmq_socket_monitor(socket, monitor.c_str(), kEvents) != 0 ||
      (connection->monitor_ = zmq_socket(context.handle(), ZMQ_PAIR)) == nullptr ||
      zmq_connect(connection->monitor_, monitor.c_str()) != 0) {
    error = std::string{"no socket monitor: "} + zmq_strerror(zmq_errno());
    return nullptr;
  }
  set(connection->monitor_, ZMQ_LINGER, 0);
  if (zmq_connect(socket, endpoint.c_str()) != 0) {
    error = endpoint + ": " + zmq_strerror(zmq_errno()) +
            "; write an endpoint like ipc:///run/tocsin/ingest.sock or tcp://127.0.0.1:5555";
    return nullptr;
  }
  return connection;
}

Connection::~Connection() {
  if (monitor_ != nullptr) {
    (void)zmq_socket_monitor(socket_, nullptr, 0);
    (void)zmq_close(monitor_);
  }
  if (socket_ != nullptr) (void)zmq_close(socket_);
}

void Connection::look_at_events() {
  for (;;) {
    Message event;
    if (!event.receive(monitor_)) return;
    std::uint16_t kind = 0;
    std::uint32_t value = 0;
    if (event.bytes().size() >= sizeof kind + sizeof value) {
      std::memcpy(&kind, event.bytes().data(), sizeof kind);
      std::memcpy(&value, event.bytes().data() + sizeof kind, sizeof value);
    }
    for (bool more = event.more(); more;) {
      Message rest;
      if (!rest.receive(monitor_)) break;
      more = rest.more();
    }
    look_at(kind, value);
  }
}

void Connection::look_at(std::uint16_t kind, std::uint32_t value) {
  if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    up_ = true;
    return;
  }
  down_ = true;
  if (up_ || !refusal_.empty()) return;
  if (kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    const auto& keys = client_keys();
    refusal_ = endpoint_ + ": the daemon refused us (" + std::to_string(value) + "): " +
               (secured_ && keys ? "it does not know our key " + fingerprint(keys->public_key) +
                                       ", or it was withdrawn; on its machine see `tocsin keys list`, then "
                                       "`tocsin keys add NAME` and `systemctl reload tocsind` (SIGHUP)"
                                 : std::string{"this endpoint is not for us"});
  } else if (kind == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL && value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) {
    refusal_ =
        endpoint_ + (secured_ ? ": we refused: the other side takes no keys, so it cannot prove that it is the "
                                "daemon; is this its endpoint? Without --key and --server-key we would talk to it"
                              : ": the daemon asks for keys; give --key FILE.secret --server-key server.pub");
  } else if (endpoint_.starts_with("tcp://") && kind != ZMQ_EVENT_CLOSED) {
    hint_ =
        endpoint_ + ": the other side hung up during the handshake; " +
        (secured_ ? "either its key is not the one in --server-key, or it takes no keys, or as many connections use "
                    "our key as may"
                  : "it probably asks for keys: give --key FILE.secret --server-key server.pub");
  }
}

const std::string& Connection::hint() {
  look_at_events();
  return hint_;
}

const std::string& Connection::refusal() {
  look_at_events();
  return refusal_;
}

bool Connection::up() {
  look_at_events();
  return up_;
}

bool Connection::down() {
  look_at_events();
  return down_;
}

void Connection::subscribe(const std::string& prefix) {
  (void)zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, prefix.data(), prefix.size());
}

bool Connection::send(std::span<const std::byte> bytes) {
  return zmq_send(socket_, bytes.data(), bytes.size(), ZMQ_DONTWAIT) >= 0;
}

bool Connection::receive_now(std::vector<AlignedBuffer>& frames) {
  frames.clear();
  for (bool more = true; more;) {
    Message message;
    if (!message.receive(socket_)) return false;
    frames.emplace_back(message.bytes());
    more = message.more();
  }
  return true;
}

bool Connection::receive(std::vector<AlignedBuffer>& frames, Milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (receive_now(frames)) return true;
    look_at_events();
    const Milliseconds left = left_until(end);
    if (down_ || left.count() == 0 || stop_requested()) return false;
    std::array<zmq_pollitem_t, 2> items{{{socket_, 0, ZMQ_POLLIN, 0}, {monitor_, 0, ZMQ_POLLIN, 0}}};
    (void)zmq_poll(items.data(), static_cast<int>(items.size()),
                   static_cast<int>(std::min<Milliseconds::rep>(left.count(), 60'000)));
  }
}

bool Attempts::hopeless_after(Connection& ended) {
  constexpr int kHungUpMax = 3;  // a daemon that is just ending hangs up once
  if (!ended.refusal().empty()) {
    text_ = ended.refusal();
    return true;
  }
  text_ = ended.hint();
  hung_up_ = text_.empty() ? 0 : hung_up_ + 1;
  return hung_up_ >= kHungUpMax;
}

std::optional<wire::ControlReply> Control::wait_for(std::uint64_t id, Milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  std::vector<AlignedBuffer> frames;
  for (;;) {
    if (connection_->receive(frames, std::min(left_until(end), kTurnApart))) {
      auto reply = wire::decode_reply(frames.back().bytes());
      if (reply && reply->id == id) return reply;
      continue;
    }
    if (connection_->down() || left_until(end).count() == 0 || stop_requested() || !turn_()) return std::nullopt;
  }
}

std::optional<wire::ControlReply> Control::ask(wire::ControlRequest request) {
  const auto end = std::chrono::steady_clock::now() + timeout_;
  Attempts attempts;
  do {
    if (!connection_ || connection_->down()) {
      connection_ = Connection::open(context_, Pattern::dealer, endpoint_, error_);
      if (!connection_) return std::nullopt;
    }
    request.id = next_id_++;
    if (connection_->send(wire::encode_request(request))) {
      if (auto reply = wait_for(request.id, std::min(left_until(end), Milliseconds{2000}))) return reply;
    }
    const bool hopeless = attempts.hopeless_after(*connection_);
    connection_.reset();
    if (hopeless) break;
    if (left_until(end) > Milliseconds{50}) std::this_thread::sleep_for(Milliseconds{50});
    if (!turn_()) break;
  } while (left_until(end).count() > 0 && !stop_requested());
  error_ = attempts.text().empty() || stop_requested() ? no_answer() : attempts.text();
  return std::nullopt;
}

std::optional<wire::ControlReply> Control::ask_the_same(wire::ControlRequest request) {
  broke_ = !connection_ || connection_->down();
  if (!broke_) {
    request.id = next_id_++;
    if (connection_->send(wire::encode_request(request))) {
      if (auto reply = wait_for(request.id, timeout_)) return reply;
    }
    broke_ = connection_->down();
  }
  error_ = broke_ ? endpoint_ + ": the connection broke" : no_answer();
  connection_.reset();
  return std::nullopt;
}

std::string Control::no_answer() const {
  if (stop_requested()) return endpoint_ + ": interrupted before it answered";
  return endpoint_ + ": no answer within " + std::to_string(timeout_.count() / 1000) +
         " s; is tocsind running, and is this its control endpoint?";
}

std::optional<wire::ControlReply> ask_once(const std::string& endpoint, double timeout_s, wire::ControlRequest request,
                                           Exit& exit) {
  catch_stop_signals();
  Context context;
  Control control{context, endpoint, Milliseconds{static_cast<std::int64_t>(timeout_s * 1000)}};
  auto reply = control.ask(std::move(request));
  if (!reply) {
    std::fprintf(stderr, "%s\n", control.error().c_str());
    exit = Exit::unreachable;
    return std::nullopt;
  }
  if (!reply->ok) {
    std::fprintf(stderr, "%s: %s\n", endpoint.c_str(), reply->error.c_str());
    exit = Exit::bad_input;
    return std::nullopt;
  }
  return reply;
}

int tell_answer(const wire::ControlReply& reply, bool json, JsonObject object) {
  std::printf("%s\n", json ? object.text("text", reply.text).str().c_str() : reply.text.c_str());
  return static_cast<int>(Exit::done);
}

bool is_endpoint(const std::string& text) { return text.find("://") != std::string::npos; }

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  (void)sigemptyset(&action.sa_mask);
  (void)sigaction(SIGINT, &action, nullptr);
  (void)sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() { return stop_flag != 0; }
}  // namespace tocsin::tools
