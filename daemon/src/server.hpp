// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Server: the sockets around a Core, and the one loop that serves them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/core.hpp"
#include "tocsin/wire/control_codec.hpp"

#include "alarms.hpp"
#include "audience.hpp"
#include "authority.hpp"
#include "connection.hpp"
#include "endpoint_lock.hpp"
#include "frame_count.hpp"
#include "journal_jobs.hpp"
#include "journal_thread.hpp"
#include "notify.hpp"
#include "quota.hpp"
#include "reload.hpp"
#include "subscriptions.hpp"
#include "zap.hpp"
#include "zmq_socket.hpp"

namespace tocsin::daemon {
/// One owner, one thread: the one that steps the engine. It never waits for the disk: the journal has a thread of its
/// own, which has the journal whenever a job is out.
class Server final : private AlertListener {
 public:
  /// @param config, core, notifier  outlive the server. @pre the core is open.
  /// @param realtime_priority  of libzmq's threads; 0: ordinary ones. See sandbox::go_realtime().
  Server(const Config& config, Core& core, const Notifier& notifier, int realtime_priority = 0);
  ~Server() override;

  /// Loads the keys, starts the thread that decides handshakes, makes and binds all sockets, and starts the journal's
  /// thread. @returns what went wrong, with the mend, or empty.
  [[nodiscard]] std::string open();
  /// Serves until a signal or a request to stop. @param signal_fd  a signalfd. @returns the exit status.
  [[nodiscard]] int run(int signal_fd);

 private:
  struct Ingest {
    ZmqSocket socket;
    std::string endpoint;
    std::map<std::string, Connection, std::less<>> connections;
  };
  struct Broadcast {
    ZmqSocket socket;
    Principal principal;
    FrameCount frames{};
    std::string cursor{};                          ///< name of its mark in the journal
    std::uint64_t lost = 0;                        ///< messages, since the start
    std::array<std::uint64_t, 2> unstored_lost{};  ///< of them, those found since the last commit, by slab
    engine::Instant lost_at = engine::kNever;
    std::string endpoint{};
    std::uint64_t breaks = 0;  ///< connections that ended, as far as that was dealt with
    std::int64_t retry_ms = 0;
    std::int64_t retry_at_ms = 0;
    std::int64_t tell_gap_at_ms = 0;  ///< not before, in the log
    std::int64_t tell_restart_at_ms = 0;
  };
  /// The clocks. Under load one reading serves a few frames.
  struct Moment {
    std::int64_t steady_ns = 0;
    engine::Instant received = engine::kNever;
    std::size_t reports = 0;  ///< that it may still serve
    bool fresh = false;       ///< it serves its first frame
  };
  /// An answer that is given when a batch is stored.
  struct Promise {
    Asker asker;
    wire::ControlReply reply;
  };

  // server_open.cpp: keys and sockets
  [[nodiscard]] std::string open_keys_();
  [[nodiscard]] std::string listen_(ZmqSocket& socket, const std::string& endpoint, std::string_view what);
  [[nodiscard]] std::string open_listeners_();
  [[nodiscard]] std::string open_ingest_();
  [[nodiscard]] std::string open_broadcast_();

  // server.cpp: the loop
  /// @returns whether it could have slept; false: more input waits, and there is room for it.
  bool wait_();
  void read_signals_(int signal_fd);
  void keep_alive_();
  void drain_();
  void stop_cleanly_();

  // server_ingest.cpp: frames in
  void serve_input_();
  /// Takes one frame of a socket. @returns false when none waits.
  bool take_one_(Ingest& ingest);
  /// @returns false when the connection is to be forgotten.
  [[nodiscard]] bool take_frame_(const Principal& principal, Connection& connection, std::span<const std::byte> bytes);
  /// @returns false when the connection is to be forgotten.
  [[nodiscard]] bool refuse_chosen_id_(Ingest& ingest, Connection& connection, ZmqFrame& identity, ZmqFrame& payload);
  void refuse_whole_(Connection& connection, wire::Refusal reason, const char* text);
  void refuse_after_gap_(const Principal& principal, Connection& connection, const wire::BatchReader& reader);
  void next_moment_(std::size_t reports);
  void find_sender_(Connection& connection, ZmqFrame& payload);
  /// Reports that a principal may have on their way, alone with the quota of all; 0: no bound.
  [[nodiscard]] std::uint32_t credit_of_(std::uint32_t own) const;
  [[nodiscard]] bool too_fast_(const Principal& principal, const wire::BatchReader& reader, std::size_t bytes);
  [[nodiscard]] bool over_quota_(const Principal& principal, const wire::BatchReader& reader, std::size_t bytes);
  void decide_(const wire::BatchReader& reader, const Principal& principal, std::vector<wire::RefusedItem>& refused);
  [[nodiscard]] Connection& connection_of_(Ingest& ingest, std::string_view identity);

