// SPDX-License-Identifier: Apache-2.0
#include "verbs/compile.hpp"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/text/json_lines.hpp"

#include "lib/exit_status.hpp"
#include "lib/files.hpp"
#include "verbs/book_source.hpp"

namespace tocsin::tools {
namespace {
nlohmann::ordered_json parts_json(const std::vector<compiler::BudgetPart>& parts, bool with_steps = false) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const compiler::BudgetPart& part : parts) {
    all.push_back({{"name", part.name}, {"bytes", part.bytes}, {"detail", part.detail}});
    if (with_steps) all.back()["steps"] = part.steps;
  }
  return all;
}

std::string to_json(const compiler::CompileResult& result, const compiler::SourceFile& source) {
  nlohmann::ordered_json out;
  out["ok"] = result.ok;
  out["diagnostics"] = nlohmann::ordered_json::parse(compiler::to_json(result.diagnostics, source));
  if (!result.budget.parts.empty()) {
    const compiler::BudgetReport& budget = result.budget;
    out["budget"] = {{"target", budget.target},
                     {"limit_bytes", budget.limit_bytes},
                     {"block_bytes", budget.block_bytes},
                     {"look_back_ms", budget.look_back_ms},
                     {"endless", budget.endless},
                     {"steps_at_one_instant", budget.instant_steps},
                     {"steps_for_one_line", budget.line_steps},
                     {"parts", parts_json(budget.parts)},
                     {"indicators", parts_json(budget.indicators)},
                     {"conditions", parts_json(budget.conditions, true)},
                     {"alerts", parts_json(budget.alerts, true)}};
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}
}  // namespace

int run_compile(const CompileOptions& options) {
  BookSource book;
  if (const int status = open_book(options.book, options.target, book); status != 0) return status;
  if (options.reach != 0) {
    const auto target = compiler::with_reach(book.target, options.reach);
    if (!target) {
      (void)std::fprintf(
          stderr, "tocsin: --reach %llu: give %llu to %llu reports\n", static_cast<unsigned long long>(options.reach),
          static_cast<unsigned long long>(compiler::kReachMin), static_cast<unsigned long long>(compiler::kReachMax));
      return static_cast<int>(Exit::bad_usage);
    }
    book.target = *target;
  }
  const compiler::CompileResult result = compiler::compile(book.source, book.target);
  if (options.json) {
    (void)std::printf("%s\n", to_json(result, book.source).c_str());
  } else {
    (void)std::fputs(compiler::render_all(result.diagnostics, book.source).c_str(), stderr);
    if (options.budget && !result.budget.parts.empty())
      (void)std::fputs(compiler::render(result.budget).c_str(), stdout);
  }
  if (!result.ok) return static_cast<int>(Exit::bad_input);
  if (options.output.empty()) return static_cast<int>(Exit::done);
  std::string error;
  if (!write_atomically(options.output, result.image.bytes(), error)) {
    (void)std::fprintf(stderr, "tocsin: %s\n", error.c_str());
    return static_cast<int>(Exit::bad_input);
  }
  if (!options.json && !options.budget) {
    const compiler::BudgetReport& budget = result.budget;
    std::string parts;
    for (const compiler::BudgetPart& part : budget.parts)
      parts += (parts.empty() ? "" : ", ") + part.name + " " + std::to_string(part.bytes);
    (void)std::fprintf(stderr, "%s: %zu bytes; needs %llu of %llu bytes on %s (%s), looks back %s\n",
                       options.output.c_str(), result.image.bytes().size(),
                       static_cast<unsigned long long>(budget.block_bytes),
                       static_cast<unsigned long long>(budget.limit_bytes), budget.target.c_str(), parts.c_str(),
                       compiler::look_back_text(budget).c_str());
  }
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
