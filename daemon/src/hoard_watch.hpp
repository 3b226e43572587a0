// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file HoardWatch: finds connections that make the process hold ever more and never finish a message.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace tocsin::daemon {
/// What is known of one connection now.
struct ConnectionLook {
  int fd = -1;
  std::uint32_t messages = 0;  ///< whole ones that came out of the socket
  std::uint64_t bytes = 0;     ///< that came on it (received_bytes())
};

/// libzmq bounds messages and their parts, but not how many parts a message has, and hands out none before the last has
/// come: one peer could fill the memory with a message that never ends. Looked at again and again, this says who must
/// go: only once the heap is above its budget, and of those who finish no message only who sends on. One owner.
class HoardWatch {
 public:
  static constexpr std::uint64_t kBytesMax = 256 * 1024;       ///< of what is not whole, while the heap is above it
  static constexpr std::size_t kSpareBytes = 8 * 1024 * 1024;  ///< the budget, unless told

  /// @param budget  what peers may make the heap hold, above what it has at the first look [bytes].
  explicit HoardWatch(std::size_t budget = kSpareBytes) : budget_{budget} {}
  /// @param heap  what is in use now [bytes]. @param all  every connection. @returns the descriptors of who must go.
  [[nodiscard]] std::vector<int> look(std::size_t heap, std::span<const ConnectionLook> all);
  /// Whether the heap was above its budget at the last look: look again soon.
  [[nodiscard]] bool high() const { return high_; }

 private:
  void remember_(std::span<const ConnectionLook> all);

  std::size_t budget_;
  std::optional<std::size_t> start_;
  std::map<int, ConnectionLook> known_;  ///< when it last finished a message, or was first seen
  bool high_ = false;
};
}  // namespace tocsin::daemon
