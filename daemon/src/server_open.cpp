// SPDX-License-Identifier: Apache-2.0
// How the daemon comes up: keys, the thread that decides handshakes, then the sockets.
#include <algorithm>
#include <string>
#include <sys/random.h>

#include "tocsin/daemon/log.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "alarms.hpp"
#include "server.hpp"
#include "zap_policy.hpp"

namespace tocsin::daemon {
namespace {
// libzmq measures what is on the wire: with CURVE a message in its envelope, and a client's last word of the handshake,
// which alone has 257 bytes and what it says of itself. What is larger than it may be is refused once it is read.
constexpr std::int64_t kEnvelopeBytesMax = 64;
constexpr std::int64_t kSubscriptionBytesMax = 1024;
constexpr std::int32_t kRequestsWaitingMax = 4;
constexpr std::int32_t kRepliesWaitingMax = 16;
static_assert(kSubscriptionBytesMax > static_cast<std::int64_t>(Subscriptions::kPrefixMax) + kEnvelopeBytesMax);

SocketLimits limits_of(const Config& config, std::int64_t message_bytes_max) {
  SocketLimits limits;
  limits.receive_high_water = config.bounds.receive_high_water;
  limits.send_high_water = config.bounds.send_high_water;
  limits.message_bytes_max = message_bytes_max;
  return limits;
}

/// Requests and replies may be large, so few of them may wait.
SocketLimits control_limits(const Config& config) {
  auto limits = limits_of(config, static_cast<std::int64_t>(wire::kRequestBytesMax) + kEnvelopeBytesMax);
  limits.receive_high_water = std::min(limits.receive_high_water, kRequestsWaitingMax);
  limits.send_high_water = std::min(limits.send_high_water, kRepliesWaitingMax);
  return limits;
}

SocketLimits frame_limits(const Config& config, bool secured) {
  return limits_of(config, static_cast<std::int64_t>(wire::kFrameBytesMax) + (secured ? kEnvelopeBytesMax : 0));
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
    number = static_cast<std::uint64_t>(steady_ns());
  }
  return number;
}
}  // namespace

Server::Server(const Config& config, Core& core, const Notifier& notifier, int realtime_priority)
    : config_{config},
      core_{core},
      notifier_{notifier},
      context_{realtime_priority},
      zap_{context_},
      quota_{core.authority().quotas(), config.quota},
      audiences_{config, core.image()},
      alerts_{context_, ZMQ_XPUB, limits_of(config, kSubscriptionBytesMax)},
      subscriptions_{alerts_.handle()},
      control_{context_, ZMQ_ROUTER, control_limits(config)},
      provisional_arena_(wire::kAlertBytesMax / sizeof(std::uint64_t)),
      boot_{random_number()},
      started_ms_{steady_ms()} {
  for (auto& counts : unacked_) counts.assign(core.authority().all().size(), 0);
  topic_.reserve(4 * wire::kNameBytesMax);
  core_.listen(this);
  core_.alarms().listen([this](const Alarm& alarm) { tell_alarm_(alarm); });
}

Server::~Server() {
  core_.listen(nullptr);
  core_.alarms().listen({});
}

std::string Server::open_keys_() {
  if (config_.keys.folder.empty()) {
    keyring_ = std::make_shared<const Keyring>();
    return {};
  }
  if (auto error = load_server_keys(config_.keys, keys_); !error.empty()) return error;
  std::vector<std::string> warnings;
  if (auto error = Keyring::load(config_, keyring_, warnings); !error.empty()) return error;
  for (const auto& warning : warnings) LogLine(Severity::warning, "keys").field("text", warning);
  return {};
}

