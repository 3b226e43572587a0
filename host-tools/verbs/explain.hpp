// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin explain BOOK [NAME]`: the rules of a watch book in plain English.
#include <string>

namespace tocsin::tools {
struct ExplainOptions {
  std::string book;   ///< path of the watch book
  std::string name;   ///< of an alert, linkage, condition or indicator; empty: all linkages, alerts and conditions
  bool json = false;  ///< one JSON object on stdout instead of text
};

/// @returns 0 done, 1 the book does not compile or has no such name.
int run_explain(const ExplainOptions& options);
}  // namespace tocsin::tools
