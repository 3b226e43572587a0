// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The real tocsind as a child process, and peers that talk to its sockets.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "tocsin/wire/control_codec.hpp"

#include "fixture.hpp"

namespace tocsin::daemon::test {
/// A child running tocsind. Killed when it goes out of scope.
class Tocsind {
 public:
  /// @param log  file that gets its stderr, appended.
  Tocsind(const std::vector<std::string>& arguments, std::string log);
  /// @param stderr_fd  gets its stderr; stays the caller's. Then wait_ready() and log() know nothing.
  Tocsind(const std::vector<std::string>& arguments, int stderr_fd);
  ~Tocsind();
  Tocsind(const Tocsind&) = delete;
  Tocsind& operator=(const Tocsind&) = delete;

  /// Waits until it serves. @returns false when it ended or did not come up in time.
  [[nodiscard]] bool wait_ready();
  void signal(int number) const;
  /// Waits for its end. @returns the exit status, 128 + n after signal n, or -1 when it did not end in time.
  int wait(int timeout_ms = 10'000);
  /// kill -9 and wait.
  void kill();
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string log() const;
  /// Size of the memory it keeps resident, by the kernel's word [KiB]. @param key  e.g. "VmRSS:" or "RssAnon:".
  [[nodiscard]] std::uint64_t memory_kib(const std::string& key) const;

 private:
  void start_(const std::vector<std::string>& arguments, int stderr_fd);

  pid_t pid_ = -1;
  std::string log_;
  std::size_t log_from_ = 0;
};

/// How often `wanted` stands in a text, such as a log.
[[nodiscard]] std::size_t times_in(const std::string& text, const std::string& wanted);

/// ZeroMQ's context of a test. Outlives its peers.
class PeerContext {
 public:
  PeerContext();
  ~PeerContext();
  PeerContext(const PeerContext&) = delete;
  PeerContext& operator=(const PeerContext&) = delete;
  [[nodiscard]] void* handle() const { return handle_; }

 private:
  void* handle_;
};

enum class PeerKind : std::uint8_t { dealer, request, subscriber, publisher };

/// What a peer proves itself with on a secured socket: 40 letters of Z85 each.
struct PeerKeys {
  std::string own;
  std::string secret;
  std::string server;  ///< public key of the daemon
};

/// One socket: connects, but for a publisher, which binds. Does not reconnect by itself.
class Peer {
 public:
  /// @param keys  with CURVE; without: plain. @param routing_id  of its own choice; empty: none.
  Peer(PeerContext& context, PeerKind kind, const std::string& endpoint, const PeerKeys* keys = nullptr,
       std::string_view routing_id = {});
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// A subscriber: asks for topics that begin with `prefix`, beside those it has. @param instead  of all the others.
  void subscribe(const std::string& prefix, bool instead = false);
  /// @returns false when no more fits now.
  bool send(std::span<const std::byte> bytes);
  /// Sends a message of two frames.
  bool send(std::string_view first, std::span<const std::byte> second);
  bool send_frame(std::uint64_t number, std::span<const wire::InputView> items);
  /// All frames of the next message; empty when none comes in time. Frames are 8-byte aligned.
  [[nodiscard]] std::vector<Bytes> receive(int timeout_ms);
  [[nodiscard]] std::optional<wire::Ack> receive_ack(int timeout_ms = 5000);
  /// For zmq_poll.
  [[nodiscard]] void* handle() const { return socket_; }
  /// One question and its answer.
  [[nodiscard]] std::optional<wire::ControlReply> ask(const wire::ControlRequest& request, int timeout_ms = 5000);

 private:
  void* socket_;
};
}  // namespace tocsin::daemon::test
