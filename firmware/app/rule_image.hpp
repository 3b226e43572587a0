// SPDX-License-Identifier: Apache-2.0
#pragma once
// The rule image that the firmware carries. embed_rule_image.cmake writes the sizes and the bytes.
#include <cstddef>
#include <span>

#include "rule_image_size.hpp"

namespace tocsin::firmware {

/// The compiled watch book, 8-byte aligned, in flash.
[[nodiscard]] std::span<const std::byte> rule_image();

}  // namespace tocsin::firmware
