// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Ledger: what stands after a run, folded into a few words so that folding costs the measurement nothing.
#include <cstdint>

#include "tocsin/engine/event.hpp"

namespace tocsin::bench {
/// What names an event: two of them are the same when these agree.
struct EventName {
  engine::EventKind kind{};
  std::uint16_t alert = 0;
  engine::Level level{};
  engine::Instant at = 0;
  engine::Instant raised_at = 0;
};

/// Sums of hashes of what stands: equal sets give equal ledgers, in whatever order they were told. A retraction takes
/// off what it withdraws. `unknown` and `known` stand never.
class Ledger {
 public:
  void add(const EventName& name) { fold(name, 1); }
  void remove(const EventName& name) { fold(name, ~std::uint64_t{0}); }
  /// An event as the engine hands it out.
  void take(const engine::AlertEvent& event);

  [[nodiscard]] std::uint64_t standing() const { return standing_; }
  friend bool operator==(const Ledger&, const Ledger&) = default;

 private:
  void fold(const EventName& name, std::uint64_t sign);
  std::uint64_t first_ = 0;
  std::uint64_t second_ = 0;
  std::uint64_t standing_ = 0;
};
}  // namespace tocsin::bench
