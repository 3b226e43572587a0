// SPDX-License-Identifier: Apache-2.0
// The control socket: who may ask what, and the answers. Some come when the journal has spoken.
#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tocsin/daemon/log.hpp"

#include "control_reply.hpp"
#include "near_name.hpp"
#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr int kRequestsPerTurn = 16;
constexpr std::size_t kAlertsPerReply = 256;
constexpr std::int64_t kTellMs = 10'000;
constexpr std::ptrdiff_t kConsumersMax = 64;  // cursors of one principal: each is a row of the journal for ever
constexpr auto kKinds = std::to_array<std::string_view>({"hello", "status", "alerts_since", "shutdown", "why",
                                                         "ack_alerts", "acknowledge", "log_level", "backup", "reload",
                                                         "believe", "verify", "shelve", "unshelve", "log"});

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

/// A consumer's cursor is its principal's own: nobody moves another's.
std::string cursor_name(const Asker& asker, const std::string& consumer) {
  return asker.principal->name + "/" + consumer;
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
    const bool whole = asker.delimited ? !second.more() : !first.more();  // one message is one request
    if (second.more()) control_.skip_rest(second);
    asker.identity = identity.text();
    zap_.observed(first);
    zap_.heard(first.source_fd());
    asker.principal = core_.principal_of(first.user_id());

    wire::ControlReply reply;
    const auto bytes = asker.delimited ? second.bytes() : first.bytes();
    // Under an id of the peer's own, an answer that is given later could reach whoever took that id meanwhile.
    const bool unsafe = identity.is_chosen_id();
    const auto request = whole && !unsafe ? decode(bytes) : std::nullopt;
    if (request) {
      asker.id = request->id;
      if (answer_(*request, asker, reply)) reply_(asker, reply);
      continue;
    }
    const Principal nobody{std::string{first.user_id()}, 0, nullptr};
    core_.count_refusal(asker.principal != nullptr ? *asker.principal : nobody, wire::Refusal::malformed,
                        (unsafe ? "routing id of its own, control request of " : "control request of ") +
                            std::to_string(bytes.size()) + " bytes");
    reply.ok = false;
    reply.error = unsafe ? "leave the routing id (ZMQ_ROUTING_ID) unset and connect anew: under one of its own, a "
                           "connection could be answered what another asked"
                         : "this is no control request; send one as schemas/control.fbs describes";
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
  if (sent != SendResult::sent) tell_lost_reply_(asker, sent);
}

void Server::tell_lost_reply_(const Asker& asker, SendResult sent) {
  ++replies_lost_;
  const auto now = steady_ms();
  if (now < reply_lost_at_ms_) return;  // who asks and does not listen must not fill the log
  reply_lost_at_ms_ = now + kTellMs;
  LogLine(Severity::warning, "reply_lost")
      .field("principal", asker.principal != nullptr ? asker.principal->name : std::string{"-"})
      .field("reason", sent == SendResult::unreachable ? "it left" : "it does not read")
      .field("since_start", replies_lost_);
}

bool Server::permitted_(const wire::ControlRequest& request, const Principal& principal,
                        wire::ControlReply& reply) const {
  Role need = Role::reload;
  switch (request.kind) {
    case wire::ControlKind::hello: {
      const auto feed = core_.image().find_feed(request.feed);
      if (principal.rights == nullptr || (feed != engine::kNone && principal.rights->may_feed(feed))) return true;
      need = Role::read;
      break;
    }
    case wire::ControlKind::status:
    case wire::ControlKind::alerts_since:
    case wire::ControlKind::why:
    case wire::ControlKind::ack_alerts:
    case wire::ControlKind::log:
      need = Role::read;
      break;
    case wire::ControlKind::acknowledge:
    case wire::ControlKind::believe:
    case wire::ControlKind::shelve:
    case wire::ControlKind::unshelve:
      need = Role::acknowledge;
      break;
    case wire::ControlKind::shutdown:
    case wire::ControlKind::log_level:
    case wire::ControlKind::backup:
    case wire::ControlKind::reload:
    case wire::ControlKind::verify:
      break;
  }
  if (principal.rights == nullptr || has_role(principal.rights->roles, need)) return true;
  static constexpr std::array<std::string_view, 5> kRoles{"", "read", "acknowledge", "", "reload"};
  reply.ok = false;
  reply.error = "\"" + principal.name + "\" may not ask for that: it needs the role \"" +
                std::string{kRoles.at(static_cast<std::size_t>(need))} + "\" in the daemon's config";
  return false;
}

