// SPDX-License-Identifier: Apache-2.0
/// What: of all connections those that hoard are found, and no others; what comes on a connection is counted, also when
/// libzmq takes it. How: looks by hand; a message over ipc://.
#include "hoard_watch.hpp"

#include <array>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <zmq.h>

#include "fixture.hpp"
#include "received.hpp"
#include "zmq_socket.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
constexpr std::size_t kBudget = 1000;
constexpr std::size_t kCalm = 500;
constexpr std::size_t kHigh = kCalm + kBudget + 1;
constexpr std::uint64_t kMuch = HoardWatch::kBytesMax + 1;
}  // namespace

TEST_GROUP(HoardWatch) {
  HoardWatch watch{kBudget};
  std::vector<ConnectionLook> all;
  std::vector<int> look(std::size_t heap) { return watch.look(heap, all); }

  void setup() override { CHECK_TRUE(look(kCalm).empty()); }
};

TEST(HoardWatch, lets_all_be_while_the_heap_is_within_its_budget) {
  all = {{3, 0, 10}};
  CHECK_TRUE(look(kCalm + kBudget).empty());
  all = {{3, 0, 10 + kMuch}};
  CHECK_TRUE(look(kCalm + kBudget).empty());
  CHECK_FALSE(watch.high());
}

TEST(HoardWatch, above_it_cuts_who_sends_on_and_finishes_nothing) {
  all = {{3, 7, 1000}, {4, 7, 1000}, {5, 7, 1000}};
  CHECK_TRUE(look(kHigh).empty());
  CHECK_TRUE(watch.high());
  all = {{3, 7, 1000}, {4, 8, 1000 + kMuch}, {5, 7, 1000 + kMuch}};  // quiet; busy; hoarding
  CHECK_TRUE(look(kHigh) == std::vector<int>{5});
  all = {{3, 7, 1000}, {4, 8, 1000 + kMuch}};
  CHECK_TRUE(look(kCalm).empty());
  CHECK_FALSE(watch.high());
}

TEST(HoardWatch, however_slowly_it_does_so) {
  std::uint64_t sent = 0;
  for (; sent < 2 * kMuch; sent += 1000) {
    all = {{5, 7, sent}};
    if (!look(kHigh).empty()) break;
  }
  CHECK_TRUE(sent > HoardWatch::kBytesMax && sent <= HoardWatch::kBytesMax + 1000);
}

TEST(HoardWatch, counts_anew_for_a_connection_that_has_anothers_descriptor) {
  all = {{5, 7, 0}};
  CHECK_TRUE(look(kHigh).empty());
  all = {};
  CHECK_TRUE(look(kHigh).empty());
  all = {{5, 7, kMuch}};
  CHECK_TRUE(look(kHigh).empty());
}

TEST(HoardWatch, knows_what_libzmq_received) {
  const test::TempFolder folder;
  ZmqContext context;
  ZmqSocket server{context, ZMQ_ROUTER, {}};
  STRCMP_EQUAL("", server.bind(folder.endpoint("in.sock")).c_str());
  ZmqSocket client{context, ZMQ_DEALER, {}};
  STRCMP_EQUAL("", client.connect(folder.endpoint("in.sock")).c_str());
  const std::string text(50'000, 'x');
  CHECK_TRUE(client.send(text, false) == SendResult::sent);
  zmq_pollitem_t item{server.handle(), 0, ZMQ_POLLIN, 0};
  CHECK_TRUE(zmq_poll(&item, 1, 5000) == 1);
  ZmqFrame identity;
  ZmqFrame payload;
  CHECK_TRUE(server.receive(identity) && server.receive(payload));
  CHECK_TRUE(received_bytes(payload.source_fd()) >= text.size());
}

TEST(HoardWatch, is_called_when_much_was_received) {
  std::array<int, 2> ends{};
  LONGS_EQUAL(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
  const auto receive = [&ends](std::size_t size) {
    const std::string text(size, 'x');
    std::string got(size, ' ');
    LONGS_EQUAL(size, ::send(ends[0], text.data(), size, 0));
    LONGS_EQUAL(size, ::recv(ends[1], got.data(), size, 0));
    pollfd bell{received_bell(), POLLIN, 0};
    return ::poll(&bell, 1, 0) > 0;
  };
  CHECK_TRUE(received_bell() >= 0);
  for (int round = 0; round < 2; ++round) {
    ring_when_received(1000);
    CHECK_FALSE(receive(999));
    CHECK_TRUE(receive(1));
    CHECK_TRUE(receive(5000));  // until it is heard
  }
  ring_when_received(1000);
  CHECK_FALSE(receive(1));
  for (const int fd : ends) LONGS_EQUAL(0, ::close(fd));
}
