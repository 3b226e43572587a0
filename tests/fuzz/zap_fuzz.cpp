// SPDX-License-Identifier: Apache-2.0
// A script of handshakes and monitor events: nobody gets in whom the keyring does not hold, never more than may, and
// the counts stay sane whatever order things come in. A request is a number of frames, each with its length before it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/base/check.hpp"

#include "zap_policy.hpp"

using namespace tocsin::daemon;

namespace {
constexpr const char* kTcp = "tcp://127.0.0.1:5555";
constexpr const char* kIpc = "ipc:///in";
constexpr std::uint32_t kPeersMax = 4;

class Script {
 public:
  explicit Script(std::string_view bytes) : bytes_{bytes} {}
  [[nodiscard]] bool more() const { return !bytes_.empty(); }
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::string_view text() {
    const auto size = std::min<std::size_t>(byte(), bytes_.size());
    const auto value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
  }

 private:
  std::string_view bytes_;
};

std::vector<Keyring::Entry> entries() {
  std::vector<Keyring::Entry> all;
  for (std::uint8_t i = 0; i < 3; ++i) {
    Key key{};
    key.fill(static_cast<std::uint8_t>('a' + i));
    const auto name = "p" + std::to_string(i);
    all.push_back({key, name, user_id_of(name, key), i + 1U});
  }
  return all;
}

void decide(ZapPolicy& policy, const Keyring& keyring, Script& script, std::int64_t now) {
  std::array<std::string_view, 9> frames;
  const std::size_t count = script.byte() % (frames.size() + 1);
  for (std::size_t i = 0; i < count; ++i) frames[i] = script.text();
  const auto request = parse_zap_request(std::span{frames}.first(count));
  if (!request) return;
  const auto answer = policy.decide(*request, now);
  TOCSIN_CHECK((answer.reason == ZapReason::none) != answer.user_id.empty());
  TOCSIN_CHECK(!name_of(answer.reason).empty());
  if (answer.reason != ZapReason::none) return;
  if (request->mechanism == "CURVE") {
    const auto* const entry = keyring.find(request->key.value());
    TOCSIN_CHECK(entry != nullptr && entry->user_id == answer.user_id && keyring.good(answer.user_id));
    TOCSIN_CHECK(policy.live_of(kTcp, answer.user_id) <= entry->connections);
  } else {
    TOCSIN_CHECK(request->mechanism == "NULL" && request->domain == kIpc && answer.user_id == "desk");
  }
}
}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto keyring = std::make_shared<const Keyring>(entries());
  ZapPolicy policy{{{kTcp, true, "nobody", kPeersMax, 1}, {kIpc, false, "desk", kPeersMax, 1}}, keyring};
  Script script{{reinterpret_cast<const char*>(data), size}};
  std::int64_t now = 0;
  std::array<std::uint64_t, 2> accepted{};
  while (script.more()) {
    const auto what = script.byte();
    const std::size_t which = (what >> 4U) & 1U;
    const char* const endpoint = which == 0 ? kTcp : kIpc;
    now += what >> 5U << 8U;
    switch (what % 6) {
      case 0:
        policy.accepted(endpoint, script.byte(), now);
        ++accepted[which];
        break;
      case 1:
        policy.succeeded(endpoint);
        break;
      case 2:
        policy.failed(endpoint);
        break;
      case 3:
        policy.disconnected(endpoint, script.byte(), now);
        break;
      case 4:
        policy.observed(script.byte(), user_id_of("p1", keyring->entries()[1].key));
        break;
      default:
        decide(policy, *keyring, script, now);
        break;
    }
    for (const auto* const one : {kTcp, kIpc}) {
      const auto counts = policy.counts(one);
      TOCSIN_CHECK(counts.accepted == accepted[one == kTcp ? 0 : 1] && counts.live <= counts.accepted);
    }
  }
  return 0;
}
