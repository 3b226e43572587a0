// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The number that tells a repeated line from a reused sequence number.
#include <cstdint>

#include "tocsin/wire/input_view.hpp"

namespace tocsin::wire {
/// CRC-32 of everything a line says but `received`, the same on every target and whatever form the line came in.
/// An absent value counts as 1, -0 as 0; an absent origin is not resolved, so that the number needs no watch book.
[[nodiscard]] std::uint32_t content_of(const InputView& view);
}  // namespace tocsin::wire
