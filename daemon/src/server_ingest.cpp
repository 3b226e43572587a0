// SPDX-License-Identifier: Apache-2.0
// Input into the core: the sockets in turn, and frames of ingest sockets.
#include <algorithm>
#include <string>
#include <utility>

#include "tocsin/daemon/log.hpp"

#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kReportsPerMoment = 32;  // some 100 us of work
constexpr unsigned kMisnamedMax = 8;
constexpr int kRoundsPerTurn = 64;         // then timers and control have their turn
constexpr std::size_t kRefusedMax = 1024;  // refusals kept for a peer that does not read its acknowledgements
constexpr const char* kUnreadableText =
    "this frame is no batch of inputs; it is refused whole, send it as schemas/report.fbs describes";
constexpr const char* kChosenIdText =
    "leave the routing id (ZMQ_ROUTING_ID) unset and connect anew: under one of its own, a connection could be told "
    "what is meant for the one before";
constexpr const char* kNobodyText = "whoever sends this is not known here any more: ask for a key, or use yours";
}  // namespace

void Server::serve_input_() {
  core_.advance();
  moment_.reports = 0;
  if (!core_.has_room() || reload_.ready) {
    for (auto& ingest : ingest_) (void)ingest.socket.service();
    for (auto& broadcast : broadcast_) (void)broadcast.socket.service();
    return;
  }
  // One frame of each socket in turn, and the next turn goes on with the socket after the last one served: a flood on
  // one fills the batch with its share only.
  const std::size_t sources = ingest_.size() + broadcast_.size();
  drained_ = false;
  silent_.assign(sources, false);
  std::size_t speaking = sources;
  for (int round = 0; round < kRoundsPerTurn; ++round) {
    for (std::size_t i = 0; i < sources; ++i) {
      // What is read so far goes to the journal the moment it is idle: it is the journal that must never wait.
      if (!core_.has_room() || journal_.has_done()) return;
      const std::size_t source = next_source_;
      next_source_ = (next_source_ + 1) % sources;
      if (silent_[source]) continue;
      silent_[source] =
          !(source < ingest_.size() ? take_one_(ingest_[source]) : take_one_(broadcast_[source - ingest_.size()]));
      if (silent_[source]) --speaking;
    }
    if (speaking == 0) {
      drained_ = true;
      return;
    }
  }
}

bool Server::take_one_(Ingest& ingest) {
  ZmqFrame identity;
  if (!ingest.socket.receive(identity)) return false;
  ZmqFrame payload;
  if (!identity.more() || !ingest.socket.receive(payload)) return true;
  const bool whole = !payload.more();  // one message is one frame
  ingest.socket.skip_rest(payload);
  auto& connection = connection_of_(ingest, identity.text());
  find_sender_(connection, payload);
  zap_.heard(connection.fd);
  const auto* principal = connection.whose;
  bool stays = true;
  if (identity.is_chosen_id()) {
    stays = refuse_chosen_id_(ingest, connection, identity, payload);
  } else if (principal == nullptr) {
    core_.count_refusal({std::string{payload.user_id()}, 0, nullptr}, wire::Refusal::not_authorised, "no such sender");
    refuse_whole_(connection, wire::Refusal::not_authorised, kNobodyText);
  } else {
    stays = connection.untold() < kRefusedMax &&
            take_frame_(*principal, connection, whole ? payload.bytes() : std::span<const std::byte>{});
  }
  if (stays) return true;
  // What it was told before it did not read or heed. Cut off, it is to connect anew; should it speak on, it is told so.
  zap_.cut(payload.source_fd());
  ingest.connections.erase(ingest.connections.find(identity.text()));
  return true;
}

// Asked for every message, so that a key that was withdrawn is cut on a live connection too, and since a routing id
// proves nothing: a peer can forge one that looks as if libzmq had given it, of somebody who left or is yet to come.
// Who follows another under an id gets nothing of what the first was to be told.
void Server::find_sender_(Connection& connection, ZmqFrame& payload) {
  const auto* principal = core_.principal_of(payload.user_id());
  if (connection.fd >= 0 && principal == connection.whose) return;
  if (connection.whose != nullptr) connection.begin_anew();
  connection.whose = principal;
  connection.fd = payload.source_fd();
  zap_.observed(payload);
}

// At once: nothing of it waits for a commit, and nothing of it looks decided to whoever hears it.
bool Server::refuse_chosen_id_(Ingest& ingest, Connection& connection, ZmqFrame& identity, ZmqFrame& payload) {
  const Principal nobody{std::string{payload.user_id()}, 0, nullptr};
  core_.count_refusal(connection.whose != nullptr ? *connection.whose : nobody, wire::Refusal::malformed,
                      kChosenIdText);
  const wire::RefusedItem refused{1, 0, wire::Refusal::malformed, false, kChosenIdText};
  if (ingest.socket.send(identity.text(), true) != SendResult::sent) return false;
  (void)ingest.socket.send(ack_writer_.encode(0, std::span{&refused, 1}), false);
  return ++connection.misnamed < kMisnamedMax;
}

