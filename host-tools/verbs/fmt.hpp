// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin fmt BOOK...`: formats watch books.
#include <string>
#include <vector>

namespace tocsin::tools {
struct FmtOptions {
  std::vector<std::string> books;  ///< paths of watch books
  bool check = false;              ///< changes nothing; says which books would change
  bool to_stdout = false;          ///< writes the formatted text to stdout instead of to the file
};

/// Formats each book in place, beside it first and renamed then, so that a reader sees the old text or the new one. A
/// book that cannot be read or has errors of form is left as it is.
/// @returns 0 done, 1 a book is wrong, cannot be read or written, or (with `check`) would change; 2 bad options.
int run_fmt(const FmtOptions& options);
}  // namespace tocsin::tools
