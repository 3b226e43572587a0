// SPDX-License-Identifier: Apache-2.0
/// What: a socket that listens to a publisher comes back later and later when it is not there, each at its own pace;
/// whoever reads at once what is sent is not taken for one that does not.
/// How: libzmq's monitor tells how long it waits before each try to reach an endpoint where nobody is; a peer with room
/// for few reads message by message.
#include "zmq_socket.hpp"

#include <chrono>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
int option_of(const ZmqSocket& socket, int option) {
  int value = 0;
  std::size_t size = sizeof value;
  (void)zmq_getsockopt(socket.handle(), option, &value, &size);
  return value;
}
}  // namespace

TEST_GROUP(ZmqSocket) {
  tocsin::daemon::test::TempFolder folder;
  ZmqContext context;

  /// Without libzmq's poll, which would look for commands.
  static void await(ZmqSocket & socket, ZmqFrame & frame) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!socket.receive(frame)) {
      if (std::chrono::steady_clock::now() > end) FAIL("nothing came");
    }
  }
};

TEST(ZmqSocket, waits_twice_as_long_before_each_try_and_a_random_part) {
  ZmqSocket socket{context, ZMQ_SUB, {}};
  const int first = option_of(socket, ZMQ_RECONNECT_IVL);
  const int most = option_of(socket, ZMQ_RECONNECT_IVL_MAX);
  CHECK_TRUE(first >= 200 && first < 400);
  CHECK_TRUE(most >= 4000 && most < 6000);
  LONGS_EQUAL(0, zmq_socket_monitor(socket.handle(), "inproc://tries", ZMQ_EVENT_CONNECT_RETRIED));
  void* const monitor = zmq_socket(context.handle(), ZMQ_PAIR);
  LONGS_EQUAL(0, zmq_connect(monitor, "inproc://tries"));
  STRCMP_EQUAL("", socket.connect(folder.endpoint("nobody.sock")).c_str());
  std::vector<int> waits;
  while (waits.size() < 4) {
    zmq_pollitem_t item{monitor, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, 10'000) <= 0) break;
    ZmqFrame frame;
    (void)zmq_msg_recv(frame.handle(), monitor, 0);
    std::int32_t wait = 0;
    std::memcpy(&wait, frame.bytes().data() + sizeof(std::uint16_t), sizeof wait);
    waits.push_back(wait);
    ZmqFrame endpoint;
    (void)zmq_msg_recv(endpoint.handle(), monitor, 0);
  }
  (void)zmq_socket_monitor(socket.handle(), nullptr, 0);
  (void)zmq_close(monitor);
  UNSIGNED_LONGS_EQUAL(4, waits.size());
  int expected = first;
  for (const int wait : waits) {
    CHECK_TRUE(wait >= expected && wait < expected + first);
    expected *= 2;
  }
}

TEST(ZmqSocket, knows_at_once_that_a_peer_has_read) {
  SocketLimits few;
  few.send_high_water = 4;
  few.receive_high_water = 1000;
  ZmqSocket server{context, ZMQ_ROUTER, few};
  STRCMP_EQUAL("", server.bind(folder.endpoint("server.sock")).c_str());
  ZmqSocket client{context, ZMQ_DEALER, {1000, 1000, 64 * 1024}};
  STRCMP_EQUAL("", client.connect(folder.endpoint("server.sock")).c_str());
  const std::string_view text = "question or answer";
  for (int i = 0; i < 90; ++i) CHECK_TRUE(client.send(text, false) == SendResult::sent);
  std::this_thread::sleep_for(
      std::chrono::milliseconds{200});  // until all are there: who finds one looks for no command
  for (int i = 0; i < 90; ++i) {
    ZmqFrame identity;
    await(server, identity);
    ZmqFrame question;
    CHECK_TRUE(server.receive(question));
    CHECK_TRUE(server.send(identity.text(), true) == SendResult::sent);
    CHECK_TRUE(server.send(text, false) == SendResult::sent);
    ZmqFrame answer;
    await(client, answer);
  }
}

TEST(ZmqSocket, publishes_all_to_who_reads_at_once) {
  SocketLimits few;
  few.send_high_water = 40;
  few.receive_high_water = 1000;
  ZmqSocket publisher{context, ZMQ_XPUB, few};
  STRCMP_EQUAL("", publisher.bind(folder.endpoint("alerts.sock")).c_str());
  ZmqSocket subscriber{context, ZMQ_SUB, few};
  LONGS_EQUAL(0, zmq_setsockopt(subscriber.handle(), ZMQ_SUBSCRIBE, "", 0));
  STRCMP_EQUAL("", subscriber.connect(folder.endpoint("alerts.sock")).c_str());
  ZmqFrame subscription;
  await(publisher, subscription);
  for (int i = 0; i < 1000; ++i) {
    CHECK_TRUE(publisher.send(std::string_view{"event"}, false) == SendResult::sent);
    ZmqFrame event;
    await(subscriber, event);
  }
}

TEST(ZmqSocket, has_a_pace_of_its_own) {
  std::set<int> paces;
  std::set<int> longest;
  for (int i = 0; i < 8; ++i) {
    const ZmqSocket socket{context, ZMQ_SUB, {}};
    paces.insert(option_of(socket, ZMQ_RECONNECT_IVL));
    longest.insert(option_of(socket, ZMQ_RECONNECT_IVL_MAX));
  }
  CHECK_TRUE(paces.size() > 2);  // eight of 200 numbers
  CHECK_TRUE(longest.size() > 2);
}
