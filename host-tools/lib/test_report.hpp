// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What one test of a watch book showed, for a person: what was expected, what happened instead, and the lines
/// and events around it in order of time.
#include <optional>
#include <string>
#include <vector>

#include "tocsin/compiler/book_tests.hpp"

#include "lib/terminal.hpp"

namespace tocsin::tools {
/// An event that nearly was the expected one.
struct NearMiss {
  const compiler::TestEvent* event = nullptr;
  std::string how;  ///< "raised 5 min later, at level watch"
};
/// The event of the same alert that differs least: in its kind, then in time, then in level. Events that another
/// expectation took come last. @returns nothing when the alert sent none.
[[nodiscard]] std::optional<NearMiss> near_miss(const compiler::TestExpectation& expectation,
                                                const compiler::TestResult& result);
/// The expectation that a failure is about, or null.
[[nodiscard]] const compiler::TestExpectation* expectation_of(const compiler::TestFailure& failure,
                                                              const compiler::TestDecl& test);

/// A failed test. Each failure with its source line and caret, the nearest event, what was lacking; then the timeline.
/// @param lacking  per failure what kept its alert from ringing at the expected instant; may be empty.
[[nodiscard]] std::string failure_text(const compiler::TestDecl& test, const compiler::TestResult& result,
                                       const compiler::SourceFile& source,
                                       const std::vector<std::vector<std::string>>& lacking, const Palette& palette);
/// All lines and events of a test in order of time; `around`: only near the instants that failures are about.
[[nodiscard]] std::string timeline_text(const compiler::TestDecl& test, const compiler::TestResult& result,
                                        const compiler::SourceFile& source, bool around, const Palette& palette);
}  // namespace tocsin::tools
