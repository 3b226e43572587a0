// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin test BOOK`: runs the tests that a watch book carries.
#include <string>

namespace tocsin::tools {
struct TestOptions {
  std::string book;             ///< path of the watch book
  std::string filter;           ///< runs only tests whose title contains this; empty: all
  std::string target = "edge";  ///< named budget: mcu, edge or server
  bool json = false;            ///< results as one JSON object on stdout instead of text
  bool verbose = false;         ///< shows lines and events of tests that pass, too
};

/// Runs each test of the book in a fresh engine.
/// @returns 0 when all that ran passed, 1 when one failed, none matched or the book does not compile, 2 bad options.
int run_test(const TestOptions& options);
}  // namespace tocsin::tools
