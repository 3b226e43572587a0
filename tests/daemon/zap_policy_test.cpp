// SPDX-License-Identifier: Apache-2.0
/// What: who may connect, how often, and that the count of connections is right again whatever order things happen in.
/// How: requests and monitor events by hand; a model that knows the truth checks the count after random runs.
#include "zap_policy.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/test_support/prng.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
constexpr const char* kTcp = "tcp://127.0.0.1:5555";
constexpr const char* kIpc = "ipc:///run/in.sock";

Key key_of(int number) {
  Key key{};
  key[0] = static_cast<std::uint8_t>(number);
  return key;
}

std::string user_of(int number) { return user_id_of("p" + std::to_string(number), key_of(number)); }

ZapRequest curve(int number, const char* domain = kTcp) { return {"1", domain, "127.0.0.1", "CURVE", key_of(number)}; }

ZapRequest plain(const char* domain = kIpc) { return {"1", domain, ":0:0:1", "NULL", std::nullopt}; }
}  // namespace

TEST_GROUP(ZapPolicy) {
  std::vector<Keyring::Entry> entries;
  std::uint32_t peers_max = 8;

  void setup() override {
    for (int i = 1; i <= 4; ++i) {
      entries.push_back({key_of(i), "p" + std::to_string(i), user_of(i), static_cast<std::uint32_t>(i == 4 ? 3 : 1)});
    }
  }
  ZapPolicy policy(std::uint32_t least_per_key = 1) {
    return {{{kTcp, true, "nobody", peers_max, least_per_key}, {kIpc, false, "desk", peers_max, 1}},
            std::make_shared<const Keyring>(entries)};
  }
};

TEST(ZapPolicy, admits_a_known_key_under_its_user_id) {
  auto zap = policy();
  const auto answer = zap.decide(curve(1), 0);
  CHECK_TRUE(answer.reason == ZapReason::none);
  STRCMP_EQUAL(user_of(1).c_str(), answer.user_id.c_str());
}

TEST(ZapPolicy, refuses_by_reason) {
  struct Row {
    const char* why;
    ZapRequest request;
    ZapReason reason;
  };
  const Row rows[] = {{"a key nobody has", curve(9), ZapReason::unknown_key},
                      {"a domain nobody has", curve(1, "tcp://127.0.0.1:5556"), ZapReason::unknown_domain},
                      {"no domain", plain(""), ZapReason::unknown_domain},
                      {"plain where keys are asked for", plain(kTcp), ZapReason::wrong_mechanism},
                      {"keys on a plain one", curve(1, kIpc), ZapReason::wrong_mechanism},
                      {"password", {"1", kTcp, "", "PLAIN", std::nullopt}, ZapReason::wrong_mechanism},
                      {"no key in it", {"1", kTcp, "", "CURVE", std::nullopt}, ZapReason::unknown_key}};
  auto zap = policy();
  for (const auto& row : rows) CHECK_TRUE_TEXT(zap.decide(row.request, 0).reason == row.reason, row.why);
}

TEST(ZapPolicy, who_uses_a_plain_endpoint_is_the_endpoints_principal) {
  auto zap = policy();
  const auto answer = zap.decide(plain(), 0);
  CHECK_TRUE(answer.reason == ZapReason::none);
  STRCMP_EQUAL("desk", answer.user_id.c_str());
}

