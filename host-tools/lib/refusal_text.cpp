// SPDX-License-Identifier: Apache-2.0
#include "lib/refusal_text.hpp"

#include <string_view>
#include <vector>

#include "lib/did_you_mean.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
template <typename Things>
std::string mend_for(std::string_view name, const Things& things, const engine::Image& image) {
  std::vector<std::string> known;
  add_names(image, things, known);
  return did_you_mean(name, known);
}

std::string quoted(std::string_view name) { return "\"" + printable(name) + "\""; }
}  // namespace

std::string refusal_text(wire::Refusal refusal, const wire::InputView& line, const engine::Image& image) {
  std::string subject;
  std::string mend;
  switch (refusal) {
    case wire::Refusal::unknown_feed:
      subject = quoted(line.feed);
      mend = mend_for(line.feed, image.feeds, image);
      break;
    case wire::Refusal::unknown_indicator:
      subject = quoted(line.indicator);
      mend = mend_for(line.indicator, image.indicators, image);
      break;
    case wire::Refusal::feed_not_allowed:
      subject = "feed " + quoted(line.feed) + ", indicator " + quoted(line.indicator);
      break;
    case wire::Refusal::unknown_origin:
      subject = quoted(line.origin);
      if (image.find_origin(line.origin) == engine::kNone) mend = mend_for(line.origin, image.origins, image);
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
    case wire::Refusal::not_durable:
      break;
  }
  std::string out = wire::name_of(refusal);
  if (!subject.empty()) out += ": " + subject;
  return out + ": " + wire::sentence_of(refusal) + mend;
}
}  // namespace tocsin::tools
