// SPDX-License-Identifier: Apache-2.0
#include "golden_values.hpp"

#include <algorithm>

#include "tocsin/test_support/sample_image.hpp"

namespace tocsin::golden {
namespace {
namespace sample = test_support::sample;
constexpr engine::Instant kSurge = 1'716'426'000'000;   // 2024-05-23T01:00:00Z
constexpr engine::Instant kLaunch = 1'716'817'440'000;  // 2024-05-27T13:44:00Z
constexpr std::int64_t kDay = 86'400'000;

wire::InputView full_report() {
  wire::InputView view;
  view.status = engine::Status::exercise;
  view.marking = wire::Marking::amber_strict;
  view.credibility = 2;
  view.feed = "mnd_daily";
  view.indicator = "pla_aircraft";
  view.origin = "mnd";
  view.actor = "prc";
  view.target = "taiwan";
  view.unit = "aircraft";
  view.ref = "https://example.org/report/12";
  view.note = "first line\nsecond \"line\" \xE8\x87\xBA\xE7\x81\xA3";  // with two Chinese characters
  view.tags.items = {"night", "joint"};
  view.tags.size = 2;
  view.release.items = {"usa", "rok", "jpn"};
  view.release.size = 3;
  view.seq = (1ULL << 53U) - 1;
  view.target_seq = 11;
  view.value = 49.5;
  view.latitude = -23.125;
  view.longitude = 120.25;
  view.received = kSurge + 300'001;
  view.time = kSurge;
  return view;
}

wire::InputView short_report() {
  wire::InputView view;
  view.feed = "analyst";
  view.indicator = "exercise";
  view.seq = 1;
  view.time = 0;
  return view;
}

wire::InputView heartbeat() {
  wire::InputView view;
  view.kind = engine::InputKind::heartbeat;
  view.feed = "launches";
  view.received = kSurge + 60'000;
  view.time = kSurge;
  return view;
}

wire::InputView retraction() {
  wire::InputView view;
  view.kind = engine::InputKind::retraction;
  view.feed = "mnd_daily";
  view.seq = 13;
  view.target_seq = 12;
  view.time = kSurge;
  return view;
}

wire::InputView clock_line() {
  wire::InputView view;
  view.kind = engine::InputKind::clock;
  view.time = engine::kInstantMax;
  return view;
}

engine::AlertEvent make_event() {
  engine::AlertEvent event;
  event.kind = engine::EventKind::raised;
  event.level = engine::Level::watch;
  event.alert = sample::distraction;
  event.rev = 1;
  event.raised_at = kLaunch;
  event.at = kLaunch;
  event.detected_at = kLaunch + 1500;
  event.origins = 2;
  event.saturated = true;
  event.theater_levels = {engine::Level::elevated, engine::Level::unknown};
  event.overdue_feeds[0] = 1ULL << sample::mnd_daily;
  event.blind_indicators[0] = (1ULL << sample::pla_aircraft) | (1ULL << sample::plan_ships);
  event.item_count = 4;
  event.report_count = 3;
  event.items[0] = {.at = kSurge,
                    .window_ms = kDay,
                    .value = 49,
                    .condition = sample::strait_surge,
                    .indicator = sample::pla_aircraft,
                    .feed = engine::kNone,
                    .node = engine::kNone,
                    .op = static_cast<std::uint8_t>(engine::Op::sum),
                    .known = true,
                    .saturated = true,
                    .first_report = 0,
                    .report_count = 2};
  event.items[1] = {.at = kLaunch,
                    .window_ms = 0,
                    .value = 1,
                    .condition = sample::launch_day,
                    .indicator = sample::dprk_severe,
                    .feed = engine::kNone,
                    .node = engine::kNone,
                    .op = static_cast<std::uint8_t>(engine::Op::pulse),
                    .known = true,
                    .saturated = false,
                    .first_report = 2,
                    .report_count = 1};
  event.items[2] = {.at = kLaunch,
                    .window_ms = 2 * kDay,
                    .value = 0,
                    .condition = engine::kNone,
                    .indicator = sample::plan_ships,
                    .feed = engine::kNone,
                    .node = engine::kNone,
                    .op = static_cast<std::uint8_t>(engine::Op::max),
                    .known = false,
                    .saturated = false,
                    .first_report = 3,
                    .report_count = 0};
  event.items[3] = event.items[2];
  event.items[3].node = sample::odd_node;
  event.items[3].indicator = sample::pla_aircraft;
  event.items[3].window_ms = 90 * kDay;
  event.items[3].op = static_cast<std::uint8_t>(engine::Op::quantile);
  event.hypothesis_count = 2;
  event.hypotheses[0] = {0, 2};
  event.hypotheses[1] = {1, -1};
  event.against_count = 1;
  event.against[0] = engine::Truth::unknown;
  event.reports[0] = {kSurge, 30, 12, sample::mnd_daily, sample::mnd, 2};
  event.reports[1] = {kSurge - 3'600'000, 19, 11, sample::mnd_daily, sample::mnd, 0};
  event.reports[2] = {kLaunch, 1, 40, sample::launches, sample::jcs, 1};
  return event;
}

template <std::size_t kCapacity>
bool same_list(const wire::ViewList<kCapacity>& a, const wire::ViewList<kCapacity>& b) {
  return a.size == b.size && std::equal(a.items.begin(), a.items.begin() + a.size, b.items.begin());
}
}  // namespace

std::array<wire::InputView, 5> inputs() {
  return {full_report(), short_report(), heartbeat(), retraction(), clock_line()};
}

const engine::AlertEvent& event() {
  static const engine::AlertEvent kEvent = make_event();
  return kEvent;
}

wire::AlertContext context() { return {"taipei", 42, false}; }

bool same(const wire::InputView& a, const wire::InputView& b) {
  return a.kind == b.kind && a.status == b.status && a.marking == b.marking && a.credibility == b.credibility &&
         a.feed == b.feed && a.indicator == b.indicator && a.origin == b.origin && a.actor == b.actor &&
         a.target == b.target && a.unit == b.unit && a.ref == b.ref && a.note == b.note && same_list(a.tags, b.tags) &&
         same_list(a.release, b.release) && a.seq == b.seq && a.target_seq == b.target_seq && a.value == b.value &&
         a.latitude == b.latitude && a.longitude == b.longitude && a.received == b.received && a.time == b.time;
}
}  // namespace tocsin::golden
