// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Subscriptions: who may listen to what on an XPUB socket whose subscriptions are granted by hand.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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
  /// @returns true when something new was granted.
  bool decide(std::string_view message, std::string_view audience);
  /// Whether somebody ever listened to what is not durable yet. (Who left does not always say so.)
  [[nodiscard]] bool wants_provisional() const { return provisional_; }
  [[nodiscard]] std::size_t granted() const { return granted_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  void* socket_;
  std::size_t granted_ = 0;
  bool provisional_ = false;
  std::uint64_t refused_ = 0;
};
}  // namespace tocsin::daemon
