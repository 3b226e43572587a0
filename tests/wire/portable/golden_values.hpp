// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The values in schemas/golden/: what each golden buffer says. Portable, no heap.
#include <array>

#include "tocsin/engine/event.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::golden {
inline constexpr std::uint64_t kFrame = 7;

/// A report with every field set, a report with only what must be, a heartbeat, a retraction and a clock line; all fit
/// the sample book.
[[nodiscard]] std::array<wire::InputView, 5> inputs();

/// `distraction` raised, with a number, a pulse and an unknown number as evidence.
[[nodiscard]] const engine::AlertEvent& event();
[[nodiscard]] wire::AlertContext context();

[[nodiscard]] bool same(const wire::InputView& a, const wire::InputView& b);
}  // namespace tocsin::golden
