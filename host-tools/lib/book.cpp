// SPDX-License-Identifier: Apache-2.0
#include "lib/book.hpp"

#include "tocsin/compiler/compile.hpp"

#include "lib/files.hpp"

namespace tocsin::tools {
bool load_book(const std::string& path, const std::string& target, LoadedBook& out) {
  std::string content;
  std::string error;
  if (!read_file(path, content, error)) {
    out.messages = error + "\n";
    return false;
  }
  if (is_rule_image(content)) {
    const auto bytes = std::as_bytes(std::span{content});
    out.image.assign(bytes.begin(), bytes.end());
    return true;
  }
  const auto budget = compiler::find_target(target);
  if (!budget) {
    out.messages = "no target \"" + target + "\": there are " + compiler::target_names() + "\n";
    return false;
  }
  out.compiled = true;
  compiler::SourceFile source{path, std::move(content)};
  compiler::read_includes(source);
  const compiler::CompileResult compiled = compiler::compile(source, *budget);
  out.messages = compiler::render_all(compiled.diagnostics, source);
  if (!compiled.ok) return false;
  const auto bytes = compiled.image.bytes();
  out.image.assign(bytes.begin(), bytes.end());
  return true;
}
}  // namespace tocsin::tools
