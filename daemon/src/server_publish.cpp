// SPDX-License-Identifier: Apache-2.0
// Alert events out: confirmed ones with their number, the head, and who subscribes.
#include <array>

#include "tocsin/daemon/log.hpp"

#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kHeadMs = 5000;
constexpr int kSubscriptionsPerTurn = 64;
constexpr std::string_view kAudience = "public";

std::string_view name_of(engine::Level level) {
  static constexpr std::array<std::string_view, 6> kNames{"calm", "watch", "elevated", "high", "critical", "unknown"};
  return kNames.at(static_cast<std::size_t>(level));
}
}  // namespace

void Server::make_topic_(std::uint16_t alert, engine::Level level) {
  const auto& image = core_.image();
  topic_.assign(kAudience).append("/").append(name_of(level)).append("/");
  topic_.append(image.view(image.alerts[alert].name));
}

void Server::publish_() {
  const auto& image = core_.image();
  const auto alerts = core_.sealed().alerts();
  const auto announcements = core_.sealed().announcements();
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    make_topic_(announcements[i].alert, announcements[i].level);
    if (alerts_.send(topic_, true) == SendResult::sent) (void)alerts_.send(alerts[i].bytes, false);
    LogLine(Severity::info, "alert")
        .field("n", alerts[i].number)
        .field("name", image.view(image.alerts[announcements[i].alert].name))
        .field("alert_level", name_of(announcements[i].level))
        .instant("at", alerts[i].at);
  }
  if (!alerts.empty()) publish_head_();
}

void Server::decided(const engine::AlertEvent& /*event*/) {}

void Server::unjournaled(const Announcement& announcement) {
  const auto& image = core_.image();
  make_topic_(announcement.alert, announcement.level);
  if (alerts_.send(topic_, true) == SendResult::sent) (void)alerts_.send(announcement.unjournaled, false);
  LogLine(Severity::warning, "alert_not_journaled")
      .field("name", image.view(image.alerts[announcement.alert].name))
      .field("alert_level", name_of(announcement.level))
      .instant("at", announcement.at);
}

void Server::publish_head_() {
  topic_.assign(kAudience).append("/~head");
  if (alerts_.send(topic_, true) == SendResult::sent) (void)alerts_.send(std::to_string(core_.newest_alert()), false);
  head_at_ms_ = steady_ms() + kHeadMs;
}

void Server::read_subscriptions_() {
  for (int i = 0; i < kSubscriptionsPerTurn; ++i) {
    ZmqFrame frame;
    if (!alerts_.receive(frame)) return;
    alerts_.skip_rest(frame);
    if (frame.text().starts_with('\x01')) head_at_ms_ = 0;  // a new subscriber wants to know where it stands
  }
}
}  // namespace tocsin::daemon
