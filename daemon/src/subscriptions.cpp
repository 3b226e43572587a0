// SPDX-License-Identifier: Apache-2.0
#include "subscriptions.hpp"

#include <array>

#include <zmq.h>

namespace tocsin::daemon {
namespace {
constexpr std::array<std::string_view, 8> kConfirmed{kHead,       kDaemon, "calm/",     "watch/",
                                                     "elevated/", "high/", "critical/", "unknown/"};
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

bool Subscriptions::decide(std::string_view message, std::string_view audience) {
  if (message.empty()) return false;
  const bool wanted = message.front() == '\x01';
  const auto prefix = message.substr(1);
  if (message.front() > '\x01') return false;  // not a subscription: XPUB passes on what peers say
  if (!wanted) {
    // A peer that leaves brings no name: what it had is told all the same, and libzmq has dropped it already.
    if (granted_ > 0) --granted_;
    for (const auto& topic : granted_topics(prefix, audience)) {
      (void)zmq_setsockopt(socket_, ZMQ_UNSUBSCRIBE, topic.data(), topic.size());
    }
    return false;
  }
  const auto topics =
      prefix.size() <= kPrefixMax && granted_ < kMax ? granted_topics(prefix, audience) : std::vector<std::string>{};
  if (topics.empty()) {
    ++refused_;
    return false;
  }
  for (const auto& topic : topics) (void)zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
  ++granted_;
  provisional_ = provisional_ || prefix.find("/~") != std::string_view::npos;
  return true;
}
}  // namespace tocsin::daemon