std::string Server::listen_(ZmqSocket& socket, const std::string& endpoint, std::string_view what) {
  EndpointLock lock;
  if (auto error = lock.take(endpoint); !error.empty()) return "the " + std::string(what) + " socket: " + error;
  locks_.push_back(std::move(lock));
  if (wants_keys(config_, endpoint)) {
    socket.secure_server(keys_, endpoint);
  } else {
    socket.plain_server(endpoint);
  }
  const auto error = socket.bind(endpoint);
  if (error.empty()) return {};
  return "the " + std::string(what) + " socket cannot be bound to " + endpoint + ": " + error +
         "; check that the folder exists and may be written, and that no other program has the endpoint";
}

std::string Server::open_ingest_() {
  for (const auto& endpoint : config_.ingest) {
    ingest_.push_back({ZmqSocket{context_, ZMQ_ROUTER, frame_limits(config_, wants_keys(config_, endpoint.text))},
                       endpoint.text,
                       {}});
    auto& socket = ingest_.back().socket;
    if (auto error = zap_.watch(socket); !error.empty()) return error;
    if (auto error = listen_(socket, endpoint.text, "ingest"); !error.empty()) return error;
  }
  return {};
}

std::string Server::open_broadcast_() {
  for (const auto& publisher : config_.broadcast) {
    const auto& name = publisher.principal.empty() ? publisher.endpoint : publisher.principal;
    broadcast_.push_back(
        {ZmqSocket{context_, ZMQ_SUB, frame_limits(config_, !publisher.server_key.empty())}, core_.principal(name)});
    broadcast_.back().endpoint = publisher.endpoint;
    resume_broadcast_(broadcast_.back());
    auto& socket = broadcast_.back().socket;
    if (!publisher.server_key.empty() && !socket.secure_client(keys_, publisher.server_key)) {
      return "the broadcast endpoint " + publisher.endpoint + ": its server_key is no key";
    }
    if (auto unwatched = zap_.watch(socket); !unwatched.empty()) return unwatched;
    const auto error = socket.connect(publisher.endpoint);
    if (!error.empty()) return "the broadcast endpoint " + publisher.endpoint + " cannot be used: " + error;
  }
  return {};
}

std::string Server::open_listeners_() {
  if (!subscriptions_.manual()) return "this libzmq cannot grant subscriptions by hand; use 4.3.4 or newer";
  for (auto* const socket : {&alerts_, &control_}) {
    if (auto error = zap_.watch(*socket); !error.empty()) return error;
  }
  for (const auto& endpoint : config_.alerts) {
    if (auto error = listen_(alerts_, endpoint.text, "alerts"); !error.empty()) return error;
  }
  for (const auto& endpoint : config_.control) {
    if (auto error = listen_(control_, endpoint.text, "control"); !error.empty()) return error;
  }
  return {};
}

std::string Server::open() {
  if (auto error = open_keys_(); !error.empty()) return error;
  if (auto error = zap_.start(config_, keyring_); !error.empty()) return error;
  core_.authority().replace(keyring_);
  if (auto error = open_listeners_(); !error.empty()) return error;
  if (auto error = open_broadcast_(); !error.empty()) return error;
  if (auto error = open_ingest_(); !error.empty()) return error;
  keys_.wipe();
  for (auto& one : ingest_) poll_items_.push_back({one.socket.handle(), 0, ZMQ_POLLIN, 0});
  for (auto& one : broadcast_) poll_items_.push_back({one.socket.handle(), 0, ZMQ_POLLIN, 0});
  poll_items_.push_back({alerts_.handle(), 0, ZMQ_POLLIN, 0});
  poll_items_.push_back({control_.handle(), 0, ZMQ_POLLIN, 0});
  for (auto& name : core_.journal().consumers()) consumers_.insert(std::move(name));
  if (auto error = journal_.start(core_.journal()); !error.empty()) return error;
  LogLine(Severity::info, "journal_thread").field("nice", journal_.nice());
  done_item_ = poll_items_.size();
  poll_items_.push_back({nullptr, journal_.done_fd(), ZMQ_POLLIN, 0});
  return {};
}
}  // namespace tocsin::daemon
