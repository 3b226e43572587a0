// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Writes compact JSON in the order it is told: the order of keys and the form of numbers are part of the format.
#include <cstdint>
#include <string>
#include <string_view>

#include "tocsin/text/json_lines.hpp"

namespace tocsin::text {
class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  /// The key of the next value; keys need no escapes.
  void key(std::string_view name);

  void text(std::string_view value);
  void integer(std::uint64_t value) { raw(std::to_string(value)); }
  void number(double value) { raw(format_number(value)); }
  void instant(engine::Instant value) { text(format_instant(value)); }
  void yes() { raw("true"); }

  void text(std::string_view name, std::string_view value) { key(name), text(value); }
  void integer(std::string_view name, std::uint64_t value) { key(name), integer(value); }
  void number(std::string_view name, double value) { key(name), number(value); }
  void instant(std::string_view name, engine::Instant value) { key(name), instant(value); }
  /// Left out when empty.
  void optional_text(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  /// Left out when false.
  void flag(std::string_view name, bool value) {
    if (value) key(name), yes();
  }
  /// Left out when empty.
  template <class Texts>
  void texts(std::string_view name, const Texts& values) {
    if (values.empty()) return;
    key(name);
    begin_array();
    for (const auto& value : values) text(value);
    end_array();
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void open(char bracket);
  void close(char bracket);
  void raw(std::string_view value);

  std::string out_;
  bool first_ = true;  // in the innermost open object or array; after a key: no comma
};
}  // namespace tocsin::text