  // server_broadcast.cpp: messages of publishers in
  void resume_broadcast_(Broadcast& broadcast);
  /// Takes one message. @returns false when none waits.
  bool take_one_(Broadcast& broadcast);
  void take_broadcast_(Broadcast& broadcast, std::span<const std::byte> bytes);
  void lose_(Broadcast& broadcast, const MissingFrames& missing);
  void lose_frames_(const Broadcast& broadcast, const MissingFrames& missing, std::uint64_t untold);
  void count_lost_(Broadcast& broadcast, std::uint64_t lost);
  void keep_broadcast_marks_();
  void broadcast_stored_(std::size_t slab);
  void throw_broadcast_away_();
  void revive_broadcasts_();

  // server_journal.cpp: what becomes durable, and what is told then
  void settle_();
  [[nodiscard]] engine::Span linger_ms_() const;  ///< of the batch that fills
  [[nodiscard]] bool may_checkpoint_(std::int64_t now) const;
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
  void keep_promises_(std::size_t slab);
  void break_promises_();
  void acknowledge_();
  void acknowledge_(Ingest& ingest);
  void enter_trouble_();
  void heal_();
  void fail_();

  // server_publish.cpp: alerts out
  void publish_();
  void publish_head_();
  void read_subscriptions_();
  void count_subscription_(SubscriptionVerdict verdict, const Principal* principal, ZmqFrame& frame);
  void forget_subscribers_();
  void decided(const engine::AlertEvent& event, const wire::AlertContext& context) override;
  void unjournaled(const Announcement& announcement) override;
  void tell_(std::uint16_t alert, engine::Level level, std::string_view before, std::span<const std::byte> bytes);
  void tell_alarm_(const Alarm& alarm);

  // server_control.cpp: questions
  void serve_control_();
  /// @returns false when the answer comes later.
  [[nodiscard]] bool answer_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  [[nodiscard]] bool permitted_(const wire::ControlRequest& request, const Principal& principal,
                                wire::ControlReply& reply) const;
  [[nodiscard]] bool may_see_(const Principal& principal, std::uint16_t alert) const;
  /// Takes out what a principal may not see.
  void withhold_(wire::StatusReport& status, const Principal& principal) const;
  /// Null: may see all.
  [[nodiscard]] const AudienceConfig* audience_of_(const Principal& principal) const;
  void hello_(const wire::ControlRequest& request, const Principal& principal, wire::ControlReply& reply);
  [[nodiscard]] bool ask_for_alerts_(const wire::ControlRequest& request, const Asker& asker,
                                     wire::ControlReply& reply);
  [[nodiscard]] bool keep_cursor_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  void act_is_kept_(const Asker& asker, wire::ControlReply& reply);
  [[nodiscard]] bool believe_(const Asker& asker, wire::ControlReply& reply);
  void back_up_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  void begin_backup_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  void backup_done_();
  void verify_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  void verify_done_();
  void end_verify_(std::string error);
  void alerts_done_(AlertsJob& job);

  // server_log.cpp: pages of the journal
  [[nodiscard]] bool ask_for_log_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  void log_done_(LogJob& job);
  void post_logs_();
  [[nodiscard]] bool log_waits_() const;

  // server_shelve.cpp: what operators acknowledge and put aside
  [[nodiscard]] bool acknowledge_event_(const wire::ControlRequest& request, const Asker& asker,
                                        wire::ControlReply& reply);
  void event_found_();
  /// @returns false when it was refused, which the asker is told.
  bool keep_acknowledged_(const Asker& asker, std::uint64_t number, const std::string& note);
  [[nodiscard]] bool shelve_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  [[nodiscard]] bool unshelve_(const wire::ControlRequest& request, const Asker& asker, wire::ControlReply& reply);
  [[nodiscard]] bool refuse_unseen_(std::string_view alert, std::string_view what, const Asker& asker,
                                    wire::ControlReply& reply);
  void reply_(const Asker& asker, wire::ControlReply& reply);
  void tell_lost_reply_(const Asker& asker, SendResult sent);
  [[nodiscard]] wire::StatusReport status_();
  void fill_journal_(wire::JournalStatus& status) const;
  void fill_peers_(wire::StatusReport& status);

  // server_reload.cpp: another book, other keys
  /// @param image  empty: the file of the config. @returns why not, or empty: it is under way.
  [[nodiscard]] std::string begin_reload_(std::span<const std::byte> image, std::optional<Asker> asker,
                                          std::string_view who);
  [[nodiscard]] std::string rules_already_(const std::optional<Asker>& asker, std::string_view who);
  void tell_whose_book_();
  void warm_done_();
  void change_book_if_ready_();
  void tell_change_(const Told& told);
  void end_reload_(const std::string& error);
  void end_broken_reload_(const std::string& error);
  void end_unstored_reload_();
  void answer_reload_(const std::string& error);
  void reload_keys_();
  void reload_by_signal_();

