// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Subscriptions: who may listen to what on an XPUB socket whose subscriptions are granted by hand.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quota.hpp"

namespace tocsin::daemon {
/// The word in a topic after the audience: events that are not durable yet.
inline constexpr std::string_view kProvisional = "~provisional";
/// And the newest number.
inline constexpr std::string_view kHead = "~head";
/// And the daemon's own alarms.
inline constexpr std::string_view kDaemon = "~daemon";

/// What a subscription to `prefix` is granted for one who may see `audience`: topics that begin with one of these.
/// Empty: nothing of it. One who asks for all of the audience gets what is confirmed; what is provisional only who asks
/// for it by name.
[[nodiscard]] std::vector<std::string> granted_topics(std::string_view prefix, std::string_view audience);

/// Who sent a message, and when.
struct Subscriber {
  int fd = -1;                   ///< of its connection (ZmqFrame::source_fd); -1: it is gone, and libzmq says what it
                                 ///< had asked for without saying who it was
  std::uint64_t connection = 0;  ///< ZmqFrame::connection; the next one with that descriptor has another
  std::string_view audience;     ///< what it may see; empty: nothing
  std::uint64_t now_ns = 0;      ///< a clock that only runs forward
};

/// What became of a message of the socket.
enum class SubscriptionVerdict : std::uint8_t {
  nothing = 0,          ///< taken back, asked for again, or of somebody who is gone
  granted = 1,          ///< something new
  refused = 2,          ///< it may not see any of that
  too_many = 3,         ///< asks for more than one connection may, or too fast: cut it
  no_subscription = 4,  ///< nothing that a subscriber says: cut it
  unsure = 5,           ///< whose it is cannot be told any more: cut it, it will come again and ask anew
};
[[nodiscard]] constexpr bool must_cut(SubscriptionVerdict verdict) { return verdict >= SubscriptionVerdict::too_many; }

/// One socket's. One owner, one thread.
///
/// libzmq keeps whose subscription it is in a queue beside that of the messages, and takes from both for messages that
/// are no subscriptions as well: after one of those, a grant would go to another connection. So from there until all
/// that waits has been read nothing is granted, and who asks is cut.
///
/// What a connection had ends with it, and libzmq may say so only after the next one with the same descriptor has
/// asked: so what is asked for is kept by the number of the connection, and a new number begins with nothing.
class Subscriptions {
 public:
  static constexpr std::size_t kMax = 8192;           ///< asked for at the same time on one socket
  static constexpr std::size_t kMaxOfOne = 128;       ///< and by one connection; libzmq keeps those refused as well
  static constexpr std::size_t kPrefixMax = 256;      ///< longest subscription [bytes]
  static constexpr double kMessagesPerSecond = 50;    ///< of one connection, in the long run
  static constexpr double kMessagesAtOnce = 4 * 128;  ///< and above that

  /// @param socket  of type XPUB; outlives it.
  explicit Subscriptions(void* socket) : socket_{socket} {}
  /// Makes the socket ask. Call before it is bound. @returns false when libzmq will not.
  [[nodiscard]] bool manual();
  /// Decides the message that was just received from the socket. @pre nothing else was received since.
  [[nodiscard]] SubscriptionVerdict decide(std::string_view message, const Subscriber& from);
  /// The socket had nothing more to receive.
  void drained() { astray_ = false; }
  /// Whether somebody left since the last call: call forget() once it is known who.
  [[nodiscard]] bool take_left() { return std::exchange(left_, false); }
  /// Forgets what connections asked for that are no more. @param there  the descriptors of those that are.
  void forget(std::span<const int> there);
  /// Whether somebody listens to what is not durable yet.
  [[nodiscard]] bool wants_provisional() const { return provisional_ > 0; }
  [[nodiscard]] std::size_t granted() const { return granted_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Peer {
    std::uint64_t connection = 0;
    std::map<std::string, bool, std::less<>> asks;  ///< by prefix, and whether it was granted
    TokenBucket messages{kMessagesPerSecond, kMessagesAtOnce};
  };
  Peer& peer_of_(const Subscriber& from);
  void forget_(const Peer& peer);
  SubscriptionVerdict add_(Peer& peer, std::string_view prefix, std::string_view audience);
  void take_back_(Peer& peer, std::string_view prefix, std::string_view audience);
  void count_out_(const std::string& prefix, bool was_granted);

  void* socket_;
  std::map<int, Peer> peers_;    ///< by the descriptor of the connection
  std::size_t asked_ = 0;        ///< granted or not
  std::size_t granted_ = 0;      ///< of them
  std::size_t provisional_ = 0;  ///< of those, to what is not durable yet
  bool astray_ = false;          ///< libzmq's two queues may be out of step
  bool left_ = false;
  std::uint64_t refused_ = 0;
};
}  // namespace tocsin::daemon
