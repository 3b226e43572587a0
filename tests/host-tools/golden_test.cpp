// SPDX-License-Identifier: Apache-2.0
/// What: one golden scenario: what `tocsin replay` prints is what the scenario's folder expects, byte for byte.
/// How: a plain program, one CTest entry per folder: golden_test TOCSIN FOLDER.
#include <cstdio>
#include <sstream>
#include <string>

#include "process.hpp"

namespace {
using namespace tocsin::test_support;

/// Says the first line that differs. @returns true when nothing does.
bool same(const std::string& expected, const std::string& got) {
  std::istringstream left{expected};
  std::istringstream right{got};
  for (unsigned line = 1;; ++line) {
    std::string expected_line;
    std::string got_line;
    const bool more_expected = static_cast<bool>(std::getline(left, expected_line));
    const bool more_got = static_cast<bool>(std::getline(right, got_line));
    if (!more_expected && !more_got) return expected == got;
    if (more_expected && more_got && expected_line == got_line) continue;
    std::printf("line %u differs\n  expected: %s\n  got:      %s\n", line,
                more_expected ? expected_line.c_str() : "(nothing more)",
                more_got ? got_line.c_str() : "(nothing more)");
    return false;
  }
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::printf("usage: golden_test TOCSIN FOLDER\n");
    return 2;
  }
  const std::string folder = argv[2];
  const Finished replay =
      run_program({argv[1], "replay", folder + "/book.watch", folder + "/reports.jsonl", "--quiet"});
  if (replay.status != 0) {
    std::printf("replay ended with %d: %s\n", replay.status, replay.err.c_str());
    return 1;
  }
  const std::string expected = content_of(folder + "/expected.jsonl");
  if (expected.empty()) {
    std::printf("%s/expected.jsonl is missing or empty\n", folder.c_str());
    return 1;
  }
  return same(expected, replay.out) ? 0 : 1;
}
