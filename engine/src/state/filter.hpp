// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Filters: `pla_aircraft[value >= 20, origin = mnd]`.
#include "reports.hpp"

namespace tocsin::engine {
/// Bit per filter of the report's indicator that it passes. @pre a report with valid indices.
[[nodiscard]] std::uint32_t matches_of(const Block& block, const Input& report);
}  // namespace tocsin::engine