TEST(ZapPolicy, a_withdrawn_key_does_not_connect_again) {
  auto zap = policy();
  CHECK_TRUE(zap.decide(curve(1), 0).reason == ZapReason::none);
  zap.replace(std::make_shared<const Keyring>());
  CHECK_TRUE(zap.decide(curve(1), 10'000).reason == ZapReason::unknown_key);
}

TEST(ZapPolicy, one_connection_per_key_until_it_ends) {
  auto zap = policy();
  zap.accepted(kTcp, 10, 0);
  CHECK_TRUE(zap.decide(curve(1), 0).reason == ZapReason::none);
  CHECK_TRUE(zap.decide(curve(1), 1).reason == ZapReason::too_many_of_key);  // still shaking hands
  zap.succeeded(kTcp);
  CHECK_TRUE(zap.decide(curve(1), 99'000).reason == ZapReason::too_many_of_key);
  UNSIGNED_LONGS_EQUAL(1, zap.live_of(kTcp, user_of(1)));
  CHECK_TRUE(zap.decide(curve(2), 99'000).reason == ZapReason::none);
  zap.disconnected(kTcp, 10, 99'000);
  CHECK_TRUE(zap.decide(curve(1), 99'000).reason == ZapReason::none);
}

TEST(ZapPolicy, as_many_connections_as_the_principal_or_the_socket_allows) {
  auto zap = policy();
  for (int i = 0; i < 3; ++i) CHECK_TRUE(zap.decide(curve(4), 0).reason == ZapReason::none);
  CHECK_TRUE(zap.decide(curve(4), 0).reason == ZapReason::too_many_of_key);
  auto tools = policy(2);
  for (int i = 0; i < 2; ++i) CHECK_TRUE(tools.decide(curve(1), 0).reason == ZapReason::none);
  CHECK_TRUE(tools.decide(curve(1), 0).reason == ZapReason::too_many_of_key);
}

TEST(ZapPolicy, a_handshake_that_was_never_finished_blocks_nobody_for_long) {
  auto zap = policy();
  CHECK_TRUE(zap.decide(curve(1), 0).reason == ZapReason::none);
  CHECK_TRUE(zap.decide(curve(1), ZapPolicy::kHandshakeMs).reason == ZapReason::too_many_of_key);
  CHECK_TRUE(zap.decide(curve(1), ZapPolicy::kHandshakeMs + 1).reason == ZapReason::none);
}

TEST(ZapPolicy, caps_the_peers_of_an_endpoint_and_half_handshakes_do_not_count) {
  peers_max = 3;
  auto zap = policy();
  for (int fd = 100; fd < 200; ++fd) zap.accepted(kIpc, fd, 0);  // strangers that only connect
  for (int i = 0; i < 3; ++i) {
    CHECK_TRUE(zap.decide(plain(), 0).reason == ZapReason::none);
    zap.succeeded(kIpc);
  }
  CHECK_TRUE(zap.decide(plain(), 0).reason == ZapReason::too_many_peers);
  UNSIGNED_LONGS_EQUAL(3, zap.counts(kIpc).live);
  UNSIGNED_LONGLONGS_EQUAL(100, zap.counts(kIpc).accepted);
}

TEST(ZapPolicy, finds_the_endpoint_that_listens_on_all_addresses_by_its_port) {
  ZapPolicy zap{{{"tcp://0.0.0.0:5555", true, "", 8, 1}}, std::make_shared<const Keyring>(entries)};
  zap.accepted("tcp://10.1.2.3:5555", 7, 0);
  zap.accepted("tcp://10.1.2.3:5556", 8, 0);
  UNSIGNED_LONGLONGS_EQUAL(1, zap.counts("tcp://0.0.0.0:5555").accepted);
}

TEST(ZapPolicy, the_first_message_sets_right_whose_connection_it_is) {
  auto zap = policy();
  zap.accepted(kTcp, 10, 0);  // of key 2, in truth
  zap.accepted(kTcp, 11, 0);  // of key 1
  (void)zap.decide(curve(1), 0);
  (void)zap.decide(curve(2), 0);
  zap.succeeded(kTcp);
  zap.succeeded(kTcp);
  zap.observed(10, user_of(2));
  zap.observed(11, user_of(1));
  zap.disconnected(kTcp, 11, 10'000);
  UNSIGNED_LONGS_EQUAL(0, zap.live_of(kTcp, user_of(1)));
  UNSIGNED_LONGS_EQUAL(1, zap.live_of(kTcp, user_of(2)));
  UNSIGNED_LONGS_EQUAL(1, zap.counts(kTcp).live);
}

TEST(ZapPolicy, counts_right_again_once_half_handshakes_have_timed_out) {
  struct Peer {
    int fd;
    int key;
    std::int64_t since;
    bool half;
  };
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    tocsin::test_support::Prng random{seed};
    peers_max = 1000;
    auto zap = policy(1000);
    std::vector<Peer> truth;
    std::int64_t now = 0;
    int next_fd = 10;
    for (int step = 0; step < 300; ++step) {
      now += random.between(0, 50);
      // libzmq closes what has not finished its handshake in time.
      for (auto it = truth.begin(); it != truth.end();) {
        if (!it->half || now - it->since < 2000) {
          ++it;
          continue;
        }
        zap.failed(kTcp);
        zap.disconnected(kTcp, it->fd, now);
        it = truth.erase(it);
      }
      const auto what = random.below(10);
      if (what < 3) {
        truth.push_back({next_fd, 0, now, true});
        zap.accepted(kTcp, next_fd++, now);
      } else if (what < 7) {
        const auto half = std::find_if(truth.begin(), truth.end(), [](const Peer& one) { return one.half; });
        if (half == truth.end()) continue;
        auto& lucky =
            *(half + static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint64_t>(truth.end() - half))));
        if (!lucky.half) continue;
        lucky.key = static_cast<int>(random.between(1, 4));
        CHECK_TRUE(zap.decide(curve(lucky.key), now).reason == ZapReason::none);
        zap.succeeded(kTcp);
        lucky.half = false;
        if (random.chance(70)) zap.observed(lucky.fd, user_of(lucky.key));
      } else if (!truth.empty() && random.chance(50)) {
        const auto gone = truth.begin() + static_cast<std::ptrdiff_t>(random.index(truth.size()));
        zap.disconnected(kTcp, gone->fd, now);
        truth.erase(gone);
      }
    }
    now += 2000;
    for (const auto& peer : truth) {
      if (peer.half) zap.disconnected(kTcp, peer.fd, now);
    }
    for (const auto& peer : truth) {
      if (!peer.half) zap.observed(peer.fd, user_of(peer.key));
    }
    now += ZapPolicy::kHandshakeMs + 1;
    const auto live = std::count_if(truth.begin(), truth.end(), [](const Peer& one) { return !one.half; });
    const auto text = "seed " + std::to_string(seed);
    UNSIGNED_LONGS_EQUAL_TEXT(live, zap.counts(kTcp).live, text.c_str());
    for (int key = 1; key <= 4; ++key) {
      const auto mine =
          std::count_if(truth.begin(), truth.end(), [&](const Peer& one) { return !one.half && one.key == key; });
      UNSIGNED_LONGS_EQUAL_TEXT(mine, zap.live_of(kTcp, user_of(key)), text.c_str());
    }
  }
}

TEST_GROUP(ZapRequest){};

TEST(ZapRequest, reads_the_frames_of_a_handshake) {
  const std::string key(32, 'k');
  const std::vector<std::string_view> frames{"1.0", "7", "d", "10.0.0.1", "id", "CURVE", key};
  const auto request = parse_zap_request(frames);
  CHECK_TRUE(request.has_value());
  CHECK_TRUE(request->request_id == "7" && request->domain == "d" && request->address == "10.0.0.1");
  CHECK_TRUE(request->key.has_value());
  BYTES_EQUAL('k', request->key->back());
  const std::vector<std::string_view> plain_frames{"1.0", "7", "d", "", "", "NULL"};
  CHECK_FALSE(parse_zap_request(plain_frames)->key.has_value());
}

TEST(ZapRequest, refuses_what_is_none) {
  const std::string key(32, 'k');
  const std::vector<std::vector<std::string_view>> rows{
      {},
      {"1.0"},
      {"1.1", "7", "d", "", "", "NULL"},
      {"1.0", "7", "d", "", "NULL"},
      {"1.0", "7", "d", "", "", "NULL", "more"},
      {"1.0", "7", "d", "", "", "CURVE"},
      {"1.0", "7", "d", "", "", "CURVE", std::string_view{key}.substr(1)},
      {"1.0", "7", "d", "", "", "CURVE", key, "more"}};
  for (const auto& row : rows) CHECK_FALSE(parse_zap_request(row).has_value());
}

TEST(ZapPolicy, of_those_who_never_finish_a_handshake_the_oldest_go) {
  auto zap = policy();
  const int most = static_cast<int>(ZapPolicy::kWaitingPerPeer * peers_max);
  for (int fd = 0; fd < most; ++fd) zap.accepted(kTcp, fd, 0);
  CHECK_TRUE(zap.take_surplus().empty());
  zap.accepted(kTcp, 1000, 0);
  auto gone = zap.take_surplus();
  UNSIGNED_LONGS_EQUAL(1, gone.size());
  LONGS_EQUAL(0, gone.front());
  zap.accepted(kTcp, 1001, 0);  // the first has not left yet and is not told again
  gone = zap.take_surplus();
  UNSIGNED_LONGS_EQUAL(1, gone.size());
  LONGS_EQUAL(1, gone.front());
  // Whoever proves a key is not among them, however many come after it.
  zap.accepted(kTcp, 2000, 0);
  CHECK_TRUE(zap.decide(curve(1), 0).reason == ZapReason::none);
  zap.succeeded(kTcp);
  zap.observed(2000, user_of(1));
  (void)zap.take_surplus();
  for (int fd = 3000; fd < 3100; ++fd) zap.accepted(kTcp, fd, 0);
  for (const int fd : zap.take_surplus()) CHECK_TRUE(fd != 2000);
  UNSIGNED_LONGS_EQUAL(0, zap.take_surplus().size());
}

TEST(ZapPolicy, whoever_proved_a_key_may_send_much_before_it_is_known_which_connection_that_was) {
  auto zap = policy();
  const std::array<int, 1> over{11};
  zap.accepted(kTcp, 10, 0);  // silent
  zap.accepted(kTcp, 11, 0);
  (void)zap.decide(curve(1), 0);
  zap.succeeded(kTcp);  // of 11, in truth
  CHECK_TRUE(zap.cheats(over, 1).empty());
  CHECK_TRUE(zap.cheats(over, 1 + ZapPolicy::kOverMs).empty());
}

TEST(ZapPolicy, who_sends_much_and_proves_nothing_goes) {
  auto zap = policy();
  const std::array<int, 1> over{10};
  zap.accepted(kTcp, 10, 0);
  CHECK_TRUE(zap.cheats(over, 1).empty());  // the first message of someone else may tell more
  CHECK_TRUE(zap.cheats(over, ZapPolicy::kOverMs).empty());
  const auto gone = zap.cheats(over, 1 + ZapPolicy::kOverMs);
  UNSIGNED_LONGS_EQUAL(1, gone.size());
  LONGS_EQUAL(10, gone.front());
}

TEST(ZapPolicy, who_sends_much_beside_one_that_proved_a_key_goes_once_that_one_is_known) {
  auto zap = policy();
  zap.accepted(kTcp, 10, 0);
  zap.accepted(kTcp, 11, 0);
  (void)zap.decide(curve(1), 0);
  zap.succeeded(kTcp);
  CHECK_TRUE(zap.cheats(std::array{10, 11}, 1).empty());
  zap.observed(11, user_of(1));
  CHECK_TRUE(zap.cheats(std::array{10}, 2).empty());
  const auto gone = zap.cheats(std::array{10}, 1 + ZapPolicy::kOverMs);
  UNSIGNED_LONGS_EQUAL(1, gone.size());
  LONGS_EQUAL(10, gone.front());
}
