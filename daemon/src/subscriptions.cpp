// SPDX-License-Identifier: Apache-2.0
#include "subscriptions.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <zmq.h>

namespace tocsin::daemon {
namespace {
constexpr std::array<std::string_view, 8> kConfirmed{kHead,       kDaemon, "calm/",     "watch/",
                                                     "elevated/", "high/", "critical/", "unknown/"};

/// Whether what is not durable yet may be among what a granted subscription to `prefix` brings.
bool is_provisional(std::string_view prefix) {
  const auto slash = prefix.find('/');
  if (slash == std::string_view::npos) return false;
  const auto word = prefix.substr(slash + 1);
  const auto size = std::min(word.size(), kProvisional.size());
  return size > 0 && word.substr(0, size) == kProvisional.substr(0, size);
}
}  // namespace

std::vector<std::string> granted_topics(std::string_view prefix, std::string_view audience) {
  const std::string own = std::string{audience} + "/";
  if (audience.empty()) return {};
  if (own.starts_with(prefix)) {
    std::vector<std::string> topics;
    for (const auto word : kConfirmed) topics.push_back(own + std::string{word});
    return topics;
  }
  if (prefix.starts_with(own)) return {std::string{prefix}};
  return {};
}

bool Subscriptions::manual() {
  const int on = 1;
  return zmq_setsockopt(socket_, ZMQ_XPUB_MANUAL, &on, sizeof on) == 0;
}

SubscriptionVerdict Subscriptions::decide(std::string_view message, const Subscriber& from) {
  if (from.fd < 0) {  // what it had libzmq has dropped already
    left_ = true;
    return SubscriptionVerdict::nothing;
  }
  if (message.empty() || static_cast<unsigned char>(message.front()) > 1) {  // XPUB passes on whatever peers say
    astray_ = true;
    ++refused_;
    return SubscriptionVerdict::no_subscription;
  }
  if (astray_) return SubscriptionVerdict::unsure;
  auto& peer = peer_of_(from);
  if (!peer.messages.has(from.now_ns, 1)) {
    ++refused_;
    return SubscriptionVerdict::too_many;
  }
  peer.messages.take(1);
  const auto prefix = message.substr(1);
  if (message.front() == '\x01') return add_(peer, prefix, from.audience);
  take_back_(peer, prefix, from.audience);
  return SubscriptionVerdict::nothing;
}

Subscriptions::Peer& Subscriptions::peer_of_(const Subscriber& from) {
  auto& peer = peers_[from.fd];
  if (peer.connection != from.connection) {
    forget_(peer);
    peer = Peer{};
    peer.connection = from.connection;
  }
  return peer;
}

void Subscriptions::forget_(const Peer& peer) {
  for (const auto& [prefix, granted] : peer.asks) count_out_(prefix, granted);
}

SubscriptionVerdict Subscriptions::add_(Peer& peer, std::string_view prefix, std::string_view audience) {
  if (peer.asks.contains(prefix)) return SubscriptionVerdict::nothing;
  if (prefix.size() > kPrefixMax || peer.asks.size() >= kMaxOfOne || asked_ >= kMax) {
    ++refused_;
    return SubscriptionVerdict::too_many;
  }
  const auto topics = granted_topics(prefix, audience);
  peer.asks.emplace(prefix, !topics.empty());
  ++asked_;
  if (topics.empty()) {
    ++refused_;
    return SubscriptionVerdict::refused;
  }
  for (const auto& topic : topics) (void)zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
  ++granted_;
  if (is_provisional(prefix)) ++provisional_;
  return SubscriptionVerdict::granted;
}

void Subscriptions::take_back_(Peer& peer, std::string_view prefix, std::string_view audience) {
  const auto found = peer.asks.find(prefix);
  if (found == peer.asks.end()) return;
  const bool was_granted = found->second;
  count_out_(found->first, was_granted);
  peer.asks.erase(found);
  if (!was_granted) return;
  std::set<std::string, std::less<>> kept;  // by what else it asked for: libzmq does not count how often
  for (const auto& [other, granted] : peer.asks) {
    if (!granted) continue;
    for (auto& topic : granted_topics(other, audience)) kept.insert(std::move(topic));
  }
  for (const auto& topic : granted_topics(prefix, audience)) {
    if (!kept.contains(topic)) (void)zmq_setsockopt(socket_, ZMQ_UNSUBSCRIBE, topic.data(), topic.size());
  }
}

void Subscriptions::count_out_(const std::string& prefix, bool was_granted) {
  --asked_;
  if (!was_granted) return;
  --granted_;
  if (is_provisional(prefix)) --provisional_;
}

void Subscriptions::forget(std::span<const int> there) {
  for (auto peer = peers_.begin(); peer != peers_.end();) {
    if (std::find(there.begin(), there.end(), peer->first) != there.end()) {
      ++peer;
      continue;
    }
    forget_(peer->second);
    peer = peers_.erase(peer);
  }
}
}  // namespace tocsin::daemon
