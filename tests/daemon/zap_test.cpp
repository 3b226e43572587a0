// SPDX-License-Identifier: Apache-2.0
/// What: with real sockets, only who is enrolled comes in, under the name that was proved, and no more than may.
/// How: a ROUTER on a secured TCP port and one on ipc, asked by clients with right, wrong and no keys.
#include "zap.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <set>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <sodium.h>
#include <zmq.h>

#include "tocsin/test_support/free_endpoint.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using tocsin::test_support::free_tcp_endpoint;

namespace {
constexpr int kWaitMs = 5000;

ServerKeys make_keys() {
  ServerKeys keys;
  keys.secret = Secret::make(32);
  (void)crypto_box_keypair(keys.public_key.data(), keys.secret.bytes().data());
  return keys;
}

/// A client with a monitor that tells how its handshake ended.
class Client {
 public:
  Client(ZmqContext& context, const std::string& endpoint, const ServerKeys* own, const Key* server) {
    static int number = 0;
    socket_ = zmq_socket(context.handle(), ZMQ_DEALER);
    monitor_ = zmq_socket(context.handle(), ZMQ_PAIR);
    const int never = -1;
    const int none = 0;
    for (void* const one : {socket_, monitor_}) (void)zmq_setsockopt(one, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(socket_, ZMQ_RECONNECT_IVL, &never, sizeof never);
    if (own != nullptr) {
      (void)zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, server->data(), server->size());
      (void)zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, own->public_key.data(), own->public_key.size());
      (void)zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, own->secret.bytes().data(), own->secret.bytes().size());
    }
    const auto monitor = "inproc://client-" + std::to_string(number++);
    (void)zmq_socket_monitor(socket_, monitor.c_str(),
                             ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_DISCONNECTED);
    (void)zmq_connect(monitor_, monitor.c_str());
    (void)zmq_connect(socket_, endpoint.c_str());
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  void close() {
    if (socket_ == nullptr) return;
    (void)zmq_socket_monitor(socket_, nullptr, 0);
    (void)zmq_close(monitor_);
    (void)zmq_close(socket_);
    socket_ = nullptr;
  }

  /// The next event, or 0 when none comes.
  int event() {
    zmq_pollitem_t item{monitor_, 0, ZMQ_POLLIN, 0};
    (void)zmq_poll(&item, 1, kWaitMs);
    ZmqFrame head;
    ZmqFrame address;
    if (zmq_msg_recv(head.handle(), monitor_, ZMQ_DONTWAIT) < 0) return 0;
    (void)zmq_msg_recv(address.handle(), monitor_, ZMQ_DONTWAIT);
    std::uint16_t kind = 0;
    std::memcpy(&kind, head.bytes().data(), sizeof kind);
    return kind;
  }
  bool gets_in() { return event() == ZMQ_EVENT_HANDSHAKE_SUCCEEDED; }
  void send(const std::string& text) { (void)zmq_send(socket_, text.data(), text.size(), ZMQ_DONTWAIT); }

 private:
  void* socket_ = nullptr;
  void* monitor_ = nullptr;
};
}  // namespace

