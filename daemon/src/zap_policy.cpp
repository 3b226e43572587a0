// SPDX-License-Identifier: Apache-2.0
#include "zap_policy.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tocsin::daemon {
namespace {
constexpr std::size_t kFixedFrames = 6;  // version, request id, domain, address, identity, mechanism
constexpr std::uint32_t kLeastForTools = 4;

/// The endpoint a connection came in on, when we listen on all addresses: only the port tells.
bool same_port_of_any(std::string_view bound, std::string_view reached) {
  constexpr std::string_view kAny = "tcp://0.0.0.0:";
  if (!bound.starts_with(kAny) || !reached.starts_with("tcp://")) return false;
  const auto colon = reached.rfind(':');
  return reached.substr(colon + 1) == bound.substr(kAny.size());
}
}  // namespace

std::string_view name_of(ZapReason reason) {
  static constexpr std::array<std::string_view, kZapReasons> kNames{
      "none",           "unknown_key", "unknown_domain", "wrong_mechanism", "too_many_of_key",
      "too_many_peers", "malformed",   "endless_message"};
  return kNames.at(static_cast<std::size_t>(reason));
}

std::optional<ZapRequest> parse_zap_request(std::span<const std::string_view> frames) {
  if (frames.size() < kFixedFrames || frames[0] != "1.0") return std::nullopt;
  ZapRequest request{frames[1], frames[2], frames[3], frames[5], std::nullopt};
  if (request.mechanism == "CURVE") {
    Key key{};
    if (frames.size() != kFixedFrames + 1 || frames[6].size() != key.size()) return std::nullopt;
    std::memcpy(key.data(), frames[6].data(), key.size());
    request.key = key;
  } else if (request.mechanism == "NULL" && frames.size() != kFixedFrames) {
    return std::nullopt;
  }
  return request;
}

bool wants_keys(const Config& config, std::string_view endpoint) {
  return !config.keys.folder.empty() && endpoint.starts_with("tcp://");
}

std::vector<ZapDomain> zap_domains(const Config& config) {
  std::vector<ZapDomain> domains;
  const auto add = [&](const std::vector<PlacedText>& endpoints, std::uint32_t least_per_key) {
    for (const auto& endpoint : endpoints) {
      const auto principal = std::find_if(config.principals.begin(), config.principals.end(),
                                          [&](const PrincipalConfig& one) { return one.endpoint == endpoint.text; });
      domains.push_back({endpoint.text, wants_keys(config, endpoint.text),
                         principal == config.principals.end() ? endpoint.text : principal->name, config.bounds.peers,
                         least_per_key});
    }
  };
  add(config.ingest, 1);
  add(config.alerts, kLeastForTools);
  add(config.control, kLeastForTools);
  for (const auto& publisher : config.broadcast) domains.push_back({publisher.endpoint, false, {}, 1, 1, true});
  return domains;
}

ZapPolicy::ZapPolicy(std::vector<ZapDomain> domains, std::shared_ptr<const Keyring> keyring)
    : keyring_{std::move(keyring)} {
  peers_.reserve(domains.size());
  for (auto& domain : domains) peers_.push_back({std::move(domain), {}, {}, {}});
}

const ZapPolicy::Peers* ZapPolicy::find_(std::string_view endpoint) const {
  for (const auto& one : peers_) {
    if (one.domain.endpoint == endpoint) return &one;
  }
  for (const auto& one : peers_) {
    if (same_port_of_any(one.domain.endpoint, endpoint)) return &one;
  }
  return nullptr;
}

ZapPolicy::Peers* ZapPolicy::find_(std::string_view endpoint) {
  return const_cast<Peers*>(std::as_const(*this).find_(endpoint));  // it is ours and not const
}

ZapPolicy::Answer ZapPolicy::decide(const ZapRequest& request, std::int64_t now_ms) {
  auto* const peers = find_(request.domain);
  if (peers == nullptr || peers->domain.outgoing) return {ZapReason::unknown_domain, {}};
  if (request.mechanism != (peers->domain.keys ? "CURVE" : "NULL")) return {ZapReason::wrong_mechanism, {}};
  if (!peers->domain.keys) return admit_(*peers, peers->domain.user_id, peers->domain.peers_max, now_ms);
  const auto* const entry = request.key && keyring_ != nullptr ? keyring_->find(*request.key) : nullptr;
  if (entry == nullptr) return {ZapReason::unknown_key, {}};
  return admit_(*peers, entry->user_id, std::max(entry->connections, peers->domain.least_per_key), now_ms);
}

