// SPDX-License-Identifier: Apache-2.0
// A theater's level: what its raised alerts and linkages make of it, and its way down afterwards.
#include <algorithm>

#include "evaluate.hpp"

namespace tocsin::model {
using namespace tocsin::engine;

namespace {
/// When at least `limit` of the feeds are overdue.
Intervals dark(const std::vector<Intervals>& overdue, std::span<const std::uint16_t> feeds, std::size_t limit,
               Interval within) {
  if (limit == 0 || feeds.size() < limit) return {};
  std::vector<Instant> changes{within.from};
  for (const std::uint16_t feed : feeds) {
    for (const Interval& stretch : overdue[feed]) {
      changes.push_back(stretch.from);
      if (stretch.to < within.to) changes.push_back(stretch.to + 1);
    }
  }
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  std::vector<Interval> pieces;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    std::size_t silent = 0;
    for (const std::uint16_t feed : feeds) silent += contains(overdue[feed], changes[i]) ? 1U : 0U;
    if (silent >= limit) pieces.push_back({changes[i], i + 1 < changes.size() ? changes[i + 1] - 1 : within.to});
  }
  return normalised(pieces, within);
}

/// The highest level of the theater's raised alerts, from each instant on at which it changes.
std::vector<LevelPiece> highest_raised(const Image& image, std::uint16_t theater, const std::vector<Fact>& facts) {
  std::vector<Level> levels(image.alerts.size(), Level::calm);
  std::vector<LevelPiece> out;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Fact& fact = facts[i];
    const auto theaters = image.list(image.alerts[fact.alert].theaters);
    if (std::find(theaters.begin(), theaters.end(), theater) == theaters.end()) continue;
    levels[fact.alert] = fact.kind == EventKind::cleared ? Level::calm : fact.level;
    const Level highest = *std::max_element(levels.begin(), levels.end());
    if (!out.empty() && out.back().from == fact.at) {
      out.back().level = highest;
    } else {
      out.push_back({fact.at, highest});
    }
  }
  return out;
}

/// Down by one after each step, never below what is raised; a rise at once.
std::vector<LevelPiece> stepped(const std::vector<LevelPiece>& raised, Span step_ms, Instant to) {
  std::vector<LevelPiece> out;
  Level level = Level::calm;
  Instant next_step = kForever;
  for (std::size_t i = 0; i < raised.size(); ++i) {
    const Instant until = i + 1 < raised.size() ? raised[i + 1].from - 1 : to;
    const Level floor = raised[i].level;
    if (floor >= level) {
      level = floor;
      next_step = kForever;
      out.push_back({raised[i].from, level});
    } else if (next_step == kForever) {
      next_step = raised[i].from + step_ms;
    }
    while (level > floor && next_step <= until) {
      level = static_cast<Level>(static_cast<std::uint8_t>(level) - 1U);
      out.push_back({std::max(next_step, raised[i].from), level});
      next_step += step_ms;
    }
    if (level == floor) next_step = kForever;
  }
  return out;
}
}  // namespace

void decide_theaters(const Image& image, Evaluation& out) {
  for (std::size_t i = 0; i < image.theaters.size(); ++i) {
    const Theater& theater = image.theaters[i];
    out.theaters.push_back(
        stepped(highest_raised(image, static_cast<std::uint16_t>(i), out.facts), theater.step_down_ms, out.within.to));
    const std::size_t limit = theater.blind_after == kNone ? theater.feeds.count : theater.blind_after;
    out.dark_theaters.push_back(dark(out.overdue, image.list(theater.feeds), limit, out.within));
  }
}
}  // namespace tocsin::model
