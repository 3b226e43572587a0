// SPDX-License-Identifier: Apache-2.0
#include "verbs/check.hpp"

#include <algorithm>
#include <cstdio>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/text/json_lines.hpp"

#include "lib/exit_status.hpp"
#include "verbs/book_source.hpp"

namespace tocsin::tools {
namespace {
std::string summary(const compiler::CompileResult& result, const compiler::SourceFile& source) {
  const compiler::Book& book = result.book;
  const auto linkages =
      static_cast<std::size_t>(std::count_if(book.alerts.begin(), book.alerts.end(), [](const auto& alert) {
        return alert.kind == engine::AlertKind::linkage;
      }));
  const auto counted = [](std::size_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  };
  return source.path + ": ok, " + counted(book.indicators.size(), "indicator") + ", " +
         counted(book.conditions.size(), "condition") + ", " + counted(book.alerts.size() - linkages, "alert") + ", " +
         counted(linkages, "linkage") + ", " + counted(book.tests.size(), "test") + "; " +
         std::to_string(result.budget.block_bytes) + " of " + std::to_string(result.budget.limit_bytes) +
         " bytes for " + result.budget.target + ", looks back " + compiler::look_back_text(result.budget) + "\n";
}
}  // namespace

int run_check(const CheckOptions& options) {
  BookSource book;
  if (const int status = open_book(options.book, options.target, book); status != 0) return status;
  const compiler::CompileResult result = compiler::compile(book.source, book.target);
  if (options.json) {
    (void)std::printf("%s\n", compiler::to_json(result.diagnostics, book.source).c_str());
  } else {
    (void)std::fputs(compiler::render_all(result.diagnostics, book.source).c_str(), stderr);
    if (result.ok) (void)std::fputs(summary(result, book.source).c_str(), stdout);
  }
  return static_cast<int>(result.ok ? Exit::done : Exit::bad_input);
}
}  // namespace tocsin::tools
