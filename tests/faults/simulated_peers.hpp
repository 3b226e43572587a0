// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The peers of a simulated daemon. Each has its turn in act(); what it finds wrong it says once.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tocsin/wire/control_codec.hpp"

#include "simulated_feed.hpp"
#include "simulated_machine.hpp"

namespace tocsin::daemon::faults {
/// A connection that is made anew a while after it broke.
class Caller {
 public:
  /// @param name  a routing id that it often takes instead of what libzmq gives; empty: never.
  Caller(SimulatedMachine& machine, std::string endpoint, std::string name = {})
      : machine_{machine}, endpoint_{std::move(endpoint)}, name_{std::move(name)} {}
  /// @returns true when the connection is new.
  bool call();
  [[nodiscard]] bool there() const { return link_ != nullptr && link_->open; }
  void send(Message message);
  /// Also what came before the connection ended.
  [[nodiscard]] std::optional<Message> receive();
  /// @param pause_ms  before the next one.
  void hang_up(std::int64_t pause_ms);
  /// Reads nothing for so long.
  void go_deaf(std::int64_t span_ms) { deaf_until_ = machine_.truth() + span_ms; }

 private:
  SimulatedMachine& machine_;
  std::string endpoint_;
  std::string name_;
  LinkPtr link_;
  std::int64_t again_at_ = 0;
  std::int64_t deaf_until_ = 0;
};

/// A feed with a durable spool that may lose nothing.
class FeedPeer {
 public:
  FeedPeer(SimulatedMachine& machine, const std::string& endpoint, std::vector<wire::InputView> lines)
      : machine_{machine}, caller_{machine, endpoint}, feed_{std::move(lines)} {}
  void act(std::string& wrong);
  void hang_up() { caller_.hang_up(0); }
  void go_deaf(std::int64_t span_ms) { caller_.go_deaf(span_ms); }
  [[nodiscard]] const SimulatedFeed& feed() const { return feed_; }

 private:
  void give_up_(std::int64_t pause_ms);
  SimulatedMachine& machine_;
  Caller caller_;
  SimulatedFeed feed_;
  std::uint64_t connections_ = 0;
  bool gave_up_ = false;    ///< it knows that it must count from 1 again
  bool unnoticed_ = false;  ///< it does not know that the connection is another
  std::int64_t quiet_since_ = 0;
};

/// A publisher nobody acknowledges: what it says while nobody listens is lost.
class PublisherPeer {
 public:
  PublisherPeer(SimulatedMachine& machine, std::string endpoint, std::vector<wire::InputView> lines)
      : machine_{machine}, endpoint_{std::move(endpoint)}, lines_{std::move(lines)} {}
  void act();
  void hang_up();
  [[nodiscard]] bool done() const { return said_ == lines_.size(); }
  [[nodiscard]] const std::vector<wire::InputView>& lines() const { return lines_; }

 private:
  SimulatedMachine& machine_;
  std::string endpoint_;
  std::vector<wire::InputView> lines_;
  std::size_t said_ = 0;
  std::uint64_t frame_ = 0;
};

/// Subscribes, and asks for what it lacks: it wants each alert event once and in order, whatever happens.
class SubscriberPeer {
 public:
  SubscriberPeer(SimulatedMachine& machine, const std::string& alerts, const std::string& control)
      : machine_{machine}, alerts_{machine, alerts}, control_{machine, control} {}
  void act(std::string& wrong);
  void hang_up();
  void go_deaf(std::int64_t span_ms) { alerts_.go_deaf(span_ms); }
  /// Forgets where it was: the daemon knows.
  void lose_memory();
  [[nodiscard]] const std::vector<Frame>& taken() const { return taken_; }
  [[nodiscard]] std::uint64_t kept_cursor() const { return kept_cursor_; }
  [[nodiscard]] std::uint64_t asked_cursor() const { return asked_cursor_; }
  [[nodiscard]] bool busy() const { return asked_ != 0; }
  static constexpr const char* kConsumer = "sim";

 private:
  void hear_(const Message& message, std::string& wrong);
  void answer_(const wire::ControlReply& reply, std::string& wrong);
  void take_(const Frame& bytes, std::string& wrong);
  void ask_();

  SimulatedMachine& machine_;
  Caller alerts_;
  Caller control_;
  std::vector<Frame> taken_;        ///< its own durable store
  std::uint64_t newest_ = 0;        ///< that it heard of
  std::uint64_t last_on_link_ = 0;  ///< numbers go up on a connection
  std::uint64_t asked_ = 0;         ///< id of the request that is out; 0: none
  std::string audience_ = "all";
  bool by_cursor_ = false;  ///< it was asked by the cursor
  bool forgot_ = false;
  std::uint64_t asked_cursor_ = 0;
  std::uint64_t asking_cursor_ = 0;
  std::uint64_t kept_cursor_ = 0;
  std::uint64_t ids_ = 0;
};

/// Asks and orders all sorts of things.
class OperatorPeer {
 public:
  OperatorPeer(SimulatedMachine& machine, const std::string& control) : machine_{machine}, caller_{machine, control} {}
  void act(bool calm, std::string& wrong);
  void hang_up();
  /// From now on it sends other books, too.
  void bring_books() { brings_books_ = true; }
  /// What was confirmed to it: texts of acts.
  [[nodiscard]] const std::vector<std::string>& sure() const { return sure_; }
  [[nodiscard]] bool busy() const { return !out_.empty(); }

 private:
  void ask_();
  [[nodiscard]] wire::ControlRequest request_();
  SimulatedMachine& machine_;
  Caller caller_;
  bool brings_books_ = false;
  std::map<std::uint64_t, wire::ControlRequest> out_;
  std::vector<std::string> sure_;
  std::uint64_t backups_ = 0;
  std::uint64_t newest_ = 0;
  std::uint64_t ids_ = 0;
  std::int64_t next_at_ = 0;
};

/// Means no good, and does not know how either.
class HostilePeer {
 public:
  HostilePeer(SimulatedMachine& machine, const std::string& ingest, const std::string& alerts,
              const std::string& control)
      : machine_{machine},
        callers_{{machine, ingest, "mallory"}, {machine, alerts, "mallory"}, {machine, control, "mallory"}} {}
  void act();

 private:
  [[nodiscard]] Frame garbage_();
  [[nodiscard]] Frame forgery_();
  SimulatedMachine& machine_;
  std::vector<Caller> callers_;
  std::int64_t next_at_ = 0;
};
}  // namespace tocsin::daemon::faults
