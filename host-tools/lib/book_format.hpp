// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file format_book(): the layout of a watch book made regular, every word and comment kept.
#include <string>
#include <vector>

#include "tocsin/compiler/diagnostic.hpp"
#include "tocsin/compiler/source.hpp"

namespace tocsin::tools {
struct FormattedBook {
  bool ok = false;
  std::string text;                               ///< the whole book, ending with a line end; empty unless ok
  std::vector<compiler::Diagnostic> diagnostics;  ///< why not: what cannot be read
};

/// Lays a book out anew: a declaration on one line where it fits, alerts with one clause a line, values and comments in
/// columns, lines of up to 120 columns. Comments stay with what they stand beside or above; one empty line is kept
/// where there were any. Words, their order and their meaning are those of `source`; formatting twice changes nothing
/// more. A book with errors of form is refused; names are not checked, so a piece meant for `include` can be formatted
/// too.
[[nodiscard]] FormattedBook format_book(const compiler::SourceFile& source);
}  // namespace tocsin::tools
