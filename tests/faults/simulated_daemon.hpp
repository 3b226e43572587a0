// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file SimulatedDaemon: what the server does with a core, in turns that a simulation gives it, without sockets.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tocsin/wire/control_codec.hpp"

#include "connection.hpp"
#include "inline_daemon.hpp"

namespace tocsin::daemon::faults {
/// One life of the daemon. Follows server_ingest.cpp and server_journal.cpp: the connections are the real ones, the
/// sockets are not, and the journal's thread takes as long as the simulation says.
class SimulatedDaemon {
 public:
  struct Told {
    std::uint64_t connection = 0;
    wire::Ack ack;
  };
  /// What a turn shall come to, drawn by the simulation.
  struct Draw {
    bool journal_done = false;  ///< the journal's thread has finished what it has
    bool checkpoint = false;
    bool keep_house = false;
  };

  SimulatedDaemon(const Config& config, const MachineClock& clock) : daemon_{config, clock} {}
  [[nodiscard]] std::string open(const std::string& vfs);
  [[nodiscard]] InlineDaemon& daemon() { return daemon_; }
  [[nodiscard]] Core& core() { return daemon_.core(); }

  /// A frame came in. @returns false when there is no room now: it stays where it is.
  bool take(std::uint64_t connection, std::span<const std::byte> frame);
  /// The peer is gone.
  void forget(std::uint64_t connection) { connections_.erase(connection); }
  /// One turn of the loop. @returns what is to be sent to the peers.
  [[nodiscard]] std::vector<Told> turn(const Draw& draw);
  /// The process has ended, or must.
  [[nodiscard]] bool dead() const { return daemon_.must_end(); }
  /// As SIGTERM does. @returns what is still to be sent.
  [[nodiscard]] std::vector<Told> stop();
  /// How often the journal was in trouble and healed.
  [[nodiscard]] unsigned healed() const { return healed_; }

 private:
  void settle_();
  void stored_(std::size_t slab);
  [[nodiscard]] std::vector<Told> acknowledge_();

  InlineDaemon daemon_;
  Principal desk_;
  std::map<std::uint64_t, Connection> connections_;
  std::vector<wire::RefusedItem> untold_;
  unsigned healed_ = 0;
};
}  // namespace tocsin::daemon::faults
