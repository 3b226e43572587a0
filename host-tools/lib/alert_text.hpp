// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file An alert event for a person: what rang, when, why, and what was not known.
#include <cstdint>
#include <string>

#include "tocsin/wire/alert_codec.hpp"

#include "lib/terminal.hpp"

namespace tocsin::tools {
/// How much to print.
struct AlertTextOptions {
  Palette palette{};
  bool evidence = true;         ///< the numbers and reports behind the event
  std::size_t reports_max = 8;  ///< per number; the rest is counted
};

/// A headline and indented lines below it; ends with a line end. Names and texts from outside are made printable.
[[nodiscard]] std::string alert_text(const wire::AlertRecord& alert, const AlertTextOptions& options);
/// The headline alone, with a line end.
[[nodiscard]] std::string alert_headline(const wire::AlertRecord& alert, const Palette& palette);
/// That these numbers cannot be had any more, and why: for stderr, without a line end.
[[nodiscard]] std::string gone_alerts_text(std::uint64_t first, std::uint64_t last);
}  // namespace tocsin::tools
