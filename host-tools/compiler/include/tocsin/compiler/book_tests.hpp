// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file run_book_test(): one `test` of a watch book against a fresh engine.
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/compiler/ast.hpp"
#include "tocsin/engine/engine.hpp"

namespace tocsin::compiler {
/// An alert event that the engine sent, as far as a test can name it.
struct TestEvent {
  std::string alert;
  engine::EventKind kind{};
  engine::EventKind retracted_kind{};  ///< retracted only: what it withdraws
  engine::Level level{};
  engine::Instant at = 0;
  engine::Instant detected_at = 0;
  bool expected = false;  ///< an expectation took it
};
/// One input line and what it brought. The last one, without a place, is the clock moving to the end of the test.
struct TestStep {
  Range at;
  std::string remark;  ///< when the line did not simply count: "stale: ..."; else empty
  std::vector<TestEvent> events;
};
struct TestFailure {
  Range at;
  std::string message;
  std::vector<std::string> instead;  ///< what the alert sent, one event each
};
struct TestResult {
  std::string title;
  Range at;                           ///< the test's title
  std::vector<TestFailure> failures;  ///< in the order of the text; empty: passed
  std::vector<TestStep> steps;        ///< the timeline
  [[nodiscard]] bool passed() const { return failures.empty(); }
};

/// Runs one test: starts like `replay` at the earliest time of its reports and heartbeats (or at a leading clock line),
/// steps its lines in order, moves the clock to the latest time the test names, and compares.
/// @param test   of a book that compiled.
/// @param image  the book's loaded image.
/// @param at_end  called once with the engine as it is after the last line, e.g. to look() at an instant; may be empty.
[[nodiscard]] TestResult run_book_test(const TestDecl& test, const engine::Image& image,
                                       const std::function<void(engine::Engine&, const TestResult&)>& at_end = {});

/// `strait_activity raised at 2024-05-23T01:00:00Z level elevated`
[[nodiscard]] std::string describe(const TestEvent& event);
/// The failed expectations with their places and carets, what came instead, and the timeline; ends with a line end.
[[nodiscard]] std::string render(const TestResult& result, const SourceFile& source);
}  // namespace tocsin::compiler
