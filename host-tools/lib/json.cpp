// SPDX-License-Identifier: Apache-2.0
#include "lib/json.hpp"

#include <array>
#include <cstdio>

#include "tocsin/text/json_lines.hpp"

namespace tocsin::tools {
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out += '\\';
      out += character;
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(byte));
      out += escape.data();
    } else {
      out += character;
    }
  }
  return out + "\"";
}

std::string json_array(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + "]";
}

JsonObject& JsonObject::raw(std::string_view key, std::string_view json) {
  if (!body_.empty()) body_ += ',';
  body_ += json_string(key);
  body_ += ':';
  body_ += json;
  return *this;
}

JsonObject& JsonObject::text(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
JsonObject& JsonObject::number(std::string_view key, std::uint64_t value) { return raw(key, std::to_string(value)); }
JsonObject& JsonObject::flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }

JsonObject& JsonObject::instant(std::string_view key, engine::Instant value) {
  if (value == engine::kNever || value == engine::kForever) return *this;
  return text(key, text::format_instant(value));
}
}  // namespace tocsin::tools
