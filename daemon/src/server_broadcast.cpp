// SPDX-License-Identifier: Apache-2.0
// Messages of publishers into the core. Nobody can be asked to say one again: what never came is a gap, and so is what
// came and could not be kept.
#include <algorithm>
#include <cstdint>
#include <string>

#include "tocsin/daemon/log.hpp"

#include "server.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::int64_t kReviveMs = 1000;
constexpr std::int64_t kReviveMsMax = 64'000;
constexpr std::int64_t kTellMs = 10'000;

std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }
/// Now and then: a publisher whose numbers leap about must not fill the log.
bool is_due(std::int64_t& at_ms) {
  const auto now = steady_ms();
  if (now < at_ms) return false;
  at_ms = now + kTellMs;
  return true;
}
}  // namespace

void Server::resume_broadcast_(Broadcast& broadcast) {
  broadcast.cursor = "~publisher/" + broadcast.endpoint;  // a consumer's begins with its principal's name
  const auto stored = core_.journal().cursor(broadcast.cursor);
  if (stored > 0) broadcast.frames.resume(stored);
}

bool Server::take_one_(Broadcast& broadcast) {
  ZmqFrame first;
  if (!broadcast.socket.receive(first)) return false;
  zap_.heard(first.source_fd());
  if (!first.more()) {
    take_broadcast_(broadcast, first.bytes());
    return true;
  }
  ZmqFrame second;  // a topic came first
  if (!broadcast.socket.receive(second)) return true;
  broadcast.socket.skip_rest(second);
  take_broadcast_(broadcast, second.bytes());
  return true;
}

void Server::take_broadcast_(Broadcast& broadcast, std::span<const std::byte> bytes) {
  wire::BatchReader reader;
  if (!core_.read_frame(bytes, broadcast.principal, reader)) return;
  const auto frame = reader.frame();
  const auto taken = broadcast.frames.take(frame);
  if (taken.restarted && is_due(broadcast.tell_restart_at_ms)) {
    LogLine(Severity::info, "broadcast_restarted").field("principal", broadcast.principal.name).field("frame", frame);
  }
  if (taken.missing) lose_(broadcast, *taken.missing);
  next_moment_(reader.count());
  if (too_fast_(broadcast.principal, reader, bytes.size())) {
    core_.count_refusal(broadcast.principal, wire::Refusal::over_quota, "a frame");
    if (frame > 0 && !taken.repeated) lose_(broadcast, {frame, frame});
    return;
  }
  untold_.clear();  // counted by the core; a publisher cannot be told
  decide_(reader, broadcast.principal, untold_);
}

// While the journal is in trouble nothing is stored: once it is well a gap is part of what was thrown away, of which
// the messages that are counted already are not counted again.
void Server::lose_(Broadcast& broadcast, const MissingFrames& missing) {
  broadcast.unstored_lost.at(core_.slab()) = sum(broadcast.unstored_lost.at(core_.slab()), missing.count());
  count_lost_(broadcast, missing.count());
  lose_frames_(broadcast, missing, missing.count());
  if (!is_due(broadcast.tell_gap_at_ms)) return;
  LogLine(Severity::warning, "broadcast_gap")
      .field("principal", broadcast.principal.name)
      .field("lost", missing.count())
      .field("after", missing.first - 1)
      .field("lost_so_far", broadcast.lost);
}

void Server::lose_frames_(const Broadcast& broadcast, const MissingFrames& missing, std::uint64_t untold) {
  const auto socket = static_cast<std::uint32_t>(&broadcast - broadcast_.data());
  core_.lose(broadcast.principal, {socket, missing.first, missing.last, untold});
}

void Server::count_lost_(Broadcast& broadcast, std::uint64_t lost) {
  lost_broadcast_ = sum(lost_broadcast_, lost);
  broadcast.lost = sum(broadcast.lost, lost);
  broadcast.lost_at = core_.wall();
}

// In the same commit as what the messages held, so that a daemon that was killed knows from where on it heard nothing.
void Server::keep_broadcast_marks_() {
  for (auto& one : broadcast_) {
    const auto newest = one.frames.unsealed();
    if (newest && core_.keep(journal::Cursor{one.cursor, *newest, true})) one.frames.seal(core_.slab());
  }
}

void Server::broadcast_stored_(std::size_t slab) {
  for (auto& one : broadcast_) {
    one.frames.stored(slab);
    one.unstored_lost.at(slab) = 0;
  }
}

// The journal may fail again before what is told of this is stored. Then all of it comes here once more, counted.
void Server::throw_broadcast_away_() {
  for (auto& one : broadcast_) {
    auto counted = sum(one.unstored_lost[0], one.unstored_lost[1]);
    std::uint64_t thrown = 0;
    for (const auto& missing : one.frames.throw_away()) {
      if (!missing) continue;
      const auto again = std::min(counted, missing->count());
      counted -= again;
      thrown = sum(thrown, missing->count());
      count_lost_(one, missing->count() - again);
      lose_frames_(one, *missing, missing->count() - again);
    }
    one.unstored_lost = {};
    one.unstored_lost.at(core_.slab()) = thrown;
  }
}

// libzmq connects anew by itself when a connection breaks, but for good gives up one that broke its rules: a message
// above the largest size, or a handshake that failed. The publisher may do better next time.
void Server::revive_broadcasts_() {
  const auto now = steady_ms();
  if (now < revive_at_ms_) return;
  revive_at_ms_ = now + kReviveMs;
  for (auto& one : broadcast_) {
    const auto counts = zap_.counts(one.endpoint);
    if (counts.live > 0) {
      if (now >= one.retry_at_ms) one.retry_ms = 0;
      one.breaks = counts.disconnected;
    }
    if (counts.disconnected == one.breaks || now < one.retry_at_ms) continue;
    one.breaks = counts.disconnected;
    one.retry_ms = std::clamp(one.retry_ms * 2, kReviveMs, kReviveMsMax);
    one.retry_at_ms = now + one.retry_ms;
    const auto error = one.socket.reconnect(one.endpoint);
    LogLine(Severity::warning, "broadcast_reconnect")
        .field("principal", one.principal.name)
        .field("endpoint", one.endpoint)
        .field("broken", counts.disconnected)
        .field("error", error.empty() ? std::string{"-"} : error);
  }
}
}  // namespace tocsin::daemon
