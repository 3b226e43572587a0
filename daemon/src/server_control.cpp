// SPDX-License-Identifier: Apache-2.0
// The control socket: Hello, status, alerts since n, why, shutdown.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tocsin/daemon/log.hpp"

#include "near_name.hpp"
#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr int kRequestsPerTurn = 16;
constexpr std::size_t kAlertsPerReply = 256;

std::uint64_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<wire::ControlRequest> decode(std::span<const std::byte> bytes) {
  std::vector<std::uint64_t> aligned((bytes.size() + 7) / 8);
  const auto storage = std::as_writable_bytes(std::span{aligned}).first(bytes.size());
  if (!bytes.empty()) std::memcpy(storage.data(), bytes.data(), bytes.size());
  return wire::decode_request(storage);
}
wire::ControlReply too_large(std::uint64_t id, std::size_t bytes) {
  wire::ControlReply reply;
  reply.id = id;
  reply.ok = false;
  reply.error = "the answer has " + std::to_string(bytes) + " bytes and a reply at most " +
                std::to_string(wire::kReplyBytesMax) + ": replay the journal's inputs with --why instead";
  return reply;
}
}  // namespace

void Server::serve_control_() {
  for (int i = 0; i < kRequestsPerTurn; ++i) {
    ZmqFrame identity;
    if (!control_.receive(identity)) return;
    ZmqFrame first;
    if (!identity.more() || !control_.receive(first)) continue;
    ZmqFrame second;
    Asker asker;
    asker.delimited = first.more() && first.bytes().empty();
    if (first.more() && !control_.receive(second)) continue;
    if (second.more()) control_.skip_rest(second);
    asker.identity = identity.text();

    wire::ControlReply reply;
    const auto request = decode(asker.delimited ? second.bytes() : first.bytes());
    if (request) {
      asker.id = request->id;
      if (answer_(*request, asker, reply)) reply_(asker, reply);
      continue;
    }
    reply.ok = false;
    reply.error = "this is no control request; send one as schemas/control.fbs describes";
    reply_(asker, reply);
  }
}

void Server::reply_(const Asker& asker, wire::ControlReply& reply) {
  reply.id = asker.id;
  auto bytes = wire::encode_reply(reply);
  if (bytes.size() > wire::kReplyBytesMax) bytes = wire::encode_reply(too_large(reply.id, bytes.size()));
  auto sent = control_.send(asker.identity, true);
  if (sent == SendResult::sent && asker.delimited) sent = control_.send(std::string_view{}, true);
  if (sent == SendResult::sent) sent = control_.send(bytes, false);
  if (sent != SendResult::sent) LogLine(Severity::warning, "reply_lost").field("reason", static_cast<int>(sent));
}

bool Server::ask_for_alerts_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  for (auto& job : alerts_jobs_) {
    if (job.out) continue;
    job.asker = asker;
    job.query.since = request.since;
    job.query.limit = request.limit == 0 ? kAlertsPerReply : std::min<std::size_t>(request.limit, kAlertsPerReply);
    job.out = journal_.post(job);
    if (job.out) return false;
  }
  reply.ok = false;
  reply.error = "too many ask for alert events at once; ask again in a moment";
  return true;
}

void Server::alerts_done_(AlertsJob& job) {
  job.out = false;
  wire::ControlReply reply;
  reply.ok = !job.outcome.has_value();
  if (job.outcome) reply.error = job.outcome->text;
  reply.alerts = std::move(job.query.alerts);
  reply.more = job.query.more;
  reply_(job.asker, reply);
}

bool Server::answer_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  switch (request.kind) {
    case wire::ControlKind::hello: {
      const auto feed = core_.hello(request.feed);
      if (feed) {
        reply.mark = feed->mark;
        reply.has_mark = feed->any;
        return true;
      }
      std::vector<std::string_view> known;
      for (const auto& one : core_.image().feeds) known.push_back(core_.image().view(one.name));
      reply.ok = false;
      reply.error = "the book has no feed \"" + printable(request.feed, wire::kNameBytesMax) + "\"" +
                    did_you_mean(request.feed, known);
      return true;
    }
    case wire::ControlKind::status:
      reply.status = status_();
      return true;
    case wire::ControlKind::alerts_since:
      return ask_for_alerts_(request, asker, reply);
    case wire::ControlKind::why:
      reply.error = core_.why(request, reply);
      reply.ok = reply.error.empty();
      return true;
    case wire::ControlKind::shutdown:
      LogLine(Severity::info, "shutdown").field("by", "control");
      stopping_ = true;
      return true;
  }
  reply.ok = false;
  reply.error = "this daemon knows no such request; use a tool of the same version";
  return true;
}

wire::StatusReport Server::status_() {
  wire::StatusReport status;
  core_.fill_status(status);
  status.version = TOCSIN_VERSION;
  status.pid = static_cast<std::uint64_t>(::getpid());
  status.uptime_ms = static_cast<std::uint64_t>(steady_ms() - started_ms_);
  status.resident_bytes = resident_bytes();
  status.lost_broadcast = lost_broadcast_;
  return status;
}
}  // namespace tocsin::daemon
