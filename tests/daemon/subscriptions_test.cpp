// SPDX-License-Identifier: Apache-2.0
/// What: which topics a subscription is granted, and to whom; how much one may ask for; and who listens to what is not
/// durable yet, also when somebody left without a word. How: a table for the first; an XPUB on ipc:// and subscribers
/// that come and go for the second.
#include "subscriptions.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
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
  Listener(ZmqContext& context, const std::string& endpoint, int type = ZMQ_SUB)
      : socket_{zmq_socket(context.handle(), type)} {
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
  /// Of a socket of type XSUB: whatever it likes.
  void say(const std::string& message) const { (void)zmq_send(socket_, message.data(), message.size(), 0); }
  /// The next message; "nothing" when none comes in time.
  [[nodiscard]] std::string hear(int ms) const {
    zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, ms) != 1) return "nothing";
    ZmqFrame frame;
    (void)zmq_msg_recv(frame.handle(), socket_, 0);
    return std::string{frame.text()};
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
  int newest = -1;        ///< connection of the newest message
  std::uint64_t now = 1;  ///< [ns]
  std::string newest_text;

  void setup() override {
    CHECK_TRUE(subscriptions.manual());
    STRCMP_EQUAL("", socket.bind(endpoint).c_str());
  }
  /// Lets the next message be decided for one who may see "public". @returns whether one came and was granted.
  bool decide(const char* audience = "public") { return verdict(audience) == SubscriptionVerdict::granted; }
  SubscriptionVerdict verdict(const char* audience = "public") {
    zmq_pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
    CHECK_TRUE(zmq_poll(&item, 1, 5000) == 1);
    return next(audience);
  }
  /// As verdict(), for a message that is there already.
  SubscriptionVerdict next(const char* audience) {
    ZmqFrame frame;
    CHECK_TRUE(socket.receive(frame));
    newest = frame.source_fd();
    newest_text = frame.text();
    return subscriptions.decide(newest_text, {newest, 1, audience, now});
  }
  SubscriptionVerdict said(const std::string& message, int fd, const char* audience = "public",
                           std::uint64_t connection = 1) {
    return subscriptions.decide(message, {fd, connection, audience, now});
  }
  /// What is on its way has come, and libzmq has put it into its queues.
  void let_it_come() {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    (void)socket.service();
  }
  void publish(const std::string& topic) { CHECK_TRUE(socket.send(topic, false) == SendResult::sent); }
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

TEST(Subscriptions, who_gets_the_descriptor_of_one_that_left_is_granted_the_same_anew) {
  // Nobody has said yet that the first one left.
  CHECK_TRUE(said("\x01public/~", 1000, "public", 1) == SubscriptionVerdict::granted);
  CHECK_TRUE(said("\x01public/high/", 1000, "public", 1) == SubscriptionVerdict::granted);
  CHECK_TRUE(said("\x01public/high/", 1000, "public", 1) == SubscriptionVerdict::nothing);
  CHECK_TRUE(said("\x01public/high/", 1000, "public", 2) == SubscriptionVerdict::granted);
  UNSIGNED_LONGS_EQUAL(1, subscriptions.granted());
  CHECK_FALSE(subscriptions.wants_provisional());
  CHECK_TRUE(said("", -1) == SubscriptionVerdict::nothing);  // now libzmq says so
  UNSIGNED_LONGS_EQUAL(1, subscriptions.granted());
}

TEST(Subscriptions, one_who_takes_back_what_others_asked_for_takes_nothing_from_them) {
  const Listener listener{context, endpoint};
  listener.ask("public/~provisional/");
  CHECK_TRUE(decide());
  const int fd = newest;
  const std::string stop = std::string{'\0'} + "public/~provisional/";
  CHECK_TRUE(said(stop, fd + 1) == SubscriptionVerdict::nothing);
  CHECK_TRUE(subscriptions.wants_provisional());
  CHECK_TRUE(said("\x01public/~provisional/", fd + 1, "partners") == SubscriptionVerdict::refused);
  UNSIGNED_LONGLONGS_EQUAL(1, subscriptions.refused());
  CHECK_TRUE(said(stop, -1) == SubscriptionVerdict::nothing);  // somebody who was refused left
  CHECK_TRUE(subscriptions.wants_provisional());
}

