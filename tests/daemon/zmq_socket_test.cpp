// SPDX-License-Identifier: Apache-2.0
/// What: a socket that listens to a publisher comes back later and later when it is not there, each at its own pace.
/// How: libzmq's monitor tells how long it waits before each try to reach an endpoint where nobody is.
#include "zmq_socket.hpp"

#include <cstring>
#include <set>
#include <string>
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