/// Whether an alert's marking and release list allow the asker's audience. What is no alert anybody who reads may see.
bool Server::may_see_(const Principal& principal, std::uint16_t alert) const {
  return alert == engine::kNone || principal.rights == nullptr || audiences_.sees(principal.rights->audience, alert);
}

const AudienceConfig* Server::audience_of_(const Principal& principal) const {
  return principal.rights == nullptr ? nullptr : &audiences_.config(principal.rights->audience);
}

void Server::hello_(const wire::ControlRequest& request, const Principal& principal, wire::ControlReply& reply) {
  reply.boot = boot_;
  if (principal.rights != nullptr) reply.credit = credit_of_(principal.rights->quota.unacked);
  const auto index = core_.image().find_feed(request.feed);
  const bool own = principal.rights == nullptr || (index != engine::kNone && principal.rights->may_feed(index));
  if (const auto feed = core_.hello(request.feed, own)) {
    reply.mark = feed->mark;
    reply.has_mark = feed->any;
    return;
  }
  std::vector<std::string_view> known;
  for (const auto& one : core_.image().feeds) known.push_back(core_.image().view(one.name));
  reply.ok = false;
  reply.error = "the book has no feed \"" + printable(request.feed, wire::kNameBytesMax) + "\"" +
                did_you_mean(request.feed, known);
}

bool Server::ask_for_alerts_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  for (auto& job : alerts_jobs_) {
    if (job.out) continue;
    job.asker = asker;
    job.query.since = request.since;
    job.query.consumer = request.consumer.empty() ? std::string{} : cursor_name(asker, request.consumer);
    job.query.limit = request.limit == 0 ? kAlertsPerReply : std::min<std::size_t>(request.limit, kAlertsPerReply);
    job.query.audience = audience_of_(*asker.principal);
    job.out = journal_.post(job);
    if (job.out) return false;
  }
  return fail(reply, "too many ask for alert events at once; ask again in a moment");
}

void Server::alerts_done_(AlertsJob& job) {
  job.out = false;
  wire::ControlReply reply;
  reply.ok = !job.outcome.has_value();
  if (job.outcome) reply.error = job.outcome->text;
  reply.alerts = std::move(job.query.alerts);
  reply.more = job.query.more;
  reply.cursor = job.query.looked_at;
  reply.gone_first = job.query.gone_first;
  reply.gone_last = job.query.gone_last;
  reply_(job.asker, reply);
}

bool Server::keep_cursor_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  if (request.consumer.empty()) return fail(reply, "whose cursor? name the consumer");
  if (request.number > core_.newest_alert()) {
    return fail(reply, "there is no alert event " + std::to_string(request.number) + " yet; the newest is " +
                           std::to_string(core_.newest_alert()));
  }
  const auto name = cursor_name(asker, request.consumer);
  if (!consumers_.contains(name)) {
    const auto own = asker.principal->name + "/";
    const auto count = std::count_if(consumers_.begin(), consumers_.end(),
                                     [&](const std::string& one) { return one.starts_with(own); });
    if (count >= kConsumersMax) {
      core_.count_refusal(*asker.principal, wire::Refusal::over_quota,
                          "consumer \"" + printable(request.consumer, 64) + "\"");
      return fail(reply, "\"" + asker.principal->name + "\" has " + std::to_string(count) +
                             " consumers with a cursor already, which is the most; go on as one of those");
    }
    consumers_.insert(name);
  }
  if (!core_.keep(journal::Cursor{name, request.number})) return fail(reply, kNoRoomText);
  reply.cursor = request.number;
  promises_[core_.slab()].push_back({asker, reply});
  return false;
}

bool Server::believe_(const Asker& asker, wire::ControlReply& reply) {
  if (config_.clock != ClockSource::system) {
    return fail(reply, "this daemon's clock follows its input, so there is nothing to believe");
  }
  const auto away = std::to_string(core_.clock_away_ms());
  journal::Act act;
  act.principal = asker.principal->name;
  act.kind = "believe";
  const auto text = "away_ms=" + away;
  act.text = text;
  if (!core_.keep(act)) return fail(reply, kNoRoomText);
  core_.believe();
  LogLine(Severity::warning, "believe").field("by", asker.principal->name).field("away_ms", away);
  reply.text = "the machine's clock is believed as it runs now; it was " + away + " ms away from the daemon's";
  promises_[core_.slab()].push_back({asker, reply});
  return false;
}

