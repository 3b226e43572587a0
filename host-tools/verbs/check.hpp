// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin check BOOK`: says all that is wrong with a watch book.
#include <string>

namespace tocsin::tools {
struct CheckOptions {
  std::string book;             ///< path of the watch book
  std::string target = "edge";  ///< named budget: mcu, edge or server
  bool json = false;            ///< diagnostics as one JSON array on stdout instead of text on stderr
};

/// Compiles the book without writing anything and prints what the compiler says.
/// @returns 0 when the book compiles, 1 when it does not or cannot be read, 2 for an unknown target.
int run_check(const CheckOptions& options);
}  // namespace tocsin::tools
