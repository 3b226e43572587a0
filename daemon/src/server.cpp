// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tocsin/daemon/log.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kTickMs = 100;            // every socket is looked at so often, or libzmq keeps peers that left
constexpr std::int64_t kRetryMs = 1000;          // between attempts to commit while the journal is in trouble
constexpr std::int64_t kRefusalLingerMs = 1000;  // refusals alone do not cost one commit each
constexpr std::int64_t kHeadMs = 5000;
constexpr std::int64_t kCheckpointRetryMs = 60'000;  // a full disk does not get better by trying
constexpr int kStopLingerMs = 200;
constexpr int kSubscriptionsPerTurn = 64;
constexpr std::string_view kAudience = "public";

std::string_view name_of(engine::Level level) {
  static constexpr std::array<std::string_view, 6> kNames{"calm", "watch", "elevated", "high", "critical", "unknown"};
  return kNames.at(static_cast<std::size_t>(level));
}

SocketLimits limits_of(const Config& config) {
  SocketLimits limits;
  limits.receive_high_water = config.bounds.receive_high_water;
  limits.send_high_water = config.bounds.send_high_water;
  limits.message_bytes_max = wire::kFrameBytesMax;
  return limits;
}

std::string bind_to(ZmqSocket& socket, const std::string& endpoint, std::string_view what) {
  const auto error = socket.bind(endpoint);
  if (error.empty()) return {};
  return "the " + std::string(what) + " socket cannot be bound to " + endpoint + ": " + error +
         "; check that the folder exists and may be written, and that no other program has the endpoint";
}
}  // namespace

std::int64_t steady_ms() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

Server::Server(const Config& config, Core& core, const Notifier& notifier)
    : config_{config},
      core_{core},
      notifier_{notifier},
      alerts_{context_, ZMQ_XPUB, limits_of(config)},
      control_{context_, ZMQ_ROUTER, limits_of(config)},
      started_ms_{steady_ms()} {}

std::string Server::open_ingest_() {
  for (const auto& endpoint : config_.ingest) {
    const auto named = std::find_if(config_.principals.begin(), config_.principals.end(),
                                    [&](const PrincipalConfig& one) { return one.endpoint == endpoint.text; });
    const auto& name = named == config_.principals.end() ? endpoint.text : named->name;
    ingest_.push_back({ZmqSocket{context_, ZMQ_ROUTER, limits_of(config_)}, core_.principal(name), {}});
    if (auto error = bind_to(ingest_.back().socket, endpoint.text, "ingest"); !error.empty()) return error;
  }
  return {};
}

std::string Server::open_broadcast_() {
  for (const auto& publisher : config_.broadcast) {
    const auto& name = publisher.principal.empty() ? publisher.endpoint : publisher.principal;
    broadcast_.push_back({ZmqSocket{context_, ZMQ_SUB, limits_of(config_)}, core_.principal(name)});
    const auto error = broadcast_.back().socket.connect(publisher.endpoint);
    if (!error.empty()) return "the broadcast endpoint " + publisher.endpoint + " cannot be used: " + error;
  }
  return {};
}

std::string Server::open() {
  for (const auto& endpoint : config_.alerts) {
    if (auto error = bind_to(alerts_, endpoint.text, "alerts"); !error.empty()) return error;
  }
  for (const auto& endpoint : config_.control) {
    if (auto error = bind_to(control_, endpoint.text, "control"); !error.empty()) return error;
  }
  if (auto error = open_broadcast_(); !error.empty()) return error;
  if (auto error = open_ingest_(); !error.empty()) return error;
  for (auto& one : ingest_) poll_items_.push_back({one.socket.handle(), 0, ZMQ_POLLIN, 0});
  for (auto& one : broadcast_) poll_items_.push_back({one.socket.handle(), 0, ZMQ_POLLIN, 0});
  poll_items_.push_back({alerts_.handle(), 0, ZMQ_POLLIN, 0});
  poll_items_.push_back({control_.handle(), 0, ZMQ_POLLIN, 0});
  return {};
}

int Server::run(int signal_fd) {
  poll_items_.push_back({nullptr, signal_fd, ZMQ_POLLIN, 0});
  head_at_ms_ = steady_ms();
  while (!stopping_) {
    poll_(signal_fd);
    read_signals_(signal_fd);
    serve_control_();
    read_subscriptions_();
    serve_input_();
    settle_();
    keep_alive_();
  }
  stop_cleanly_();
  return exit_status_;
}

void Server::poll_(int signal_fd) {
  // While the journal is in trouble the senders wait: nothing is read, so nothing pours over.
  const short input_events = core_.has_room() ? ZMQ_POLLIN : 0;
  const std::size_t inputs = ingest_.size() + broadcast_.size();
  for (std::size_t i = 0; i < inputs; ++i) poll_items_[i].events = input_events;
  poll_items_.back().fd = signal_fd;
  std::int64_t timeout = core_.in_trouble() ? kTickMs : core_.until_due(kTickMs);
  if (batch_since_ms_ > 0 && !core_.in_trouble()) {
    timeout = std::min(timeout, std::max<std::int64_t>(batch_since_ms_ + config_.linger_ms - steady_ms(), 0));
  }
  const int wait_ms = drained_ ? static_cast<int>(timeout) : 0;
  (void)zmq_poll(poll_items_.data(), static_cast<int>(poll_items_.size()), wait_ms);
}