TEST(Subscriptions, a_message_that_is_none_gives_nobody_what_another_asked_for) {
  const Listener bad{context, endpoint, ZMQ_XSUB};
  const Listener good{context, endpoint};
  // In this order libzmq takes the bad one's connection for that of the good one's subscription.
  bad.say("?");
  let_it_come();
  good.ask("secret/high/");
  let_it_come();
  bad.say("\x01x");
  let_it_come();
  CHECK_TRUE(next("public") == SubscriptionVerdict::no_subscription);
  const int fd = newest;
  CHECK_TRUE(next("secret") == SubscriptionVerdict::unsure);
  STRCMP_EQUAL("\x01secret/high/", newest_text.c_str());
  CHECK_TRUE(newest != fd);
  CHECK_TRUE(next("public") == SubscriptionVerdict::unsure);
  LONGS_EQUAL(fd, newest);
  publish("secret/high/strait");
  STRCMP_EQUAL("nothing", bad.hear(200).c_str());
  ZmqFrame none;
  CHECK_FALSE(socket.receive(none));
  subscriptions.drained();
  // From here on libzmq knows again who asks.
  good.ask("secret/watch/");
  CHECK_TRUE(decide("secret"));
  publish("secret/watch/strait");
  STRCMP_EQUAL("secret/watch/strait", good.hear(5000).c_str());
  STRCMP_EQUAL("nothing", bad.hear(100).c_str());
}

TEST(Subscriptions, one_connection_asks_for_so_much_and_no_more) {
  const int fd = 1000;
  const int other = 1001;
  for (std::size_t i = 0; i < Subscriptions::kMaxOfOne; ++i) {  // refused ones count, too: libzmq keeps them
    CHECK_TRUE(said("\x01" + std::to_string(i), fd) == SubscriptionVerdict::refused);
  }
  CHECK_TRUE(said("\x01more", fd) == SubscriptionVerdict::too_many);
  CHECK_TRUE(must_cut(SubscriptionVerdict::too_many));
  CHECK_TRUE(said("\x01" + std::string(Subscriptions::kPrefixMax + 1, 'a'), other) == SubscriptionVerdict::too_many);
  CHECK_TRUE(said("\x01more", other) == SubscriptionVerdict::refused);
  const std::vector<int> there{other};
  subscriptions.forget(there);
  CHECK_TRUE(said("\x01more", fd) == SubscriptionVerdict::refused);  // another connection by now
}

TEST(Subscriptions, one_connection_asks_so_fast_and_no_faster) {
  const int fd = 1000;
  const std::string stop = std::string{'\0'} + "x";
  std::size_t heard = 0;
  while (said(heard % 2 == 0 ? "\x01x" : stop, fd) != SubscriptionVerdict::too_many && heard < 10'000) ++heard;
  DOUBLES_EQUAL(Subscriptions::kMessagesAtOnce, static_cast<double>(heard), 1);
  CHECK_TRUE(said("\x01x", fd, "public", 2) == SubscriptionVerdict::refused);  // another one has the descriptor by now
  CHECK_TRUE(said("\x01x", fd) == SubscriptionVerdict::refused);
  while (said(stop, fd) != SubscriptionVerdict::too_many && heard < 20'000) ++heard;
  now += 1'000'000'000;
  CHECK_TRUE(said(stop, fd) == SubscriptionVerdict::nothing);
}

TEST(Subscriptions, who_takes_back_a_part_keeps_the_rest) {
  const Listener listener{context, endpoint};
  listener.ask("public/");
  CHECK_TRUE(decide());
  listener.ask("public/high/");
  CHECK_TRUE(decide());
  listener.stop("public/high/");
  CHECK_FALSE(decide());
  publish("public/high/strait");
  STRCMP_EQUAL("public/high/strait", listener.hear(5000).c_str());
}
