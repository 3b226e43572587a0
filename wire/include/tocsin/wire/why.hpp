// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file WhyReport: all that one rule rests on at one instant, flat, so that it can be shown here or sent elsewhere.
/// Host only.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/engine.hpp"

namespace tocsin::wire {
struct WhyReport {
  struct Node {
    std::uint16_t node = 0;  ///< index in the image
    engine::NodeView view;
  };
  struct Feed {
    std::uint16_t feed = 0;
    bool overdue = false;
    engine::Instant last_contact = engine::kNever;  ///< up to `at`; kNever: none, or no longer known
  };
  engine::Instant at = 0;
  engine::Instant clock = 0;
  engine::Instant first_instant = 0;
  engine::Instant reach = 0;                ///< older instants cannot be asked about
  std::uint16_t alert = engine::kNone;      ///< the alert or linkage asked about, or
  std::uint16_t condition = engine::kNone;  ///< the condition
  engine::AlertState state;                 ///< of the alert
  std::vector<engine::NeedView> needs;      ///< of the alert, in the book's order
  std::vector<Node> nodes;                  ///< all that the rule reaches, by rising index
  std::vector<Feed> feeds;                  ///< all that carry what the rule reaches, by rising index
  std::vector<std::uint16_t> blind_indicators;

  /// What a node is, or null when the rule does not reach it. Binary search.
  [[nodiscard]] const engine::NodeView* find(std::uint16_t node) const;
  /// The same for a feed.
  [[nodiscard]] const Feed* find_feed(std::uint16_t feed) const;
  [[nodiscard]] bool is_blind(std::uint16_t indicator) const;
};

/// A rule somebody asks about: an alert or linkage, else a condition.
struct RuleName {
  std::uint16_t alert = engine::kNone;
  std::uint16_t condition = engine::kNone;
  [[nodiscard]] bool found() const { return alert != engine::kNone || condition != engine::kNone; }
};
[[nodiscard]] RuleName find_rule(const engine::Image& image, std::string_view name);

/// Looks at a rule. Calls Engine::look(); changes nothing that step() does.
/// @param rule  found().
/// @returns false when the instant cannot be asked about (before the first instant or out of reach, or after the
/// clock).
[[nodiscard]] bool look_at_rule(engine::Engine& engine, const engine::Image& image, RuleName rule, engine::Instant at,
                                WhyReport& out);

/// True when every index of the report lies within the image, and the rule asked about and all that it reaches is
/// there: a report from outside may then be shown.
[[nodiscard]] bool fits(const WhyReport& report, const engine::Image& image);
}  // namespace tocsin::wire
