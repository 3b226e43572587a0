// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A daemon's status in Prometheus's text format, to be scraped or kept by whoever runs `tocsin status
/// --metrics`.
#include <string>

#include "tocsin/wire/control_codec.hpp"

namespace tocsin::tools {
/// One line a number, with HELP and TYPE before the first of each name.
[[nodiscard]] std::string status_metrics(const wire::StatusReport& status);
}  // namespace tocsin::tools
