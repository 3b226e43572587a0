// SPDX-License-Identifier: Apache-2.0
#include "line_keys.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace tocsin::text {
namespace {
using engine::InputKind;
using wire::InputView;

constexpr std::uint8_t kReport = line_bit(InputKind::report);
constexpr std::uint8_t kHeartbeat = line_bit(InputKind::heartbeat);
constexpr std::uint8_t kRetraction = line_bit(InputKind::retraction);
constexpr std::uint8_t kClock = line_bit(InputKind::clock);

constexpr std::array<KeyRule, kKeyCount> kRules{{
    {Key::feed, "feed", KeyType::name, kReport | kHeartbeat | kRetraction, &InputView::feed},
    {Key::seq, "seq", KeyType::seq, kReport | kRetraction},
    {Key::indicator, "indicator", KeyType::name, kReport, &InputView::indicator},
    {Key::time, "time", KeyType::instant, kReport | kRetraction},
    {Key::received, "received", KeyType::instant, kReport | kHeartbeat | kRetraction},
    {Key::value, "value", KeyType::number, kReport},
    {Key::origin, "origin", KeyType::name, kReport, &InputView::origin},
    {Key::credibility, "credibility", KeyType::credibility, kReport},
    {Key::actor, "actor", KeyType::name, kReport, &InputView::actor},
    {Key::target, "target", KeyType::name, kReport, &InputView::target},
    {Key::tag, "tag", KeyType::list, kReport},
    {Key::lat, "lat", KeyType::number, kReport},
    {Key::lon, "lon", KeyType::number, kReport},
    {Key::unit, "unit", KeyType::name, kReport, &InputView::unit},
    {Key::ref, "ref", KeyType::ref, kReport, &InputView::ref},
    {Key::note, "note", KeyType::note, kReport, &InputView::note},
    {Key::marking, "marking", KeyType::marking, kReport},
    {Key::release, "release", KeyType::list, kReport},
    {Key::status, "status", KeyType::status, kReport},
    {Key::supersedes, "supersedes", KeyType::seq, kReport},
    {Key::heartbeat, "heartbeat", KeyType::instant, kHeartbeat},
    {Key::retracts, "retracts", KeyType::seq, kRetraction},
    {Key::clock, "clock", KeyType::instant, kClock},
}};

constexpr std::size_t kNameMax = 24;  // what is longer resembles no key

// Levenshtein's distance: insertions, deletions and replacements. Both at most kNameMax long.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::size_t, kNameMax + 1> row{};
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}
}  // namespace

std::string_view line_name(InputKind kind) {
  switch (kind) {
    case InputKind::report:
      return "report";
    case InputKind::heartbeat:
      return "heartbeat";
    case InputKind::retraction:
      return "retraction";
    case InputKind::clock:
      return "clock";
  }
  return "?";
}

std::span<const KeyRule> key_rules() { return kRules; }

const KeyRule* find_rule(std::string_view name) {
  const auto* found =
      std::find_if(kRules.begin(), kRules.end(), [name](const auto& rule) { return rule.name == name; });
  return found == kRules.end() ? nullptr : found;
}

std::string_view nearest_key(std::string_view name) {
  if (name.size() > kNameMax) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const KeyRule& rule : kRules) {
    const std::size_t found = distance(name, rule.name);
    if (found >= best_distance) continue;
    best = rule.name;
    best_distance = found;
  }
  return best;
}

std::string all_keys() {
  std::string out;
  for (const KeyRule& rule : kRules) out.append(out.empty() ? "" : " ").append(rule.name);
  return out;
}

std::string expectation_of(KeyType type) {
  switch (type) {
    case KeyType::name:
      return "a name in quotes, at most " + std::to_string(wire::kNameBytesMax) + " bytes";
    case KeyType::ref:
      return "a text in quotes, at most " + std::to_string(wire::kRefBytesMax) + " bytes";
    case KeyType::note:
      return "a text in quotes, at most " + std::to_string(wire::kNoteBytesMax) + " bytes";
    case KeyType::seq:
      return "a whole number from 0 and below 2^53";
    case KeyType::instant:
      return "a time like \"2024-05-23T01:00:00Z\" (UTC, years 1970 to 9999, at most milliseconds)";
    case KeyType::number:
      return "a finite number";
    case KeyType::credibility:
      return "a whole number from 1 (confirmed) to 6 (cannot be judged)";
    case KeyType::list:
      return "a list of names like [\"a\",\"b\"], at most " + std::to_string(wire::kTagsMax);
    case KeyType::marking:
      return "one of clear, green, amber, amber_strict, red";
    case KeyType::status:
      return "one of actual, exercise, test";
  }
  return "?";
}

std::size_t start_of_key(std::string_view line, std::size_t end) {
  if (end < 2) return 0;
  for (std::size_t i = end - 1; i-- > 0;) {
    if (line[i] != '"') continue;
    std::size_t backslashes = 0;
    while (backslashes < i && line[i - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return i;
  }
  return 0;
}
}  // namespace tocsin::text
