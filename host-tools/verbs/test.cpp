// SPDX-License-Identifier: Apache-2.0
#include "verbs/test.hpp"

#include <chrono>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "tocsin/compiler/book_tests.hpp"
#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/why.hpp"

#include "lib/exit_status.hpp"
#include "lib/terminal.hpp"
#include "lib/test_report.hpp"
#include "lib/why_parts.hpp"
#include "verbs/book_source.hpp"

namespace tocsin::tools {
namespace {
using Clock = std::chrono::steady_clock;
using Lacking = std::vector<std::vector<std::string>>;

double milliseconds(Clock::duration span) { return std::chrono::duration<double, std::milli>(span).count(); }

// For a raise that did not happen: what its `when` lacked at that instant.
std::vector<std::string> lacking_at(engine::Engine& engine, const engine::Image& image,
                                    const compiler::TestExpectation& wanted) {
  if (wanted.event != engine::EventKind::raised) return {};
  wire::WhyReport report;
  const wire::RuleName rule = wire::find_rule(image, wanted.alert.text);
  if (rule.alert == engine::kNone || !wire::look_at_rule(engine, image, rule, wanted.time.instant, report)) return {};
  return lacking(why_tree(image, report, image.alerts[rule.alert].when));
}

nlohmann::ordered_json to_json(const compiler::TestEvent& event) {
  return {{"event", text::name_of(event.kind)},
          {"name", event.alert},
          {"level", text::name_of(event.level)},
          {"at", text::format_instant(event.at)},
          {"detected_at", text::format_instant(event.detected_at)},
          {"expected", event.expected}};
}

nlohmann::ordered_json to_json(const compiler::TestDecl& test, const compiler::TestResult& result,
                               const compiler::SourceFile& source, const Lacking& lacking, double ms) {
  nlohmann::ordered_json out;
  out["title"] = result.title;
  out["line"] = compiler::place_of(source.text, result.at.begin).line;
  out["passed"] = result.passed();
  out["ms"] = ms;
  out["failures"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < result.failures.size(); ++i) {
    const compiler::TestFailure& failure = result.failures[i];
    const compiler::Place place = compiler::place_of(source.text, failure.at.begin);
    nlohmann::ordered_json one{
        {"line", place.line}, {"column", place.column}, {"message", failure.message}, {"instead", failure.instead}};
    if (const auto* const wanted = expectation_of(failure, test); wanted != nullptr) {
      if (const auto near = near_miss(*wanted, result)) {
        one["nearest"] = to_json(*near->event);
        one["nearest"]["how"] = near->how;
      }
    }
    if (!lacking[i].empty()) one["lacking"] = lacking[i];
    out["failures"].push_back(std::move(one));
  }
  out["events"] = nlohmann::ordered_json::array();
  for (const compiler::TestStep& step : result.steps) {
    for (const compiler::TestEvent& event : step.events) out["events"].push_back(to_json(event));
  }
  return out;
}

// Runs what the filter lets through and says so as it goes, unless the results are wanted as JSON.
class Runner {
 public:
  Runner(const TestOptions& options, const compiler::SourceFile& source)
      : options_{options}, source_{source}, palette_{wants_colour(stdout)}, started_{Clock::now()} {}

  void run(const compiler::Book& book, const engine::Image& image) {
    for (const compiler::TestDecl& test : book.tests) {
      if (test.title.text.find(options_.filter) != std::string::npos)
        width_ = std::max(width_, width_of(test.title.text));
    }
    for (const compiler::TestDecl& test : book.tests) {
      if (test.title.text.find(options_.filter) != std::string::npos) run_one(test, image);
    }
  }

  int finish(const compiler::Book& book) {
    const bool good = failed_ == 0 && (passed_ > 0 || (book.tests.empty() && options_.filter.empty()));
    const double ms = milliseconds(Clock::now() - started_);
    if (options_.json) {
      const nlohmann::ordered_json out{
          {"book", source_.path}, {"passed", passed_}, {"failed", failed_}, {"ms", ms}, {"tests", all_}};
      (void)std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    } else {
      totals(book, ms);
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
  void run_one(const compiler::TestDecl& test, const engine::Image& image) {
    Lacking lacking;
    const Clock::time_point begin = Clock::now();
    Clock::time_point end = begin;
    const compiler::TestResult result =
        compiler::run_book_test(test, image, [&](engine::Engine& engine, const compiler::TestResult& outcome) {
          end = Clock::now();
          for (const compiler::TestFailure& failure : outcome.failures) {
            const compiler::TestExpectation* const wanted = expectation_of(failure, test);
            lacking.push_back(wanted == nullptr ? std::vector<std::string>{} : lacking_at(engine, image, *wanted));
          }
        });
    const double ms = milliseconds(end - begin);
    ++(result.passed() ? passed_ : failed_);
    if (options_.json) {
      all_.push_back(to_json(test, result, source_, lacking, ms));
      return;
    }
    const std::string verdict = result.passed() ? palette_.green("ok") + "    " : palette_.red("FAIL") + "  ";
    const std::string title = printable(result.title);
    (void)std::printf("%s%s%s  %.1f ms\n", verdict.c_str(), title.c_str(),
                      std::string(width_ - std::min(width_, width_of(title)), ' ').c_str(), ms);
    std::string more;
    if (!result.passed()) {
      more = failure_text(test, result, source_, lacking, palette_);
    } else if (options_.verbose) {
      more = timeline_text(test, result, source_, false, palette_);
    }
    (void)std::fputs(more.c_str(), stdout);
  }

  void totals(const compiler::Book& book, double ms) const {
    const std::size_t left_out = book.tests.size() - passed_ - failed_;
    const std::string failed = std::to_string(failed_) + " failed";
    (void)std::printf("%s: %zu passed, %s%s, in %.0f ms\n", source_.path.c_str(), passed_,
                      (failed_ == 0 ? failed : palette_.red(failed)).c_str(),
                      left_out == 0 ? "" : (", " + std::to_string(left_out) + " left out by --filter").c_str(), ms);
  }

  const TestOptions& options_;
  const compiler::SourceFile& source_;
  const Palette palette_;
  const Clock::time_point started_;
  std::size_t width_ = 0;
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
