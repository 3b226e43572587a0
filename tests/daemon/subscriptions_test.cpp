// SPDX-License-Identifier: Apache-2.0
/// What: which topics a subscription is granted; and who listens to what is not durable yet, also when somebody left
/// without a word.
/// How: a table for the first; an XPUB on ipc:// and subscribers that come and go for the second.
#include "subscriptions.hpp"

#include <memory>
#include <string>
#include <vector>

#include <zmq.h>

#include "fixture.hpp"
#include "zmq_socket.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
std::string joined(const std::vector<std::string>& topics) {
  std::string all;
  for (const auto& topic : topics) all += topic + " ";
  return all;
}

/// A plain subscriber.
class Listener {
 public:
  Listener(ZmqContext& context, const std::string& endpoint) : socket_{zmq_socket(context.handle(), ZMQ_SUB)} {
    const int none = 0;
    (void)zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_connect(socket_, endpoint.c_str());
  }
  ~Listener() { (void)zmq_close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  void ask(const std::string& prefix) const {
    (void)zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, prefix.data(), prefix.size());
  }
  void stop(const std::string& prefix) const {
    (void)zmq_setsockopt(socket_, ZMQ_UNSUBSCRIBE, prefix.data(), prefix.size());
  }

 private:
  void* socket_;
};
}  // namespace

TEST_GROUP(Subscriptions) {
  tocsin::daemon::test::TempFolder folder;
  ZmqContext context;
  ZmqSocket socket{context, ZMQ_XPUB, {}};
  Subscriptions subscriptions{socket.handle()};
  std::string endpoint = folder.endpoint("alerts.sock");
  int newest = -1;  ///< connection of the newest message

  void setup() override {
    CHECK_TRUE(subscriptions.manual());
    STRCMP_EQUAL("", socket.bind(endpoint).c_str());
  }
  /// Lets the next message be decided for one who may see "public". @returns whether one came and was granted.
  bool decide(const char* audience = "public") {
    zmq_pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
    CHECK_TRUE(zmq_poll(&item, 1, 5000) == 1);
    ZmqFrame frame;
    CHECK_TRUE(socket.receive(frame));
    newest = frame.source_fd();
    return subscriptions.decide(frame.text(), audience, newest);
  }
};

TEST(Subscriptions, grants_what_begins_with_ones_audience_and_what_is_provisional_only_by_name) {
  struct Row {
    const char* prefix;
    const char* audience;
    const char* granted;
  };
  const char* const all =
      "public/~head public/~daemon public/calm/ public/watch/ public/elevated/ public/high/ public/critical/ "
      "public/unknown/ ";
  const Row rows[] = {
      {"", "public", all},
      {"pub", "public", all},
      {"public", "public", all},
      {"public/", "public", all},
      {"public/high/", "public", "public/high/ "},
      {"public/high/strait", "public", "public/high/strait "},
      {"public/~provisional/", "public", "public/~provisional/ "},
      {"public/~", "public", "public/~ "},
      {"public/~head", "public", "public/~head "},
      {"partners/", "public", ""},
      {"publicity/", "public", ""},  // another audience whose name begins alike
      {"public2/high/", "public", ""},
      {"public/", "public2", ""},
      {"p", "", ""},
      {"", "", ""},
      {"x", "public", ""},
  };
  for (const auto& row : rows) {
    STRCMP_EQUAL_TEXT(row.granted, joined(granted_topics(row.prefix, row.audience)).c_str(), row.prefix);
  }
}

TEST(Subscriptions, knows_who_listens_to_what_is_not_durable_yet) {
  const Listener listener{context, endpoint};
  listener.ask("public/high/");
  listener.ask("public/~head");
  CHECK_TRUE(decide());
  CHECK_TRUE(decide());
  CHECK_FALSE(subscriptions.wants_provisional());
  listener.ask("public/~provisional/high/");
  CHECK_TRUE(decide());
  CHECK_TRUE(subscriptions.wants_provisional());
  UNSIGNED_LONGS_EQUAL(3, subscriptions.granted());
  listener.stop("public/~provisional/high/");
  CHECK_FALSE(decide());
  CHECK_FALSE(subscriptions.wants_provisional());
  UNSIGNED_LONGS_EQUAL(2, subscriptions.granted());
}

TEST(Subscriptions, forgets_what_one_had_who_left_without_a_word) {
  const Listener stays{context, endpoint};
  stays.ask("public/~provisional/");
  CHECK_TRUE(decide());
  const int staying = newest;
  auto leaves = std::make_unique<Listener>(context, endpoint);
  leaves->ask("public/~");
  CHECK_TRUE(decide());
  const int leaving = newest;
  CHECK_TRUE(staying >= 0 && leaving >= 0 && staying != leaving);
  CHECK_FALSE(subscriptions.take_left());

  leaves.reset();
  CHECK_FALSE(decide());
  LONGS_EQUAL(-1, newest);  // libzmq does not say who
  CHECK_TRUE(subscriptions.take_left());
  UNSIGNED_LONGS_EQUAL(2, subscriptions.granted());
  const std::vector<int> both{staying, leaving};
  subscriptions.forget(both);  // not known to be gone yet
  UNSIGNED_LONGS_EQUAL(2, subscriptions.granted());
  subscriptions.forget(std::span{both}.first(1));
  UNSIGNED_LONGS_EQUAL(1, subscriptions.granted());
  CHECK_TRUE(subscriptions.wants_provisional());
  subscriptions.forget({});
  CHECK_FALSE(subscriptions.wants_provisional());
  UNSIGNED_LONGS_EQUAL(0, subscriptions.granted());
}

TEST(Subscriptions, one_who_takes_back_what_others_asked_for_takes_nothing_from_them) {
  const Listener listener{context, endpoint};
  listener.ask("public/~provisional/");
  CHECK_TRUE(decide());
  const int fd = newest;
  const std::string stop = std::string{'\0'} + "public/~provisional/";
  CHECK_FALSE(subscriptions.decide(stop, "public", fd + 1));
  CHECK_TRUE(subscriptions.wants_provisional());
  CHECK_FALSE(subscriptions.decide(std::string{'\x01'} + "public/~provisional/", "partners", fd + 1));
  UNSIGNED_LONGLONGS_EQUAL(1, subscriptions.refused());
  CHECK_FALSE(subscriptions.decide(stop, "public", -1));  // somebody who was refused left
  CHECK_TRUE(subscriptions.wants_provisional());
}
