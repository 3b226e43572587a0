// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Pages of the journal for `tocsin log` of a running daemon, for one who may see them.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/journal/journal.hpp"
#include "tocsin/wire/control_codec.hpp"

#include "audience.hpp"

namespace tocsin::daemon {
enum class LogWhat : std::uint8_t { batches, acts, gaps, rejections, head };
/// Nothing when there is no such thing in a journal.
[[nodiscard]] std::optional<LogWhat> log_what(std::string_view name);

/// Most that one page looks at: a commit waits for one page at most.
inline constexpr std::size_t kLogBatchesMax = 64;
inline constexpr std::size_t kLogNotesMax = 1024;

struct LogQuery {
  LogWhat what{};
  std::uint64_t since = 0;                   ///< batches above this number; acts and gaps: notes
  std::size_t limit = 0;                     ///< at most so many; 0: as many as a page takes
  const AudienceConfig* audience = nullptr;  ///< null: may see all
  std::string principal;                     ///< who asks
  std::vector<std::string> alerts;           ///< with an audience: the book's alerts that it may see
  wire::LogAnswer answer;                    ///< out
  std::uint64_t looked_at = 0;               ///< out: go on from there
  bool more = false;                         ///< out: there may be more
};

/// Empties the samples that one who asks may not read: what was refused was never marked as its book would mark it, so
/// an audience that does not see all reads those of its own principal and no others. The counts stay.
/// @param audience  null: sees all.
void withhold_samples(std::vector<wire::RefusalCount>& refusals, const AudienceConfig* audience,
                      std::string_view principal);

/// One page: what is stored above `since`, oldest first, about kAnswerBytesMax bytes. Of a batch only the inputs whose
/// marking and release list the audience may see; an act that speaks of an alert only where it may see the alert;
/// of refusals the samples as withhold_samples() leaves them.
/// @error  as Journal::read_batches(); what was read before it is in the answer.
[[nodiscard]] journal::Outcome read_log(journal::Journal& journal, LogQuery& query);
}  // namespace tocsin::daemon