ZapPolicy::Answer ZapPolicy::admit_(Peers& peers, const std::string& user_id, std::uint32_t connections,
                                    std::int64_t now_ms) {
  while (!peers.grants.empty() && now_ms - peers.grants.front().at_ms > kHandshakeMs) peers.grants.pop_front();
  if (count_(peers, user_id) >= connections) {
    return {peers.domain.keys ? ZapReason::too_many_of_key : ZapReason::too_many_peers, {}};
  }
  if (peers.counts.live + peers.grants.size() >= peers.domain.peers_max) return {ZapReason::too_many_peers, {}};
  peers.grants.push_back({user_id, now_ms});
  return {ZapReason::none, user_id};
}

std::uint32_t ZapPolicy::count_(const Peers& peers, std::string_view user_id) {
  const auto granted =
      std::count_if(peers.grants.begin(), peers.grants.end(), [&](const Grant& one) { return one.user_id == user_id; });
  const auto live = std::count_if(peers.connections.begin(), peers.connections.end(),
                                  [&](const Connection& one) { return one.succeeded && one.user_id == user_id; });
  return static_cast<std::uint32_t>(granted + live);
}

ZapPolicy::Connection* ZapPolicy::oldest_waiting_(Peers& peers) {
  const auto found = std::find_if(peers.connections.begin(), peers.connections.end(),
                                  [](const Connection& one) { return !one.succeeded; });
  return found == peers.connections.end() ? nullptr : &*found;
}

void ZapPolicy::recount_(Peers& peers) {
  const auto live = std::count_if(peers.connections.begin(), peers.connections.end(),
                                  [](const Connection& one) { return one.succeeded; });
  peers.counts.live = static_cast<std::uint32_t>(live);
  // Each grant waits for one of the connections that are still shaking hands.
  const auto waiting = peers.connections.size() - static_cast<std::size_t>(live);
  while (peers.grants.size() > waiting) peers.grants.pop_front();
}

void ZapPolicy::accepted(std::string_view endpoint, int fd, std::int64_t now_ms) {
  auto* const peers = find_(endpoint);
  if (peers == nullptr) return;
  ++peers->counts.accepted;
  std::erase_if(peers->connections, [&](const Connection& one) { return one.fd == fd; });
  peers->connections.push_back({fd, now_ms, false, false, false, false, 0, {}});
  bound_waiting_(*peers);
}

void ZapPolicy::bound_waiting_(Peers& peers) {
  if (peers.domain.outgoing) return;
  const auto waits = [](const Connection& one) { return !one.succeeded && !one.surplus; };
  const auto waiting = std::count_if(peers.connections.begin(), peers.connections.end(), waits);
  if (static_cast<std::size_t>(waiting) <= kWaitingPerPeer * peers.domain.peers_max) return;
  const auto oldest = std::find_if(peers.connections.begin(), peers.connections.end(), waits);
  oldest->surplus = true;
  surplus_.push_back(oldest->fd);
}

void ZapPolicy::succeeded(std::string_view endpoint) {
  auto* const peers = find_(endpoint);
  if (peers == nullptr) return;
  auto* const connection = oldest_waiting_(*peers);
  if (connection != nullptr && peers->domain.outgoing) {
    connection->succeeded = connection->certain = true;
    return recount_(*peers);
  }
  if (connection == nullptr || peers->grants.empty()) return;
  const auto waiting = std::count_if(peers->connections.begin(), peers->connections.end(),
                                     [](const Connection& one) { return !one.succeeded; });
  connection->succeeded = true;
  connection->certain = waiting == 1;
  connection->user_id = std::move(peers->grants.front().user_id);
  peers->grants.pop_front();
  recount_(*peers);
}

void ZapPolicy::failed(std::string_view endpoint) {
  auto* const peers = find_(endpoint);
  if (peers != nullptr) ++peers->counts.handshakes_failed;
}

void ZapPolicy::disconnected(std::string_view endpoint, int fd, std::int64_t now_ms) {
  auto* const peers = find_(endpoint);
  if (peers == nullptr) return;
  ++peers->counts.disconnected;
  const auto found = std::find_if(peers->connections.begin(), peers->connections.end(),
                                  [&](const Connection& one) { return one.fd == fd; });
  if (found == peers->connections.end()) return;
  const Connection gone = std::move(*found);
  peers->connections.erase(found);
  if (gone.succeeded && !gone.certain && now_ms - gone.since_ms < kHandshakeMs) {
    // It may have been one that never proved anything, and the proof belongs to another.
    if (auto* const other = oldest_waiting_(*peers)) {
      other->succeeded = true;
      other->user_id = gone.user_id;
    }
  }
  recount_(*peers);
}

