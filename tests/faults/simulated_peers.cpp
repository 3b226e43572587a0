// SPDX-License-Identifier: Apache-2.0
#include "simulated_peers.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::daemon::faults {
namespace {
constexpr std::int64_t kPauseMs = 2000;
constexpr std::int64_t kAnswerMs = 60'000;

/// Where no number need be aligned: copies to where it is.
template <typename Decode>
auto decoded(const Frame& frame, const Decode& decode) {
  std::vector<std::uint64_t> aligned((frame.size() + 7) / 8);
  const auto storage = std::as_writable_bytes(std::span{aligned}).first(frame.size());
  std::copy(frame.begin(), frame.end(), storage.begin());
  return decode(std::span<const std::byte>{storage});
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}
}  // namespace

bool Caller::call() {
  if (there() || machine_.truth() < again_at_) return false;
  if (link_ != nullptr && !link_->outbound.empty()) return false;  // reads on to the end
  again_at_ = machine_.truth() + machine_.random.between(20, kPauseMs);
  const bool named = !name_.empty() && machine_.random.chance(30);
  link_ = machine_.network.dial(endpoint_, named ? name_ : std::string{});
  return link_ != nullptr;
}

void Caller::send(Message message) {
  if (there()) machine_.network.send(*link_, std::move(message));
}

std::optional<Message> Caller::receive() {
  if (link_ == nullptr || (link_->open && machine_.truth() < deaf_until_)) return std::nullopt;
  return machine_.network.receive(*link_);
}

void Caller::hang_up(std::int64_t pause_ms) {
  if (there()) machine_.network.hang_up(*link_);
  link_ = nullptr;
  again_at_ = machine_.truth() + pause_ms;
}

void FeedPeer::act(std::string& wrong) {
  while (const auto message = caller_.receive()) {
    machine_.note(message->front());
    const auto ack = message->size() == 1 ? decoded(message->front(), wire::decode_ack) : std::nullopt;
    if (!ack) {
      wrong = "a feed was sent what is no acknowledgement";
      return;
    }
    quiet_since_ = machine_.truth();
    if (feed_.hear(*ack, wrong)) return give_up_(machine_.random.between(100, kPauseMs));
  }
  if (caller_.call()) {
    // libzmq connects anew by itself: a feed need not notice that anything was lost, and goes on counting.
    unnoticed_ = connections_ > 0 && !gave_up_ && machine_.random.chance(40);
    gave_up_ = false;
    if (!unnoticed_) feed_.connect(++connections_);
    quiet_since_ = machine_.truth();
  }
  if (!caller_.there()) return;
  if (unnoticed_ && feed_.waits() && machine_.truth() > quiet_since_ + kAnswerMs) return give_up_(0);
  std::deque<Packet> packets;
  feed_.send(machine_.truth(), machine_.random, packets);
  for (auto& packet : packets) caller_.send({std::move(packet.bytes)});
}

void FeedPeer::give_up_(std::int64_t pause_ms) {
  gave_up_ = true;
  caller_.hang_up(pause_ms);
}

void PublisherPeer::act() {
  machine_.network.publish(endpoint_, true);
  while (!done() && lines_[said_].received <= machine_.truth()) {
    std::size_t end = said_ + 1;
    while (end < lines_.size() && lines_[end].received <= machine_.truth() && end - said_ < 3) ++end;
    auto bytes = wire::encode_batch(++frame_, std::span{lines_}.subspan(said_, end - said_));
    said_ = end;
    const auto listener = machine_.network.listener_of(endpoint_);
    if (listener == nullptr || machine_.random.chance(5)) continue;
    Message message;
    if (machine_.random.chance(30)) message.push_back(frame_of("topic"));
    message.push_back(std::move(bytes));
    machine_.network.send(*listener, std::move(message));
  }
}

void PublisherPeer::hang_up() {
  if (const auto listener = machine_.network.listener_of(endpoint_)) machine_.network.hang_up(*listener);
  machine_.network.publish(endpoint_, false);
  if (machine_.random.chance(30)) frame_ = 0;  // it was started anew
}