void Server::back_up_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  const bool own = backup_.who == asker.identity && backup_.path == request.text;
  if (backup_.active && !own) {
    (void)fail(reply, "a backup to '" + backup_.path + "' is under way; ask again when it is done");
    return;
  }
  if (backup_.active) {
    reply.text = "under way";
    reply.pages_left = backup_.out ? 0 : backup_.step.pages_left;
    return;
  }
  if (!own) return begin_backup_(request, asker, reply);  // the end of another's says nothing of what is there now
  reply.done = backup_.step.state == journal::BackupState::done;
  reply.text = reply.done ? "done" : "failed";
  if (!reply.done) (void)fail(reply, backup_.step.error.text);
  backup_.who.clear();  // told: the next one is a new one
}

void Server::begin_backup_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  const auto refuse = [&reply](const std::string& text) { (void)fail(reply, text); };
  if (!request.text.starts_with('/')) {
    return refuse("give the copy's path from the root, as it is on the daemon's machine");
  }
  if (core_.in_trouble()) return refuse("the journal is in trouble: " + core_.journal_error());
  if (verify_job_.more) return refuse("the journal is being verified; ask again when that is done");
  backup_.who = asker.identity;
  backup_.path = request.text;
  backup_.begun = false;
  backup_.active = true;
  backup_.step = {};
  backup_.out = journal_.post(backup_);
  LogLine(Severity::info, "backup").field("path", backup_.path);
  reply.text = "begun";
}

void Server::backup_done_() {
  backup_.out = false;
  if (backup_.step.state == journal::BackupState::more) {
    return;  // the next step goes out after a commit that may be due
  }
  backup_.active = false;
  const bool done = backup_.step.state == journal::BackupState::done;
  LogLine line{done ? Severity::info : Severity::error, "backup"};
  line.field("path", backup_.path).field("state", done ? "done" : "failed");
  if (!done) line.field("error", backup_.step.error.text);
}

bool Server::answer_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply) {
  if (asker.principal == nullptr) return fail(reply, "whoever asks this is not known here any more");
  if (!permitted_(request, *asker.principal, reply)) {
    const auto kind = static_cast<std::size_t>(request.kind);
    core_.count_refusal(*asker.principal, wire::Refusal::not_authorised,
                        "control request \"" + std::string{kKinds.at(kind)} + "\"");
    return true;
  }
  switch (request.kind) {
    case wire::ControlKind::hello:
      hello_(request, *asker.principal, reply);
      return true;
    case wire::ControlKind::status:
      reply.status = status_();
      withhold_(*reply.status, *asker.principal);
      return true;
    case wire::ControlKind::alerts_since:
      return ask_for_alerts_(request, asker, reply);
    case wire::ControlKind::why:
      if (!may_see_(*asker.principal, core_.image().find_alert(request.name))) {
        core_.count_refusal(*asker.principal, wire::Refusal::not_authorised, "why \"" + request.name + "\"");
        return fail(reply, "\"" + asker.principal->name + "\" may not see \"" + request.name +
                               "\": its marking or release list does not allow that audience");
      }
      reply.error = core_.why(request, reply);
      reply.ok = reply.error.empty();
      return true;
    case wire::ControlKind::shutdown:
      LogLine(Severity::info, "shutdown").field("by", asker.principal->name);
      stopping_ = true;
      reply.text = "it stops: what it has taken is stored first";
      return true;
    case wire::ControlKind::ack_alerts:
      return keep_cursor_(request, asker, reply);
    case wire::ControlKind::acknowledge:
      return acknowledge_event_(request, asker, reply);
    case wire::ControlKind::shelve:
      return shelve_(request, asker, reply);
    case wire::ControlKind::unshelve:
      return unshelve_(request, asker, reply);
    case wire::ControlKind::log:
      return ask_for_log_(request, asker, reply);
    case wire::ControlKind::log_level: {
      const std::string was{log_level_name()};
      if (!change_log_level(request.text, asker.principal->name)) {
        return fail(reply, "there is no such level; say info, warning or error");
      }
      reply.text = "the log level is " + request.text + " now; it was " + was;
      return true;
    }
    case wire::ControlKind::backup:
      back_up_(request, asker, reply);
      return true;
    case wire::ControlKind::believe:
      return believe_(asker, reply);
    case wire::ControlKind::verify:
      verify_(request, asker, reply);
      return true;
    case wire::ControlKind::reload: {
      const auto error = begin_reload_(request.image, asker, asker.principal->name);
      return error.empty() ? false : fail(reply, error);
    }
  }
  return fail(reply, "this daemon knows no such request; use a tool of the same version");
}

