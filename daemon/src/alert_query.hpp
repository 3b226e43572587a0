// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Committed alert events out of the journal, for one who may see them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/journal/journal.hpp"

namespace tocsin::daemon {
/// Largest sum of the alert events in one answer [bytes].
inline constexpr std::size_t kAnswerBytesMax = 256 * 1024;

struct AlertQuery {
  std::uint64_t since = 0;
  std::size_t limit = 256;
  std::vector<std::vector<std::byte>> alerts;  ///< out: encoded, oldest first
  bool more = false;                           ///< out: the limit cut the list
};

/// Alert events with a number above `since`, at most `limit` and about kAnswerBytesMax.
/// @error  as Journal::read_alerts().
[[nodiscard]] journal::Outcome read_alerts(journal::Journal& journal, AlertQuery& query);
}  // namespace tocsin::daemon