Connection& Server::connection_of_(Ingest& ingest, std::string_view identity) {
  auto& all = ingest.connections;
  auto found = all.find(identity);
  if (found == all.end()) {
    if (all.size() >= config_.bounds.peers) {
      // A forgotten peer that still speaks is told to connect anew, so this costs time but never a report.
      const auto oldest = std::min_element(all.begin(), all.end(),
                                           [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
      all.erase(oldest);
    }
    found = all.emplace(std::string(identity), Connection{}).first;
  }
  found->second.used = ++messages_;
  return found->second;
}

bool Server::take_frame_(const Principal& principal, Connection& connection, std::span<const std::byte> bytes) {
  wire::BatchReader reader;
  if (!core_.read_frame(bytes, principal, reader)) {
    refuse_whole_(connection, wire::Refusal::malformed, kUnreadableText);
    return true;
  }
  if (reader.frame() == 1) connection.begin_anew();
  if (reader.frame() > connection.last_frame + 1) {
    refuse_after_gap_(principal, connection, reader);
    return true;
  }
  connection.last_frame = std::max(connection.last_frame, reader.frame());
  next_moment_(reader.count());
  if (core_.in_trouble()) {  // decided in memory; once the journal is well it must come again
    if (over_quota_(principal, reader, bytes.size())) {
      core_.count_refusal(principal, wire::Refusal::over_quota, "a frame");
      return true;
    }
    untold_.clear();
    decide_(reader, principal, untold_);
    return true;
  }
  auto& verdict = connection.verdict(core_.slab());
  verdict.due = true;
  verdict.frame = connection.last_frame;
  if (over_quota_(principal, reader, bytes.size())) {
    core_.count_refusal(principal, wire::Refusal::over_quota, "a frame");
    for (std::uint32_t index = 0; index < reader.count(); ++index) {
      verdict.refused.push_back({reader.frame(), index, wire::Refusal::over_quota, true, {}});
    }
    return principal.rights == nullptr || !quota_.repeats(principal.rights->index);
  }
  const std::size_t refused = verdict.refused.size();
  decide_(reader, principal, verdict.refused);
  if (principal.rights != nullptr) {
    const auto taken = static_cast<std::uint32_t>(reader.count() - (verdict.refused.size() - refused));
    unacked_[core_.slab()][principal.rights->index] += taken;
    unacked_all_[core_.slab()] += taken;
  }
  return true;
}

std::uint32_t Server::credit_of_(std::uint32_t own) const {
  const auto all = config_.quota.unacked;
  return own == 0 || all == 0 ? std::max(own, all) : std::min(own, all);
}

bool Server::over_quota_(const Principal& principal, const wire::BatchReader& reader, std::size_t bytes) {
  if (principal.rights == nullptr) return false;
  const auto index = principal.rights->index;
  const auto credit = principal.rights->quota.unacked;
  const auto waiting = unacked_[0][index] + unacked_[1][index];
  // A frame that alone is more than the credit passes when nothing else waits.
  if (credit > 0 && waiting > 0 && waiting + reader.count() > credit) return true;
  const auto credit_of_all = config_.quota.unacked;
  const auto waiting_of_all = unacked_all_[0] + unacked_all_[1];
  if (credit_of_all > 0 && waiting_of_all > 0 && waiting_of_all + reader.count() > credit_of_all) return true;
  return too_fast_(principal, reader, bytes);
}

bool Server::too_fast_(const Principal& principal, const wire::BatchReader& reader, std::size_t bytes) {
  if (principal.rights == nullptr) return false;
  const auto now = static_cast<std::uint64_t>(moment_.steady_ns);
  return quota_.admit(principal.rights->index, now, reader.count(), bytes) != Admission::ok;
}

void Server::refuse_whole_(Connection& connection, wire::Refusal reason, const char* text) {
  ++connection.last_frame;
  if (core_.in_trouble()) return;
  auto& verdict = connection.verdict(core_.slab());
  verdict.due = true;
  verdict.frame = connection.last_frame;
  // What it held is unknown, so every place it could have had is refused: nothing may look taken.
  for (std::uint32_t index = 0; index < wire::kFrameItemsMax; ++index) {
    verdict.refused.push_back({verdict.frame, index, reason, false, index == 0 ? text : ""});  // said once
  }
}

void Server::refuse_after_gap_(const Principal& principal, Connection& connection, const wire::BatchReader& reader) {
  auto& verdict = connection.verdict(core_.slab());
  verdict.due = true;
  verdict.frame = connection.last_frame;
  std::string text = "frame " + std::to_string(reader.frame()) + " came after frame " +
                     std::to_string(connection.last_frame) +
                     " of this connection, so frames are missing; connect anew, count from 1 and send again what was "
                     "not acknowledged";
  core_.count_refusal(principal, wire::Refusal::malformed, text);
  for (std::uint32_t index = 0; index < reader.count(); ++index) {
    verdict.refused.push_back({reader.frame(), index, wire::Refusal::malformed, true, std::move(text)});
    text.clear();
  }
}

void Server::decide_(const wire::BatchReader& reader, const Principal& principal,
                     std::vector<wire::RefusedItem>& refused) {
  const bool timed = moment_.fresh && reader.count() > 0;
  const auto begin = timed ? steady_ns() : 0;
  core_.take(reader, principal, moment_.received, refused);
  if (timed) step_times_.add((steady_ns() - begin) / static_cast<std::int64_t>(reader.count()));
}

void Server::next_moment_(std::size_t reports) {
  moment_.fresh = moment_.reports < reports;
  if (moment_.fresh) moment_ = {steady_ns(), core_.read_clock(), kReportsPerMoment, true};
  moment_.reports -= std::min(moment_.reports, reports);
}
}  // namespace tocsin::daemon
