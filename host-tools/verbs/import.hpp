// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin import JOURNAL BOOK REPORTS...`: gives a daemon that has not begun yet its history.
#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::tools {
struct ImportOptions {
  std::string journal;               ///< where the daemon's journal will be: no file, or one that nothing was stored in
  std::string book;                  ///< rule image or watch book: the one that the daemon will begin with
  std::vector<std::string> reports;  ///< JSON Lines files in the order given; "-" is stdin
  std::string target = "server";     ///< budget a watch book is compiled for
  std::string status = "actual";     ///< as in the daemon's config: actual, exercise or test
  std::string site;                  ///< as in the daemon's config; empty: none
  std::string keys;                  ///< key file of the journal; empty: beside it, made when it is not there
  std::uint64_t errors_max = 20;     ///< messages about lines that are shown; 0: all
  bool json = false;                 ///< the summary as one JSON object
};

/// Steps an engine over the reports and stores them with what the rules say of them, marked as history. The journal
/// appears whole at the end, or not at all.
/// @returns 0 done; 1 a line was bad or refused (then no journal appears), the journal is in use or not empty, or a
/// file
///          cannot be read or written; 2 bad options.
int run_import(const ImportOptions& options);
}  // namespace tocsin::tools
