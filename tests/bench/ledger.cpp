// SPDX-License-Identifier: Apache-2.0
#include "ledger.hpp"

namespace tocsin::bench {
namespace {
std::uint64_t mixed(std::uint64_t z) {  // the finaliser of SplitMix64
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}
}  // namespace

void Ledger::fold(const EventName& name, std::uint64_t sign) {
  const std::uint64_t small =
      (static_cast<std::uint64_t>(name.kind) << 32U) | (static_cast<std::uint64_t>(name.level) << 24U) | name.alert;
  const std::uint64_t hash = mixed(mixed(static_cast<std::uint64_t>(name.at) + 0x9E3779B97F4A7C15U) ^
                                   (static_cast<std::uint64_t>(name.raised_at) * 0xD6E8FEB86659FD93U) ^ small);
  first_ += hash * sign;
  second_ += mixed(hash ^ 0x2545F4914F6CDD1DU) * sign;
  standing_ += sign;
}

void Ledger::take(const engine::AlertEvent& event) {
  EventName name{event.kind, event.alert, event.level, event.at, event.raised_at};
  switch (event.kind) {
    case engine::EventKind::raised:
    case engine::EventKind::escalated:
    case engine::EventKind::eased:
    case engine::EventKind::cleared:
      add(name);
      break;
    case engine::EventKind::retracted:
      name.kind = event.retracted_kind;
      remove(name);
      break;
    case engine::EventKind::unknown:
    case engine::EventKind::known:
      break;
  }
}
}  // namespace tocsin::bench
