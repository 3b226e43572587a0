// SPDX-License-Identifier: Apache-2.0
#include "verbs/draw.hpp"

#include <cstdio>

#include "tocsin/compiler/compile.hpp"

#include "lib/book_graph.hpp"
#include "lib/exit_status.hpp"
#include "lib/files.hpp"
#include "lib/graphviz.hpp"
#include "verbs/book_source.hpp"

namespace tocsin::tools {
namespace {
Exit picture_of(const compiler::Book& book, bool svg, std::string& picture) {
  picture = book_graph(book);
  if (!svg) return Exit::done;
  const std::string dot = std::move(picture);
  std::string error;
  const Drawn drawn = draw_svg(dot, picture, error);
  if (drawn == Drawn::done) return Exit::done;
  (void)std::fprintf(stderr, "tocsin: %s\n", error.c_str());
  return drawn == Drawn::missing ? Exit::unreachable : Exit::bad_input;
}
}  // namespace

int run_draw(const DrawOptions& options) {
  BookSource source;
  if (const int status = open_book(options.book, "server", source); status != 0) return status;
  const compiler::CompileResult result = compiler::compile(source.source, source.target);
  if (!result.ok) {
    (void)std::fputs(compiler::render_all(result.diagnostics, source.source).c_str(), stderr);
    return static_cast<int>(Exit::bad_input);
  }
  const bool svg = options.format == "svg" || (options.format.empty() && options.output.ends_with(".svg"));
  std::string picture;
  if (const Exit exit = picture_of(result.book, svg, picture); exit != Exit::done) return static_cast<int>(exit);
  if (options.output.empty()) {
    (void)std::fwrite(picture.data(), 1, picture.size(), stdout);
    return static_cast<int>(Exit::done);
  }
  std::string error;
  if (!write_atomically(options.output, std::as_bytes(std::span{picture}), error)) {
    (void)std::fprintf(stderr, "tocsin: %s\n", error.c_str());
    return static_cast<int>(Exit::bad_input);
  }
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