void Server::withhold_(wire::StatusReport& status, const Principal& principal) const {
  std::erase_if(status.alerts,
                [&](const auto& one) { return !may_see_(principal, core_.image().find_alert(one.name)); });
  withhold_samples(status.refusals, audience_of_(principal), principal.name);
}

wire::StatusReport Server::status_() {
  wire::StatusReport status;
  core_.fill_status(status);
  status.version = TOCSIN_VERSION;
  status.pid = static_cast<std::uint64_t>(::getpid());
  status.uptime_ms = static_cast<std::uint64_t>(steady_ms() - started_ms_);
  status.resident_bytes = resident_bytes();
  status.lost_broadcast = lost_broadcast_;
  status.boot = boot_;
  status.acks_lost = acks_lost_;
  status.subscriptions = static_cast<std::uint32_t>(subscriptions_.granted());
  status.subscriptions_refused = subscriptions_.refused();
  status.log_level = log_level_name();
  status.step_p50_ns = step_times_.quantile(0.5);
  status.step_p99_ns = step_times_.quantile(0.99);
  status.step_max_ns = step_times_.max();
  fill_journal_(status.journal);
  fill_peers_(status);
  return status;
}

void Server::fill_journal_(wire::JournalStatus& status) const {
  constexpr std::uint64_t kPage = 4096;
  const auto& state = housekeeping_.state;
  if (!housekeeping_out_) {  // otherwise it is being written: the next status has it
    status.bytes = state.pages * kPage;
    status.bytes_bound = state.page_bound * kPage;
    status.bytes_free = state.free_pages * kPage;
    status.wal_bytes = state.wal_pages * kPage;
    status.first_batch = state.first_batch;
    status.first_alert = state.first_alert;
    status.signed_batch = state.signed_batch;
    status.shed_batches = state.shed_batches;
  }
  struct statvfs disk {};
  if (::statvfs(config_.journal.c_str(), &disk) == 0) status.disk_free_bytes = disk.f_bavail * disk.f_frsize;
  status.commits = commit_times_.count();
  status.commit_p50_us = commit_times_.quantile(0.5);
  status.commit_p99_us = commit_times_.quantile(0.99);
  status.commit_max_us = commit_times_.max();
  status.checkpoint_batch = checkpoint_batch_;
  if (checkpoint_batch_ > 0) status.checkpoint_ago_ms = static_cast<std::uint64_t>(steady_ms() - checkpoint_done_ms_);
  status.in_flight = core_.in_flight();
}

void Server::fill_peers_(wire::StatusReport& status) {
  const auto add = [&](const std::string& endpoint) {
    const auto counts = zap_.counts(endpoint);
    status.endpoints.push_back({endpoint, counts.live, counts.accepted, counts.handshakes_failed, counts.disconnected});
  };
  for (const auto* const list : {&config_.ingest, &config_.alerts, &config_.control}) {
    for (const auto& endpoint : *list) add(endpoint.text);
  }
  for (const auto& publisher : config_.broadcast) add(publisher.endpoint);
  for (std::size_t i = 1; i < kZapReasons; ++i) {
    const auto reason = static_cast<ZapReason>(i);
    if (const auto count = zap_.refused(reason); count > 0) {
      status.handshakes_refused.push_back({std::string{name_of(reason)}, count});
    }
  }
  for (const auto& rights : core_.authority().all()) {
    const auto unacked = unacked_[0][rights.index] + unacked_[1][rights.index];
    const auto over = quota_.refused(rights.index);
    if (rights.quota.unacked == 0 && unacked == 0 && over == 0) continue;
    status.senders.push_back({rights.name, rights.quota.unacked, unacked, over});
  }
  for (const auto& one : broadcast_) {
    if (one.lost > 0) status.gaps.push_back({one.principal.name, one.lost, one.lost_at});
  }
}
}  // namespace tocsin::daemon
