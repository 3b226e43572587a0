// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Follower: what an engine's events add up to.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
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
  /// What `rev` does: counts the raises at an instant, or only rises, where the engine had to forget withdrawn ones.
  enum class Revs : std::uint8_t { count, rise };
  explicit Follower(Revs revs = Revs::count) : revs_{revs} {}

  /// @returns what is wrong with the events themselves, or nothing: a retraction that names nothing that stands, a
  /// `rev` that does not count the raises there were at that instant, doubt that is told twice or ended without having
  /// been told.
  std::string follow(const std::vector<engine::AlertEvent>& events) {
    std::string wrong;
    for (const engine::AlertEvent& event : events) {
      const bool doubt = event.kind == engine::EventKind::unknown || event.kind == engine::EventKind::known;
      const std::string different = doubt ? follow_doubt(event) : follow_fact(event);
      if (wrong.empty()) wrong = different;
      // That a raised alert is up again, its clear withdrawn, ends doubt as a raise does.
      if (event.kind != engine::EventKind::retracted || event.retracted_kind == engine::EventKind::cleared)
        note(doubts_[event.alert], {event.at, event.kind == engine::EventKind::unknown});
      if (!doubt) told_[event.alert].raised_since = true;
    }
    return wrong;
  }
  /// What stands up to an instant, in output order.
  [[nodiscard]] std::vector<model::Fact> up_to(engine::Instant to) const {
    std::vector<model::Fact> out;
    for (const Standing& standing : standing_) {
      if (standing.fact.at <= to) out.push_back(standing.fact);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  /// The turns of an alert's doubt, oldest first; of several at one instant what they come to.
  [[nodiscard]] std::vector<Doubt> doubts(std::uint16_t alert) const {
    const auto found = doubts_.find(alert);
    return found == doubts_.end() ? std::vector<Doubt>{} : found->second;
  }

 private:
  struct Standing {
    model::Fact fact;
    std::uint16_t rev;
  };
  /// What was last told of doubt. A raise since then may have ended it without a word, or was one of the past only.
  struct Told {
    bool unknown = false;
    bool raised_since = false;
    engine::Instant at = 0;
  };

  static void note(std::vector<Doubt>& doubts, Doubt doubt) {
    if (!doubts.empty() && doubts.back().at == doubt.at) doubts.pop_back();
    if (doubt.begins != (!doubts.empty() && doubts.back().begins)) doubts.push_back(doubt);
  }

  std::string follow_doubt(const engine::AlertEvent& event) {
    Told& told = told_[event.alert];
    if (event.kind == engine::EventKind::unknown) {
      const bool twice = told.unknown && !told.raised_since;
      told = {true, false, event.at};
      return twice ? "unknown, twice" : "";
    }
    if (!told.unknown) return "known, but was not unknown";
    told.unknown = false;
    return event.at < told.at ? "known before it was unknown" : "";
  }

  std::string follow_fact(const engine::AlertEvent& event) {
    using engine::EventKind;
    const bool gone = event.kind == EventKind::retracted;
    const Standing standing{
        {event.at, event.alert, gone ? event.retracted_kind : event.kind, event.level, event.raised_at}, event.rev};
    std::uint16_t& next_rev = next_revs_[{event.alert, event.raised_at}];
    if (!gone) {
      standing_.push_back(standing);
      if (event.kind != EventKind::raised) return event.rev + 1 == next_rev ? "" : "rev";
      const bool right = revs_ == Revs::count ? event.rev == next_rev : event.rev >= next_rev;
      next_rev = static_cast<std::uint16_t>(event.rev + 1);
      return right ? "" : "rev";
    }
    const auto found = std::find_if(standing_.begin(), standing_.end(),
                                    [&](const Standing& other) { return other.fact == standing.fact; });
    if (found == standing_.end()) return "a retraction names nothing that stands";
    const bool same = found->rev == event.rev;
    standing_.erase(found);
    return same ? "" : "rev of a retraction";
  }

  std::vector<Standing> standing_;
  Revs revs_;
  std::map<std::pair<std::uint16_t, engine::Instant>, std::uint16_t> next_revs_;
  std::map<std::uint16_t, std::vector<Doubt>> doubts_;
  std::map<std::uint16_t, Told> told_;
};
}  // namespace tocsin::test_support
