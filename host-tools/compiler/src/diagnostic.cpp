// SPDX-License-Identifier: Apache-2.0
#include "tocsin/compiler/diagnostic.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "words.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::size_t kLineBytesMax = 200;

std::string_view word_for(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

std::string place_text(const SourceFile& source, std::uint32_t offset) {
  const Location file = locate(source, offset);
  const Place place = place_of(file.text, file.offset);
  return std::string{file.path} + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

// The source line and below it a caret; tabs are repeated so that the caret stands right in any terminal. A very long
// line is cut around the place.
std::string caret_lines(const SourceFile& source, Range at) {
  const Location file = locate(source, at.begin);
  std::string_view line = line_at(file.text, file.offset);
  std::size_t column =
      std::min<std::size_t>(file.offset - static_cast<std::size_t>(line.data() - file.text.data()), line.size());
  std::string lead;
  if (line.size() > kLineBytesMax) {
    std::size_t cut = column > kLineBytesMax / 2 ? column - kLineBytesMax / 2 : 0;
    // To the start of a character, which is at most 3 bytes back; what is not UTF-8 may have more such bytes in a row.
    for (int i = 0; i < 3 && cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U; ++i) --cut;
    if (cut > 0) lead = "...";
    line = line.substr(cut, kLineBytesMax);
    column -= cut;
  }
  std::string marks(lead.size(), ' ');
  for (std::size_t i = 0; i < column; i += std::max<std::size_t>(1, utf8_length(line.substr(i)))) {
    marks += line[i] == '\t' ? '\t' : ' ';
  }
  marks += '^';
  const std::size_t end = std::min<std::size_t>(column + (at.end > at.begin ? at.end - at.begin : 0), line.size());
  for (std::size_t i = column; i < end;) {
    i += std::max<std::size_t>(1, utf8_length(line.substr(i)));
    if (i < end) marks += '~';
  }
  return "  " + lead + printable(line) + "\n  " + marks + "\n";
}

nlohmann::ordered_json place_json(const SourceFile& source, Range at) {
  const Location file = locate(source, at.begin);
  const Place begin = place_of(file.text, file.offset);
  const Place end = place_of(file.text, file.offset + (std::max(at.begin, at.end) - at.begin));
  return {{"file", printable(file.path)},
          {"line", begin.line},
          {"column", begin.column},
          {"end_line", end.line},
          {"end_column", end.column}};
}
}  // namespace

std::string render(const Diagnostic& diagnostic, const SourceFile& source) {
  std::string out = place_text(source, diagnostic.at.begin) + ": " + std::string{word_for(diagnostic.severity)} + ": " +
                    diagnostic.message + "\n" + caret_lines(source, diagnostic.at);
  for (const Note& note : diagnostic.notes) {
    out += place_text(source, note.at.begin) + ": note: " + note.message + "\n" + caret_lines(source, note.at);
  }
  if (!diagnostic.help.empty()) out += "  help: " + diagnostic.help + "\n";
  return out;
}

std::string render_all(std::span<const Diagnostic> diagnostics, const SourceFile& source) {
  if (diagnostics.empty()) return {};
  std::string out;
  std::size_t errors = 0;
  for (const Diagnostic& diagnostic : diagnostics) {
    errors += diagnostic.severity == Severity::error ? 1U : 0U;
    out += render(diagnostic, source);
  }
  const std::size_t warnings = diagnostics.size() - errors;
  const auto counted = [](std::size_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  };
  out += source.path + ": ";
  if (errors > 0) out += counted(errors, "error");
  if (warnings > 0) out += (errors > 0 ? ", " : "") + counted(warnings, "warning");
  return out + "\n";
}

std::string to_json(std::span<const Diagnostic> diagnostics, const SourceFile& source) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Diagnostic& diagnostic : diagnostics) {
    nlohmann::ordered_json one = place_json(source, diagnostic.at);
    one["severity"] = word_for(diagnostic.severity);
    one["message"] = diagnostic.message;
    if (!diagnostic.help.empty()) one["help"] = diagnostic.help;
    for (const Note& note : diagnostic.notes) {
      nlohmann::ordered_json other = place_json(source, note.at);
      other["message"] = note.message;
      one["notes"].push_back(other);
    }
    all.push_back(one);
  }
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}
}  // namespace tocsin::compiler
