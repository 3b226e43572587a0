// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The tools' side of the daemon's sockets: a context, a connection that knows when it broke, and control calls.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/wire/control_codec.hpp"

#include "lib/exit_status.hpp"
#include "lib/json.hpp"

namespace tocsin::tools {
using Milliseconds = std::chrono::milliseconds;

/// Bytes at a multiple of eight, as the codecs want them.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::span<const std::byte> bytes);
  [[nodiscard]] std::span<const std::byte> bytes() const;

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

/// Takes the keys that every tcp:// connection of this process is made with from now on: who we are, and who the daemon
/// must be. Local sockets stay plain. Call before the first connection.
/// @param secret_file  our own, as `tocsin keys add` wrote it; empty together with `server_key`: no keys.
/// @param server_key   the daemon's public key, or a file with it (its server.pub).
/// @returns false and sets `error` (what, and how to mend it).
[[nodiscard]] bool use_keys(const std::string& secret_file, const std::string& server_key, std::string& error);

/// A ZeroMQ context with one I/O thread. Outlives its connections.
class Context {
 public:
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  [[nodiscard]] void* handle() const { return handle_; }

 private:
  void* handle_;
};

enum class Pattern : std::uint8_t { dealer, subscriber };

/// One connection attempt to one endpoint. It never reconnects by itself: after down() make a new one, so that what was
/// sent before and after a break can never be mistaken for one connection.
class Connection {
 public:
  /// @returns null and sets `error` when the endpoint is not one ("ipc:///run/x", "tcp://127.0.0.1:5555").
  [[nodiscard]] static std::unique_ptr<Connection> open(Context& context, Pattern pattern, const std::string& endpoint,
                                                        std::string& error);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Asks a publisher for more than what it tells everybody: topics that begin with `prefix`.
  void subscribe(const std::string& prefix);
  /// Sends one message of one frame. @returns false when no more fits now.
  [[nodiscard]] bool send(std::span<const std::byte> bytes);
  /// The next message, all its frames; waits up to `timeout` for it. @returns false when there is none.
  [[nodiscard]] bool receive(std::vector<AlignedBuffer>& frames, Milliseconds timeout);
  /// True once the other side was reached.
  [[nodiscard]] bool up();
  /// True when the attempt failed or the connection broke.
  [[nodiscard]] bool down();
  /// Why the other side, or ours, does not want this connection, with the mend; empty when it is only not there.
  /// Trying again does not help.
  [[nodiscard]] const std::string& refusal();
  /// What is probably wrong when the other side was reached and hung up; empty otherwise. It may be better next time.
  [[nodiscard]] const std::string& hint();

 private:
  Connection() = default;
  void look_at(std::uint16_t kind, std::uint32_t value);
  void look_at_events();
  [[nodiscard]] bool receive_now(std::vector<AlignedBuffer>& frames);

  void* socket_ = nullptr;
  void* monitor_ = nullptr;
  std::string endpoint_;
  std::string refusal_;
  std::string hint_;
  bool secured_ = false;
  bool up_ = false;
  bool down_ = false;
};

/// Why attempts to connect to one endpoint failed, so that hopeless ones end.
class Attempts {
 public:
  /// Notes what became of a connection that ended. @returns true when trying again does not help: text() says why.
  [[nodiscard]] bool hopeless_after(Connection& ended);
  /// The last known reason; empty when the other side is just not there.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  int hung_up_ = 0;
};

/// Questions to the daemon's control socket, one at a time.
class Control {
 public:
  Control(Context& context, std::string endpoint, Milliseconds timeout)
      : context_{context}, endpoint_{std::move(endpoint)}, timeout_{timeout} {}
  /// What is to be done while an answer lets wait for itself, again and again: `turn` must not ask. When it returns
  /// false the question is given up.
  void meanwhile(std::function<bool()> turn) { turn_ = std::move(turn); }
  /// How long the next answers are waited for.
  void wait_up_to(Milliseconds timeout) { timeout_ = timeout; }
  /// Asks and waits, reconnecting as needed, until there is an answer or the time is over.
  /// @returns nothing and sets error(): the daemon was not reached. A reply that is not ok() is a reply.
  [[nodiscard]] std::optional<wire::ControlReply> ask(wire::ControlRequest request);
  /// Asks on the connection that the last answer came on: who answers is still the same process (or proxy).
  /// @returns nothing and sets error(): no answer came in time, or that connection is no more (broke()).
  [[nodiscard]] std::optional<wire::ControlReply> ask_the_same(wire::ControlRequest request);
  [[nodiscard]] bool broke() const { return broke_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  [[nodiscard]] std::optional<wire::ControlReply> wait_for(std::uint64_t id, Milliseconds timeout);
  [[nodiscard]] std::string no_answer() const;

  Context& context_;
  std::string endpoint_;
  Milliseconds timeout_;
  std::function<bool()> turn_ = [] { return true; };
  std::unique_ptr<Connection> connection_;
  std::uint64_t next_id_ = 1;
  bool broke_ = false;
  std::string error_;
};

/// The one question of a verb that ends with its answer: signals are caught, and what went wrong is said on stderr.
/// @param timeout_s  for the answer [s].
/// @returns nothing, with the verb's exit status in `exit`, when the daemon was not reached or refused.
[[nodiscard]] std::optional<wire::ControlReply> ask_once(const std::string& endpoint, double timeout_s,
                                                         wire::ControlRequest request, Exit& exit);
/// Prints its answer on stdout: its text, or with `json` the object with that as "text". @returns the exit status.
[[nodiscard]] int tell_answer(const wire::ControlReply& reply, bool json, JsonObject object);

/// True for text that names a socket rather than a file: it contains "://".
[[nodiscard]] bool is_endpoint(const std::string& text);

/// From here on SIGINT and SIGTERM only set a flag, so that a verb can end cleanly.
void catch_stop_signals();
[[nodiscard]] bool stop_requested();
}  // namespace tocsin::tools
