// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Diagnostic: one thing the compiler has to say about a book, and its two forms: text with a caret, and JSON.
#include <span>
#include <string>
#include <vector>

#include "tocsin/compiler/source.hpp"

namespace tocsin::compiler {
enum class Severity : std::uint8_t { error, warning };

/// A second place a message speaks of, e.g. the first of two declarations.
struct Note {
  Range at;
  std::string message;
};

struct Diagnostic {
  Severity severity = Severity::error;
  Range at;             ///< what is wrong; begin is where the caret stands
  std::string message;  ///< one sentence without a full stop
  std::string help;     ///< the likely mend; may be empty
  std::vector<Note> notes;
};

/// `file:line:col: error: message`, the source line, a caret line, notes and a `help:` line; ends with a line end.
[[nodiscard]] std::string render(const Diagnostic& diagnostic, const SourceFile& source);
/// All of them, and a last line that counts errors and warnings; empty when there are none.
[[nodiscard]] std::string render_all(std::span<const Diagnostic> diagnostics, const SourceFile& source);
/// The same as a JSON array: file, line, column, end_line, end_column, severity, message, help, notes.
[[nodiscard]] std::string to_json(std::span<const Diagnostic> diagnostics, const SourceFile& source);
}  // namespace tocsin::compiler
