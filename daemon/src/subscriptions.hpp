// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Subscriptions: who may listen to what on an XPUB socket whose subscriptions are granted by hand.
#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// One socket's. One owner, one thread.
class Subscriptions {
 public:
  static constexpr std::size_t kMax = 4096;       ///< granted at the same time on one socket
  static constexpr std::size_t kPrefixMax = 256;  ///< longest subscription [bytes]

  /// @param socket  of type XPUB; outlives it.
  explicit Subscriptions(void* socket) : socket_{socket} {}
  /// Makes the socket ask. Call before it is bound. @returns false when libzmq will not.
  [[nodiscard]] bool manual();
  /// Decides the message that was just received from the socket. @pre nothing else was received since.
  /// @param audience  of the subscriber; empty: none.
  /// @param fd  the descriptor of its connection (ZmqFrame::source_fd); -1: it is gone, and libzmq says what it had
  ///   asked for without saying who it was.
  /// @returns true when something new was granted.
  bool decide(std::string_view message, std::string_view audience, int fd);
  /// Whether somebody left since the last call: call forget() once it is known who.
  [[nodiscard]] bool take_left() { return std::exchange(left_, false); }
  /// Forgets what was granted to connections that are no more. @param there  the descriptors of those that are.
  void forget(std::span<const int> there);
  /// Whether somebody listens to what is not durable yet.
  [[nodiscard]] bool wants_provisional() const { return provisional_ > 0; }
  [[nodiscard]] std::size_t granted() const { return grants_.size(); }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  void* socket_;
  struct Grant {
    int fd = -1;
    std::string prefix;
    auto operator<=>(const Grant&) const = default;
  };
  std::set<Grant> grants_;
  std::size_t provisional_ = 0;  ///< of them, to what is not durable yet
  bool left_ = false;
  std::uint64_t refused_ = 0;
};
}  // namespace tocsin::daemon
