// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Quota: token buckets per principal and one for all. No clock inside, no heap after construction.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tocsin/daemon/config.hpp"

namespace tocsin::daemon {
/// Tokens that come at a steady rate up to a most. A rate of 0 is no bound.
class TokenBucket {
 public:
  TokenBucket() = default;
  /// @param rate   tokens per second, not negative.
  /// @param burst  most tokens it holds; it starts full.
  TokenBucket(double rate, double burst) : rate_{rate}, burst_{burst}, tokens_{burst} {}
  /// True when `count` tokens are there. What is more than the bucket ever holds passes when it is full, and leaves a
  /// debt, so that a large frame is slowed and not locked out.
  [[nodiscard]] bool has(std::uint64_t now_ns, double count);
  void take(double count) {
    if (rate_ > 0) tokens_ -= count;
  }

 private:
  double rate_ = 0;
  double burst_ = 0;
  double tokens_ = 0;
  std::uint64_t filled_at_ns_ = 0;
};

enum class Admission : std::uint8_t { ok = 0, over_own = 1, over_global = 2 };

/// Who may send how much. One owner, one thread.
class Quota {
 public:
  /// Refusals in this time after which repeats() says that a sender does not listen [ns].
  static constexpr std::uint64_t kRepeatWindowNs = 10'000'000'000;
  static constexpr std::uint32_t kRepeatsMax = 100;

  Quota() = default;
  /// @param own     quota of each principal, by index.
  Quota(std::span<const QuotaConfig> own, const QuotaConfig& global);

  /// Asks for one frame. All or nothing: what is refused costs no tokens.
  /// @param principal  an index given to the constructor (checked).
  /// @param now_ns     a clock that only runs forward [ns].
  [[nodiscard]] Admission admit(std::size_t principal, std::uint64_t now_ns, std::uint64_t reports,
                                std::uint64_t bytes);
  /// True once a principal was refused kRepeatsMax times within kRepeatWindowNs: its connection may be forgotten.
  /// Starts to count anew when it has told.
  [[nodiscard]] bool repeats(std::size_t principal);
  /// Refused frames of a principal since the start.
  [[nodiscard]] std::uint64_t refused(std::size_t principal) const { return own_.at(principal).refused; }

 private:
  struct Buckets {
    TokenBucket reports;
    TokenBucket bytes;
    std::uint64_t refused = 0;
    std::uint64_t window_since_ns = 0;
    std::uint32_t in_window = 0;
  };
  [[nodiscard]] static Buckets make_(const QuotaConfig& config);
  static void count_(Buckets& buckets, std::uint64_t now_ns);

  std::vector<Buckets> own_;
  Buckets global_;
};
}  // namespace tocsin::daemon
