// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tocsin/wire/input_view.hpp"

#include "content.hpp"
#include "field_checks.hpp"

namespace tocsin::wire {
namespace {
using engine::InputKind;
using engine::kNone;

/// The origin a report counts for: the one it names, or its feed's only one.
Refusal bind_origin(const InputView& view, const engine::Image& image, const engine::Feed& feed, std::uint16_t& out) {
  if (view.origin.empty()) {
    const auto origins = image.list(feed.origins);
    if (origins.size() != 1) return Refusal::origin_missing;
    out = origins[0];
    return Refusal::none;
  }
  out = image.find_origin(view.origin);
  return out != kNone && image.contains(feed.origins, out) ? Refusal::none : Refusal::unknown_origin;
}

/// An actor that the book may not know: filters tell apart only those they name.
std::uint16_t bind_actor(std::string_view name, const engine::Image& image) {
  if (name.empty()) return kNone;
  const std::uint16_t actor = image.find_actor(name);
  return actor == kNone ? engine::kOther : actor;
}

/// A bit for each tag that some filter of the book names.
std::uint64_t bind_tags(const InputView& view, const engine::Image& image) {
  std::uint64_t tags = 0;
  for (std::size_t i = 0; i < view.tags.size; ++i) {
    const std::uint16_t tag = image.find_tag(view.tags.items[i]);
    if (tag < engine::kTagsMax) tags |= 1ULL << tag;
  }
  return tags;
}

Refusal bind_names(const InputView& view, const engine::Image& image, engine::Input& bound) {
  if (view.kind > InputKind::clock) return Refusal::malformed;
  if (view.kind == InputKind::clock) return Refusal::none;
  bound.feed = image.find_feed(view.feed);
  if (bound.feed == kNone) return Refusal::unknown_feed;
  if (view.kind != InputKind::report) return Refusal::none;
  bound.indicator = image.find_indicator(view.indicator);
  if (bound.indicator == kNone) return Refusal::unknown_indicator;
  if (!image.contains(image.indicators[bound.indicator].feeds, bound.feed)) return Refusal::feed_not_allowed;
  return bind_origin(view, image, image.feeds[bound.feed], bound.origin);
}

/// @pre the names are bound and the fields are good.
engine::Input bind_fields(const InputView& view, const engine::Image& image, engine::Instant clock_now,
                          engine::Input bound) {
  bound.kind = view.kind;
  bound.time = view.time;
  bound.received = view.kind == InputKind::clock ? view.time : view.received.value_or(std::max(view.time, clock_now));
  bound.content = content_of(view);
  if (view.kind == InputKind::report || view.kind == InputKind::retraction) {
    bound.seq = *view.seq;
    bound.has_target_seq = view.target_seq.has_value();
    bound.target_seq = view.target_seq.value_or(0);
  }
  if (view.kind == InputKind::report) {
    bound.status = view.status;
    bound.credibility = view.credibility;
    bound.value = view.value.value_or(1.0);
    if (bound.value == 0.0) bound.value = 0.0;  // -0 becomes 0
    bound.actor = bind_actor(view.actor, image);
    bound.target = bind_actor(view.target, image);
    bound.has_tags = view.tags.size > 0;
    bound.tags = bind_tags(view, image);
  }
  return bound;
}
}  // namespace

Refusal bind(const InputView& view, const engine::Image& image, engine::Instant clock_now, engine::Input& out) {
  engine::Input bound;
  if (const Refusal refusal = bind_names(view, image, bound); refusal != Refusal::none) return refusal;
  if (const Refusal refusal = check_fields(view); refusal != Refusal::none) return refusal;
  out = bind_fields(view, image, clock_now, bound);
  return Refusal::none;
}

Refusal bind_checked(const InputView& view, const engine::Image& image, engine::Instant clock_now, engine::Input& out) {
  engine::Input bound;
  if (const Refusal refusal = bind_names(view, image, bound); refusal != Refusal::none) return refusal;
  out = bind_fields(view, image, clock_now, bound);
  return Refusal::none;
}
}  // namespace tocsin::wire
