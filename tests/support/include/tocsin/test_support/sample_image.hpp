// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A small compiled watch book in static storage, for tests that need an image but no compiler. No heap.
#include <cstddef>
#include <span>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::test_support {
/// Indices in the sample book; names are the enumerators'.
namespace sample {
enum Theater : std::uint16_t { korea = 0, strait = 1 };
enum Origin : std::uint16_t { desk = 0, jcs = 1, mnd = 2, mod = 3 };  // reliability C, B, B, A
enum Feed : std::uint16_t { airspace = 0, analyst = 1, launches = 2, mnd_daily = 3 };
enum Indicator : std::uint16_t { closure = 0, dprk_severe = 1, exercise = 2, pla_aircraft = 3, plan_ships = 4 };
enum Condition : std::uint16_t { launch_day = 0, lull = 1, strait_surge = 2 };
enum Alert : std::uint16_t { distraction = 0, strait_activity = 1 };
enum Tag : std::uint16_t { night = 0 };
inline constexpr std::uint16_t odd_node = 13;  // the quantile below, which no condition uses
}  // namespace sample

/// The book, after:
///     feed airspace { origin mod }    feed analyst { origin desk }
///     feed launches { origins jcs, mod  every 1h grace 1h }    feed mnd_daily { origin mnd  every 1d grace 12h }
///     indicator closure { feeds airspace }         indicator dprk_severe { feeds analyst, launches }
///     indicator exercise { feeds analyst }         indicator pla_aircraft, plan_ships { feeds mnd_daily }
///     condition strait_surge = sum(pla_aircraft, 24h) >= 45 and sum(plan_ships, 24h) >= 10
///     condition launch_day = dprk_severe           condition lull = max(pla_aircraft, 48h) <= 2 for 24h
///     alert strait_activity { theater strait  when strait_surge  level elevated }
///     linkage distraction { from strait to korea  when strait_surge then launch_day within 3d  level high
///         weigh coordinated +2, opportunism +1  against lull  disconfirm "No second act" by 72h
///         caveat "Order in time is not coordination."  marking amber  release usa, rok }
///     quantile(pla_aircraft[value >= 20, origin = mnd, grade >= B2], 0.95, 90d ending 1d ago, at least 20)
///     and the tag `night`
/// @returns the bytes of the rule image, 8-byte aligned; the same at every call and on every target.
[[nodiscard]] std::span<const std::byte> sample_image();

/// The same book, loaded from those bytes. Panics when the loader refuses them.
[[nodiscard]] const engine::Image& sample_book();
}  // namespace tocsin::test_support
