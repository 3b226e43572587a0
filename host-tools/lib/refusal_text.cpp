// SPDX-License-Identifier: Apache-2.0
#include "lib/refusal_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "tocsin/text/json_lines.hpp"

#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
/// Edits that turn one word into the other.
std::size_t distance(std::string_view left, std::string_view right) {
  std::array<std::size_t, wire::kNameBytesMax + 1> row{};
  if (right.size() >= row.size()) return SIZE_MAX;
  for (std::size_t at = 0; at < row.size(); ++at) row[at] = at;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = diagonal + (left[i - 1] == right[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[right.size()];
}

template <typename Things>
std::string near_name(std::string_view name, const Things& things, const engine::Image& image) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const auto& thing : things) {
    const std::size_t there = distance(name, image.view(thing.name));
    if (there >= best_distance) continue;
    best_distance = there;
    best = image.view(thing.name);
  }
  return best.empty() ? std::string{} : "; did you mean \"" + std::string{best} + "\"?";
}

std::string quoted(std::string_view name) { return "\"" + printable(name) + "\""; }
}  // namespace

std::string refusal_text(wire::Refusal refusal, const wire::InputView& line, const engine::Image& image) {
  std::string subject;
  std::string mend;
  switch (refusal) {
    case wire::Refusal::unknown_feed:
      subject = quoted(line.feed);
      mend = near_name(line.feed, image.feeds, image);
      break;
    case wire::Refusal::unknown_indicator:
      subject = quoted(line.indicator);
      mend = near_name(line.indicator, image.indicators, image);
      break;
    case wire::Refusal::feed_not_allowed:
      subject = "feed " + quoted(line.feed) + ", indicator " + quoted(line.indicator);
      break;
    case wire::Refusal::unknown_origin:
      subject = quoted(line.origin);
      if (image.find_origin(line.origin) == engine::kNone) mend = near_name(line.origin, image.origins, image);
      break;
    case wire::Refusal::origin_missing:
      subject = "feed " + quoted(line.feed);
      break;
    case wire::Refusal::bad_seq:
    case wire::Refusal::reused_seq:
      subject = "feed " + quoted(line.feed) + (line.seq ? " seq " + std::to_string(*line.seq) : std::string{});
      break;
    case wire::Refusal::none:
    case wire::Refusal::malformed:
    case wire::Refusal::bad_value:
    case wire::Refusal::bad_time:
    case wire::Refusal::too_far_ahead:
    case wire::Refusal::not_authorised:
    case wire::Refusal::too_long:
    case wire::Refusal::bad_field:
    case wire::Refusal::seq_jump:
    case wire::Refusal::full:
    case wire::Refusal::over_quota:
      break;
  }
  std::string out = wire::name_of(refusal);
  if (!subject.empty()) out += ": " + subject;
  return out + ": " + wire::sentence_of(refusal) + mend;
}
}  // namespace tocsin::tools
