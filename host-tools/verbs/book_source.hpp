// SPDX-License-Identifier: Apache-2.0
#pragma once
// What check, compile and test begin with: the text of a book and a budget.
#include <cstdio>
#include <string>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/compiler/source.hpp"

#include "lib/exit_status.hpp"
#include "lib/files.hpp"

namespace tocsin::tools {
struct BookSource {
  compiler::SourceFile source;
  compiler::Target target{};
};

// @returns 0, or the exit status after saying on stderr what is wrong.
inline int open_book(const std::string& path, const std::string& target, BookSource& out) {
  const auto found = compiler::find_target(target);
  if (!found) {
    (void)std::fprintf(stderr, "tocsin: no target `%s`: there are %s\n", target.c_str(),
                       compiler::target_names().c_str());
    return static_cast<int>(Exit::bad_usage);
  }
  out.target = *found;
  std::string error;
  auto source = compiler::read_source(path, error);
  if (!source) {
    (void)std::fprintf(stderr, "tocsin: %s\n", error.c_str());
    return static_cast<int>(Exit::bad_input);
  }
  if (is_rule_image(source->text)) {
    (void)std::fprintf(stderr, "tocsin: %s: is a compiled rule image; name the watch book it was made from\n",
                       path.c_str());
    return static_cast<int>(Exit::bad_input);
  }
  out.source = std::move(*source);
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
