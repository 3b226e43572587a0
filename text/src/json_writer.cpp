// SPDX-License-Identifier: Apache-2.0
#include "json_writer.hpp"

namespace tocsin::text {
namespace {
void append_escaped(std::string& out, char character) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (character) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(character);
  if (byte >= 0x20) {
    out += character;
    return;
  }
  out += "\\u00";
  out += kHex[byte >> 4U];
  out += kHex[byte & 0xFU];
}
}  // namespace

void JsonWriter::key(std::string_view name) {
  text(name);
  out_ += ':';
  first_ = true;
}

void JsonWriter::text(std::string_view value) {
  raw("\"");
  for (const char character : value) append_escaped(out_, character);
  out_ += '"';
}

void JsonWriter::open(char bracket) {
  raw({&bracket, 1});
  first_ = true;
}

void JsonWriter::close(char bracket) {
  out_ += bracket;
  first_ = false;
}

void JsonWriter::raw(std::string_view value) {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += value;
}
}  // namespace tocsin::text
