// SPDX-License-Identifier: Apache-2.0
#include "peers.hpp"

#include <algorithm>
#include <chrono>

#include "tocsin/wire/alert_codec.hpp"

namespace tocsin::daemon::faults {
namespace {
constexpr int kAnswerMs = 5000;

std::string_view text_of(const test::Bytes& bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}
}  // namespace

void Sender::connect(test::PeerContext& context, const std::string& endpoint) {
  context_ = &context;
  endpoint_ = endpoint;
  peer_ = std::make_unique<test::Peer>(context, test::PeerKind::dealer, endpoint);
  first_ = acknowledged_;
  sent_ = 0;
  heard_ = 0;
}

std::string Sender::turn(int wait_ms) {
  const std::span<const wire::InputView> all{lines_};
  for (std::size_t at = first_ + sent_ * items_per_frame_; at < allowed_ && sent_ - heard_ < in_flight_;
       at += items_per_frame_) {
    if (!peer_->send_frame(sent_ + 1, all.subspan(at, std::min(items_per_frame_, all.size() - at)))) break;
    ++sent_;
  }
  while (const auto ack = peer_->receive_ack(wait_ms)) {
    wait_ms = 0;
    auto decided = ack->frame;
    for (const auto& refused : ack->refused) {
      if (!refused.retry) return "refused for good: " + refused.text;
      decided = std::min(decided, refused.frame - 1);
    }
    heard_ = std::max(heard_, decided);
    acknowledged_ = std::max(acknowledged_, std::min(first_ + heard_ * items_per_frame_, all.size()));
    if (ack->refused.empty()) continue;
    ++told_to_connect_;
    connect(*context_, endpoint_);
  }
  return {};
}

std::string Sender::finish(int within_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{within_ms};
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) {
      return "only " + std::to_string(acknowledged_) + " of " + std::to_string(lines_.size()) +
             " lines were acknowledged in time";
    }
    if (auto wrong = turn(20); !wrong.empty()) return wrong;
  }
  return {};
}

void Subscriber::connect(test::PeerContext& context, const std::string& alerts, const std::string& control) {
  alerts_ = std::make_unique<test::Peer>(context, test::PeerKind::subscriber, alerts);
  control_ = std::make_unique<test::Peer>(context, test::PeerKind::dealer, control);
}

void Subscriber::disconnect() {
  alerts_.reset();
  control_.reset();
}

std::string Subscriber::turn(int wait_ms) {
  for (auto message = alerts_->receive(wait_ms); !message.empty(); message = alerts_->receive(0)) {
    if (message.size() != 2) return "an alert message of " + std::to_string(message.size()) + " frames";
    if (text_of(message[0]).find("/~") != std::string_view::npos) continue;  // the head, or provisional
    const auto record = wire::decode_alert(message[1]);
    if (!record) return "an unreadable alert event was published";
    if (record->not_journaled) {
      ++not_journaled_;
      continue;
    }
    if (!record->number || *record->number == 0) return "a confirmed alert event has no number";
    const auto number = static_cast<std::size_t>(*record->number);
    if (number >= heard_.size()) heard_.resize(number + 1);
    if (heard_[number]) return "alert event " + std::to_string(number) + " was heard twice";
    heard_[number] = true;
    ++heard_count_;
    if (number == taken_.size() + 1) {
      taken_.push_back(message[1]);
    } else if (number <= taken_.size() && taken_[number - 1] != message[1]) {
      return "alert event " + std::to_string(number) + " was told in two ways";
    }
  }
  return {};
}

std::string Subscriber::catch_up() {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::alerts_since;
  for (bool more = true; more;) {
    request.since = taken_.size();
    const auto reply = control_->ask(request, kAnswerMs);
    if (!reply || !reply->ok) return "alerts_since was not answered";
    for (const auto& bytes : reply->alerts) {
      const auto record = wire::decode_alert(bytes);
      if (!record || record->number != taken_.size() + 1) return "alerts_since skips a number";
      taken_.push_back(bytes);
      ++asked_;
    }
    more = reply->more;
  }
  return {};
}
}  // namespace tocsin::daemon::faults