void SubscriberPeer::act(std::string& wrong) {
  while (const auto message = alerts_.receive()) hear_(*message, wrong);
  while (const auto message = control_.receive()) {
    const auto reply = decoded(message->back(), wire::decode_reply);
    if (!reply) {
      wrong = "the subscriber was sent what is no reply";
    } else {
      answer_(*reply, wrong);
    }
  }
  if (alerts_.call()) {
    last_on_link_ = 0;
    alerts_.send({frame_of("\x01")});
    if (machine_.random.chance(50)) alerts_.send({frame_of("\x01" + audience_ + "/~provisional/")});
  }
  if (!control_.there()) asked_ = 0;
  if (control_.call() || !control_.there()) return;
  if (asked_ == 0 && (forgot_ || newest_ > taken_.size() || machine_.random.below(500) == 0)) ask_();
}

void SubscriberPeer::hang_up() {
  if (machine_.random.chance(50)) alerts_.hang_up(100);
  if (machine_.random.chance(50)) control_.hang_up(100);
}

void SubscriberPeer::lose_memory() {
  alerts_.hang_up(1000);
  control_.hang_up(1000);
  forgot_ = true;
}

void SubscriberPeer::ask_() {
  wire::ControlRequest request;
  request.id = asked_ = ++ids_;
  by_cursor_ = false;
  asking_cursor_ = 0;
  if (!forgot_ && newest_ <= taken_.size() && !taken_.empty() && machine_.random.chance(50)) {
    request.kind = wire::ControlKind::ack_alerts;
    request.consumer = kConsumer;
    request.number = asking_cursor_ = taken_.size();
    asked_cursor_ = asking_cursor_;
  } else {
    request.kind = wire::ControlKind::alerts_since;
    request.limit = static_cast<std::uint32_t>(machine_.random.below(20));
    by_cursor_ = forgot_ || taken_.empty();
    request.since = by_cursor_ ? 0 : taken_.size();
    request.consumer = by_cursor_ ? kConsumer : "";
  }
  control_.send({wire::encode_request(request)});
}

void SubscriberPeer::hear_(const Message& message, std::string& wrong) {
  machine_.note(message.front());
  if (message.size() != 2) {
    wrong = "what is published has " + std::to_string(message.size()) + " frames";
    return;
  }
  const auto topic = text_of(message[0]);
  if (topic.ends_with("/~head")) {
    newest_ = std::max(newest_, number_of(text_of(message[1])));
    return;
  }
  audience_ = topic.substr(0, topic.find('/'));
  const bool provisional = topic.find("/~provisional/") != std::string_view::npos;
  if (!provisional && topic.find("/~") != std::string_view::npos) return;  // an alarm of the daemon
  const auto record = decoded(message[1], wire::decode_alert);
  if (!record) {
    wrong = "a published alert event is unreadable";
    return;
  }
  machine_.note(message[1]);
  if (provisional != record->provisional || (provisional && record->number)) wrong = "an alert event is no clear word";
  if (!record->number) return;  // not journaled, and says so
  if (*record->number <= last_on_link_) wrong = "an alert event was published out of order";
  last_on_link_ = *record->number;
  newest_ = std::max(newest_, *record->number);
  take_(message[1], wrong);
}

void SubscriberPeer::answer_(const wire::ControlReply& reply, std::string& wrong) {
  machine_.note(reply.id);
  for (const auto& bytes : reply.alerts) machine_.note(bytes);
  if (reply.id != asked_) return;
  asked_ = 0;
  if (!reply.ok) return;
  if (asking_cursor_ > 0) {
    kept_cursor_ = std::max(kept_cursor_, asking_cursor_);
    return;
  }
  if (by_cursor_ && !reply.alerts.empty()) {
    const auto first = decoded(reply.alerts.front(), wire::decode_alert);
    if (!first || !first->number || *first->number <= kept_cursor_ || *first->number > asked_cursor_ + 1) {
      wrong = "the daemon does not know how far the subscriber was";
    }
  }
  if (by_cursor_) forgot_ = false;
  for (const auto& bytes : reply.alerts) take_(bytes, wrong);
}

void SubscriberPeer::take_(const Frame& bytes, std::string& wrong) {
  const auto record = decoded(bytes, wire::decode_alert);
  if (!record || !record->number) {
    wrong = "an alert event that was asked for has no number";
    return;
  }
  const auto number = static_cast<std::size_t>(*record->number);
  if (number == taken_.size() + 1) {
    taken_.push_back(bytes);
  } else if (number <= taken_.size() && taken_[number - 1] != bytes) {
    wrong = "alert event " + std::to_string(number) + " was told in two ways";
  }
}

