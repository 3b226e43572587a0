// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the texts of a rule image may be: they end up in alerts, topics and on terminals.
#include <string_view>

#include "tocsin/engine/rule/image.hpp"

namespace tocsin::engine {
/// True for well-formed UTF-8 without control characters (U+0000..001F, U+007F..009F).
[[nodiscard]] bool is_clean(std::string_view text);
/// True for a name as the language has them: `[a-z][a-z0-9_]*`, at most 64 bytes.
[[nodiscard]] bool is_name(std::string_view text);
/// True when `name` lies in `text`, which is clean, and neither begins nor ends inside a character.
[[nodiscard]] bool is_part(Name name, std::string_view text);
}  // namespace tocsin::engine
