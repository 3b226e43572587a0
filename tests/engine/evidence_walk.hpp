// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What an alert event rests on, walked anew over the model's verdicts and the reports themselves.
#include <string>
#include <vector>

#include "tocsin/engine/event.hpp"
#include "tocsin/engine/input.hpp"
#include "tocsin/model/model.hpp"

namespace tocsin::test_support {
/// Going back from `at`: the latest instant that makes a true condition on conditions true; of hold_for the start of
/// its operand's truth. kNever: the shape has none.
[[nodiscard]] engine::Instant witness_of(const model::Evaluation& wanted, const engine::Node& node, engine::Instant at);

/// What an event that is no withdrawal says of its items, their reports and origins, of blindness and of `saturated`.
/// @param reports  those that count.
/// @returns what is wrong, or nothing.
[[nodiscard]] std::string evidence_differs(const engine::Image& image, const model::Evaluation& wanted,
                                           const std::vector<engine::Input>& reports, const engine::AlertEvent& event);
}  // namespace tocsin::test_support