  struct Reload {
    std::unique_ptr<Successor> next;
    std::optional<Asker> asker;
    std::string who;
    std::string text;
    bool ready = false;  ///< it is warm: input waits until it rules
  };
  static constexpr std::size_t kAlertsJobs = 4;
  static constexpr std::size_t kLogJobs = 2;  ///< each holds a page of about kAnswerBytesMax

  const Config& config_;
  Core& core_;
  const Notifier& notifier_;
  ZmqContext context_;
  ZapThread zap_;  ///< before all sockets: it is there as long as they are
  std::vector<EndpointLock> locks_;
  ServerKeys keys_;
  std::shared_ptr<const Keyring> keyring_;
  Quota quota_;
  Audiences audiences_;
  std::vector<Ingest> ingest_;
  std::vector<Broadcast> broadcast_;
  ZmqSocket alerts_;
  Subscriptions subscriptions_;
  ZmqSocket control_;
  std::vector<zmq_pollitem_t> poll_items_;
  std::size_t done_item_ = 0;  ///< of them, the one that tells of jobs done
  CommitJob commit_;
  CheckpointJob checkpoint_;
  HousekeepingJob housekeeping_;
  ProbeJob probe_;
  BackupJob backup_;
  VerifyJob verify_job_;
  FindEventJob find_event_;
  Reload reload_;
  WarmJob warm_;
  std::array<AlertsJob, kAlertsJobs> alerts_jobs_;
  std::array<LogJob, kLogJobs> log_jobs_;
  JournalThread journal_;  ///< after the jobs: it ends before they do
  bool checkpoint_out_ = false;
  bool housekeeping_out_ = false;
  bool probe_out_ = false;
  std::vector<wire::RefusedItem> untold_;  ///< refusals of somebody who cannot be told
  wire::AckWriter ack_writer_;
  std::set<std::string, std::less<>> consumers_;  ///< who has a cursor, or soon will
  std::string topic_;
  std::vector<std::uint64_t> provisional_arena_;       ///< where provisional events are encoded
  std::array<std::vector<std::uint32_t>, 2> unacked_;  ///< reports in each slab, by principal
  std::array<std::uint64_t, 2> unacked_all_{};         ///< of all principals
  std::array<std::vector<Promise>, 2> promises_;       ///< what waits for each slab
  std::uint64_t boot_ = 0;
  Durations commit_times_{1000};  ///< [us]
  Durations step_times_{1};       ///< [ns] per input, by frame
  std::uint64_t checkpoint_batch_ = 0;
  std::int64_t checkpoint_done_ms_ = 0;
  bool stopping_ = false;
  bool drained_ = true;          ///< false: more may wait on an ingest socket than one turn took
  std::size_t next_source_ = 0;  ///< ingest socket, then broadcast socket, whose turn it is
  std::vector<bool> silent_;     ///< those of them that had nothing more in this turn
  Moment moment_;
  int exit_status_ = 0;
  bool recovers_ = true;  ///< false: a recovery failed or was ended, and no engine is left that could judge anything
  std::uint64_t messages_ = 0;
  std::uint64_t lost_broadcast_ = 0;
  std::uint64_t acks_lost_ = 0;
  std::uint64_t replies_lost_ = 0;
  std::int64_t reply_lost_at_ms_ = 0;
  std::int64_t started_ms_ = 0;
  std::int64_t acknowledged_at_ms_ = 0;
  std::int64_t batch_since_ms_ = 0;  ///< when the batch got its first item; 0: it is empty
  std::int64_t refusals_since_ms_ = 0;
  std::int64_t probe_at_ms_ = 0;
  std::int64_t checkpoint_at_ms_ = 0;     ///< not before, after one could not be stored
  std::int64_t checkpoint_apart_ms_ = 0;  ///< not before, after one was stored
  std::int64_t house_at_ms_ = 0;
  bool house_due_ = true;          ///< the journal is not what was last seen of it
  std::int64_t others_at_ms_ = 0;  ///< when those who do not send reports have their turn again, under load
  std::int64_t head_at_ms_ = 0;
  std::int64_t revive_at_ms_ = 0;     ///< when connections to publishers are looked at again
  std::int64_t forget_at_ms_ = 0;     ///< when subscribers that left are looked for again
  std::int64_t forget_until_ms_ = 0;  ///< and how long
  std::int64_t watchdog_at_ms_ = 0;
  std::int64_t rates_at_ms_ = 0;
};
}  // namespace tocsin::daemon
