// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Follower: what an engine's events add up to.
#include <algorithm>
#include <map>
#include <vector>

#include "tocsin/engine/event.hpp"
#include "tocsin/model/model.hpp"

namespace tocsin::test_support {
/// What stands after all events so far, and what was said of doubt.
class Follower {
 public:
  /// From `at` on an alert is in doubt (down, its `when` unknown), or is no longer.
  struct Doubt {
    engine::Instant at;
    bool begins;
    friend bool operator==(const Doubt&, const Doubt&) = default;
  };

  /// @returns false when a retraction names nothing that stands.
  bool follow(const std::vector<engine::AlertEvent>& events) {
    using engine::EventKind;
    for (const engine::AlertEvent& event : events) {
      // That a raised alert is up again, its clear withdrawn, ends doubt as a raise does.
      if (event.kind != EventKind::retracted || event.retracted_kind == EventKind::cleared)
        note(doubts_[event.alert], {event.at, event.kind == EventKind::unknown});
      if (event.kind == EventKind::unknown || event.kind == EventKind::known) continue;
      const bool gone = event.kind == EventKind::retracted;
      const model::Fact fact{event.at, event.alert, gone ? event.retracted_kind : event.kind, event.level,
                             event.raised_at};
      if (!gone) {
        standing_.push_back(fact);
        continue;
      }
      const auto found = std::find(standing_.begin(), standing_.end(), fact);
      if (found == standing_.end()) return false;
      standing_.erase(found);
    }
    return true;
  }
  /// What stands up to an instant, in output order.
  [[nodiscard]] std::vector<model::Fact> up_to(engine::Instant to) const {
    std::vector<model::Fact> out;
    std::copy_if(standing_.begin(), standing_.end(), std::back_inserter(out),
                 [to](const model::Fact& fact) { return fact.at <= to; });
    std::sort(out.begin(), out.end());
    return out;
  }
  /// The turns of an alert's doubt, oldest first; of several at one instant what they come to.
  [[nodiscard]] std::vector<Doubt> doubts(std::uint16_t alert) const {
    const auto found = doubts_.find(alert);
    return found == doubts_.end() ? std::vector<Doubt>{} : found->second;
  }

 private:
  static void note(std::vector<Doubt>& doubts, Doubt doubt) {
    if (!doubts.empty() && doubts.back().at == doubt.at) doubts.pop_back();
    if (doubt.begins != (!doubts.empty() && doubts.back().begins)) doubts.push_back(doubt);
  }

  std::vector<model::Fact> standing_;
  std::map<std::uint16_t, std::vector<Doubt>> doubts_;
};
}  // namespace tocsin::test_support
