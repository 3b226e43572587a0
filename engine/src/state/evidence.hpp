// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Evidence: why a condition holds at an instant, as the numbers, pulses and reports it rests on.
#include "reports.hpp"

namespace tocsin::engine {
/// Fills items, reports, origins, overdue feeds, blind indicators and theater levels of `out`.
/// @param state     a state whose last evaluation was at out.at, or that has not changed since.
/// @param walk      whether to walk `when` (raised, escalated, eased) or only tell what is blind.
void gather_evidence(const Block& block, const State& state, bool walk, AlertEvent& out);
/// Empties an event but for its arrays, whose counts are zero.
void begin_event(AlertEvent& out);
/// What a node is in the scratch state, which stands at the instant looked at.
[[nodiscard]] NodeView view_of(const Block& block, std::uint16_t node);
/// A theater's level as people see it: UNKNOWN while too many of its feeds are overdue.
[[nodiscard]] Level shown_level(const Image& image, const State& state, std::uint16_t theater);
}  // namespace tocsin::engine
