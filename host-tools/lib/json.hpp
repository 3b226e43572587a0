// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file JsonObject: writes one JSON object on one line, keys in the order they are added.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/base/types.hpp"

namespace tocsin::tools {
/// A JSON string with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);
/// `[a,b]` of values that are JSON already.
[[nodiscard]] std::string json_array(const std::vector<std::string>& values);

/// Builder of one object. Every add returns the object, so that adds can be chained.
class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& number(std::string_view key, std::uint64_t value);
  JsonObject& flag(std::string_view key, bool value);
  /// RFC 3339; left out for kNever and kForever.
  JsonObject& instant(std::string_view key, engine::Instant value);
  /// `json` is JSON already.
  JsonObject& raw(std::string_view key, std::string_view json);
  /// `{...}` without line end.
  [[nodiscard]] std::string str() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};
}  // namespace tocsin::tools
