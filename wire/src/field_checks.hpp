// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Checks of an input's fields that need no watch book, and of texts from outside.
#include <cstddef>
#include <string_view>

#include "tocsin/wire/input_view.hpp"

namespace tocsin::wire {
/// True for well-formed UTF-8 without control characters. `breaks`: tab and line feed are allowed.
enum class Breaks : bool { refused, allowed };
[[nodiscard]] bool is_clean_text(std::string_view text, Breaks breaks = Breaks::refused);

/// True within the years 1970..9999.
[[nodiscard]] constexpr bool is_instant(engine::Instant instant) {
  return instant >= engine::kInstantMin && instant <= engine::kInstantMax;
}

/// The first thing wrong with the fields that the kind uses, in the order of Refusal, or none.
[[nodiscard]] Refusal check_fields(const InputView& view);
}  // namespace tocsin::wire
