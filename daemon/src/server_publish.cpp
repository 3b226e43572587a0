// SPDX-License-Identifier: Apache-2.0
// Alert events out, once to each audience that may see them; the head; and who subscribes.
#include <algorithm>
#include <array>
#include <charconv>

#include "tocsin/daemon/log.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "alarms.hpp"
#include "level_name.hpp"
#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kHeadMs = 5000;
constexpr std::int64_t kForgetMs = 500;
constexpr std::int64_t kForgetForMs = 5000;
constexpr int kSubscriptionsPerTurn = 64;
constexpr int kMessagesPerTurn = 1024;  // of those who are cut most are only dropped
}  // namespace

void Server::tell_(std::uint16_t alert, engine::Level level, std::string_view before,
                   std::span<const std::byte> bytes) {
  const auto& image = core_.image();
  for (std::size_t audience = 0; audience < audiences_.size(); ++audience) {
    if (!audiences_.sees(audience, alert)) continue;
    topic_.assign(audiences_.name(audience)).append("/").append(before).append(name_of(level)).append("/");
    topic_.append(image.view(image.alerts[alert].name));
    if (alerts_.send(topic_, true) == SendResult::sent) (void)alerts_.send(bytes, false);
  }
}

void Server::publish_() {
  const auto& image = core_.image();
  const auto alerts = core_.sealed().alerts();
  const auto announcements = core_.sealed().announcements();
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    tell_(announcements[i].alert, announcements[i].level, {}, alerts[i].bytes);
    LogLine(Severity::info, "alert")
        .field("n", alerts[i].number)
        .field("name", image.view(image.alerts[announcements[i].alert].name))
        .field("alert_level", name_of(announcements[i].level))
        .instant("at", alerts[i].at);
  }
  if (!alerts.empty()) publish_head_();
}

void Server::decided(const engine::AlertEvent& event, const wire::AlertContext& context) {
  if (!subscriptions_.wants_provisional()) return;
  auto provisional = context;
  provisional.provisional = true;
  provisional.boot = boot_;
  const auto bytes =
      wire::encode_alert(event, core_.image(), provisional, std::as_writable_bytes(std::span{provisional_arena_}));
  static constexpr std::string_view kBefore = "~provisional/";
  if (!bytes.empty()) tell_(event.alert, event.level, kBefore, bytes);
}

void Server::unjournaled(const Announcement& announcement) {
  const auto& image = core_.image();
  tell_(announcement.alert, announcement.level, {}, announcement.unjournaled);
  LogLine(Severity::warning, "alert_not_journaled")
      .field("name", image.view(image.alerts[announcement.alert].name))
      .field("alert_level", name_of(announcement.level))
      .instant("at", announcement.at);
}

void Server::publish_head_() {
  std::array<char, 24> number{};
  const auto end = std::to_chars(number.data(), number.data() + number.size(), core_.newest_alert()).ptr;
  for (std::size_t audience = 0; audience < audiences_.size(); ++audience) {
    topic_.assign(audiences_.name(audience)).append("/").append(kHead);
    if (alerts_.send(topic_, true) != SendResult::sent) continue;
    (void)alerts_.send(std::string_view{number.data(), static_cast<std::size_t>(end - number.data())}, false);
  }
  head_at_ms_ = steady_ms() + kHeadMs;
}

void Server::tell_alarm_(const Alarm& alarm) {
  for (std::size_t audience = 0; audience < audiences_.size(); ++audience) {
    topic_.assign(audiences_.name(audience)).append("/").append(kDaemon).append("/").append(alarm.name);
    if (alerts_.send(topic_, true) != SendResult::sent) continue;
    (void)alerts_.send(alarm.raised ? std::string_view{alarm.text} : std::string_view{}, false);
  }
}

void Server::read_subscriptions_() {
  int decided = 0;
  for (int i = 0; i < kMessagesPerTurn && decided < kSubscriptionsPerTurn; ++i) {
    ZmqFrame frame;
    if (!alerts_.receive(frame)) return subscriptions_.drained();
    zap_.observed(frame);
    zap_.heard(frame.source_fd());
    const auto* principal = core_.principal_of(frame.user_id());
    const bool may_read =
        principal != nullptr && principal->rights != nullptr && has_role(principal->rights->roles, Role::read);
    const auto audience = may_read ? audiences_.name(principal->rights->audience) : std::string_view{};
    const int fd = frame.source_fd();
    const auto verdict = subscriptions_.decide(
        frame.text(), {fd, frame.connection(), audience, static_cast<std::uint64_t>(steady_ns())});
    if (verdict == SubscriptionVerdict::granted) head_at_ms_ = 0;  // it wants to know where things stand
    count_subscription_(verdict, principal, frame);
    // What it still has on its way is read, and not worth more than that.
    if (must_cut(verdict)) {
      zap_.cut(fd);
    } else {
      ++decided;
    }
  }
}

void Server::count_subscription_(SubscriptionVerdict verdict, const Principal* principal, ZmqFrame& frame) {
  wire::Refusal reason = wire::Refusal::not_authorised;
  switch (verdict) {
    case SubscriptionVerdict::nothing:
    case SubscriptionVerdict::granted:
    case SubscriptionVerdict::unsure:
      return;
    case SubscriptionVerdict::refused:
      break;
    case SubscriptionVerdict::too_many:
      reason = wire::Refusal::over_quota;
      break;
    case SubscriptionVerdict::no_subscription:
      reason = wire::Refusal::malformed;
      break;
  }
  const auto text = frame.text();
  const auto sample = "subscription \"" + printable(text.substr(std::min<std::size_t>(text.size(), 1)), 64) + "\"";
  const Principal nobody{std::string{frame.user_id()}, 0, nullptr};
  core_.count_refusal(principal != nullptr ? *principal : nobody, reason, sample);
}

// libzmq says that somebody left, and not who; the thread that watches connections knows, sooner or later.
void Server::forget_subscribers_() {
  const auto now = steady_ms();
  if (subscriptions_.take_left()) forget_until_ms_ = now + kForgetForMs;
  if (now > forget_until_ms_ || now < forget_at_ms_) return;
  forget_at_ms_ = now + kForgetMs;
  std::vector<int> there;
  for (const auto& endpoint : config_.alerts) zap_.append_connected(endpoint.text, there);
  subscriptions_.forget(there);
}
}  // namespace tocsin::daemon
