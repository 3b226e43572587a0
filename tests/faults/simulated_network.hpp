// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file SimulatedNetwork: what libzmq and the network do between a simulated daemon and its peers. Messages come whole
/// and in order, or are lost with their connection; how long they take is drawn.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/test_support/prng.hpp"

namespace tocsin::daemon::faults {
using Frame = std::vector<std::byte>;
using Message = std::vector<Frame>;

[[nodiscard]] Frame frame_of(std::string_view text);
[[nodiscard]] std::string_view text_of(const Frame& frame);

/// One connection.
struct Link {
  struct Letter {
    std::int64_t due_ms = 0;
    Message frames;
  };
  int fd = -1;  ///< as the daemon sees it; the next connection may have the same
  bool open = true;
  std::string endpoint;
  std::string routing_id;
  std::string user_id;
  std::deque<Letter> inbound;   ///< to the daemon
  std::deque<Letter> outbound;  ///< to the peer
  std::set<std::string, std::less<>> topics;
};
using LinkPtr = std::shared_ptr<Link>;

/// The daemon's end.
struct SimulatedSocket {
  int type = 0;
  std::int64_t message_bytes_max = -1;
  std::size_t send_high_water = 0;
  std::vector<std::string> bound;
  std::vector<std::string> dials;               ///< publishers it listens to
  std::vector<LinkPtr> links;                   ///< also ended ones of which something can still be read
  std::deque<std::pair<Frame, LinkPtr>> notes;  ///< of XPUB: who subscribes; without a link: of one that left
  LinkPtr noted;                                ///< the note that was read last came from it
  Message reading;                              ///< of the message that is being received, back to front
  LinkPtr from;
  Message writing;
  LinkPtr to;
};

/// Single-threaded. Everything is drawn from the one generator.
class SimulatedNetwork {
 public:
  /// Who may connect, and who came and went: the ZAP thread's part.
  struct Gate {
    /// @returns the User-Id, or nothing: refused.
    std::function<std::optional<std::string>(const std::string& endpoint, int fd, bool outgoing)> admit;
    std::function<void(const std::string& endpoint, int fd)> left;
  };

  explicit SimulatedNetwork(test_support::Prng& random) : random_{random} {}

  /// @{ For peers. @param routing_id  empty: as libzmq gives it, never twice the same.
  /// @returns null: nobody listens there, or the daemon refuses it.
  [[nodiscard]] LinkPtr dial(const std::string& endpoint, const std::string& routing_id);
  /// The connection of a daemon that listens to this publisher, or null.
  [[nodiscard]] LinkPtr listener_of(const std::string& publisher) const;
  /// False: whoever dials this publisher is refused.
  void publish(const std::string& publisher, bool there) { publishers_[publisher] = there; }
  /// What is beyond a bound of the socket costs the connection.
  void send(Link& link, Message message);
  [[nodiscard]] std::optional<Message> receive(Link& link);
  /// What is on its way may still come, or not.
  void hang_up(Link& link);
  /// @}

  /// @{ For the daemon's side.
  SimulatedSocket* open(int type);
  void close(SimulatedSocket* socket);
  [[nodiscard]] bool readable(SimulatedSocket& socket) const;
  /// The next message, without its routing id. @returns false when there is none.
  [[nodiscard]] bool next(SimulatedSocket& socket, Message& message, LinkPtr& from);
  [[nodiscard]] static LinkPtr find(const SimulatedSocket& socket, std::string_view routing_id);
  [[nodiscard]] static bool full(const SimulatedSocket& socket, const Link& link);
  void deliver(Link& link, const Message& message);
  void set_gate(Gate gate) { gate_ = std::move(gate); }
  void shut(int fd);  ///< ends the connection with that descriptor
  /// @}

  /// Everything of the daemon ends without a word.
  void crash();
  /// Daemons reach publishers that are there.
  void connect_publishers();
  void set_now(std::int64_t now_ms) { now_ms_ = now_ms; }
  /// When something arrives next; a far instant: nothing is on its way.
  [[nodiscard]] std::int64_t next_due_ms() const;
  /// From now on nothing takes long.
  void calm_down() { calm_ = true; }

 private:
  [[nodiscard]] int lowest_fd_() const;
  [[nodiscard]] std::int64_t due_(const std::deque<Link::Letter>& queue);
  [[nodiscard]] std::string next_id_();
  LinkPtr make_(SimulatedSocket& socket, const std::string& endpoint, const std::string& routing_id, bool outgoing);
  void end_(Link& link, bool lose_replies);

  test_support::Prng& random_;
  std::vector<std::unique_ptr<SimulatedSocket>> sockets_;
  std::map<int, LinkPtr> open_;  ///< by descriptor
  std::map<std::string, bool> publishers_;
  Gate gate_;
  std::uint32_t ids_given_ = 0;
  std::int64_t now_ms_ = 0;
  bool calm_ = false;
};
}  // namespace tocsin::daemon::faults