void ZapPolicy::observed(int fd, std::string_view user_id) {
  for (auto& peers : peers_) {
    const auto found = std::find_if(peers.connections.begin(), peers.connections.end(),
                                    [&](const Connection& one) { return one.fd == fd; });
    if (found == peers.connections.end()) continue;
    if (!found->succeeded || found->user_id != user_id) {
      const auto guess = std::find_if(peers.connections.begin(), peers.connections.end(), [&](const Connection& one) {
        return one.succeeded && !one.certain && one.user_id == user_id;
      });
      if (guess != peers.connections.end()) {
        guess->user_id.swap(found->user_id);
        std::swap(guess->succeeded, found->succeeded);
      }
      found->succeeded = true;
      found->user_id = user_id;
    }
    found->certain = true;
    recount_(peers);
    return;
  }
}

std::vector<int> ZapPolicy::unproven(std::int64_t now_ms) const {
  std::vector<int> found;
  for (const auto& peers : peers_) {
    if (!peers.domain.keys) continue;
    for (const auto& one : peers.connections) {
      if (!one.certain && now_ms - one.since_ms < kHandshakeMs) found.push_back(one.fd);
    }
  }
  return found;
}

std::vector<int> ZapPolicy::cheats(std::span<const int> over, std::int64_t now_ms) {
  std::vector<int> found;
  for (auto& peers : peers_) {
    const auto is_over = [&](const Connection& one) {
      return !one.certain && std::find(over.begin(), over.end(), one.fd) != over.end();
    };
    const auto proved = std::count_if(peers.connections.begin(), peers.connections.end(),
                                      [](const Connection& one) { return one.succeeded && !one.certain; });
    const bool too_many = std::count_if(peers.connections.begin(), peers.connections.end(), is_over) > proved;
    for (auto& one : peers.connections) {
      if (!too_many || !is_over(one)) {
        one.over_since_ms = 0;
      } else if (one.over_since_ms == 0) {
        one.over_since_ms = now_ms;
      } else if (now_ms - one.over_since_ms >= kOverMs) {
        found.push_back(one.fd);
      }
    }
  }
  return found;
}

KeyringChange ZapPolicy::replace(std::shared_ptr<const Keyring> keyring) {
  const Keyring none;
  const auto before = std::exchange(keyring_, std::move(keyring));
  return (keyring_ ? *keyring_ : none).since(before ? *before : none);
}

std::vector<ZapPolicy::Withdrawn> ZapPolicy::withdrawn() {
  std::vector<Withdrawn> found;
  for (auto& peers : peers_) {
    if (!peers.domain.keys) continue;
    for (auto& one : peers.connections) {
      if (!one.succeeded || (keyring_ != nullptr && keyring_->good(one.user_id))) continue;
      found.push_back({one.fd, one.user_id, std::exchange(one.withdrawn, true)});
    }
  }
  return found;
}

std::vector<int> ZapPolicy::connections() const {
  std::vector<int> all;
  for (const auto& peers : peers_) {
    for (const auto& one : peers.connections) all.push_back(one.fd);
  }
  return all;
}

std::string_view ZapPolicy::user_of(int fd) const {
  for (const auto& peers : peers_) {
    for (const auto& one : peers.connections) {
      if (one.fd == fd) return one.user_id.empty() ? std::string_view{peers.domain.endpoint} : one.user_id;
    }
  }
  return "-";
}

bool ZapPolicy::connected(int fd) const {
  return std::any_of(peers_.begin(), peers_.end(), [&](const Peers& peers) {
    return std::any_of(peers.connections.begin(), peers.connections.end(),
                       [&](const Connection& one) { return one.fd == fd; });
  });
}

void ZapPolicy::append_connected(std::string_view endpoint, std::vector<int>& out) const {
  const auto* const peers = find_(endpoint);
  if (peers == nullptr) return;
  for (const auto& one : peers->connections) out.push_back(one.fd);
}

PeerCounts ZapPolicy::counts(std::string_view endpoint) const {
  const auto* const peers = find_(endpoint);
  return peers == nullptr ? PeerCounts{} : peers->counts;
}

std::uint32_t ZapPolicy::live_of(std::string_view endpoint, std::string_view user_id) const {
  const auto* const peers = find_(endpoint);
  return peers == nullptr ? 0 : count_(*peers, user_id);
}
}  // namespace tocsin::daemon