void Server::read_signals_(int signal_fd) {
  signalfd_siginfo info{};
  while (::read(signal_fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGHUP) {
      LogLine(Severity::warning, "signal")
          .field("signal", "SIGHUP")
          .field("meaning", "ignored; restart to read the config again");
      continue;
    }
    LogLine(Severity::info, "signal").field("signal", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    stopping_ = true;
  }
}

void Server::settle_() {
  const auto now = steady_ms();
  if (!core_.batch().empty() && batch_since_ms_ == 0) batch_since_ms_ = now;
  if (core_.has_uncommitted_refusals() && refusals_since_ms_ == 0) refusals_since_ms_ = now;
  if (core_.batch().empty() && !core_.in_trouble()) {
    acknowledge_();  // only duplicates and refusals: nothing of them needs to become durable first
    core_.clear_batch();
  }
  if (commit_is_due_()) commit_();
  if (core_.batch().empty() && !core_.in_trouble() && core_.checkpoint_due() && now >= checkpoint_at_ms_) {
    checkpoint_();
  }
}

bool Server::commit_is_due_() const {
  const auto now = steady_ms();
  if (core_.in_trouble()) return now >= retry_at_ms_;
  if (!core_.batch().empty()) {
    return stopping_ || !core_.has_room() || now >= batch_since_ms_ + config_.linger_ms;
  }
  return core_.has_uncommitted_refusals() && now >= refusals_since_ms_ + kRefusalLingerMs;
}

void Server::commit_() {
  switch (core_.commit()) {
    case CommitResult::fatal:
      exit_status_ = 1;
      stopping_ = true;
      return;
    case CommitResult::retry:
      retry_at_ms_ = steady_ms() + kRetryMs;
      return;
    case CommitResult::nothing:
    case CommitResult::done:
      break;
  }
  acknowledge_();
  publish_();
  core_.clear_batch();
  batch_since_ms_ = 0;
  refusals_since_ms_ = 0;
}

void Server::acknowledge_() {
  for (auto& ingest : ingest_) acknowledge_(ingest);
}

void Server::acknowledge_(Ingest& ingest) {
  for (auto it = ingest.connections.begin(); it != ingest.connections.end();) {
    auto& connection = it->second;
    if (!connection.ack_due) {
      ++it;
      continue;
    }
    const auto bytes = wire::encode_ack({connection.ack_frame, connection.refused});
    auto sent = ingest.socket.send(std::string_view{it->first}, true);
    if (sent == SendResult::sent) sent = ingest.socket.send(bytes, false);
    if (sent == SendResult::full) {  // stays due: the next turn tries again
      ++it;
      continue;
    }
    if (sent != SendResult::sent) {
      ++acks_lost_;  // the peer left; it will send again what it heard nothing of
      LogLine(Severity::info, "peer_left").field("principal", ingest.principal.name).field("acks_lost", acks_lost_);
      it = ingest.connections.erase(it);
      continue;
    }
    connection.ack_due = false;
    connection.refused.clear();
    ++it;
  }
}

void Server::publish_() {
  const auto& image = core_.image();
  const auto alerts = core_.batch().alerts();
  const auto announcements = core_.batch().announcements();
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    const auto name = image.view(image.alerts[announcements[i].alert].name);
    const auto level = name_of(announcements[i].level);
    std::string topic{kAudience};
    topic.append("/").append(level).append("/").append(name);
    if (alerts_.send(topic, true) == SendResult::sent) (void)alerts_.send(alerts[i].bytes, false);
    LogLine(Severity::info, "alert")
        .field("n", alerts[i].number)
        .field("name", name)
        .field("alert_level", level)
        .instant("at", alerts[i].at);
  }
  if (!alerts.empty()) publish_head_();
}

void Server::publish_head_() {
  std::string topic{kAudience};
  topic += "/~head";
  if (alerts_.send(topic, true) == SendResult::sent) (void)alerts_.send(std::to_string(core_.newest_alert()), false);
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

void Server::checkpoint_() {
  const auto begin = steady_ms();
  const auto error = core_.store_checkpoint();
  if (!error.empty()) {
    LogLine(Severity::error, "checkpoint").field("error", error);
    checkpoint_at_ms_ = steady_ms() + kCheckpointRetryMs;
    return;
  }
  LogLine(Severity::info, "checkpoint")
      .field("batch", core_.journal().last_batch_id())
      .field("ms", steady_ms() - begin);
}

void Server::keep_alive_() {
  const auto now = steady_ms();
  if (now >= head_at_ms_) publish_head_();
  if (notifier_.watchdog_interval_ms() > 0 && now >= watchdog_at_ms_) {
    notifier_.send("WATCHDOG=1");
    watchdog_at_ms_ = now + notifier_.watchdog_interval_ms();
  }
  const bool disbelieved = core_.wall_disbelieved();
  if (disbelieved != wall_was_disbelieved_) {
    LogLine(disbelieved ? Severity::warning : Severity::info, "clock")
        .field("wall_clock", disbelieved ? "more than an hour away, not followed" : "followed again");
    wall_was_disbelieved_ = disbelieved;
  }
}

void Server::stop_cleanly_() {
  notifier_.send("STOPPING=1");
  if (exit_status_ == 0) {
    commit_();
    const bool all_stored = exit_status_ == 0 && !core_.in_trouble();
    if (all_stored) {
      checkpoint_();
    } else {
      exit_status_ = 1;
    }
  }
  for (auto& ingest : ingest_) ingest.socket.set_linger(kStopLingerMs);
  alerts_.set_linger(kStopLingerMs);
  control_.set_linger(kStopLingerMs);
  LogLine(Severity::info, "stop")
      .field("exit", exit_status_)
      .field("batch", core_.journal().last_batch_id())
      .field("newest_alert", core_.newest_alert());
}
}  // namespace tocsin::daemon
