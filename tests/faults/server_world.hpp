// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file ServerWorld: the real server with all its peers on a simulated machine, and what must be true of it.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/daemon/core.hpp"
#include "tocsin/test_support/powercut_vfs.hpp"

#include "fixture.hpp"
#include "notify.hpp"
#include "oracle.hpp"
#include "simulated_machine.hpp"
#include "simulated_peers.hpp"

namespace tocsin::daemon::faults {
/// What the worlds so far had in them: a loop that meets too little proves too little.
struct WorldCounts {
  std::uint64_t lives = 0;
  std::uint64_t kills = 0;    ///< process ends in the midst of something
  std::uint64_t refused = 0;  ///< inputs of the hostile peer and others, as journaled
  std::uint64_t gaps = 0;     ///< of the publisher, as journaled
  std::uint64_t acts = 0;     ///< confirmed to the operator
  std::uint64_t alerts = 0;   ///< taken by the subscriber
  std::uint64_t polls = 0;
};

/// One seed's world.
class ServerWorld {
 public:
  /// @param disk  formatted, registered as `vfs`. @param tells  prints what happens.
  ServerWorld(std::uint64_t seed, test_support::PowercutVfs& disk, std::string vfs, bool tells);
  /// @returns what went wrong, or empty.
  [[nodiscard]] std::string run();
  /// The same for the same seed.
  [[nodiscard]] std::uint64_t trace() const { return machine_.trace(); }
  void add_to(WorldCounts& counts) const;

 private:
  enum class End : std::uint8_t { killed, stopped, failed, no_start };
  void configure_();
  End live_();
  std::string start_(Core& core);
  void others_();
  [[nodiscard]] engine::Span leap_();
  void make_trouble_();
  void trouble_with_peers_();
  void fail_disk_();
  void step_clock_(engine::Span step, bool vouched, const char* what);
  void signal_(int number);
  void published_(const Message& message);
  /// And for what; empty: nobody does.
  [[nodiscard]] std::string who_waits_() const;
  void stay_down_();
  void look_(journal::Journal& journal, Depth depth);
  void look_at_acts_(journal::Journal& journal);
  void tell_(const char* what, std::int64_t value = 0) const;
  /// True in so many of 10 000 cases.
  [[nodiscard]] bool now_and_then_(std::uint64_t often) { return machine_.random.below(10'000) < often; }

  std::uint64_t seed_;
  test_support::PowercutVfs& disk_;
  std::string vfs_;
  bool tells_;
  test::Site site_;
  SimulatedMachine machine_;
  Notifier notifier_;
  std::vector<FeedPeer> feeds_;
  std::vector<PublisherPeer> publishers_;
  std::vector<HostilePeer> hostile_;
  std::vector<SubscriberPeer> subscribers_;
  std::vector<OperatorPeer> operators_;
  test::ReportSet said_;  ///< all reports anybody may have sent
  Core* core_ = nullptr;  ///< of the life at hand
  int signals_[2] = {-1, -1};
  bool many_books_ = false;  ///< the operator brings some
  bool calm_ = false;
  bool stopping_ = false;
  bool finished_ = false;
  bool disk_failed_ = false;  ///< in this life
  std::uint64_t last_published_ = 0;
  std::string wrong_;
  WorldCounts counts_;
};
}  // namespace tocsin::daemon::faults
