// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Server: the sockets around a Core, and the one loop that serves them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/core.hpp"
#include "tocsin/wire/control_codec.hpp"

#include "connection.hpp"
#include "journal_jobs.hpp"
#include "journal_thread.hpp"
#include "notify.hpp"
#include "zmq_socket.hpp"

namespace tocsin::daemon {
/// One owner, one thread: the one that steps the engine. It never waits for the disk: the journal has a thread of its
/// own, which has the journal whenever a job is out.
class Server final : private AlertListener {
 public:
  /// @param config, core, notifier  outlive the server.
  Server(const Config& config, Core& core, const Notifier& notifier);
  ~Server() override;

  /// Makes and binds all sockets and starts the journal's thread. @returns what went wrong, with the mend, or empty.
  [[nodiscard]] std::string open();
  /// Serves until a signal or a request to stop. @param signal_fd  a signalfd. @returns the exit status.
  [[nodiscard]] int run(int signal_fd);

 private:
  struct Ingest {
    ZmqSocket socket;
    Principal principal;
    std::map<std::string, Connection, std::less<>> connections;
  };
  struct Broadcast {
    ZmqSocket socket;
    Principal principal;
    bool any = false;
    std::uint64_t last_frame = 0;
  };

  [[nodiscard]] std::string open_ingest_();
  [[nodiscard]] std::string open_broadcast_();

  // server.cpp: the loop
  void poll_();
  void read_signals_(int signal_fd);
  void keep_alive_();
  void drain_();
  void stop_cleanly_();

  // server_ingest.cpp: frames in
  void serve_input_();
  /// Takes one frame of a socket. @returns false when none waits.
  bool take_one_(Ingest& ingest);
  bool take_one_(Broadcast& broadcast);
  void take_frame_(Ingest& ingest, Connection& connection, std::span<const std::byte> bytes);
  void refuse_unreadable_(Connection& connection);
  void refuse_after_gap_(Ingest& ingest, Connection& connection, const wire::BatchReader& reader);
  void take_broadcast_(Broadcast& broadcast, std::span<const std::byte> bytes);
  [[nodiscard]] Connection& connection_of_(Ingest& ingest, std::string_view identity);

  // server_journal.cpp: what becomes durable, and what is told then
  void settle_();
  [[nodiscard]] bool commit_is_due_() const;
  void seal_();
  void send_checkpoint_(std::uint64_t batch_id);
  void serve_journal_();
  void take_back_(JournalJob& job);
  void commit_done_();
  void checkpoint_done_();
  void housekeeping_done_();
  void probe_done_();
  void keep_house_();
  void stored_(std::size_t slab);
  void acknowledge_();
  void acknowledge_(Ingest& ingest);
  void enter_trouble_();
  void heal_();
  void fail_();

  // server_publish.cpp: alerts out
  void publish_();
  void publish_head_();
  void read_subscriptions_();
  void decided(const engine::AlertEvent& event) override;
  void unjournaled(const Announcement& announcement) override;
  void make_topic_(std::uint16_t alert, engine::Level level);

  // server_control.cpp: questions
  void serve_control_();
  /// @returns false when the answer comes later.
  [[nodiscard]] bool answer_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  [[nodiscard]] bool ask_for_alerts_(const wire::ControlRequest& request, const Asker& asker,
                                     wire::ControlReply& reply);
  void alerts_done_(AlertsJob& job);
  void reply_(const Asker& asker, wire::ControlReply& reply);
  [[nodiscard]] wire::StatusReport status_();

  static constexpr std::size_t kAlertsJobs = 4;

  const Config& config_;
  Core& core_;
  const Notifier& notifier_;
  ZmqContext context_;
  std::vector<Ingest> ingest_;
  std::vector<Broadcast> broadcast_;
  ZmqSocket alerts_;
  ZmqSocket control_;
  std::vector<zmq_pollitem_t> poll_items_;
  CommitJob commit_;
  CheckpointJob checkpoint_;
  HousekeepingJob housekeeping_;
  ProbeJob probe_;
  std::array<AlertsJob, kAlertsJobs> alerts_jobs_;
  JournalThread journal_;  ///< after the jobs: it ends before they do
  bool checkpoint_out_ = false;
  bool housekeeping_out_ = false;
  bool probe_out_ = false;
  std::vector<wire::RefusedItem> untold_;  ///< refusals of somebody who cannot be told
  wire::AckWriter ack_writer_;
  std::string topic_;
  bool stopping_ = false;
  bool drained_ = true;          ///< false: more may wait on an ingest socket than one turn took
  std::size_t next_source_ = 0;  ///< ingest socket, then broadcast socket, whose turn it is
  int exit_status_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t lost_broadcast_ = 0;
  std::uint64_t acks_lost_ = 0;
  std::int64_t started_ms_ = 0;
  std::int64_t batch_since_ms_ = 0;  ///< when the batch got its first item; 0: it is empty
  std::int64_t refusals_since_ms_ = 0;
  std::int64_t probe_at_ms_ = 0;
  std::int64_t checkpoint_at_ms_ = 0;  ///< not before, after one could not be stored
  std::int64_t house_at_ms_ = 0;
  std::int64_t head_at_ms_ = 0;
  std::int64_t watchdog_at_ms_ = 0;
  bool wall_was_disbelieved_ = false;
};

/// Milliseconds on a clock that only runs forward.
[[nodiscard]] std::int64_t steady_ms();
}  // namespace tocsin::daemon
