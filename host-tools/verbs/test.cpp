// SPDX-License-Identifier: Apache-2.0
#include "verbs/test.hpp"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "tocsin/compiler/book_tests.hpp"
#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/text/json_lines.hpp"

#include "lib/exit_status.hpp"
#include "lib/terminal.hpp"
#include "verbs/book_source.hpp"

namespace tocsin::tools {
namespace {
nlohmann::ordered_json to_json(const compiler::TestResult& result, const compiler::SourceFile& source) {
  nlohmann::ordered_json out;
  out["title"] = result.title;
  out["line"] = compiler::place_of(source.text, result.at.begin).line;
  out["passed"] = result.passed();
  out["failures"] = nlohmann::ordered_json::array();
  for (const compiler::TestFailure& failure : result.failures) {
    const compiler::Place place = compiler::place_of(source.text, failure.at.begin);
    out["failures"].push_back(
        {{"line", place.line}, {"column", place.column}, {"message", failure.message}, {"instead", failure.instead}});
  }
  out["events"] = nlohmann::ordered_json::array();
  for (const compiler::TestStep& step : result.steps) {
    for (const compiler::TestEvent& event : step.events) {
      out["events"].push_back({{"event", text::name_of(event.kind)},
                               {"name", event.alert},
                               {"level", text::name_of(event.level)},
                               {"at", text::format_instant(event.at)},
                               {"detected_at", text::format_instant(event.detected_at)},
                               {"expected", event.expected}});
    }
  }
  return out;
}

// Runs what the filter lets through and says so as it goes, unless the results are wanted as JSON.
class Runner {
 public:
  Runner(const TestOptions& options, const compiler::SourceFile& source)
      : options_{options}, source_{source}, palette_{wants_colour(stdout)} {}

  void run(const compiler::Book& book, const engine::Image& image) {
    for (const compiler::TestDecl& test : book.tests) {
      if (test.title.text.find(options_.filter) == std::string::npos) continue;
      const compiler::TestResult result = compiler::run_book_test(test, image);
      ++(result.passed() ? passed_ : failed_);
      if (options_.json) {
        all_.push_back(to_json(result, source_));
        continue;
      }
      const std::string verdict = result.passed() ? palette_.green("ok") + "    " : palette_.red("FAIL") + "  ";
      (void)std::printf("%s%s\n%s", verdict.c_str(), printable(result.title).c_str(),
                        compiler::render(result, source_).c_str());
    }
  }

  int finish(const compiler::Book& book) {
    const bool good = failed_ == 0 && (passed_ > 0 || (book.tests.empty() && options_.filter.empty()));
    if (options_.json) {
      const nlohmann::ordered_json out{
          {"book", source_.path}, {"passed", passed_}, {"failed", failed_}, {"tests", all_}};
      (void)std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    } else {
      (void)std::printf("%s: %zu passed, %zu failed\n", source_.path.c_str(), passed_, failed_);
    }
    if (passed_ + failed_ == 0 && !book.tests.empty()) {
      (void)std::fprintf(stderr, "tocsin: no test's title contains \"%s\"; there are\n", options_.filter.c_str());
      for (const compiler::TestDecl& test : book.tests)
        (void)std::fprintf(stderr, "  %s\n", printable(test.title.text).c_str());
    } else if (book.tests.empty() && !options_.json) {
      (void)std::fprintf(stderr, "tocsin: %s carries no tests\n", source_.path.c_str());
    }
    return static_cast<int>(good ? Exit::done : Exit::bad_input);
  }

 private:
  const TestOptions& options_;
  const compiler::SourceFile& source_;
  const Palette palette_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  nlohmann::ordered_json all_ = nlohmann::ordered_json::array();
};
}  // namespace

int run_test(const TestOptions& options) {
  BookSource book;
  if (const int status = open_book(options.book, options.target, book); status != 0) return status;
  const compiler::CompileResult result = compiler::compile(book.source, book.target);
  if (!result.ok) {
    (void)std::fputs(compiler::render_all(result.diagnostics, book.source).c_str(), stderr);
    if (options.json) {
      const auto diagnostics = nlohmann::ordered_json::parse(compiler::to_json(result.diagnostics, book.source));
      const nlohmann::ordered_json out{{"book", book.source.path}, {"diagnostics", diagnostics}};
      (void)std::printf("%s\n", out.dump(2).c_str());
    }
    return static_cast<int>(Exit::bad_input);
  }
  engine::Image image;
  if (engine::load_image(result.image.bytes(), image) != engine::ImageError::none) {
    return static_cast<int>(Exit::bad_input);  // cannot be: the compiler has loaded it already
  }
  Runner runner{options, book.source};
  runner.run(result.book, image);
  return runner.finish(result.book);
}
}  // namespace tocsin::tools
