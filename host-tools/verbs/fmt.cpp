// SPDX-License-Identifier: Apache-2.0
#include "verbs/fmt.hpp"

#include <cstdio>

#include "tocsin/compiler/diagnostic.hpp"

#include "lib/book_format.hpp"
#include "lib/exit_status.hpp"
#include "lib/files.hpp"
#include "verbs/book_source.hpp"

namespace tocsin::tools {
namespace {
Exit format_one(const std::string& path, const FmtOptions& options) {
  BookSource book;
  if (const int status = open_book(path, "server", book); status != 0) return static_cast<Exit>(status);
  const FormattedBook formatted = format_book(book.source);
  (void)std::fputs(compiler::render_all(formatted.diagnostics, book.source).c_str(), stderr);
  if (!formatted.ok) return Exit::bad_input;
  const bool changed = formatted.text != book.source.text;
  if (options.to_stdout) (void)std::fwrite(formatted.text.data(), 1, formatted.text.size(), stdout);
  if (options.check) {
    if (changed) (void)std::fprintf(stderr, "%s: would be formatted differently\n", path.c_str());
    return changed ? Exit::bad_input : Exit::done;
  }
  if (options.to_stdout || !changed) return Exit::done;
  std::string error;
  if (!write_atomically(path, std::as_bytes(std::span{formatted.text}), error)) {
    (void)std::fprintf(stderr, "tocsin: %s\n", error.c_str());
    return Exit::bad_input;
  }
  (void)std::fprintf(stderr, "%s: formatted\n", path.c_str());
  return Exit::done;
}
}  // namespace

int run_fmt(const FmtOptions& options) {
  Exit worst = Exit::done;
  for (const std::string& path : options.books) {
    const Exit exit = format_one(path, options);
    if (exit > worst) worst = exit;
  }
  return static_cast<int>(worst);
}
}  // namespace tocsin::tools
