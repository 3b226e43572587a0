// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Server: the sockets around a Core, and the one loop that serves them.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/core.hpp"
#include "tocsin/wire/control_codec.hpp"

#include "notify.hpp"
#include "zmq_socket.hpp"

namespace tocsin::daemon {
/// One owner, one thread: the one that steps the engine.
class Server {
 public:
  /// @param config, core, notifier  outlive the server.
  Server(const Config& config, Core& core, const Notifier& notifier);

  /// Makes and binds all sockets. @returns what went wrong, with the mend, or empty.
  [[nodiscard]] std::string open();
  /// Serves until a signal or a request to stop. @param signal_fd  a signalfd. @returns the exit status.
  [[nodiscard]] int run(int signal_fd);

 private:
  /// One peer of an ingest socket. Frames count from 1 without gaps: where one is missing, a connection broke and what
  /// was on its way is lost, so nothing after the gap may be acknowledged.
  struct Connection {
    std::uint64_t last_frame = 0;  ///< highest number decided
    std::uint64_t ack_frame = 0;   ///< number to acknowledge
    bool ack_due = false;
    std::uint64_t used = 0;  ///< when it spoke last, in messages
    std::vector<wire::RefusedItem> refused;
  };
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

  void poll_(int signal_fd);
  void read_signals_(int signal_fd);
  void serve_input_();
  /// Takes one frame of a socket. @returns false when none waits.
  bool take_one_(Ingest& ingest);
  bool take_one_(Broadcast& broadcast);
  void take_frame_(Ingest& ingest, Connection& connection, std::span<const std::byte> bytes);
  static void refuse_unreadable_(Connection& connection);
  void refuse_after_gap_(Ingest& ingest, Connection& connection, const wire::BatchReader& reader);
  void take_broadcast_(Broadcast& broadcast, std::span<const std::byte> bytes);
  [[nodiscard]] Connection& connection_of_(Ingest& ingest, std::string_view identity);

  void settle_();
  [[nodiscard]] bool commit_is_due_() const;
  void commit_();
  void acknowledge_();
  void acknowledge_(Ingest& ingest);
  void publish_();
  void publish_head_();
  void checkpoint_();
  void serve_control_();
  [[nodiscard]] wire::ControlReply answer_(const wire::ControlRequest& request);
  [[nodiscard]] wire::StatusReport status_();
  void read_subscriptions_();
  void keep_alive_();
  void stop_cleanly_();

  const Config& config_;
  Core& core_;
  const Notifier& notifier_;
  ZmqContext context_;
  std::vector<Ingest> ingest_;
  std::vector<Broadcast> broadcast_;
  ZmqSocket alerts_;
  ZmqSocket control_;
  std::vector<zmq_pollitem_t> poll_items_;
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
  std::int64_t retry_at_ms_ = 0;
  std::int64_t checkpoint_at_ms_ = 0;  ///< not before, after one could not be stored
  std::int64_t head_at_ms_ = 0;
  std::int64_t watchdog_at_ms_ = 0;
  bool wall_was_disbelieved_ = false;
};

/// Milliseconds on a clock that only runs forward.
[[nodiscard]] std::int64_t steady_ms();
}  // namespace tocsin::daemon
