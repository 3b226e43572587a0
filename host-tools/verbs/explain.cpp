// SPDX-License-Identifier: Apache-2.0
#include "verbs/explain.hpp"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/text/json_lines.hpp"

#include "lib/exit_status.hpp"
#include "lib/explain.hpp"
#include "lib/near_name.hpp"
#include "lib/prose.hpp"
#include "lib/terminal.hpp"
#include "verbs/book_source.hpp"

namespace tocsin::tools {
namespace {
constexpr std::size_t kColumns = 100;

nlohmann::ordered_json to_json(const Explanation& explanation) {
  nlohmann::ordered_json out;
  out["kind"] = explanation.kind;
  out["name"] = explanation.name;
  if (!explanation.title.empty()) out["title"] = explanation.title;
  if (!explanation.place.empty()) out["place"] = explanation.place;
  out["paragraphs"] = nlohmann::ordered_json::array();
  for (const Paragraph& paragraph : explanation.paragraphs) {
    out["paragraphs"].push_back({{"topic", paragraph.topic}, {"text", paragraph.text}});
  }
  return out;
}

// What holds for every rule of a book is said once when all are shown.
bool is_common(const Paragraph& paragraph) { return paragraph.topic == "late"; }

std::string to_text(const Explanation& explanation, bool with_common, const Palette& palette) {
  const std::string title = explanation.title.empty() ? std::string{} : ": " + explanation.title;
  std::string out = palette.bold(explanation.name) + title + "\n";
  out +=
      palette.dim(capitalised(explanation.kind) + (explanation.place.empty() ? "" : ", " + explanation.place)) + "\n";
  for (const Paragraph& paragraph : explanation.paragraphs) {
    if (with_common || !is_common(paragraph)) out += "\n" + wrapped(paragraph.text, kColumns, 2);
  }
  return out;
}

std::string common(const std::vector<Explanation>& all) {
  for (const Explanation& explanation : all) {
    for (const Paragraph& paragraph : explanation.paragraphs) {
      if (is_common(paragraph)) return "\n" + wrapped("For every rule: " + paragraph.text, kColumns, 2);
    }
  }
  return {};
}

std::string heading(const compiler::Book& book) {
  std::string out = book.title.text.empty() ? "Watch book" : "Watch book \"" + printable(book.title.text) + "\"";
  if (book.version) out += ", version " + std::to_string(book.version->value);
  return out + "\n";
}
}  // namespace

int run_explain(const ExplainOptions& options) {
  BookSource source;
  if (const int status = open_book(options.book, "server", source); status != 0) return status;
  const compiler::CompileResult result = compiler::compile(source.source, source.target);
  if (!result.ok) {
    (void)std::fputs(compiler::render_all(result.diagnostics, source.source).c_str(), stderr);
    return static_cast<int>(Exit::bad_input);
  }
  std::vector<Explanation> all;
  if (options.name.empty()) {
    all = explain_all(result.book);
  } else if (auto one = explain(result.book, options.name)) {
    all.push_back(std::move(*one));
  } else {
    const std::string near = near_name(options.name, explainable_names(result.book));
    (void)std::fprintf(stderr, "tocsin: %s has no alert, linkage, condition or indicator called \"%s\"%s\n",
                       options.book.c_str(), printable(options.name).c_str(),
                       near.empty() ? "; without a name all are explained" : ("; did you mean " + near + "?").c_str());
    return static_cast<int>(Exit::bad_usage);
  }
  if (options.json) {
    nlohmann::ordered_json out;
    out["book"] = result.book.title.text;
    if (result.book.version) out["version"] = result.book.version->value;
    out["rules"] = nlohmann::ordered_json::array();
    for (const Explanation& explanation : all) out["rules"].push_back(to_json(explanation));
    (void)std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return static_cast<int>(Exit::done);
  }
  const Palette palette{wants_colour(stdout)};
  const bool whole = options.name.empty();
  std::string out = whole ? heading(result.book) + common(all) + "\n\n" : std::string{};
  for (std::size_t i = 0; i < all.size(); ++i) out += (i == 0 ? "" : "\n\n") + to_text(all[i], !whole, palette);
  (void)std::fputs(out.c_str(), stdout);
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
