// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin replay BOOK REPORTS...`: steps an engine over files, offline; alert events on stdout.
#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::tools {
struct ReplayOptions {
  std::string book;                  ///< watch book or rule image
  std::vector<std::string> reports;  ///< JSON Lines files in the order given; "-" is stdin
  std::string target = "server";     ///< budget a watch book is compiled for
  std::string until;                 ///< RFC 3339: goes on to here after the last line; empty: ends with the last line
  std::string status = "none";       ///< exercise or test: such reports count too, and alerts carry it; none: neither
  std::string why;                   ///< a rule's name: prints why it is or is not so, and no alert events; empty: off
  std::string at;                    ///< with why: RFC 3339, the instant asked about; empty: the end of the replay
  bool why_json = false;             ///< with why: the answer as one JSON object
  bool start_clock = false;          ///< puts a clock line with the earliest time first, as `inject --start-clock` does
  bool pretty = false;               ///< alert events as text for a person instead of JSON Lines
  bool summary_json = false;         ///< the summary on stderr as one JSON object
  std::uint64_t errors_max = 20;     ///< messages about lines that are shown; 0: all
  bool quiet = false;                ///< no summary
};

/// @returns 0 done; 1 a line was bad or refused, the book does not compile, or a file cannot be read; 2 bad options or
/// no such rule.
int run_replay(const ReplayOptions& options);
}  // namespace tocsin::tools
