// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The passes of an evaluation, in order; each needs what those before it filled in.
#include <vector>

#include "tocsin/model/model.hpp"

#include "reports.hpp"

namespace tocsin::model {
/// Overdue feeds and blind indicators. @param contacts  by feed, times in any order.
void decide_contact(const engine::Image& image, const std::vector<std::vector<engine::Instant>>& contacts,
                    Evaluation& out);
/// Every node, in index order.
void decide_nodes(const engine::Image& image, const Reports& reports, Evaluation& out);
/// What each alert did.
void decide_alerts(const engine::Image& image, const Reports& reports, Evaluation& out);
/// Levels of theaters.
void decide_theaters(const engine::Image& image, Evaluation& out);
}  // namespace tocsin::model
