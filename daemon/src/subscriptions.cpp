// SPDX-License-Identifier: Apache-2.0
#include "subscriptions.hpp"

#include <algorithm>
#include <array>

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

bool Subscriptions::decide(std::string_view message, std::string_view audience, int fd) {
  if (message.empty() || message.front() > '\x01') return false;  // XPUB passes on whatever else peers say
  const bool wanted = message.front() == '\x01';
  const auto prefix = message.substr(1);
  if (fd < 0) {  // what it had libzmq has dropped already
    left_ = true;
    return false;
  }
  const Grant grant{fd, std::string{prefix.substr(0, kPrefixMax)}};
  if (!wanted) {
    if (grants_.erase(grant) == 0) return false;
    if (is_provisional(prefix)) --provisional_;
    for (const auto& topic : granted_topics(prefix, audience)) {
      (void)zmq_setsockopt(socket_, ZMQ_UNSUBSCRIBE, topic.data(), topic.size());
    }
    return false;
  }
  const auto topics = prefix.size() <= kPrefixMax && grants_.size() < kMax ? granted_topics(prefix, audience)
                                                                           : std::vector<std::string>{};
  if (topics.empty()) {
    ++refused_;
    return false;
  }
  for (const auto& topic : topics) (void)zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
  if (grants_.insert(grant).second && is_provisional(prefix)) ++provisional_;
  return true;
}

void Subscriptions::forget(std::span<const int> there) {
  const auto gone = [&](const Grant& grant) { return std::find(there.begin(), there.end(), grant.fd) == there.end(); };
  for (auto grant = grants_.begin(); grant != grants_.end();) {
    if (!gone(*grant)) {
      ++grant;
      continue;
    }
    if (is_provisional(grant->prefix)) --provisional_;
    grant = grants_.erase(grant);
  }
}
}  // namespace tocsin::daemon
