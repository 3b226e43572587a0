// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Committed alert events out of the journal, for one who may see them.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/journal/journal.hpp"
#include "tocsin/wire/alert_codec.hpp"

#include "audience.hpp"

namespace tocsin::daemon {
/// Largest sum of the alert events in one answer [bytes], and how many are looked at for it.
inline constexpr std::size_t kAnswerBytesMax = 256 * 1024;
inline constexpr std::size_t kLookedAtMax = 4096;

struct AlertQuery {
  std::uint64_t since = 0;
  std::string consumer;  ///< when since is 0: from the durable cursor of this name; empty: from the beginning
  std::size_t limit = 256;
  const AudienceConfig* audience = nullptr;    ///< null: may see all
  std::vector<std::vector<std::byte>> alerts;  ///< out: encoded, oldest first
  std::uint64_t looked_at = 0;                 ///< out: number of the last one looked at; go on from there
  bool more = false;                           ///< out: there may be more
  std::uint64_t gone_first = 0;                ///< out: the first asked for that retention removed; 0: none
  std::uint64_t gone_last = 0;                 ///< out: and the last
};

/// Whether there is nothing that an audience may not see. @param audience  null: sees all; also below.
[[nodiscard]] bool sees_all(const AudienceConfig* audience);
/// Whether an alert event is for an audience, by what the event itself says.
[[nodiscard]] bool visible(const AudienceConfig* audience, std::span<const std::byte> bytes);
[[nodiscard]] bool visible(const AudienceConfig* audience, const wire::AlertRecord& record);
/// The stored alert event of this number; nothing when there is none, or none that can be read.
[[nodiscard]] std::optional<wire::AlertRecord> find_alert(journal::Journal& journal, std::uint64_t number);
/// Alert events with a number above `since` that the audience may see, at most `limit` and about kAnswerBytesMax.
/// @error  as Journal::read_alerts().
[[nodiscard]] journal::Outcome read_alerts(journal::Journal& journal, AlertQuery& query);
}  // namespace tocsin::daemon