TEST_GROUP(ZapThread) {
  test::TempFolder folder;
  Config config;
  ServerKeys server_keys = make_keys();
  ServerKeys hub_keys = make_keys();
  ServerKeys stranger_keys = make_keys();
  std::vector<Keyring::Entry> entries;
  std::unique_ptr<ZmqContext> context;
  std::unique_ptr<ZapThread> zap;
  std::optional<ZmqSocket> router;
  std::string tcp = free_tcp_endpoint();
  std::string ipc;

  void setup() override {
    context = std::make_unique<ZmqContext>();
    ipc = folder.endpoint("in.sock");
    config.keys.folder = folder.file("keys");
    config.ingest = {{tcp, {}}, {ipc, {}}};
    PrincipalConfig desk;
    desk.name = "desk";
    desk.endpoint = ipc;
    config.principals = {desk};
    entries.push_back({hub_keys.public_key, "hub", user_id_of("hub", hub_keys.public_key), 1});
  }
  void teardown() override {
    router.reset();
    zap.reset();
    context.reset();
  }
  void open() {
    zap = std::make_unique<ZapThread>(*context);
    STRCMP_EQUAL("", zap->start(config, std::make_shared<const Keyring>(entries)).c_str());
    SocketLimits limits;
    limits.message_bytes_max = 1000;
    router.emplace(*context, ZMQ_ROUTER, limits);
    STRCMP_EQUAL("", zap->watch(*router).c_str());
    router->secure_server(server_keys, tcp);
    STRCMP_EQUAL("", router->bind(tcp).c_str());
    router->plain_server(ipc);
    STRCMP_EQUAL("", router->bind(ipc).c_str());
  }
  Client hub() { return {*context, tcp, &hub_keys, &server_keys.public_key}; }
  /// User-Id of the next message; "(none)" when none comes.
  std::string next_user(ZmqFrame & frame) {
    zmq_pollitem_t item{router->handle(), 0, ZMQ_POLLIN, 0};
    (void)zmq_poll(&item, 1, kWaitMs);
    ZmqFrame id;
    if (!router->receive(id) || !router->receive(frame)) return "(none)";
    return std::string{frame.user_id()};
  }
  /// Waits until the counts are as wanted.
  bool becomes(const auto& wanted) {
    for (int i = 0; i < kWaitMs / 10; ++i) {
      if (wanted()) return true;
      (void)::usleep(10'000);
    }
    return false;
  }
};

TEST(ZapThread, tries_itself_with_a_wrong_key_and_counts_anew_from_then_on) {
  open();
  UNSIGNED_LONGLONGS_EQUAL(0, zap->refused_in_all());
}

TEST(ZapThread, nobody_who_took_a_name_before_keeps_it_from_trying_itself) {
  std::vector<std::unique_ptr<ZmqSocket>> squatters;
  context = std::make_unique<ZmqContext>();
  for (const char* which : {"0", "1"}) {
    squatters.push_back(std::make_unique<ZmqSocket>(*context, ZMQ_ROUTER, SocketLimits{}));
    const auto name = "ipc://@tocsin-self-test-" + std::to_string(::getpid()) + "-" + which;
    STRCMP_EQUAL("", squatters.back()->bind(name).c_str());
  }
  open();
}

TEST(ZapThread, lets_an_enrolled_key_in_and_says_who_it_is_with_every_message) {
  open();
  auto client = hub();
  CHECK_TRUE(client.gets_in());
  client.send("hello");
  ZmqFrame frame;
  STRCMP_EQUAL(user_id_of("hub", hub_keys.public_key).c_str(), next_user(frame).c_str());
  zap->observed(frame);
  CHECK_TRUE(becomes([&] { return zap->counts(tcp).live == 1; }));
}

TEST(ZapThread, refuses_a_key_nobody_enrolled) {
  open();
  Client client{*context, tcp, &stranger_keys, &server_keys.public_key};
  LONGS_EQUAL(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, client.event());
  UNSIGNED_LONGLONGS_EQUAL(1, zap->refused(ZapReason::unknown_key));
  UNSIGNED_LONGLONGS_EQUAL(1, zap->refused_in_all());
}

TEST(ZapThread, a_client_that_does_not_know_the_servers_key_gets_nowhere) {
  open();
  Client client{*context, tcp, &hub_keys, &stranger_keys.public_key};
  CHECK_FALSE(client.gets_in());
  CHECK_TRUE(becomes([&] { return zap->counts(tcp).handshakes_failed > 0; }));
  UNSIGNED_LONGS_EQUAL(0, zap->counts(tcp).live);
}

TEST(ZapThread, a_plain_client_gets_nowhere_on_a_secured_port) {
  open();
  Client client{*context, tcp, nullptr, nullptr};
  CHECK_FALSE(client.gets_in());
}

TEST(ZapThread, names_who_uses_a_plain_endpoint) {
  open();
  Client client{*context, ipc, nullptr, nullptr};
  CHECK_TRUE(client.gets_in());
  client.send("hello");
  ZmqFrame frame;
  STRCMP_EQUAL("desk", next_user(frame).c_str());
  CHECK_TRUE(becomes([&] { return zap->counts(ipc).live == 1; }));
}

TEST(ZapThread, gives_every_connection_a_number_of_its_own) {
  open();
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 4; ++i) {
    Client client{*context, ipc, nullptr, nullptr};
    CHECK_TRUE(client.gets_in());
    std::uint64_t number = 0;
    for (int message = 0; message < 2; ++message) {
      client.send("hello");
      ZmqFrame frame;
      STRCMP_EQUAL("desk", next_user(frame).c_str());
      CHECK_TRUE(message == 0 || frame.connection() == number);
      number = frame.connection();
    }
    CHECK_TRUE(number != 0);
    numbers.insert(number);
  }
  auto client = hub();
  CHECK_TRUE(client.gets_in());
  client.send("hello");
  ZmqFrame frame;
  (void)next_user(frame);
  CHECK_TRUE(frame.connection() != 0);
  numbers.insert(frame.connection());
  UNSIGNED_LONGS_EQUAL(5, numbers.size());
}