void OperatorPeer::act(bool calm, std::string& wrong) {
  while (const auto message = caller_.receive()) {
    const auto reply = decoded(message->back(), wire::decode_reply);
    if (!reply) {
      wrong = "the operator was sent what is no reply";
      continue;
    }
    machine_.note(reply->id);
    machine_.note(reply->ok ? 1 : 0);
    const auto request = out_.find(reply->id);
    if (request == out_.end()) {
      wrong = "the operator was answered what it did not ask on this connection";
      continue;
    }
    if (reply->status) newest_ = reply->status->newest_alert;
    if (reply->ok && request->second.kind == wire::ControlKind::acknowledge) {
      sure_.push_back(std::to_string(request->second.number) + " " + request->second.text);
    }
    const bool copied = request->second.kind == wire::ControlKind::backup && (reply->done || !reply->ok);
    if (copied) ++backups_;  // the next one goes elsewhere
    out_.erase(request);
  }
  if (caller_.call()) out_.clear();
  if (!caller_.there() || calm || out_.size() > 3 || machine_.truth() < next_at_) return;
  next_at_ = machine_.truth() + machine_.random.between(100, 3'600'000);
  ask_();
}

void OperatorPeer::hang_up() { caller_.hang_up(500); }

wire::ControlRequest OperatorPeer::request_() {
  using wire::ControlKind;
  static constexpr auto kKinds = std::to_array<ControlKind>(
      {ControlKind::hello, ControlKind::status, ControlKind::acknowledge, ControlKind::acknowledge,
       ControlKind::acknowledge, ControlKind::believe, ControlKind::verify, ControlKind::why, ControlKind::backup});
  wire::ControlRequest request;
  request.kind = kKinds.at(machine_.random.index(kKinds.size()));
  if (machine_.random.chance(3)) request.kind = ControlKind::shutdown;
  if (brings_books_ && machine_.random.chance(15)) request.kind = ControlKind::reload;
  request.id = ++ids_;
  request.feed = "launches";
  request.name = "distraction";
  request.number = 1 + machine_.random.below(newest_ + 1);
  if (request.kind == ControlKind::acknowledge) request.text = "note " + std::to_string(ids_);
  if (request.kind == ControlKind::backup) request.text = "/simulated-backup-" + std::to_string(backups_);
  if (request.kind == ControlKind::reload) {
    // One hash is of one book; the first is that of the file.
    const auto version = static_cast<std::uint8_t>(machine_.random.below(4));
    const auto own = test_support::sample_image();
    request.image = version == 0 ? Frame{own.begin(), own.end()} : test::book_with(version == 1 ? 45 : 40, version);
  }
  return request;
}

void OperatorPeer::ask_() {
  auto request = request_();
  caller_.send({wire::encode_request(request)});
  out_.emplace(request.id, std::move(request));
}

void HostilePeer::act() {
  for (auto& caller : callers_) {
    (void)caller.call();
    if (machine_.random.chance(10)) {  // it seldom reads
      while (caller.receive()) {
      }
    }
  }
  if (machine_.truth() < next_at_) return;
  next_at_ = machine_.truth() + machine_.random.between(1, machine_.random.chance(50) ? 1000 : 600'000);
  auto& caller = callers_[machine_.random.index(callers_.size())];
  if (machine_.random.chance(10)) return caller.hang_up(machine_.random.between(0, 1000));
  Message message{machine_.random.chance(40) ? forgery_() : garbage_()};
  while (machine_.random.chance(15)) message.push_back(garbage_());
  caller.send(std::move(message));
}

Frame HostilePeer::garbage_() {
  Frame frame(machine_.random.chance(1) ? std::size_t{70'000} : machine_.random.index(200));
  for (auto& byte : frame) byte = static_cast<std::byte>(machine_.random.next());
  return frame;
}

/// A batch for which it has no right, whole or damaged.
Frame HostilePeer::forgery_() {
  const auto line =
      test::report("launches", 1 + machine_.random.below(1000), "dprk_severe", machine_.truth(), 1, "jcs");
  auto frame = wire::encode_batch(1 + machine_.random.below(3), std::span{&line, 1});
  if (machine_.random.chance(50)) frame[machine_.random.index(frame.size())] ^= std::byte{1};
  return frame;
}
}  // namespace tocsin::daemon::faults
