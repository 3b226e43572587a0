// SPDX-License-Identifier: Apache-2.0
#include "simulated_daemon.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::daemon::faults {
std::string SimulatedDaemon::open(const std::string& vfs) {
  auto error = daemon_.open(vfs);
  if (error.empty()) desk_ = core().principal("desk");
  return error;
}

bool SimulatedDaemon::take(std::uint64_t connection, std::span<const std::byte> frame) {
  if (!core().has_room()) return false;
  auto& peer = connections_[connection];
  wire::BatchReader reader;
  if (!core().read_frame(frame, desk_, reader)) return true;
  if (reader.frame() == 1) peer.begin_anew();
  if (reader.frame() > peer.last_frame + 1) {
    auto& verdict = peer.verdict(core().slab());
    verdict.due = true;
    verdict.frame = peer.last_frame;
    verdict.refused.push_back({reader.frame(), 0, wire::Refusal::malformed, true, "a gap"});
    return true;
  }
  peer.last_frame = std::max(peer.last_frame, reader.frame());
  if (core().in_trouble()) {
    untold_.clear();
    core().take(reader, desk_, untold_);
    return true;
  }
  auto& verdict = peer.verdict(core().slab());
  verdict.due = true;
  verdict.frame = peer.last_frame;
  core().take(reader, desk_, verdict.refused);
  return true;
}

std::vector<SimulatedDaemon::Told> SimulatedDaemon::turn(const Draw& draw) {
  if (core().has_room() || core().in_trouble()) core().advance();
  if (core().in_trouble()) {
    if (draw.journal_done && daemon_.probe() == CommitResult::done) {
      ++healed_;
      for (auto& [id, peer] : connections_) peer.lost("healed");
    }
    return acknowledge_();
  }
  if (core().batch().empty() && !core().in_flight()) {
    stored_(core().slab());
    core().clear_batch();
  }
  if (draw.journal_done) settle_();
  if (dead() || core().in_trouble()) return acknowledge_();
  if (!core().in_flight()) (void)daemon_.seal(draw.checkpoint);
  if (draw.keep_house && !core().in_flight()) daemon_.keep_house();
  return acknowledge_();
}

void SimulatedDaemon::settle_() {
  if (!core().in_flight()) return;
  const std::size_t slab = 1 - core().slab();
  const auto result = daemon_.settle();
  if (result == CommitResult::done) stored_(slab);
  if (result != CommitResult::trouble) return;
  for (auto& [id, peer] : connections_) peer.forget_waiting();
}

std::vector<SimulatedDaemon::Told> SimulatedDaemon::stop() {
  settle_();
  if (!dead() && !core().in_trouble() && daemon_.seal(false)) settle_();
  auto told = acknowledge_();
  if (!dead() && !core().in_trouble()) (void)daemon_.stop();
  return told;
}

void SimulatedDaemon::stored_(std::size_t slab) {
  for (auto& [id, peer] : connections_) peer.stored(slab);
}

std::vector<SimulatedDaemon::Told> SimulatedDaemon::acknowledge_() {
  std::vector<Told> out;
  for (auto& [id, peer] : connections_) {
    if (!peer.ready()) continue;
    out.push_back({id, {peer.to_tell().frame, peer.to_tell().refused}});
    peer.told();
  }
  return out;
}
}  // namespace tocsin::daemon::faults
