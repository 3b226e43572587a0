// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin compile BOOK -o IMAGE`: makes a rule image of a watch book.
#include <cstdint>
#include <string>

namespace tocsin::tools {
struct CompileOptions {
  std::string book;             ///< path of the watch book
  std::string output;           ///< path of the rule image to write; may be empty when only `budget` is wanted
  std::string target = "edge";  ///< named budget: mcu, edge or server
  std::uint64_t reach = 0;      ///< so many of the newest reports late news may reach past; 0: what the target has
  bool budget = false;          ///< prints memory and work by part on stdout
  bool json = false;            ///< diagnostics and memory as one JSON object on stdout instead of text
};

/// Compiles the book and writes the image beside `output` first, then renames it, so a reader sees the old image or the
/// new one. Nothing is written when the book does not compile.
/// @returns 0 done, 1 the book does not compile or a file cannot be read or written, 2 bad options.
int run_compile(const CompileOptions& options);
}  // namespace tocsin::tools