TEST(ZapThread, a_peer_cannot_choose_the_number_of_its_connection) {
  open();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (void)folder.file("in.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  LONGS_EQUAL(0, ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  // ZMTP 3.0: greeting, READY with a property of that name; when the other side is ready, one message.
  std::string said{"\xff\0\0\0\0\0\0\0\0\x7f\x03\0NULL", 16};
  said.append(48, '\0');
  const std::string property =
      std::string{
          "\x0bSocket-Type\0\0\0\x06"
          "DEALER",
          22} +
      std::string{
          "\x0cX-Connection\0\0\0\x03"
          "777",
          20};
  said.append("\x04").push_back(static_cast<char>(6 + property.size()));
  said.append("\x05READY").append(property);
  LONGS_EQUAL(static_cast<long>(said.size()), ::send(fd, said.data(), said.size(), 0));
  std::string heard;
  while (heard.find("READY") == std::string::npos) {
    char some[256];
    const auto size = ::recv(fd, some, sizeof some, 0);
    CHECK_TRUE(size > 0);
    heard.append(some, static_cast<std::size_t>(size));
  }
  LONGS_EQUAL(7, ::send(fd, "\0\x05hello", 7, 0));
  ZmqFrame frame;
  STRCMP_EQUAL("desk", next_user(frame).c_str());
  CHECK_TRUE(frame.connection() != 0 && frame.connection() != 777);
  (void)::close(fd);
}

TEST(ZapThread, lets_one_key_in_once_and_again_when_it_has_left) {
  open();
  auto first = hub();
  CHECK_TRUE(first.gets_in());
  auto second = hub();
  CHECK_FALSE(second.gets_in());
  UNSIGNED_LONGLONGS_EQUAL(1, zap->refused(ZapReason::too_many_of_key));
  first.close();
  CHECK_TRUE(becomes([&] { return zap->counts(tcp).live == 0; }));
  auto third = hub();
  CHECK_TRUE(third.gets_in());
}

TEST(ZapThread, caps_the_peers_of_an_endpoint) {
  config.bounds.peers = 2;
  open();
  Client a{*context, ipc, nullptr, nullptr};
  Client b{*context, ipc, nullptr, nullptr};
  CHECK_TRUE(a.gets_in() && b.gets_in());
  Client c{*context, ipc, nullptr, nullptr};
  CHECK_FALSE(c.gets_in());
  CHECK_TRUE(zap->refused(ZapReason::too_many_peers) >= 1);
}

TEST(ZapThread, a_withdrawn_key_stays_outside) {
  open();
  zap->replace(std::make_shared<const Keyring>());
  auto client = hub();
  LONGS_EQUAL(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, client.event());
}

TEST(ZapThread, a_withdrawn_key_loses_the_connection_it_has) {
  open();
  auto client = hub();
  CHECK_TRUE(client.gets_in());
  client.send("hello");
  ZmqFrame frame;
  (void)next_user(frame);
  zap->observed(frame);
  Client local{*context, ipc, nullptr, nullptr};
  CHECK_TRUE(local.gets_in());
  zap->replace(std::make_shared<const Keyring>());
  LONGS_EQUAL(ZMQ_EVENT_DISCONNECTED, client.event());
  CHECK_TRUE(becomes([&] { return zap->counts(tcp).live == 0; }));
  UNSIGNED_LONGS_EQUAL(1, zap->counts(ipc).live);
}

TEST(ZapThread, counts_the_connection_that_libzmq_throws_out_for_a_frame_too_large) {
  open();
  auto client = hub();
  CHECK_TRUE(client.gets_in());
  client.send(std::string(2000, 'x'));
  LONGS_EQUAL(ZMQ_EVENT_DISCONNECTED, client.event());
  CHECK_TRUE(becomes([&] { return zap->counts(tcp).disconnected == 1 && zap->counts(tcp).live == 0; }));
}

TEST(ZapThread, a_peer_that_says_nothing_is_thrown_out_and_does_not_keep_others_away) {
  config.bounds.peers = 1;
  open();
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(tcp.substr(tcp.rfind(':') + 1))));
  LONGS_EQUAL(0, ::connect(silent, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  CHECK_TRUE(becomes([&] { return zap->counts(tcp).accepted == 1; }));
  auto client = hub();
  CHECK_TRUE(client.gets_in());
  CHECK_TRUE(becomes([&] { return zap->counts(tcp).disconnected == 1; }));  // HANDSHAKE_IVL
  UNSIGNED_LONGS_EQUAL(1, zap->counts(tcp).live);
  (void)::close(silent);
}

TEST(ZapThread, who_sends_much_before_anybody_reads_stays) {
  constexpr int kMessages = 40;
  open();
  auto client = hub();
  CHECK_TRUE(client.gets_in());
  for (int i = 0; i < kMessages; ++i) client.send(std::string(900, 'x'));
  (void)::usleep(1'000'000);  // the server is busy, for longer than anyone who cheats may stay
  ZmqFrame frame;
  for (int i = 0; i < kMessages; ++i) {
    STRCMP_EQUAL(user_id_of("hub", hub_keys.public_key).c_str(), next_user(frame).c_str());
  }
  UNSIGNED_LONGS_EQUAL(0, zap->counts(tcp).disconnected);
}
